package card

import (
	"cmp"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"loyaltill/devices/apdu"
)

// Making a blank card somebody's, card.md 5.
const (
	insInitializeUpdate     = 0x50
	insExternalAuthenticate = 0x82
	insGenerateKey          = 0x46
	insStoreData            = 0xE2

	claIssuer       = 0x80
	claIssuerSecure = 0x84
	fullProtection  = 0x33 // commands and answers, encrypted and with a MAC
	lastPiece       = 0x80
	scp03           = "\x03\x60"

	challengeLength = 8
	diversification = 10
	shortCryptogram = 8
	maxStored       = 512
	maxInfo         = 255
)

// Why a card cannot be personalised.
var (
	ErrNotBlank     = errors.New("card is not blank")
	ErrTransportKey = errors.New("transport keys are not this blank's")
	errTooLong      = errors.New("longer than a card takes")
)

// TransportKeys open the channel to a blank card. They are worth nothing once the card is active.
type TransportKeys struct {
	Version  byte // 0: the one that the blank has
	Enc, MAC Key
}

// Look is what a card says of itself before anything is proved.
type Look struct {
	Card        ID
	Certificate CertificateHash
	Blank       bool
}

// LookAt selects the application and tells blank from active. It ends a running session.
func LookAt(ctx context.Context, t Transmitter) (Look, error) {
	sel, err := selectApplication(ctx, t)
	if err != nil {
		return Look{}, fmt.Errorf("look at card: %w", err)
	}
	return Look{Card: sel.card, Certificate: sel.hash, Blank: sel.flags.blank()}, nil
}

// Blank is a blank card with an open channel. It belongs to one goroutine.
type Blank struct{ session Session }

// OpenBlank selects a blank card and opens the channel of its maker. Nothing of the card has changed when it fails.
func OpenBlank(ctx context.Context, t Transmitter, keys TransportKeys) (*Blank, error) {
	look, err := LookAt(ctx, t)
	if err != nil {
		return nil, err
	}
	if !look.Blank {
		return nil, fmt.Errorf("open blank: %w: it is card %v", ErrNotBlank, look.Card)
	}
	b := &Blank{Session{t: t}}
	if err := b.authenticate(ctx, keys); err != nil {
		return nil, fmt.Errorf("open blank: %w", err)
	}
	return b, nil
}

// End forgets the channel's keys.
func (b *Blank) End() { b.session.End() }

// authenticate opens the channel: each side proves that it has the keys, card.md 5.1.
func (b *Blank) authenticate(ctx context.Context, keys TransportKeys) error {
	challenge := make([]byte, challengeLength)
	rand.Read(challenge)
	update := apdu.Command{CLA: claIssuer, INS: insInitializeUpdate, P1: keys.Version, Data: challenge, Le: apdu.MaxShortLe}
	answer, err := b.plain(ctx, update)
	switch {
	case apdu.IsStatus(err, apdu.SWNoReference):
		return fmt.Errorf("%w: no keys of version %d", ErrTransportKey, keys.Version)
	case err != nil:
		return err
	}
	cardChallenge, cryptogram, err := parseUpdate(answer)
	if err != nil {
		return err
	}
	transport := newTransport(keys, append(challenge, cardChallenge...))
	if subtle.ConstantTimeCompare(cryptogram, transport.card[:]) != 1 {
		return fmt.Errorf("%w: wrong cryptogram", ErrTransportKey)
	}
	channel := newChannel(&transport.keys)
	if _, err := b.plain(ctx, channel.externalAuthenticate(transport.host)); err != nil {
		return fmt.Errorf("%w: %w", ErrTransportKey, err)
	}
	b.session.channel = channel
	return nil
}

// externalAuthenticate is the host's proof. Its MAC begins the chain of what follows.
func (c *channel) externalAuthenticate(cryptogram [shortCryptogram]byte) apdu.Command {
	cmd := apdu.Command{CLA: claIssuerSecure, INS: insExternalAuthenticate, P1: fullProtection}
	in := append(c.chain[:], cmd.CLA, cmd.INS, cmd.P1, cmd.P2, shortCryptogram+macLength)
	c.chain = cmac(c.mac, append(in, cryptogram[:]...))
	cmd.Data = append(cryptogram[:], c.chain[:macLength]...)
	return cmd
}

// plain sends a command outside the channel.
func (b *Blank) plain(ctx context.Context, cmd apdu.Command) ([]byte, error) {
	r, err := apdu.Exchange(ctx, b.session.t.Transmit, cmd)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return r.Data, r.SW.Err()
}

