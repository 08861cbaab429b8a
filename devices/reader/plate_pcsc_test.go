//go:build linux && cgo && pcsc

package reader

import (
	"context"
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/ebfe/scard"
	"github.com/rs/zerolog"

	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/pcscd"
)

// twins are two readers of one kind that differ by serial number and port alone, in this order.
func twins(t *testing.T) (*pcscd.Daemon, [2]*cardsim.Slot) {
	t.Helper()
	d := cardService(t, pcscd.Options{Pinpads: 2})
	var slots [2]*cardsim.Slot
	for i := range slots {
		slots[i] = cardsim.NewSlot("test", "unix:"+d.Sockets[i], zerolog.Nop())
		slots[i].Serial = []string{"0101", "0202"}[i]
		slots[i].Channel = binary.NativeEndian.Uint32(channel(0x0020_010C + uint32(i)))
		runSlot(t, slots[i])
	}
	for _, socket := range d.Sockets { // a simulator that is not there yet tells nothing
		await(t, "the reader is plugged in", func() bool { _, err := os.Stat(socket); return err == nil })
	}
	return d, slots
}

// serveOnBus is serve with USB devices of the test's own.
func serveOnBus(t *testing.T, selectors ...Selector) []*Reader {
	t.Helper()
	s := NewService(zerolog.New(zerolog.NewTestWriter(t)), time.Now)
	s.plates.usb = bus()
	var readers []*Reader
	for _, sel := range selectors {
		r, err := s.Reader(sel)
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("service ended with %v", err)
		}
	})
	return readers
}

func TestLanesFindTheirReadersBySerialNumber(t *testing.T) {
	d, slots := twins(t)
	readers := serveOnBus(t, Selector{Serial: "0202"}, Selector{Serial: "0101"}, Selector{Serial: "0303"})
	await(t, "both are found", func() bool { return readers[0].Name() == d.Pinpads[1] && readers[1].Name() == d.Pinpads[0] })
	slots[1].Insert(newMember(t).card)
	next(t, readers[0], true)
	wantNoEvent(t, readers[1])
	if got := readers[2].Health().Code; got != CodeMissing {
		t.Errorf("a reader that is nowhere: %q", got)
	}
}

func TestLanesFindTheirReadersByUSBPort(t *testing.T) {
	d, _ := twins(t)
	readers := serveOnBus(t, Selector{USB: "1-1.4"}, Selector{USB: "1-1.3.2"})
	await(t, "both are found", func() bool { return readers[0].Name() == d.Pinpads[1] && readers[1].Name() == d.Pinpads[0] })
}

func TestReaderInUseIsAskedWhoItIsWhenItIsFree(t *testing.T) {
	d, slots := twins(t)
	slots[0].Insert(newMember(t).card)
	var leave func()
	await(t, "another program has the card", func() bool {
		pcsc, err := scard.EstablishContext()
		if err != nil {
			return false
		}
		held, err := pcsc.Connect(d.Pinpads[0], scard.ShareExclusive, scard.ProtocolAny)
		leave = func() { _ = held.Disconnect(scard.ResetCard); _ = pcsc.Release() }
		if err != nil {
			_ = pcsc.Release()
		}
		return err == nil
	})
	readers := serveOnBus(t, Selector{Serial: "0101"}, Selector{Serial: "0202"})
	await(t, "the other is found meanwhile", func() bool { return readers[1].Name() == d.Pinpads[1] })
	if got := readers[0].Name(); got != "" {
		t.Errorf("found %s without asking", got)
	}
	leave()
	await(t, "the first is found", func() bool { return readers[0].Name() == d.Pinpads[0] })
}

func TestProbeTellsSerialNumbers(t *testing.T) {
	twins(t)
	status, err := Probe()
	if err != nil || len(status.Readers) != 2 || status.Readers[0].Serial != "0101" || status.Readers[1].Serial != "0202" {
		t.Fatalf("probe %+v, %v", status, err)
	}
}
