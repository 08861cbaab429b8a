package card

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"loyaltill/devices/apdu"
)

const (
	insKeyAgree      = 0x88
	nonceLength      = 16
	cryptogramLength = 16
	confirmation     = "KC_1_V" // card.md 3.1
	sealMask         = "KC_1_S"
)

// Identity is who the card is.
type Identity struct {
	// These are proved.
	ID          ID
	Certificate CertificateHash
	Scheme      Scheme
	LastDay     Day
	Ctr         uint32 // at the start of this tap
	LoadSeq     uint32

	// These are only what the card says: whoever books points goes by the ID.
	Number   Number
	Tier     string
	Language string
	Flags    Flags // before this tap did anything
}

// Session is one tap of one genuine card: a protected channel and what is known of the purse. It belongs to one goroutine.
type Session struct {
	t        Transmitter
	channel  *channel // nil when the session is gone
	identity Identity
	balance  Balance
	pin      *PINStatus // as last told; nil: not known
	plain    bool       // the certificate lets a pinpad send VERIFY, card.md 3.3
}

// Open finds the application, judges the card's certificate, agrees on keys that live for this tap alone, and reads the
// purse. Errors tell an unknown card, one of another issuer, an expired, counterfeit, terminated or blocked one apart, and
// one that could not be read; an *OpenError names the card as far as it said who it is. The caller keeps t and closes it,
// with Reset, when the tap is over.
func Open(ctx context.Context, t Transmitter, trust *Trust, now time.Time) (*Session, error) {
	sel, err := selectApplication(ctx, t)
	if err != nil {
		return nil, openError(sel, err)
	}
	return open(ctx, t, trust, sel, now)
}

// OpenLast opens a session with a genuine card that Open refuses as blocked or terminated: so that a voucher that ends it
// reaches it, and its journal can still be read. Nothing else may be done with it.
func OpenLast(ctx context.Context, t Transmitter, trust *Trust, now time.Time) (*Session, error) {
	sel, err := selectApplication(ctx, t)
	if err != nil && (!errors.Is(err, ErrTerminated) || sel.card == ID{}) {
		return nil, openError(sel, err)
	}
	return open(ctx, t, trust.withoutHotList(), sel, now)
}

func open(ctx context.Context, t Transmitter, trust *Trust, sel selection, now time.Time) (*Session, error) {
	if sel.flags.blank() {
		return nil, fmt.Errorf("open card: %w: it is blank", ErrNotLYL1)
	}
	s := &Session{t: t}
	if err := s.open(ctx, trust, sel, now); err != nil {
		s.End()
		return nil, openError(sel, err)
	}
	return s, nil
}

// OpenError is why a card was refused at the tap.
type OpenError struct {
	// Card and Certificate are as the card said, not proved; zero when it said nothing.
	Card        ID
	Certificate CertificateHash
	Err         error
}

func openError(sel selection, err error) error {
	return &OpenError{Card: sel.card, Certificate: sel.hash, Err: err}
}

func (e *OpenError) Error() string { return fmt.Sprintf("open card %v: %v", e.Card, e.Err) }
func (e *OpenError) Unwrap() error { return e.Err }

func (s *Session) open(ctx context.Context, trust *Trust, sel selection, now time.Time) error {
	if _, err := trust.issuer(sel.ca, now); err != nil {
		return err
	}
	cert, err := certificateOf(ctx, s.t, trust, sel, now)
	if err != nil {
		return err
	}
	info, err := infoOf(ctx, s.t, trust, sel, cert)
	if err != nil {
		return err
	}
	if err := s.agree(ctx, sel, cert); err != nil {
		return err
	}
	trust.remember(sel, cert, info, now)
	s.pin = sel.pin()
	s.plain = cert.Flags&PlainVerify != 0
	s.identity = Identity{
		ID: cert.Card, Certificate: sel.hash, Number: info.number, Tier: info.tier, Language: info.language, Scheme: cert.Scheme,
		LastDay: cert.LastDay, Flags: sel.flags, Ctr: s.balance.Ctr, LoadSeq: s.balance.LoadSeq,
	}
	return nil
}

// certificateOf reads and verifies the certificate, or takes the one it verified before.
func certificateOf(ctx context.Context, t Transmitter, trust *Trust, sel selection, now time.Time) (*Certificate, error) {
	if cert := trust.remembered(sel, now); cert != nil {
		return cert, trust.stillGood(cert, now)
	}
	raw, err := readFile(ctx, t, sfiCert)
	if err != nil {
		return nil, err
	}
	return trust.verify(raw, sel, now)
}

