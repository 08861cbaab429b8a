package reader

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"loyaltill/devices"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
)

// linked is a lane whose reader is a direct link on a port of its own.
func linked(tb testing.TB) *Reader {
	tb.Helper()
	_, readers := serve(tb, Selector{Link: "127.0.0.1:0"})
	await(tb, "the link listens", func() bool { return readers[0].Name() != "" })
	return readers[0]
}

func TestCardCallsInOnTheLinkAndASaleIsMade(t *testing.T) {
	r, m := linked(t), newMember(t)
	wantHealth(t, r, devices.OK, "")
	_, err := r.Connect(t.Context())
	wantErr(t, err, ErrNoCard)
	slot := virtualSlot(t, r.Name())
	slot.Insert(m.card)
	if e := next(t, r, true); e.Counter != 1 {
		t.Fatalf("event %+v", e)
	}
	playSale(t, m, r)
	slot.Remove()
	next(t, r, false)
	slot.Insert(m.card)
	if e := next(t, r, true); e.Counter != 2 {
		t.Fatalf("event %+v", e)
	}
}

func TestTearOnTheLinkIsFoundOutAtTheNextTap(t *testing.T) {
	r := linked(t)
	slot := virtualSlot(t, r.Name())
	playTear(t, newMember(t), r, slot, cardsim.TearBefore, false)
	playTear(t, newMember(t), r, slot, cardsim.TearAfter, true)
}

func TestMuteCardOnTheLinkIsPutOut(t *testing.T) {
	r, m := linked(t), newMember(t)
	slot := virtualSlot(t, r.Name())
	slot.Insert(m.card)
	first := next(t, r, true)
	conn, session := m.tap(t, r)
	if err := slot.Contacts.SetFault(cardsim.Fault{Kind: cardsim.Mute}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := session.Debit(t.Context(), debitOf(1))
	wantErr(t, err, ErrTimeout)
	if took := time.Since(began); took < apduLimit || took >= controlLimit {
		t.Fatalf("gave up after %v", took)
	}
	shut(t, conn)
	if e := next(t, r, true); e.Counter == first.Counter {
		t.Fatalf("the card came back as the same insertion: %+v", e)
	}
	m.tap(t, r)
}

func TestCancelledTapLeavesNoAnswerBehindForTheNext(t *testing.T) {
	r, m := linked(t), newMember(t)
	slot := virtualSlot(t, r.Name())
	slot.Insert(m.card)
	next(t, r, true)
	conn, _ := m.tap(t, r)
	if err := slot.Contacts.SetFault(cardsim.Fault{Kind: cardsim.Slow, DelayMS: 60_000, Sticky: true}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := conn.Transmit(ctx, []byte{0, 0xA4, 4, 0, 0}, make([]byte, 258))
	wantErr(t, err, context.DeadlineExceeded)
	shut(t, conn)
	next(t, r, false)
	slot.Contacts.ClearFault()
	next(t, r, true)
	m.tap(t, r)
}

func TestLinkTakesOneCardAtATime(t *testing.T) {
	r := linked(t)
	first, second := newMember(t), newMember(t)
	a, b := virtualSlot(t, r.Name()), virtualSlot(t, r.Name())
	a.Insert(first.card)
	next(t, r, true)
	b.Insert(second.card)
	conn, _ := first.tap(t, r)
	shut(t, conn)
	a.Remove()
	next(t, r, true) // the other one has waited outside
	second.tap(t, r)
}

func TestLinkWhosePortIsTakenSaysSoAndRecovers(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, readers := serve(t, Selector{Link: taken.Addr().String()})
	r := readers[0]
	await(t, "the trouble shows", func() bool { return r.Health().Code == CodeLink })
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "the link listens", func() bool { return r.Health().State == devices.OK })
}

// slowPort closes a while after it is told to. Who tells it again is not kept waiting, as with a socket.
type slowPort struct {
	told   atomic.Bool
	begins chan struct{}
	ends   chan struct{}
	closed atomic.Bool
}

func (p *slowPort) Close() error {
	if p.told.Swap(true) {
		return net.ErrClosed
	}
	close(p.begins)
	<-p.ends
	p.closed.Store(true)
	return nil
}

// A link that had ended while its port was still closing took a card now and then, and nobody saw it.
func TestLinkEndsOnlyWhenItsPortIsClosed(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	p := &slowPort{begins: make(chan struct{}), ends: make(chan struct{})}
	now := closing(ctx, p)
	stop()
	<-p.begins
	go close(p.ends)
	now()
	if !p.closed.Load() {
		t.Fatal("the link ends before its port is closed")
	}
}

func TestCardThatSpeaksUnaskedIsPutOut(t *testing.T) {
	r := linked(t)
	conn, err := net.Dial("tcp", r.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	next(t, r, true)
	if _, err := conn.Write([]byte{0, 2, 0x90, 0x00}); err != nil {
		t.Fatal(err)
	}
	next(t, r, false)
	if _, err := io.ReadAll(conn); err != nil {
		t.Logf("the connection ended with %v", err)
	}
}

func TestCardWithoutAnAnswerToResetIsMute(t *testing.T) {
	for name, atr := range map[string][]byte{"empty": {}, "one byte": {0x3B}} {
		t.Run(name, func(t *testing.T) {
			r := linked(t)
			conn, err := net.Dial("tcp", r.Name())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			go func() {
				if _, err := io.ReadFull(conn, make([]byte, 6)); err == nil { // power on, then the question
					_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(atr))), atr...))
				}
			}()
			next(t, r, true)
			_, err = r.Connect(t.Context())
			wantErr(t, err, ErrMute)
		})
	}
}

