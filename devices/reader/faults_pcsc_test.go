//go:build linux && cgo && pcsc

package reader

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ebfe/scard"
	"github.com/rs/zerolog"

	"loyaltill/devices"
	"loyaltill/devices/card"
	"loyaltill/internal/pcscd"
)

// What the card service and its binding really do, and what this package makes of it. docs/readers.md has the table.

func pcscContext(tb testing.TB) *scard.Context {
	tb.Helper()
	pcsc, err := scard.EstablishContext()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = pcsc.Release() }) // some tests end the service first
	return pcsc
}

// shared is another program's connection to the card in a reader.
func shared(tb testing.TB, name string) *scard.Card {
	tb.Helper()
	other, err := pcscContext(tb).Connect(name, scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		tb.Fatal(err)
	}
	return other
}

func TestCancelThatComesBeforeAWaitIsLostAndTheServiceEndsWithoutIt(t *testing.T) {
	s := openShop(t, 1)
	pcsc := pcscContext(t)
	if err := pcsc.Cancel(); err != nil {
		t.Fatal(err)
	}
	states := []scard.ReaderState{{Reader: plugAndPlay}}
	if err := pcsc.GetStatusChange(states, 100*time.Millisecond); err != scard.ErrTimeout {
		t.Fatalf("a wait after a cancel: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- pcsc.GetStatusChange(states, time.Minute) }()
	for waits := true; waits; {
		_ = pcsc.Cancel() // until it meets the wait
		select {
		case err := <-ended:
			if waits = false; err != scard.ErrCancelled {
				t.Fatalf("a cancelled wait: %v", err)
			}
		case <-time.After(time.Millisecond):
		}
	}

	again := NewService(zerolog.Nop(), time.Now)
	if _, err := again.Reader(Selector{Name: "Loyaltill.*"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- again.Run(ctx) }()
	await(t, "its watcher waits", func() bool { return again.List().Service.State == devices.OK })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if s.service.List().Service.State != devices.OK {
		t.Error("the other service suffered")
	}
}

func TestTapsDoNotWaitForTheWatcher(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	fastest := time.Hour
	for range 10 {
		began := time.Now()
		conn, _ := m.tap(t, s.readers[0])
		shut(t, conn)
		fastest = min(fastest, time.Since(began))
	}
	if fastest > lookEvery/2 {
		t.Fatalf("the fastest of ten taps took %v; a wait of the watcher takes %v", fastest, lookEvery)
	}
}

func TestNoReaderSeemsGoneWhileTheCollectorRuns(t *testing.T) {
	s := openShop(t, 2)
	for _, r := range s.readers {
		wantNoEvent(t, r)
	}
	const looks = 8
	for last, seen := s.service.beat.Load(), 0; seen < looks; {
		runtime.GC()
		for _, r := range s.readers {
			wantHealth(t, r, devices.OK, "")
		}
		if beat := s.service.beat.Load(); beat != last {
			last, seen = beat, seen+1
		}
	}
	for _, r := range s.readers {
		wantNoEvent(t, r)
	}
}

func TestSixteenReadersLeaveNoRoomForPlugAndPlay(t *testing.T) {
	cardService(t, pcscd.Options{Readers: pcscd.MaxReaders})
	pcsc := pcscContext(t)
	states, err := statesToAskFor(pcsc, map[string]scard.StateFlag{})
	if err != nil || len(states) != pcscd.MaxReaders || slices.ContainsFunc(states, isPlugAndPlay) {
		t.Fatalf("%d states, %v", len(states), err)
	}
	tooMany := append(states, scard.ReaderState{Reader: plugAndPlay})
	if err := pcsc.GetStatusChange(tooMany, 0); err != scard.ErrInvalidParameter {
		t.Fatalf("seventeen names: %v", err)
	}
}

func isPlugAndPlay(s scard.ReaderState) bool { return s.Reader == plugAndPlay }

func TestNoReaderAtAllIsANormalState(t *testing.T) {
	d := cardService(t, pcscd.Options{})
	service, readers := serve(t, Selector{Name: "Loyaltill.*"})
	await(t, "the service is well", func() bool { return service.List().Service.State == devices.OK })
	await(t, "the lane misses its reader", func() bool { return readers[0].Health().Code == CodeMissing })
	_, err := readers[0].Connect(t.Context())
	wantErr(t, err, ErrNoReader)
	status, err := Probe() // which must not wait for an empty list: the binding would panic
	if err != nil || len(status.Readers) != 0 {
		t.Fatalf("probe %+v, %v", status, err)
	}
	if _, err := pcscContext(t).ListReaders(); err != scard.ErrNoReadersAvailable {
		t.Fatalf("list: %v; %s", err, d.Log)
	}
}

func TestWaitForNoNamesPanicsAndIsAnErrorHere(t *testing.T) {
	cardService(t, pcscd.Options{Readers: 1})
	pcsc := pcscContext(t)
	err := guarded(func() error { return pcsc.GetStatusChange(nil, 0) })
	wantErr(t, err, ErrInternal)
}

func TestTransmitWithoutAProtocolPanicsAndIsAnErrorHere(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	direct, err := pcscContext(t).Connect(s.Daemon.Readers[0], scard.ShareDirect, scard.ProtocolUndefined)
	if err != nil {
		t.Fatal(err)
	}
	err = guarded(func() error { _, err := direct.Transmit([]byte{0, 0xA4, 4, 0}); return err })
	wantErr(t, err, ErrInternal)
	if err := direct.Disconnect(scard.LeaveCard); err != nil {
		t.Fatal(err)
	}
	conn, _ := m.tap(t, s.readers[0])
	shut(t, conn)
}

// look is one look of the watcher by hand, at one reader.
func look(t *testing.T, pcsc *scard.Context, name string, known map[string]scard.StateFlag, states []scard.ReaderState) sighting {
	t.Helper()
	if err := pcsc.GetStatusChange(states, time.Second); err != nil && err != scard.ErrTimeout {
		t.Fatal(err)
	}
	remember(states, known)
	for _, seen := range sightings(states, known) {
		if seen.name == name {
			return seen
		}
	}
	t.Fatalf("%s was not seen", name)
	return sighting{}
}

func TestATROfACardThatHasGoneIsNoCard(t *testing.T) {
	s := openShop(t, 1)
	pcsc, name, known := pcscContext(t), s.Daemon.Readers[0], map[string]scard.StateFlag{}
	s.slots[0].Insert(newMember(t).card)
	next(t, s.readers[0], true)
	states := []scard.ReaderState{{Reader: name}}
	if seen := look(t, pcsc, name, known, states); !seen.present || len(states[0].Atr) == 0 {
		t.Fatalf("%+v with ATR %x", seen, states[0].Atr)
	}
	s.slots[0].Remove()
	next(t, s.readers[0], false)
	states[0].CurrentState = known[name]
	if seen := look(t, pcsc, name, known, states); seen.present || len(states[0].Atr) == 0 {
		t.Fatalf("%+v with ATR %x: the binding used to leave the old one", seen, states[0].Atr)
	}
}

func TestSwapBetweenTwoLooksIsAnotherInsertion(t *testing.T) {
	s := openShop(t, 1)
	pcsc, name, known := pcscContext(t), s.Daemon.Readers[0], map[string]scard.StateFlag{}
	s.slots[0].Insert(newMember(t).card)
	next(t, s.readers[0], true)
	states := []scard.ReaderState{{Reader: name}}
	before := look(t, pcsc, name, known, states)
	s.slots[0].Remove()
	next(t, s.readers[0], false)
	s.slots[0].Insert(newMember(t).card)
	next(t, s.readers[0], true)
	states[0].CurrentState = known[name] // fed back: the wait returns at once
	after := look(t, pcsc, name, known, states)
	if !before.present || !after.present || after.counted-before.counted != 2 {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	lone := NewService(zerolog.Nop(), time.Now)
	r := lane(t, lone, name)
	lone.observe([]sighting{before})
	wantEvent(t, r, true, 1)
	lone.observe([]sighting{after})
	wantEvent(t, r, true, 2)
}

func TestTransmitCostsOneBufferACommand(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	conn, _ := m.tap(t, s.readers[0])
	answer := make([]byte, 258)
	const commands, most = 50, 96 << 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range commands {
		if _, err := conn.Transmit(t.Context(), []byte{0, 0xA4, 4, 0, 2, 0xF0, 0, 0}, answer); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / commands; each > most {
		t.Fatalf("%d bytes a command", each)
	}
}

func TestReaderThatIsNotThereIsAClassOfItsOwn(t *testing.T) {
	cardService(t, pcscd.Options{Readers: 1})
	_, err := pcscContext(t).Connect("nobody 00 00", scard.ShareExclusive, scard.ProtocolAny)
	if err != scard.ErrUnknownReader {
		t.Fatal(err)
	}
	wantErr(t, classify(err), ErrNoReader)
}

func TestProgramInATransactionCostsItsOwnLaneAndOnlyUntilItEnds(t *testing.T) {
	s, m, second := openShop(t, 2), newMember(t), newMember(t)
	s.slots[0].Insert(m.card)
	s.slots[1].Insert(second.card)
	next(t, s.readers[0], true)
	next(t, s.readers[1], true)
	other := shared(t, s.Daemon.Readers[0])
	if err := other.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	_, err := s.readers[0].Connect(t.Context()) // PC/SC waits without a limit here
	wantErr(t, err, ErrTimeout)
	wantHealth(t, s.readers[0], devices.Stuck, CodeStuck)
	conn, _ := second.tap(t, s.readers[1])
	shut(t, conn)
	if err := errors.Join(other.EndTransaction(scard.LeaveCard), other.Disconnect(scard.LeaveCard)); err != nil {
		t.Fatal(err)
	}
	await(t, "the call has come back", func() bool { return s.readers[0].Health().State == devices.OK })
	conn, _ = m.tap(t, s.readers[0])
	shut(t, conn)
}

func TestResetByAnotherProgramIsACardThatIsGone(t *testing.T) {
	s := openShop(t, 1)
	s.slots[0].Insert(newMember(t).card)
	next(t, s.readers[0], true)
	one, two := shared(t, s.Daemon.Readers[0]), shared(t, s.Daemon.Readers[0])
	if err := two.Disconnect(scard.ResetCard); err != nil {
		t.Fatal(err)
	}
	_, err := one.Transmit([]byte{0, 0xA4, 4, 0, 2, 0xF0, 0})
	if err != scard.ErrResetCard {
		t.Fatal(err)
	}
	wantErr(t, classify(err), ErrNoCard)
}

func TestContextOfADeadServiceCallsItselfValid(t *testing.T) {
	s := openShop(t, 1)
	pcsc := pcscContext(t)
	if err := s.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "the lane misses the service", func() bool { return s.readers[0].Health().Code == CodeNoService })
	_, err := pcsc.ListReaders()
	wantErr(t, classify(err), ErrService)
	if valid, err := pcsc.IsValid(); err != nil || !valid {
		t.Fatalf("valid %t, %v: so it may be asked after all", valid, err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the reader is back", func() bool { return s.readers[0].Health().State == devices.OK })
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func TestSixRestartsLeaveNoFileOpen(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	conn, _ := m.tap(t, s.readers[0])
	shut(t, conn)
	before := openFiles(t)
	for range 6 {
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		next(t, s.readers[0], true)
		conn, _ := m.tap(t, s.readers[0])
		shut(t, conn)
	}
	await(t, "as few files are open as before", func() bool { return openFiles(t) <= before })
}

func TestServiceWithoutRoomForAnotherContextIsToldAndComesBack(t *testing.T) {
	cardService(t, pcscd.Options{Readers: 1})
	const more = 1000 // than any card service has room for
	var taken []*scard.Context
	var full error
	for range more {
		pcsc, err := scard.EstablishContext()
		if full = err; err != nil {
			break
		}
		taken = append(taken, pcsc)
	}
	t.Logf("context %d: %v", len(taken)+1, full)
	// It hangs up on whoever comes then, before or after the first question: two errors for the same thing.
	if err := classify(full); !errors.Is(err, ErrDenied) && !errors.Is(err, ErrService) {
		t.Errorf("got %v", err)
	}
	_, readers := serve(t, Selector{Name: "Loyaltill 1 00 00"})
	await(t, "the lane says so", func() bool {
		code := readers[0].Health().Code
		return code == CodeDenied || code == CodeNoService
	})
	for _, pcsc := range taken {
		if err := pcsc.Release(); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the reader is found", func() bool { return readers[0].Health().State == devices.OK })
}

func TestManyTapsTakeOneContext(t *testing.T) {
	s, m := openShop(t, 1), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	const taps = 220 // more than pcscd has contexts
	for range taps {
		conn, err := s.readers[0].Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(card.Reset); err != nil {
			t.Fatal(err)
		}
	}
}
