package cardsim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

const patience = time.Minute

// virtualReader is vpcd's side: it listens, and what connects is a card.
type virtualReader struct {
	t        *testing.T
	listener net.Listener
	conn     net.Conn
}

func newVirtualReader(t *testing.T) *virtualReader {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &virtualReader{t: t, listener: listener}
	t.Cleanup(func() {
		_ = r.listener.Close()
		if r.conn != nil {
			_ = r.conn.Close()
		}
	})
	return r
}

func (r *virtualReader) addr() string { return r.listener.Addr().String() }

// accept waits for a card and powers it.
func (r *virtualReader) accept() {
	r.t.Helper()
	if err := r.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	conn, err := r.listener.Accept()
	if err != nil {
		r.t.Fatal(err)
	}
	r.conn = conn
	r.control(vpcdPowerOn)
}

func (r *virtualReader) control(code byte) { r.write([]byte{0, 1, code}) }

// write sends length and body apart, as vpcd 3.3 does.
func (r *virtualReader) write(frame []byte) {
	r.t.Helper()
	for _, part := range [][]byte{frame[:2], frame[2:]} {
		if _, err := r.conn.Write(part); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *virtualReader) transmit(capdu []byte) []byte {
	r.t.Helper()
	r.write(append([]byte{byte(len(capdu) >> 8), byte(len(capdu))}, capdu...))
	answer, err := r.answer(patience)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

func (r *virtualReader) answer(wait time.Duration) ([]byte, error) {
	if err := r.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(r.conn, length[:]); err != nil {
		return nil, err
	}
	body := make([]byte, int(length[0])<<8|int(length[1]))
	_, err := io.ReadFull(r.conn, body)
	return body, err
}

func (r *virtualReader) expectRemoved() {
	r.t.Helper()
	if answer, err := r.answer(patience); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		r.t.Fatalf("the card is still there: %X, %v", answer, err)
	}
}

// running runs a slot until the test ends, and sees that nothing of it is left.
func running(t *testing.T, slot *Slot) {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := slot.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		goleak.VerifyNone(t, leaks)
	})
}

func TestACardIsThereWhileItsConnectionIs(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	anna, ben := office.newCard(t, 2, nil), office.newCard(t, 3, nil)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	running(t, slot)

	slot.Insert(anna)
	reader.accept()
	reader.control(vpcdATR)
	if atr, err := reader.answer(patience); err != nil || !bytes.Equal(atr, anna.ATR()) {
		t.Fatalf("ATR %X, %v", atr, err)
	}
	h := newTap(t, reader.transmit)
	h.load(office, 1, 500)

	if before := slot.Insert(ben); before != anna {
		t.Error("the swap does not tell who was there")
	}
	reader.expectRemoved()
	reader.accept()
	other := newTap(t, reader.transmit)
	if bytes.Equal(other.cardID, h.cardID) {
		t.Error("the old card answers")
	}
	if slot.Remove() != ben || slot.Card() != nil {
		t.Error("the removal takes another card")
	}
	reader.expectRemoved()
	if anna.Process(unhex(selectHex)) != nil || ben.Process(unhex(selectHex)) != nil {
		t.Error("a card works outside a reader")
	}
}

func TestTheReaderTakesThePowerAway(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	running(t, slot)
	slot.Insert(office.newCard(t, 2, nil))
	reader.accept()
	h := newTap(t, reader.transmit)
	h.verify("4711")

	reader.write([]byte{0, 1, vpcdReset, 0, 1, vpcdATR}) // both in one go, as vpcd does
	if _, err := reader.answer(patience); err != nil {
		t.Fatal(err)
	}
	if got := sw(reader.transmit(unhex("845C0000080000000000000000"))); got != "6985" {
		t.Errorf("the session lives on over a reset: %s", got)
	}
	reader.control(vpcdPowerOff)
	if got := reader.transmit(unhex(selectHex)); len(got) != 0 {
		t.Errorf("without power the card answers %X", got)
	}
	reader.control(vpcdPowerOn)
	newTap(t, reader.transmit).want(0x63C3, 0x04, 0x20, 0, 1, nil)
}

func TestACardWaitsForItsReaderAndFindsItAgain(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	addr := reader.addr()
	_ = reader.listener.Close()
	slot := NewSlot("lane-1", addr, zerolog.Nop())
	running(t, slot)
	slot.Insert(office.newCard(t, 2, nil))

	var err error
	if reader.listener, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	reader.accept()
	newTap(t, reader.transmit)
	_ = reader.conn.Close() // the card service restarts
	reader.accept()
	newTap(t, reader.transmit)
}

func TestAFaultyReaderLosesTheCardInTheMiddleOfACommand(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	running(t, slot)
	slot.Insert(card)
	reader.accept()
	h := newTap(t, reader.transmit)
	h.load(office, 1, 500)
	h.verify("4711")

	arm(t, &slot.Contacts, Fault{Kind: TearAfter, INS: insDebit})
	s := newSale(100, "sale 1")
	capdu := h.wrap(0x84, insDebit, 0, 0, s.debit())
	reader.write(append([]byte{0, byte(len(capdu))}, capdu...))
	reader.expectRemoved()
	if slot.Card() != nil {
		t.Error("the card is still in the reader")
	}
	slot.Insert(card)
	reader.accept()
	h = newTap(t, reader.transmit)
	if got := h.want(0x9000, 0x84, 0x58, 0, 0, []byte(s.txid)); got[0] != 1 {
		t.Error("the lost debit is not in the journal")
	}
}

func TestAMuteCardComesBackWithAReset(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	running(t, slot)
	slot.Insert(office.newCard(t, 2, nil))
	reader.accept()
	arm(t, &slot.Contacts, Fault{Kind: Mute})
	capdu := unhex(selectHex)
	reader.write(append([]byte{0, byte(len(capdu))}, capdu...))
	if answer, err := reader.answer(50 * time.Millisecond); err == nil {
		t.Errorf("a mute card says %X", answer)
	}
	reader.control(vpcdReset)
	newTap(t, reader.transmit)
}

func TestASlowAnswerComesAtOnceWhenTheFaultIsCleared(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	running(t, slot)
	slot.Insert(office.newCard(t, 2, nil))
	reader.accept()
	arm(t, &slot.Contacts, Fault{Kind: Slow, DelayMS: maxDelayMS, Sticky: true})
	capdu := unhex(selectHex)
	reader.write(append([]byte{0, byte(len(capdu))}, capdu...))
	for slot.Contacts.Metrics().Commands == 0 { // the card has not seen it
		runtime.Gosched()
	}
	slot.Contacts.ClearFault()
	if _, err := reader.answer(patience); err != nil {
		t.Errorf("the answer is still kept back: %v", err)
	}
}

func TestASlowAnswerIsNotWaitedForWhenTheCardLeaves(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	running(t, slot)
	slot.Insert(office.newCard(t, 2, nil))
	reader.accept()
	arm(t, &slot.Contacts, Fault{Kind: Slow, DelayMS: 30})
	start := time.Now()
	reader.transmit(unhex(selectHex))
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("a slow answer came after %s", took)
	}
	arm(t, &slot.Contacts, Fault{Kind: Slow, DelayMS: maxDelayMS})
	capdu := unhex(selectHex)
	reader.write(append([]byte{0, byte(len(capdu))}, capdu...))
	slot.Remove()
	reader.expectRemoved()
}
