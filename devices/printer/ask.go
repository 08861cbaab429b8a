package printer

import (
	"context"
	"errors"
	"time"

	"loyaltill/devices/escpos"
)

const (
	// queryRoom is how much of the printer's buffer queries may take. One that is offline answers them at once and yet
	// keeps their bytes until it works its buffer off.
	queryRoom = 192

	maxProbes = 3 // in a row without an answer end the link
)

// pollAt is when silence has lasted long enough to ask.
func (s *session) pollAt() time.Time {
	last := s.heard
	if s.asked.After(last) {
		last = s.asked
	}
	switch {
	case !s.talks(), s.queries >= queryRoom && (s.job != nil || !s.canClear):
		return last.Add(farOff) // with ASB a change is heard all the same
	case s.job != nil && s.job.waits(), s.cond.Has(blocking &^ recoverable):
		return last.Add(s.p.timing.pollBusy)
	default:
		return last.Add(s.p.timing.poll)
	}
}

// ask puts the four real-time queries and waits for the answers. It must only be called between two commands. All four
// go out each time, in the same order, so that even late answers are taken for what they are.
func (s *session) ask(ctx context.Context) error {
	if s.queries >= queryRoom && s.job == nil && s.canClear {
		if err := s.clear(ctx); err != nil && !errors.Is(err, errTimeout) {
			return err
		}
	}
	return s.query(ctx, escpos.AskPrinter, escpos.AskOffline, escpos.AskError, escpos.AskPaper)
}

// query puts real-time queries and waits for the answers.
func (s *session) query(ctx context.Context, queries ...escpos.StatusQuery) error {
	s.parser.Forget()
	var out []byte
	for _, q := range queries {
		s.parser.Asked(q)
		out = append(out, q.Bytes()...)
	}
	start := s.p.now()
	s.asked = start
	s.queries += len(out)
	if err := s.write(ctx, out); err != nil {
		return err
	}
	patience := max(s.p.timing.answer, 2*s.latency) + s.onWire()
	err := s.until(ctx, patience, func() bool { return s.parser.Unanswered() == 0 })
	switch {
	case err == nil:
		s.latency = max(s.latency, s.p.now().Sub(start)-s.onWire())
		return nil
	case !errors.Is(err, errTimeout):
		return err
	}
	s.parser.Forget()
	if s.heard.After(start) {
		return nil // it speaks, if not to the question
	}
	s.missed++
	s.publish()
	return errSilent
}

// probe asks until something is heard. Three silent queries end the link; a serial line with a job on it gets the time
// that the printer needs to start up again, because what became of the job can then be told.
func (s *session) probe(ctx context.Context) error {
	giveUp := s.p.now()
	if s.job != nil && s.serial {
		giveUp = giveUp.Add(2 * time.Duration(s.profile.IO.BootMS) * time.Millisecond)
	}
	for n := 1; ; n++ {
		err := s.ask(ctx)
		if !errors.Is(err, errSilent) || n >= maxProbes && !s.p.now().Before(giveUp) {
			return err
		}
	}
}

// onWire is how long the bytes in flight may take to arrive.
func (s *session) onWire() time.Duration {
	if s.job == nil {
		return 0
	}
	return s.wireTime(s.job.inFlight())
}

// wireTime is how long n bytes take at the line's speed.
func (s *session) wireTime(n int) time.Duration {
	if s.baud == 0 {
		return 0
	}
	const bitsPerByte = 10
	return time.Duration(n) * bitsPerByte * time.Second / time.Duration(s.baud)
}