// parseUpdate reads diversification data ‖ key version ‖ protocol ‖ card challenge ‖ card cryptogram.
func parseUpdate(b []byte) (challenge, cryptogram []byte, err error) {
	const protocol = diversification + 1
	const start = protocol + len(scp03)
	if len(b) != start+challengeLength+shortCryptogram {
		return nil, nil, fmt.Errorf("%w: answer of %d bytes to initialize update", ErrUnreadable, len(b))
	}
	if string(b[protocol:start]) != scp03 {
		return nil, nil, fmt.Errorf("%w: secure channel protocol %x, want 03 with i = 60", ErrUnreadable, b[protocol:start])
	}
	return b[start : start+challengeLength], b[start+challengeLength:], nil
}

// GenerateKey has the card make its pair; the one before is forgotten.
func (b *Blank) GenerateKey(ctx context.Context) (*ecdh.PublicKey, error) {
	point, err := b.send(ctx, apdu.Command{CLA: claIssuer, INS: insGenerateKey}, reads)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	key, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w: %w", ErrUnreadable, err)
	}
	return key, nil
}

// Store gives the card what makes it somebody's, and zeroes the PIN and the PUK. ErrOutcomeUnknown means that LookAt has to
// tell whether the card is active; after any other error it is still blank.
func (b *Blank) Store(ctx context.Context, p Personalisation) error {
	data, err := p.marshal()
	defer clear(data)
	if err != nil {
		return fmt.Errorf("personalise: %w", err)
	}
	for n := byte(0); ; n++ {
		piece := data[:min(len(data), maxSecureInput)]
		data = data[len(piece):]
		cmd, does := apdu.Command{CLA: claIssuer, INS: insStoreData, P2: n, Data: piece}, reads
		if len(data) == 0 {
			cmd.P1, does = lastPiece, changes
		}
		if _, err := b.send(ctx, cmd, does); err != nil {
			return fmt.Errorf("personalise, piece %d: %w", n, err)
		}
		if len(data) == 0 {
			return nil
		}
	}
}

// send is one command through the channel.
func (b *Blank) send(ctx context.Context, cmd apdu.Command, does effect) ([]byte, error) {
	sw, data, err := b.session.exchange(ctx, cmd, does)
	if err != nil {
		return nil, err
	}
	return data, sw.Err()
}

// Personalisation is what makes a blank card somebody's. Number, scheme, tier and language become EF.INFO.
type Personalisation struct {
	Certificate     []byte // for the key that the card made last
	KTX, KLD        Key
	Number          Number
	Scheme          Scheme
	Tier, Language  string
	PIN, PUK        *PIN // nil: not set
	NoPINSingle     uint32
	NoPINCumulative uint32
}

// marshal writes the TLVs of card.md 5.2.
func (p Personalisation) marshal() ([]byte, error) {
	defer p.PIN.Zero()
	defer p.PUK.Zero()
	info := put(nil, 0x61, []byte(p.Number))
	info = put(info, 0x62, p.Scheme[:])
	info = put(info, 0x63, []byte(p.Tier))
	info = put(info, 0x64, []byte(p.Language))
	if _, err := parseInfo(info); err != nil || len(info) > maxInfo {
		return nil, fmt.Errorf("card information of %d bytes cannot be written: %w", len(info), cmp.Or(err, errTooLong))
	}
	b := make([]byte, 0, maxStored) // never grows, so that no copy of a PIN stays behind
	b = put(b, 0x70, p.Certificate)
	b = put(b, 0x71, p.KTX[:])
	b = put(b, 0x72, p.KLD[:])
	b = put(b, 0x73, info)
	for _, secret := range []struct {
		tag byte
		pin *PIN
	}{{0x74, p.PIN}, {0x75, p.PUK}} {
		if secret.pin == nil {
			continue
		}
		var err error
		if b, err = secret.pin.appendBlock(append(b, secret.tag, blockLength)); err != nil {
			return b, err
		}
	}
	limits := binary.BigEndian.AppendUint32(nil, p.NoPINSingle)
	b = put(b, 0x76, binary.BigEndian.AppendUint32(limits, p.NoPINCumulative))
	if len(b) > maxStored {
		return b, fmt.Errorf("card data of %d bytes: %w", len(b), errTooLong)
	}
	return b, nil
}
