//go:build linux && cgo && pcsc

package reader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/ebfe/scard"

	"loyaltill/devices"
	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/pcscd"
)

// shop is a card service, and per lane a reader and the slot on the simulated cards' side.
type shop struct {
	*pcscd.Daemon
	service *Service
	readers []*Reader
	slots   []*cardsim.Slot
}

func openShop(tb testing.TB, lanes int) *shop {
	tb.Helper()
	return openShopWith(tb, pcscd.Options{Readers: lanes})
}

// openShopWith has the lanes with a pinpad behind the others.
func openShopWith(tb testing.TB, opts pcscd.Options) *shop {
	tb.Helper()
	s := &shop{Daemon: cardService(tb, opts)}
	var selectors []Selector
	for i, name := range s.Daemon.Readers {
		selectors = append(selectors, Selector{Name: regexp.QuoteMeta(name)})
		s.slots = append(s.slots, virtualSlot(tb, addrOf(s.Ports[i])))
	}
	for i, name := range s.Pinpads {
		selectors = append(selectors, Selector{Name: regexp.QuoteMeta(name)})
		s.slots = append(s.slots, virtualSlot(tb, "unix:"+s.Sockets[i]))
	}
	s.service, s.readers = serve(tb, selectors...)
	for _, r := range s.readers {
		await(tb, "the reader is found", func() bool { return r.Health().State == devices.OK })
	}
	return s
}

func addrOf(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func TestCardIsSeenAtItsOwnLaneAlone(t *testing.T) {
	s, m := openShop(t, 3), newMember(t)
	s.slots[1].Insert(m.card)
	if e := next(t, s.readers[1], true); e.Counter != 1 {
		t.Fatalf("event %+v", e)
	}
	s.slots[1].Remove()
	next(t, s.readers[1], false)
	s.slots[2].Insert(m.card)
	next(t, s.readers[2], true)
	wantNoEvent(t, s.readers[0])
	wantNoEvent(t, s.readers[1])
	status := s.service.List()
	if len(status.Readers) != 4 || status.Service.State != devices.OK || status.Version == "" { // the driver comes in pairs
		t.Fatalf("list %+v", status)
	}
	probed, err := Probe()
	if err != nil || fmt.Sprint(probed.Readers) != fmt.Sprint(status.Readers) {
		t.Fatalf("probe %+v, %v; list %+v", probed, err, status)
	}
}

func TestSaleThroughTheCardService(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	_, err := s.readers[0].Connect(t.Context())
	wantErr(t, err, ErrNoCard)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	playSale(t, m, s.readers[0])
}

func TestTearDuringACommandIsFoundOutAtTheNextTap(t *testing.T) {
	s := openShop(t, 1)
	playTear(t, newMember(t), s.readers[0], s.slots[0], cardsim.TearBefore, false)
	playTear(t, newMember(t), s.readers[0], s.slots[0], cardsim.TearAfter, true)
}

func TestAnswersThatAreNoAnswersEndTheConnection(t *testing.T) {
	s := openShop(t, 1)
	playShortAnswers(t, newMember(t), s.readers[0], s.slots[0], 1) // the driver takes an empty answer for none
}

// oldCard is a card that speaks T=0 only, at the other end of a virtual reader: it takes no length behind data, and gives its
// answer when asked for it.
func oldCard(t *testing.T, addr string, answer []byte) (got chan []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	got = make(chan []byte, 16)
	t.Cleanup(func() { _ = conn.Close() })
	say := func(b []byte) { _, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)) }
	go func() {
		header := make([]byte, frameHeader)
		for {
			if _, err := io.ReadFull(conn, header); err != nil {
				close(got)
				return
			}
			body := make([]byte, binary.BigEndian.Uint16(header))
			if _, err := io.ReadFull(conn, body); err != nil {
				close(got)
				return
			}
			switch {
			case len(body) == 1 && body[0] == orderATR:
				say([]byte{0x3B, 0x02, 0x14, 0x50}) // no TD1: T=0
			case len(body) == 1:
			case body[1] == 0xC0:
				got <- body
				say(append(answer[:body[4]:body[4]], 0x90, 0x00))
			default:
				got <- body
				say([]byte{0x61, byte(len(answer))})
			}
		}
	}()
	return got
}