func TestClosingTellsTheCardWhatBecomesOfIt(t *testing.T) {
	for how, orders := range map[card.Disposition][]byte{
		card.Leave: {orderPowerOn, orderATR}, card.Reset: {orderPowerOn, orderATR, orderReset},
		card.Unpower: {orderPowerOn, orderATR, orderPowerOff}, card.Eject: {orderPowerOn, orderATR, orderPowerOff},
	} {
		r := linked(t)
		conn, err := net.Dial("tcp", r.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		got := make(chan []byte, 1)
		go func() { // a card that notes what it is told
			var told []byte
			frame := make([]byte, frameHeader+1)
			for {
				if _, err := io.ReadFull(conn, frame); err != nil {
					got <- told
					return
				}
				if told = append(told, frame[frameHeader]); frame[frameHeader] == orderATR {
					_, _ = conn.Write([]byte{0, 2, 0x3B, 0x00})
				}
				if len(told) == len(orders) {
					_ = conn.Close()
				}
			}
		}()
		next(t, r, true)
		connection, err := r.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := connection.Close(how); err != nil {
			t.Fatal(err)
		}
		if told := <-got; !bytes.Equal(told, orders) {
			t.Errorf("disposition %d: the card was told %x, want %x", how, told, orders)
		}
	}
}

func TestAnswersThatAreNoAnswersEndTheConnectionOnTheLink(t *testing.T) {
	r := linked(t)
	playShortAnswers(t, newMember(t), r, virtualSlot(t, r.Name()), 0, 1)
}

// FuzzLink lets anything call in: no answer may be longer than was sent, and the link must outlive it.
func FuzzLink(f *testing.F) {
	f.Add([]byte{0, 2, 0x3B, 0x00, 0, 2, 0x90, 0x00})
	f.Add([]byte{0xFF, 0xFF, 1})
	f.Fuzz(func(t *testing.T, says []byte) {
		near, far := net.Pipe()
		c := &linkedCard{conn: near, gone: make(chan struct{})}
		go c.read()
		go func() { // reads whatever it is sent, says its piece and leaves
			go func() { _, _ = io.Copy(io.Discard, far) }()
			_, _ = far.Write(says)
			_ = far.Close()
		}()
		if answer, err := c.ask(t.Context(), time.Second, []byte{orderATR}); err == nil && len(answer)+frameHeader > len(says) {
			t.Fatalf("%d bytes from %d", len(answer), len(says))
		}
		c.eject()
		<-c.gone
	})
}
