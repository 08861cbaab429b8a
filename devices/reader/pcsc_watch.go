//go:build windows || (cgo && pcsc)

package reader

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/ebfe/scard"

	"loyaltill/devices"
)

const (
	// lookEvery bounds one wait in PC/SC: a cancel that comes before the wait is lost, so the watcher looks up by itself.
	lookEvery = 500 * time.Millisecond
	// plugAndPlay stands for "a reader came or went" in a wait. PC/SC takes sixteen names at most, it included.
	plugAndPlay     = `\\?PnP?\Notification`
	plugAndPlayRoom = 15
	eventsShift     = 16 // the upper half of a state counts insertions and removals
	unknownPause    = 200 * time.Millisecond
)

// watch looks at all readers until ctx ends. It is the only waiter of the process: two on one name disturb each other.
func (s *Service) watch(ctx context.Context) {
	wait := newBackoff()
	for ctx.Err() == nil {
		began := s.now()
		err := guarded(func() error { return s.watchContext(ctx) })
		if ctx.Err() != nil {
			return
		}
		s.beat.Store(s.now().UnixNano())
		state, code := healthOf(err)
		s.serviceFailed(state, code, err)
		if s.now().Sub(began) > healthyAfter {
			wait.Reset()
		}
		s.pause(ctx, wait.NextBackOff())
	}
}

// pause rests without letting the heartbeat stop.
func (s *Service) pause(ctx context.Context, d time.Duration) {
	rest(ctx, d)
	s.beat.Store(s.now().UnixNano())
}

// watchContext watches through one PC/SC context until that, or ctx, ends.
func (s *Service) watchContext(ctx context.Context) error {
	pcsc, err := scard.EstablishContext()
	if err != nil {
		return classify(err)
	}
	defer func() { _ = pcsc.Release() }() // the service may be gone, and the context with it
	known := map[string]scard.StateFlag{}
	for ctx.Err() == nil {
		states, err := statesToAskFor(pcsc, known)
		if err != nil {
			return classify(err)
		}
		err = pcsc.GetStatusChange(states, lookEvery)
		s.beat.Store(s.now().UnixNano())
		if errors.Is(err, scard.ErrUnknownReader) || errors.Is(err, scard.ErrReaderUnavailable) {
			s.pause(ctx, unknownPause) // a reader went between list and wait
			continue
		}
		if err != nil && !errors.Is(err, scard.ErrTimeout) {
			return classify(err)
		}
		if err == nil {
			remember(states, known)
		}
		s.observe(sightings(states, known))
	}
	return nil
}

// statesToAskFor names every reader with the state it is known to be in, and plug and play where there is room.
func statesToAskFor(pcsc *scard.Context, known map[string]scard.StateFlag) ([]scard.ReaderState, error) {
	names, err := pcsc.ListReaders()
	if err != nil && !errors.Is(err, scard.ErrNoReadersAvailable) {
		return nil, err
	}
	slices.Sort(names)
	if len(names) <= plugAndPlayRoom {
		names = append(names, plugAndPlay)
	}
	for name := range known {
		if !slices.Contains(names, name) {
			delete(known, name) // should it come back, it is a new one
		}
	}
	states := make([]scard.ReaderState, len(names))
	for i, name := range names {
		states[i] = scard.ReaderState{Reader: name, CurrentState: known[name]}
	}
	return states, nil
}

func remember(states []scard.ReaderState, known map[string]scard.StateFlag) {
	for _, state := range states {
		known[state.Reader] = state.EventState &^ scard.StateChanged
	}
}

func sightings(states []scard.ReaderState, known map[string]scard.StateFlag) []sighting {
	var seen []sighting
	for _, state := range states {
		flags := known[state.Reader]
		if state.Reader == plugAndPlay {
			continue
		}
		seen = append(seen, sighting{
			name:    state.Reader,
			present: flags&scard.StatePresent != 0,
			away:    flags&(scard.StateUnavailable|scard.StateUnknown|scard.StateIgnore) != 0,
			counted: uint16(flags >> eventsShift),
		})
	}
	return seen
}

// Probe looks at the card service once, without a running Service, and asks every reader who it is.
func Probe() (Status, error) {
	status := Status{Version: version()}
	pcsc, err := scard.EstablishContext()
	if err != nil {
		return status, classify(err)
	}
	defer func() { _ = pcsc.Release() }()
	known := map[string]scard.StateFlag{}
	states, err := statesToAskFor(pcsc, known)
	if err != nil {
		return status, classify(err)
	}
	states = slices.DeleteFunc(states, func(s scard.ReaderState) bool { return s.Reader == plugAndPlay })
	status.Service.State = devices.OK
	if len(states) == 0 {
		return status, nil
	}
	if err := pcsc.GetStatusChange(states, 0); err != nil {
		return status, classify(err)
	}
	remember(states, known)
	for _, one := range sightings(states, known) {
		said, err := askPlate(one.name, os.DirFS(usbDevices))
		if err != nil {
			said = plate{} // in use: a lane's agent has it, or another program
		}
		status.Readers = append(status.Readers, Seen{Name: one.name, Present: one.present, Serial: said.serial, USB: said.usb})
	}
	return status, nil
}
