package reader

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/rs/zerolog"

	"loyaltill/devices"
)

const (
	heartbeatLimit = 5 * time.Second // the watcher looks around twice a second
	heartbeatCheck = time.Second
	shutdownGrace  = 3 * time.Second
	complainEvery  = time.Minute
	healthyAfter   = 10 * time.Second // a try that lasted so long was no failure to start

	backoffFirst      = 200 * time.Millisecond
	backoffMost       = 5 * time.Second
	backoffMultiplier = 2
	backoffJitter     = 0.2
)

// Service watches all readers of a store. Lanes take theirs with Reader before Run starts.
type Service struct {
	log zerolog.Logger
	now func() time.Time

	plates plates
	beat   atomic.Int64 // when the watcher last came back from PC/SC

	mu        sync.Mutex
	readers   []*Reader
	selectors []Selector
	status    Status
	troubled  time.Time // when the card service's trouble was last logged; zero while there is none
}

// Status is what is seen of the card service, for people who look for a fault.
type Status struct {
	Service devices.Health
	Version string // of PC/SC, where it is known
	Readers []Seen
}

// Seen is one reader of the card service.
type Seen struct {
	Name    string
	Present bool   // a card is in it
	Serial  string // empty: it has none, did not tell, or nobody asked
	USB     string // likewise
}

// Virtual reports whether the reader is one of the test driver's, which takes cards from anybody on the network.
func (s Seen) Virtual() bool { return strings.HasPrefix(s.Name, "Virtual PCD") }

// sighting is one reader at one look.
type sighting struct {
	name    string
	present bool
	away    bool   // known, but not connected at this moment
	counted uint16 // insertions and removals so far
	plate   plate
}

// NewService makes a service that has no readers yet and does nothing before Run.
func NewService(log zerolog.Logger, now func() time.Time) *Service {
	return &Service{log: log, now: now, status: Status{Version: version()}, plates: newPlates(os.DirFS(usbDevices))}
}

// Reader gives a lane its reader. Whether it is there shows in its health, later: readers come and go.
func (s *Service) Reader(sel Selector) (*Reader, error) {
	match, err := sel.compile()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.selectors, sel) {
		return nil, fmt.Errorf("reader %v is configured for two lanes", sel)
	}
	if match != nil && match.asksPlate() {
		s.plates.wanted = true
	}
	r := &Reader{now: s.now, match: match, events: make(chan Event, 1)}
	if match == nil {
		r.backend = &link{r: r, log: s.log.With().Str("link", sel.Link).Logger(), address: sel.Link}
	} else {
		r.backend = newPCSC(r)
	}
	s.readers, s.selectors = append(s.readers, r), append(s.selectors, sel)
	return r, nil
}

// List is what the watcher saw last. It is empty before Run and when no lane uses PC/SC; Probe looks by itself.
func (s *Service) List() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.status
	status.Readers = slices.Clone(status.Readers)
	return status
}

// Run serves the readers until ctx ends, and returns when all its work has ended. A call that hangs in the card service
// cannot be ended: then Run gives up waiting and returns ErrStuck.
func (s *Service) Run(ctx context.Context) error {
	s.mu.Lock()
	readers := slices.Clone(s.readers)
	s.mu.Unlock()
	var work sync.WaitGroup
	for _, r := range readers {
		work.Go(func() { r.backend.run(ctx) })
	}
	if slices.ContainsFunc(readers, usesPCSC) {
		s.beat.Store(s.now().UnixNano())
		work.Go(func() { s.watch(ctx) })
		work.Go(func() { s.feelPulse(ctx) })
		work.Go(func() { s.plates.run(ctx) })
	}
	ended := make(chan struct{})
	go func() {
		work.Wait()
		close(ended)
	}()
	<-ctx.Done()
	select {
	case <-ended:
		return nil
	case <-time.After(shutdownGrace):
		return fmt.Errorf("end reader service: %w", ErrStuck)
	}
}

func usesPCSC(r *Reader) bool { return r.match != nil }

// feelPulse notices a watcher that does not come back: a card service that was stopped answers no call, not even one with
// a time limit.
func (s *Service) feelPulse(ctx context.Context) {
	tick := time.NewTicker(heartbeatCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.now().Sub(time.Unix(0, s.beat.Load())) > heartbeatLimit {
				s.serviceFailed(devices.Stuck, CodeHangs, errors.New("no call comes back"))
			}
		}
	}
}

// serviceFailed notes that the card service does not serve: every reader of it is gone with its card.
func (s *Service) serviceFailed(state devices.State, code devices.Code, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.troubled.IsZero() || now.Sub(s.troubled) >= complainEvery {
		s.log.Warn().Err(err).Str("code", string(code)).Msg("card service does not answer")
		s.troubled = now
	}
	s.status.Service = s.status.Service.Next(state, code, now)
	s.status.Readers = nil
	s.plates.keep(nil) // who comes back under a name may be another
	for _, r := range s.readers {
		if usesPCSC(r) {
			r.lose(state, code)
		}
	}
}

// observe takes one look around: it binds each lane to the one reader that fits and tells what is in it.
func (s *Service) observe(seen []sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.plates.fill(seen)
	if !s.troubled.IsZero() {
		s.log.Info().Int("readers", len(seen)).Msg("card service answers again")
		s.troubled = time.Time{}
	}
	s.status.Service = s.status.Service.Next(devices.OK, "", now)
	s.status.Readers = s.status.Readers[:0:0]
	for _, one := range seen {
		s.status.Readers = append(s.status.Readers, Seen{Name: one.name, Present: one.present, Serial: one.plate.serial, USB: one.plate.usb})
	}
	taken := map[string]bool{}
	for _, r := range s.readers {
		if usesPCSC(r) {
			r.bind(candidates(r.match, seen), taken)
		}
	}
}

// bind follows the one candidate. Two are a mistake in the configuration, never a choice to make here.
func (r *Reader) bind(fit []sighting, taken map[string]bool) {
	switch {
	case len(fit) == 0 || len(fit) == 1 && fit[0].away:
		r.lose(devices.Absent, CodeMissing)
		return
	case len(fit) > 1:
		r.lose(devices.Attention, CodeAmbiguous)
		return
	case taken[fit[0].name]:
		r.lose(devices.Attention, CodeTaken)
		return
	}
	one := fit[0]
	taken[one.name] = true
	r.mu.Lock()
	if r.name != one.name {
		r.name, r.pcscSeen = one.name, one.counted
	}
	r.mu.Unlock()
	r.report(devices.OK, "")
	r.saw(one.present, one.counted)
}

// lose notes that the lane has no reader, hence no card.
func (r *Reader) lose(state devices.State, code devices.Code) {
	r.mu.Lock()
	r.name = ""
	counted := r.pcscSeen
	r.mu.Unlock()
	r.report(state, code)
	r.saw(false, counted)
}

// newBackoff waits longer after each failure and never gives up.
func newBackoff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(backoffFirst), backoff.WithMaxInterval(backoffMost),
		backoff.WithMultiplier(backoffMultiplier), backoff.WithRandomizationFactor(backoffJitter),
		backoff.WithMaxElapsedTime(0))
}

// rest waits, or returns early when ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