func TestCardThatSpeaksT0GetsItsCommandsInT0sForm(t *testing.T) {
	s := openShop(t, 1)
	got := oldCard(t, addrOf(s.Ports[0]), []byte("old but gold"))
	next(t, s.readers[0], true)
	conn, err := s.readers[0].Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd := apdu.Command{INS: 0xA4, P1: 4, Data: []byte{0xF0, 1}, Le: apdu.MaxShortLe}
	r, err := apdu.Exchange(t.Context(), conn.Transmit, cmd)
	if err != nil || string(r.Data) != "old but gold" || !r.SW.OK() {
		t.Fatalf("answer %q %v, %v", r.Data, r.SW, err)
	}
	for _, want := range [][]byte{{0, 0xA4, 4, 0, 2, 0xF0, 1}, {0, 0xC0, 0, 0, 12}} {
		if sent := <-got; !bytes.Equal(sent, want) {
			t.Errorf("the card got %x, want %x", sent, want)
		}
	}
	shut(t, conn)
}

func TestMuteCardCostsItsOwnLaneAndOnlyUntilItIsTakenOut(t *testing.T) {
	s, mute, other := openShop(t, 2), newMember(t), newMember(t)
	s.slots[0].Insert(mute.card)
	s.slots[1].Insert(other.card)
	next(t, s.readers[0], true)
	next(t, s.readers[1], true)
	conn, session := mute.tap(t, s.readers[0])
	if err := s.slots[0].Contacts.SetFault(cardsim.Fault{Kind: cardsim.Mute, INS: 0x54}); err != nil {
		t.Fatal(err)
	}
	_, err := session.Debit(t.Context(), debitOf(1))
	wantErr(t, err, card.ErrOutcomeUnknown)
	wantErr(t, err, ErrTimeout)
	wantHealth(t, s.readers[0], devices.Stuck, CodeStuck)
	_, err = s.readers[0].Connect(t.Context())
	wantErr(t, err, ErrStuck)
	if err := conn.Close(card.Reset); err == nil {
		t.Fatal("closed a connection that hangs")
	}

	wantHealth(t, s.readers[1], devices.OK, "")
	otherConn, _ := other.tap(t, s.readers[1])
	shut(t, otherConn)

	s.slots[0].Remove()
	await(t, "the call has come back", func() bool { return s.readers[0].Health().State == devices.OK })
	next(t, s.readers[0], false)
	s.slots[0].Insert(mute.card)
	next(t, s.readers[0], true)
	mute.tap(t, s.readers[0])
}

func TestCardServiceThatRestartsLosesNoReader(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	r := s.readers[0]
	s.slots[0].Insert(m.card)
	first := next(t, r, true)
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		conn, session := m.tap(t, r)
		if err := s.Signal(end); err != nil {
			t.Fatal(err)
		}
		next(t, r, false)
		wantHealth(t, r, devices.Absent, CodeNoService)
		_, err := session.Debit(t.Context(), debitOf(1))
		wantErr(t, err, card.ErrOutcomeUnknown)
		shutAfterCrash(conn)
		_, err = r.Connect(t.Context())
		wantErr(t, err, ErrService)
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := next(t, r, true)
		if e.Counter == first.Counter {
			t.Fatalf("after the restart the card is the same insertion: %+v", e)
		}
		wantHealth(t, r, devices.OK, "")
		conn, _ = m.tap(t, r)
		shut(t, conn)
	}
}

// shutAfterCrash closes what no service knows any more; what it says does not matter.
func shutAfterCrash(conn card.Transmitter) { _ = conn.Close(card.Reset) }

func TestCardServiceThatHangsIsNoticed(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	if err := s.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.slots[0].Insert(m.card)
	await(t, "the hang is noticed", func() bool { return s.readers[0].Health().Code == CodeHangs })
	if got := s.service.List(); got.Service.State != devices.Stuck {
		t.Fatalf("list %+v", got)
	}
	_, err := s.readers[0].Connect(t.Context())
	wantErr(t, err, ErrService)
	if err := s.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	next(t, s.readers[0], true)
	wantHealth(t, s.readers[0], devices.OK, "")
	m.tap(t, s.readers[0])
}