// infoOf reads EF.INFO, or takes what it read when the card had loaded the same vouchers, card.md 2.
func infoOf(ctx context.Context, t Transmitter, trust *Trust, sel selection, cert *Certificate) (info, error) {
	if known, ok := trust.informed(sel); ok {
		return known, nil
	}
	raw, err := readFile(ctx, t, sfiInfo)
	if err != nil {
		return info{}, err
	}
	read, err := parseInfo(raw)
	if err == nil && read.scheme != cert.Scheme {
		err = fmt.Errorf("%w: card information is of scheme %v", ErrUnreadable, read.scheme)
	}
	return read, err
}

// agree makes the session keys, checks that the card has them too, and learns what is in the purse, card.md 3.1.
func (s *Session) agree(ctx context.Context, sel selection, cert *Certificate) error {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make session key: %w", err)
	}
	z, err := own.ECDH(cert.Key)
	if err != nil {
		return fmt.Errorf("%w: key agreement: %w", ErrCounterfeit, err)
	}
	defer clear(z)
	nh := make([]byte, nonceLength)
	rand.Read(nh)
	qh := own.PublicKey().Bytes()
	cmd := apdu.Command{INS: insKeyAgree, P1: 1, P2: 1, Data: append(nh[:nonceLength:nonceLength], qh...), Le: apdu.MaxShortLe}
	r, err := apdu.Exchange(ctx, s.t.Transmit, cmd)
	if err == nil {
		err = done(r)
	}
	if err == nil {
		err = misshapen(len(r.Data), nonceLength+balanceAnswer+cryptogramLength)
	}
	if err != nil {
		return unreadable("key agreement", err)
	}
	nc, sealed, cryptogram := r.Data[:nonceLength], r.Data[nonceLength:nonceLength+balanceAnswer], r.Data[nonceLength+balanceAnswer:]
	keys := deriveSessionKeys(z, sessionInfo(sel, nh, nc))
	defer func() { keys = sessionKeys{} }()
	if want := confirm(keys.confirm, sel.card, qh, sealed); subtle.ConstantTimeCompare(cryptogram, want[:]) != 1 {
		return fmt.Errorf("%w: wrong cryptogram", ErrCounterfeit)
	}
	s.channel, s.balance = newChannel(&keys), unseal(keys.confirm, sealed)
	return nil
}

// unseal reads the purse that came with the cryptogram.
func unseal(key Key, sealed []byte) Balance {
	state := CMAC(key, []byte(sealMask))
	subtle.XORBytes(state[:], state[:], sealed)
	return parseBalance(state[:])
}

func sessionInfo(sel selection, nh, nc []byte) []byte {
	info := append([]byte("LYL1"), sel.card[:]...)
	info = append(info, sel.hash[:]...)
	return append(append(info, nh...), nc...)
}

func confirm(key Key, id ID, qh, sealed []byte) [16]byte {
	return CMAC(key, slices.Concat([]byte(confirmation), id[:], qh, sealed))
}

// Identity is who the card is.
func (s *Session) Identity() Identity { return s.identity }

// Balance is the purse as last proved by the card: at Open, or by the last command that changed it.
func (s *Session) Balance() Balance { return s.balance }

// End forgets the session's keys. The card forgets its side by the reset when the connection is closed.
func (s *Session) End() { s.channel = nil }

// effect says whether a command may change the card.
type effect bool

const (
	reads   effect = false
	changes effect = true
)

// exchange sends one command through the channel. An error other than ErrSessionGone, a context that was over before, or a
// command too long to send ends the session. The status word and data that it returns are the card's own.
func (s *Session) exchange(ctx context.Context, cmd apdu.Command, does effect) (apdu.SW, []byte, error) {
	if s.channel == nil {
		return 0, nil, ErrSessionGone
	}
	if err := ctx.Err(); err != nil {
		return 0, nil, fmt.Errorf("nothing was sent: %w", err)
	}
	cmd, err := s.channel.wrap(cmd)
	if err != nil {
		return 0, nil, err
	}
	defer clear(cmd.Data)
	r, err := apdu.Exchange(ctx, s.t.Transmit, cmd)
	if err == nil {
		var data []byte
		if data, err = s.channel.unwrap(r); err == nil {
			return r.SW, data, nil
		}
	}
	return 0, nil, s.lost(does, err)
}

// lost ends the session after an answer that proves nothing.
func (s *Session) lost(does effect, err error) error {
	s.End()
	if errors.Is(err, apdu.ErrCut) {
		err = fmt.Errorf("%w: %w", ErrUnproved, err)
	}
	if does == changes {
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreadable, err)
}

// answer is exchange for commands whose data has a fixed length once they are done.
func (s *Session) answer(ctx context.Context, cmd apdu.Command, does effect, length int) ([]byte, error) {
	sw, data, err := s.exchange(ctx, cmd, does)
	if err != nil {
		return nil, err
	}
	if err := refusal(sw); err != nil {
		return nil, err
	}
	if len(data) != length {
		return nil, s.lost(does, fmt.Errorf("answer of %d bytes, want %d", len(data), length))
	}
	return data, nil
}
