package card_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

// today is the day on which the tests happen.
func today() time.Time { return time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC) }

var errTorn = errors.New("card was taken away")

// slot is a reader in process: the simulated card behind its contacts, faults included. It keeps what went over the wire.
type slot struct {
	card     *cardsim.Card
	contacts cardsim.Contacts
	torn     bool
	sent     [][]byte
	swap     func(answer []byte) []byte // changes the next answer
	pad      *cardsim.Pinpad            // nil: the reader has no keypad
	lie      []byte                     // what the reader answers in place of the pinpad
}

func (s *slot) Transmit(_ context.Context, capdu, rapdu []byte) (int, error) {
	if s.torn {
		return 0, errTorn
	}
	s.sent = append(s.sent, bytes.Clone(capdu))
	o := s.contacts.Exchange(s.card, capdu)
	if o.Removed || o.Silent {
		s.torn = true
		return 0, errTorn
	}
	if s.swap != nil {
		o.Answer, s.swap = s.swap(o.Answer), nil
	}
	return copy(rapdu, o.Answer), nil
}

func (s *slot) Control(ctx context.Context, code uint32, in []byte) ([]byte, error) {
	if s.pad == nil {
		return nil, errors.New("no pinpad")
	}
	if s.lie != nil && code&0xFFFF == 6 {
		return s.lie, nil
	}
	answer, known := s.pad.Control(ctx, nil, code, in, func(capdu []byte) []byte {
		return s.contacts.Exchange(s.card, capdu).Answer
	})
	if !known {
		return nil, errors.New("unknown control code")
	}
	return answer, nil
}

func (s *slot) ATR() []byte { return s.contacts.ATR(s.card) }

func (s *slot) Close(card.Disposition) error { return s.card.Reset() }

// insert puts the card in as a customer does: the power comes on.
func (s *slot) insert(tb testing.TB) {
	tb.Helper()
	s.card.PowerOff()
	if err := s.card.PowerOn(); err != nil {
		tb.Fatal(err)
	}
	s.torn, s.sent = false, nil
}

// store is one store of one issuer with one card in its reader.
type store struct {
	*slot
	issuer *cardtest.Issuer
	trust  *card.Trust
	id     card.ID
}

func blank(tb testing.TB) *cardsim.Card {
	tb.Helper()
	blank, err := cardsim.Create(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return blank
}

func newStore(tb testing.TB, p cardtest.Plastic) *store {
	tb.Helper()
	issuer := cardtest.NewIssuer(tb)
	plastic := blank(tb)
	if err := plastic.Personalise(issuer.Personalise(tb, plastic.Request(), p)); err != nil {
		tb.Fatal(err)
	}
	s := &store{slot: &slot{card: plastic}, issuer: issuer, trust: issuer.Trust(tb, nil), id: card.ID{7: 1}}
	if p.ID != (card.ID{}) {
		s.id = p.ID
	}
	s.insert(tb)
	return s
}

// open taps the card.
func (s *store) open(tb testing.TB) *card.Session {
	tb.Helper()
	session, err := card.Open(tb.Context(), s.slot, s.trust, today())
	if err != nil {
		tb.Fatal(err)
	}
	return session
}

// load gives the card points and returns the session.
func (s *store) load(tb testing.TB, points int32) *card.Session {
	tb.Helper()
	session := s.open(tb)
	v := s.issuer.Voucher(s.id, session.Balance().LoadSeq+1, points)
	if _, err := session.Load(tb.Context(), v); err != nil {
		tb.Fatal(err)
	}
	return session
}

func pin(tb testing.TB, digits string) *card.PIN {
	tb.Helper()
	p, err := card.NewPIN([]byte(digits))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func wantErr(tb testing.TB, got, want error) {
	tb.Helper()
	if !errors.Is(got, want) {
		tb.Fatalf("got %v, want %v", got, want)
	}
}

// debit is a debit of points with its unlock.
func debit(points uint32) (card.Debit, card.Unlock) {
	unlock := card.NewUnlock()
	d := card.Debit{Amount: points, Store: 12, Lane: 3, Lock: unlock.Lock()}
	rand.Read(d.TxID[:])
	return d, unlock
}
