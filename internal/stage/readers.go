package stage

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"loyaltill/internal/pcscd"
)

// openReaders finds each lane a way to its card: a private card service, else the running one with virtual readers, else
// the direct link, on which the agent listens and the simulated card calls in. Whoever wants the first called
// pcscd.Isolate at the start.
func (s *Shop) openReaders(ctx context.Context) error {
	if s.Pinpads {
		return s.openPinpads(ctx)
	}
	if !s.NoPCSC && s.agentSpeaksPCSC(ctx) {
		d, err := pcscd.Start(ctx, s.privateReaders())
		if err == nil {
			s.closers = append(s.closers, d.Stop)
			return s.seat(d, "pcscd with virtual readers, private")
		}
		if !errors.Is(err, pcscd.ErrUnavailable) {
			return err
		}
		if d, ok := pcscd.Running(ctx); ok && len(d.Readers) >= s.Lanes {
			return s.seat(d, "the running pcscd with virtual readers")
		}
	}
	s.CardPath = "direct link (no card service here)"
	for range s.Lanes {
		address, err := FreeAddress()
		if err != nil {
			return err
		}
		s.readers = append(s.readers, readerSeat{address: address, config: fmt.Sprintf("link = %q", address), desk: []string{"--link", address}})
	}
	return nil
}

// privateReaders are a card service's of one's own: where the last lane has a pinpad, the others come first.
func (s *Shop) privateReaders() pcscd.Options {
	if s.PinpadLane {
		return pcscd.Options{Readers: s.Lanes - 1, Pinpads: 1}
	}
	return pcscd.Options{Readers: s.Lanes}
}

// openPinpads has no other way to a card: nothing else has a keypad.
func (s *Shop) openPinpads(ctx context.Context) error {
	d, err := pcscd.Start(ctx, pcscd.Options{Pinpads: s.Lanes})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, d.Stop)
	s.CardPath = "pcscd with readers that have a pinpad, private"
	for i, name := range d.Pinpads {
		s.readers = append(s.readers, namedSeat("unix:"+d.Sockets[i], name))
	}
	return nil
}

func namedSeat(address, name string) readerSeat {
	pattern := regexp.QuoteMeta(name)
	// TOML's literal string leaves backslashes alone.
	return readerSeat{address: address, config: fmt.Sprintf("name = '%s'", pattern), desk: []string{"--reader", pattern}}
}

func (s *Shop) seat(d *pcscd.Daemon, path string) error {
	s.CardPath = path
	for i := range s.Lanes - len(d.Pinpads) {
		s.readers = append(s.readers, namedSeat(fmt.Sprintf("127.0.0.1:%d", d.Ports[i]), d.Readers[i]))
	}
	for i, name := range d.Pinpads {
		s.readers = append(s.readers, namedSeat("unix:"+d.Sockets[i], name))
	}
	return nil
}

// agentSpeaksPCSC asks the agent's binary whether it was built with readers.
func (s *Shop) agentSpeaksPCSC(ctx context.Context) bool {
	out, err := s.Run(ctx, "loyaltill", "version")
	return err == nil && strings.Contains(string(out), "pcsc")
}