// squat holds a reader as another program would.
func squat(t *testing.T, name string) (leave func()) {
	t.Helper()
	pcsc, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	held, err := pcsc.Connect(name, scard.ShareExclusive, scard.ProtocolAny)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := held.Disconnect(scard.ResetCard); err != nil {
			t.Error(err)
		}
		if err := pcsc.Release(); err != nil {
			t.Error(err)
		}
	}
}

func TestProgramThatLooksAtACardIsWaitedForTwoSeconds(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)

	leave := squat(t, s.Daemon.Readers[0])
	began := time.Now()
	_, err := s.readers[0].Connect(t.Context())
	var busy *BusyError
	if !errors.As(err, &busy) || !errors.Is(err, ErrBusy) {
		t.Fatal(err)
	}
	if took := time.Since(began); took < shareLimit || took > patience {
		t.Fatalf("gave up after %v", took)
	}
	time.AfterFunc(300*time.Millisecond, leave)
	m.tap(t, s.readers[0])
}

func TestNobodyElseGetsInDuringATap(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	conn, session := m.tap(t, s.readers[0])
	pcsc, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []scard.ShareMode{scard.ShareShared, scard.ShareExclusive} {
		if _, err := pcsc.Connect(s.Daemon.Readers[0], mode, scard.ProtocolAny); err != scard.ErrSharingViolation {
			t.Errorf("share mode %d: %v", mode, err)
		}
	}
	if err := pcsc.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := session.ReadBalance(t.Context()); err != nil {
		t.Fatal(err)
	}
	shut(t, conn)
}

func TestCardSwappedDuringATapIsNeverDebited(t *testing.T) {
	s, first, second := openShop(t, 1), newMember(t), newMember(t)
	s.slots[0].Insert(second.card)
	next(t, s.readers[0], true)
	conn, session := second.tap(t, s.readers[0])
	second.load(t, session, 500)
	shut(t, conn)
	s.slots[0].Insert(first.card)
	await(t, "the first card is in", s.slots[0].Connected)
	next(t, s.readers[0], true)

	conn, session = first.tap(t, s.readers[0])
	first.load(t, session, 500)
	s.slots[0].Insert(second.card)
	await(t, "the second card is in", s.slots[0].Connected)
	_, err := session.Debit(t.Context(), debitOf(100))
	wantErr(t, err, card.ErrOutcomeUnknown)
	shutAfterCrash(conn)
	if a, b := first.card.Status().Balance, second.card.Status().Balance; a != 500 || b != 500 {
		t.Fatalf("balances %d and %d", a, b)
	}
}

func TestSelectorThatFitsTwoReadersIsAConfigurationError(t *testing.T) {
	cardService(t, pcscd.Options{Readers: 2})
	_, readers := serve(t, Selector{Name: "Loyaltill 1"}, Selector{Name: "Acme.*"})
	await(t, "the ambiguity shows", func() bool { return readers[0].Health().Code == CodeAmbiguous })
	_, err := readers[0].Connect(t.Context())
	wantErr(t, err, ErrAmbiguous)
	await(t, "the missing reader shows", func() bool { return readers[1].Health().Code == CodeMissing })
	_, err = readers[1].Connect(t.Context())
	wantErr(t, err, ErrNoReader)
}

func TestSixteenReadersAreWatchedWithoutPlugAndPlay(t *testing.T) {
	s, m := openShop(t, pcscd.MaxReaders), newMember(t)
	s.slots[15].Insert(m.card)
	next(t, s.readers[15], true)
	conn, _ := m.tap(t, s.readers[15])
	shut(t, conn)
	s.slots[15].Remove()
	next(t, s.readers[15], false)
}

func TestCallsThatMakeTheBindingPanicAreErrors(t *testing.T) {
	if err := guarded(func() error { panic("unknown protocol") }); err == nil {
		t.Fatal("no error")
	}
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	conn, _ := m.tap(t, s.readers[0])
	if _, err := conn.Transmit(t.Context(), nil, make([]byte, 258)); err == nil {
		t.Fatal("an empty command was sent")
	}
	if _, err := conn.Control(t.Context(), scard.CtlCode(3400), nil); err == nil {
		t.Fatal("a virtual reader has no pinpad")
	}
}
