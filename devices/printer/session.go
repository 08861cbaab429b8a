package printer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/devices/escpos"
)

var (
	errTimeout = errors.New("no answer in time")
	errSilent  = errors.New("printer does not answer")
	errStuck   = errors.New("port takes no more bytes")
	errGarbled = errors.New("answers are not a printer's")
	errAnother = errors.New("another printer is connected")
)

const (
	// farOff is longer than anything waits without looking again.
	farOff = time.Hour

	// look is the longest wait in one piece for something that has to come in time.
	look = 100 * time.Millisecond
)

// session is one open link: what has been heard on it and what is expected. Run's goroutine alone uses it. Everything
// that waits does so in step, so whatever the printer says is seen at once, wherever the driver stands.
type session struct {
	p       *Printer
	profile *escpos.Profile
	wire    *wire
	device  string
	baud    int // 0: the transport itself holds us back
	parser  escpos.StatusParser

	unknown  bool // whether it is our printer is not known yet, so nothing is shown of it
	answered bool // something that was asked has been answered
	plain    bool // since the last query of discover came what only a printer says
	noise    bool // or what none says by itself
	foreign  bool // such noise came before any answer
	serial   bool // a line on which silence may be a printer without power
	opened   time.Time
	heard    time.Time        // the last byte; opened before the first
	gap      time.Duration    // the longest silence since the job began
	asked    time.Time        // the last query
	missed   int              // queries since heard without any answer
	latency  time.Duration    // the longest answer
	queries  int              // bytes of queries that may still lie in the printer's buffer
	cond     escpos.Condition // facts, as last reported
	blocked  time.Time        // when they last kept the printer from working
	full     bool             // the printer said XOFF and has not said XON since
	held     bool             // so nothing is sent
	suspect  bool             // it may have been switched off and on
	cleared  bool             // an answer to DLE DC4 fn 8 has come
	pong     [4]byte          // the latest process id
	pings    int
	info     []string // maker, model, serial number, as far as told
	told     Heard

	processed bool // an answer to GS r has come

	synced   bool // empty buffers, known settings, nothing torn
	canClear bool
	canAck   bool // process ids are answered
	canTake  bool // GS r is answered
	state    State
	job      *sending
	last     escpos.JobNo // of the job before
}

func newSession(p *Printer, w *wire, baud int) *session {
	profile, now := p.cfg.Profile, p.now()
	s := &session{
		p: p, profile: profile, wire: w, opened: now, heard: now, state: StateUnknown,
		canClear: profile.Status.ClearFn8, canAck: profile.Status.ProcessID,
		canTake: profile.Status.GSR && !profile.Status.ProcessID,
	}
	s.answered = !s.talks() // nobody is waited for
	if _, s.serial = w.port.(*serialPort); s.serial {
		s.baud = baud
	}
	return s
}

// talks reports whether the printer answers at all.
func (s *session) talks() bool { return s.profile.Status.DLEEOT && !s.wire.port.OneWay() }

// level is the most that a job can be told now.
func (s *session) level() Level {
	switch {
	case !s.talks():
		return LevelOneWay
	case s.canAck && s.canClear:
		return LevelPrinted
	case s.canTake:
		return LevelProcessed
	default:
		return LevelStatus
	}
}

// levelOf is what the printer can tell of a job, which may have been encoded before it was known.
func (s *session) levelOf(job *escpos.Job) Level {
	if level := s.level(); level <= LevelStatus || s.acknowledges(job.Confirm) {
		return level
	}
	return LevelStatus
}

// run keeps the link until it is lost or ctx ends.
func (s *session) run(ctx context.Context) error {
	s.publish()
	if err := s.discover(ctx); err != nil {
		return err
	}
	if s.unknown {
		if err := s.identify(ctx, s.p.identity()); err != nil {
			return err
		}
		s.unknown = false
	}
	for {
		if !s.synced {
			if err := s.resync(ctx); err != nil {
				return err
			}
			s.p.resolve(true)
		}
		req, err := s.idle(ctx)
		if err != nil {
			return err
		}
		if req == nil {
			continue
		}
		if err := s.print(ctx, req); err != nil {
			return err
		}
	}
}

// idle waits for a job, with an eye on the printer. It returns nothing when the printer has to be brought in step first.
func (s *session) idle(ctx context.Context) (*request, error) {
	s.state = StateReady
	if s.level() == LevelOneWay {
		s.state = StatePrintedOnly
	}
	for s.synced {
		s.publish()
		if s.cond.Has(recoverable) { // the cut failed of a job that could not be followed to its end
			s.synced, s.p.torn = false, true
			break
		}
		now := s.p.now()
		poll := s.pollAt()
		if !now.Before(poll) {
			if err := s.probe(ctx); err != nil {
				return nil, err
			}
			continue
		}
		requests, wake := s.p.requests, poll
		if steady := s.steadyAt(); now.Before(steady) {
			requests = nil
			wake = earlier(poll, steady)
		}
		req, err := s.step(ctx, wake.Sub(now), requests)
		if req != nil || err != nil && !errors.Is(err, errTimeout) {
			return req, err
		}
	}
	return nil, nil
}

// steadyAt is when nothing will have kept the printer from working for a while; far off while something does.
func (s *session) steadyAt() time.Time {
	if s.cond.Has(blocking) {
		return s.p.now().Add(farOff)
	}
	return s.blocked.Add(s.p.timing.stable)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// step waits for one thing to happen and deals with it.
func (s *session) step(ctx context.Context, limit time.Duration, requests <-chan *request) (*request, error) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.C:
		return nil, errTimeout
	case <-s.p.pendingGone():
		s.p.resolve(false)
	case b := <-s.wire.in:
		s.receive(b)
	case err := <-s.wire.wrote:
		s.wire.busy = false
		if err != nil {
			return nil, s.lastWords(fmt.Errorf("write: %w", err))
		}
	case err := <-s.wire.lost:
		s.drain()
		return nil, fmt.Errorf("read: %w", err)
	case req := <-requests:
		return req, nil
	}
	return nil, nil
}

// lastWords hears what the printer said before the link went: the acknowledgement behind the cut may be among it.
func (s *session) lastWords(cause error) error {
	t := time.NewTimer(closeGrace)
	defer t.Stop()
	for {
		select {
		case b := <-s.wire.in:
			s.receive(b)
		case <-s.wire.lost:
			s.drain()
			return cause
		case <-t.C:
			return cause
		}
	}
}

func (s *session) drain() {
	for {
		select {
		case b := <-s.wire.in:
			s.receive(b)
		default:
			return
		}
	}
}

// until steps until done; errTimeout when that takes longer than limit. A process that was not given the processor has
// not listened: however long a look took, it counts for no more than it was meant to take.
func (s *session) until(ctx context.Context, limit time.Duration, done func() bool) error {
	for left := limit; !done(); {
		if left <= 0 {
			s.drain()
			if done() {
				return nil
			}
			return errTimeout
		}
		began, piece := s.p.now(), min(left, look)
		if _, err := s.step(ctx, piece, nil); err != nil && !errors.Is(err, errTimeout) {
			return err
		}
		left -= min(s.p.now().Sub(began), piece)
	}
	return nil
}

// write hands bytes to the port and returns when it has taken them.
func (s *session) write(ctx context.Context, p []byte) error {
	s.wire.send(p)
	err := s.until(ctx, s.p.timing.stuckWrite, func() bool { return !s.wire.busy })
	if errors.Is(err, errTimeout) {
		return errStuck
	}
	return err
}
