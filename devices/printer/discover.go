package printer

import (
	"context"
	"errors"
	"time"

	"loyaltill/devices/escpos"
)

// discover waits for a sign of life.
func (s *session) discover(ctx context.Context) error {
	if !s.talks() {
		return nil
	}
	since := s.p.now()
	if err := s.discoverFor(ctx, s.p.timing.discover); err != nil {
		return err
	}
	s.answered = true
	if lag := s.p.now().Sub(since); lag > s.p.timing.answer {
		return s.measure(ctx, lag)
	}
	return nil
}

// discoverFor asks for a while until a printer has answered.
func (s *session) discoverFor(ctx context.Context, patience time.Duration) error {
	since := s.p.now()
	for {
		// One query only: at the wrong speed these bytes are letters to the printer. Letters of others can look like an
		// answer, but not without other letters beside it.
		s.plain, s.noise = false, false
		err := s.query(ctx, escpos.AskPrinter)
		if err == nil && s.plain && !s.noise {
			return nil
		}
		if err != nil && !errors.Is(err, errSilent) {
			return err
		}
		if s.p.now().Sub(since) >= patience {
			if s.foreign {
				return errGarbled
			}
			return errSilent
		}
	}
}

// measure finds out whether the printer was just switched on or always answers late. The answers to the queries that
// were given up come first.
func (s *session) measure(ctx context.Context, lag time.Duration) error {
	if err := s.until(ctx, lag, func() bool { return false }); !errors.Is(err, errTimeout) {
		return err
	}
	s.latency = lag
	start := s.p.now()
	if err := s.probe(ctx); err != nil {
		return err
	}
	s.latency = s.p.now().Sub(start)
	return nil
}
