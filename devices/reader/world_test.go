package reader

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

const patience = time.Minute

// serve runs a service for the length of the test; it must end by itself.
func serve(tb testing.TB, selectors ...Selector) (*Service, []*Reader) {
	tb.Helper()
	s := NewService(zerolog.New(zerolog.NewTestWriter(tb)), time.Now)
	var readers []*Reader
	for _, sel := range selectors {
		r, err := s.Reader(sel)
		if err != nil {
			tb.Fatal(err)
		}
		readers = append(readers, r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("service ended with %v", err)
		}
	})
	return s, readers
}

// await polls for what has no event, with a deadline.
func await(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited in vain for: %s", what)
		}
	}
}

// next waits for the event that the card is there, or not.
func next(tb testing.TB, r *Reader, present bool) Event {
	tb.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e := <-r.Events():
			if e.Present == present {
				return e
			}
		case <-deadline:
			tb.Fatalf("no event with present %t; health %+v", present, r.Health())
		}
	}
}

// virtualSlot is the simulated cards' side of one reader.
func virtualSlot(tb testing.TB, addr string) *cardsim.Slot {
	tb.Helper()
	slot := cardsim.NewSlot("test", addr, zerolog.Nop())
	runSlot(tb, slot)
	return slot
}

func runSlot(tb testing.TB, slot *cardsim.Slot) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- slot.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("slot ended with %v", err)
		}
	})
}

// member is one member with a card and the store that knows its issuer.
type member struct {
	card   *cardsim.Card
	id     card.ID
	issuer *cardtest.Issuer
	trust  *card.Trust
}

func newMember(tb testing.TB) *member {
	tb.Helper()
	return newMemberWith(tb, cardtest.Plastic{})
}

func newMemberWith(tb testing.TB, p cardtest.Plastic) *member {
	tb.Helper()
	issuer := cardtest.NewIssuer(tb)
	plastic, err := cardsim.Create(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	m := &member{card: plastic, id: card.ID{7: 1}, issuer: issuer, trust: issuer.Trust(tb, nil)}
	p.ID, p.NoPINSingle, p.NoPINCumulative = m.id, 1000, 1<<30
	file := issuer.Personalise(tb, plastic.Request(), p)
	if err := plastic.Personalise(file); err != nil {
		tb.Fatal(err)
	}
	return m
}

// tap opens a connection and a session, and closes the connection with the test.
func (m *member) tap(tb testing.TB, r *Reader) (card.Transmitter, *card.Session) {
	tb.Helper()
	conn, err := r.Connect(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(card.Reset) }) // most tests have closed it themselves
	session, err := card.Open(tb.Context(), conn, m.trust, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	return conn, session
}

func (m *member) load(tb testing.TB, session *card.Session, points int32) {
	tb.Helper()
	if _, err := session.Load(tb.Context(), m.issuer.Voucher(m.id, session.Balance().LoadSeq+1, points)); err != nil {
		tb.Fatal(err)
	}
}

func debitOf(points uint32) card.Debit {
	d := card.Debit{Amount: points, Store: 1, Lane: 1, Lock: card.NewUnlock().Lock()}
	rand.Read(d.TxID[:])
	return d
}

func shut(tb testing.TB, conn card.Transmitter) {
	tb.Helper()
	if err := conn.Close(card.Reset); err != nil {
		tb.Fatal(err)
	}
}

func wantErr(tb testing.TB, got, want error) {
	tb.Helper()
	if !errors.Is(got, want) {
		tb.Fatalf("got %v, want %v", got, want)
	}
}

// The stories that every kind of reader must tell alike.

// playSale earns, redeems with the PIN, and shows that the next tap starts without it.
func playSale(t *testing.T, m *member, r *Reader) {
	t.Helper()
	conn, session := m.tap(t, r)
	if checkATR(conn.ATR()) != nil {
		t.Fatalf("atr %x", conn.ATR())
	}
	m.load(t, session, 5000)
	p, err := card.NewPIN([]byte("4711"))
	if err != nil {
		t.Fatal(err)
	}
	if err := session.VerifyPIN(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Debit(t.Context(), debitOf(2000)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Connect(t.Context()); !errors.Is(err, ErrBusy) {
		t.Fatalf("second connection beside the first: %v", err)
	}
	shut(t, conn)

	conn, session = m.tap(t, r)
	if status, err := session.PINStatus(t.Context()); err != nil || status.Verified {
		t.Fatalf("after the reset the PIN is %+v, %v", status, err)
	}
	_, err = session.Debit(t.Context(), debitOf(2000))
	wantErr(t, err, card.ErrPINRequired)
	shut(t, conn)
	if _, err := conn.Transmit(t.Context(), []byte{0, 0xA4, 4, 0}, make([]byte, 258)); err == nil {
		t.Fatal("a closed connection still works")
	}
	if got := m.card.Status().Balance; got != 3000 {
		t.Fatalf("the card has %d points, want 3000", got)
	}
}

// playTear takes the card away in the middle of a debit and lets the next tap find out what happened.
func playTear(t *testing.T, m *member, r *Reader, slot *cardsim.Slot, kind cardsim.FaultKind, done bool) {
	t.Helper()
	slot.Insert(m.card)
	next(t, r, true)
	conn, session := m.tap(t, r)
	m.load(t, session, 500)
	ctr0 := session.Balance().Ctr
	if err := slot.Contacts.SetFault(cardsim.Fault{Kind: kind, INS: 0x54}); err != nil {
		t.Fatal(err)
	}
	d := debitOf(200)
	_, err := session.Debit(t.Context(), d)
	wantErr(t, err, card.ErrOutcomeUnknown)
	if _, err := conn.Transmit(t.Context(), []byte{0, 0xA4, 4, 0}, make([]byte, 258)); err == nil {
		t.Fatal("the connection still works without its card")
	}
	shut(t, conn)
	next(t, r, false)

	slot.Insert(m.card)
	next(t, r, true)
	conn, session = m.tap(t, r)
	q, err := session.Query(t.Context(), d.TxID)
	if err != nil || q.Found != done || q.NeverHappened(ctr0) == done {
		t.Fatalf("query %+v, %v; want found %t", q, err, done)
	}
	shut(t, conn)
	slot.Remove()
	next(t, r, false)
}

// playShortAnswers lets answers come without a status word: the connection must be of no more use.
func playShortAnswers(t *testing.T, m *member, r *Reader, slot *cardsim.Slot, lengths ...int) {
	t.Helper()
	slot.Insert(m.card)
	next(t, r, true)
	for _, n := range lengths {
		conn, session := m.tap(t, r)
		if err := slot.Contacts.SetFault(cardsim.Fault{Kind: cardsim.ShortAnswer, Bytes: n}); err != nil {
			t.Fatal(err)
		}
		_, err := session.Debit(t.Context(), debitOf(1))
		wantErr(t, err, ErrNoCard)
		_, err = conn.Transmit(t.Context(), []byte{0, 0xA4, 4, 0}, make([]byte, 258))
		wantErr(t, err, ErrNoCard)
		shut(t, conn)
	}
	conn, _ := m.tap(t, r)
	if _, err := conn.Transmit(t.Context(), []byte{0, 0xB0, 0x81, 0, 0}, make([]byte, 20)); err == nil {
		t.Fatal("169 bytes fit into 20")
	}
}
