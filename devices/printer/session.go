package printer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"loyaltill/devices"
	"loyaltill/devices/escpos"
)

var (
	errTimeout = errors.New("no answer in time")
	errSilent  = errors.New("printer does not answer")
	errStuck   = errors.New("port takes no more bytes")
)

const (
	// fastestStart is less than any printer takes to be switched off, on and ready. It is no profile's business: a
	// model that starts faster than its profile says would have lost jobs called printed.
	fastestStart = 700 * time.Millisecond

	// queryRoom is how much of the printer's buffer queries may take. One that is offline answers them at once and yet
	// keeps their bytes until it works its buffer off.
	queryRoom = 192

	maxProbes = 3         // in a row without an answer end the link
	farOff    = time.Hour // longer than anything waits without looking again
)

// session is one open link: what has been heard on it and what is expected. Run's goroutine alone uses it. Everything
// that waits does so in step, so whatever the printer says is seen at once, wherever the driver stands.
type session struct {
	p       *Printer
	profile *escpos.Profile
	wire    *wire
	baud    int // 0: the transport itself holds us back
	parser  escpos.StatusParser

	answered bool             // something that was asked has been answered
	serial   bool             // a line on which silence may be a printer without power
	heard    time.Time        // the last byte
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
	info     []string

	synced   bool // empty buffers, known settings, nothing torn
	canClear bool
	canAck   bool // process ids are answered
	state    State
	job      *sending
}

func newSession(p *Printer, w *wire, baud int) *session {
	profile := p.cfg.Profile
	s := &session{
		p: p, profile: profile, wire: w, heard: p.now(), state: StateUnknown,
		canClear: profile.Status.ClearFn8, canAck: profile.Status.ProcessID,
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
	case s.profile.Status.GSR && !s.profile.Status.ProcessID:
		return LevelProcessed
	default:
		return LevelStatus
	}
}

// run keeps the link until it is lost or ctx ends.
func (s *session) run(ctx context.Context) error {
	s.publish()
	if err := s.discover(ctx); err != nil {
		return err
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

// discover waits for a sign of life.
func (s *session) discover(ctx context.Context) error {
	if !s.talks() {
		return nil
	}
	since := s.p.now()
	for {
		err := s.ask(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, errSilent) || s.p.now().Sub(since) >= s.p.timing.discover {
			return err
		}
	}
	s.answered = true
	if lag := s.p.now().Sub(since); lag > s.p.timing.answer {
		return s.measure(ctx, lag)
	}
	return nil
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

// idle waits for a job, with an eye on the printer. It returns nothing when the printer has to be brought in step first.
func (s *session) idle(ctx context.Context) (*request, error) {
	s.state = StateReady
	if s.level() == LevelOneWay {
		s.state = StatePrintedOnly
	}
	for s.synced {
		s.publish()
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

// until steps until done; errTimeout when that takes longer than limit.
func (s *session) until(ctx context.Context, limit time.Duration, done func() bool) error {
	deadline := s.p.now().Add(limit)
	for !done() {
		left := deadline.Sub(s.p.now())
		if left <= 0 {
			return errTimeout
		}
		if _, err := s.step(ctx, left, nil); err != nil && !errors.Is(err, errTimeout) {
			return err
		}
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

// receive reads what came.
func (s *session) receive(b []byte) {
	now := s.p.now()
	if s.missed > 0 && s.serial && s.answered {
		s.mistrust() // it is back after a silence
	}
	s.gap = max(s.gap, now.Sub(s.heard))
	s.heard, s.missed = now, 0
	for _, ev := range s.parser.Feed(b) {
		s.handle(ev)
	}
	if s.cond.Has(blocking) {
		s.blocked = now
	} else {
		s.queries = 0
	}
	s.publish()
}

func (s *session) handle(ev escpos.StatusEvent) {
	switch ev.Kind {
	case escpos.StatusASB, escpos.StatusRealTime:
		before := s.cond
		s.cond = ev.Apply(s.cond)
		if before.Has(blocking) && !s.cond.Has(blocking) {
			s.blocked = s.p.now()
		}
		if a, ok := attentionOf(s.cond & breaking); ok && s.job != nil {
			s.job.breakOff(a.cause)
		}
	case escpos.StatusProcessID:
		s.pong = ev.ID
		if s.job != nil {
			s.job.acknowledged(ev.ID, s.continuous())
		}
	case escpos.StatusByte:
		if s.job != nil {
			s.job.processed()
		}
	case escpos.StatusCleared:
		s.cleared = true
		s.queries = 0
	case escpos.StatusInfo:
		s.info = append(s.info, ev.Data)
	case escpos.StatusXOFF:
		s.full, s.held = true, true
	case escpos.StatusXON:
		if !s.full {
			s.mistrust() // nobody was held: it says hello after switching on
		}
		s.full, s.held = false, false
	}
}

// continuous reports whether the printer has been heard so often since the job began that it cannot have been switched
// off and on in between. On other transports losing power ends the link.
func (s *session) continuous() bool { return !s.serial || s.gap < fastestStart }

// mistrust notes signs that the printer was switched off: what it held is gone.
func (s *session) mistrust() {
	s.suspect = true
	s.synced = false
	if s.job != nil {
		s.job.breakOff(CausePowerCycle)
	}
}

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
	s.parser.Forget()
	var out []byte
	for _, q := range []escpos.StatusQuery{escpos.AskPrinter, escpos.AskOffline, escpos.AskError, escpos.AskPaper} {
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

// publish shows where things stand.
func (s *session) publish() {
	state := s.state
	paperLow := s.cond.Has(escpos.CondPaperLow)
	health, code := healthOf(state, paperLow)
	if a, ok := attentionOf(s.cond); ok {
		state, health, code = a.state, a.health, a.code
	}
	link := LinkUp
	if s.missed > 0 || !s.answered {
		link, health, code = LinkSilent, devices.Absent, CodeSilent
	}
	s.p.update(nil, func(st *Status) {
		st.Link = link
		st.State, st.Health = state, st.Health.Next(health, code, s.p.now())
		st.PaperLow, st.DrawerOpen = paperLow, s.cond.Has(escpos.CondDrawerHigh)
		st.Level = s.level()
		if len(s.info) == 2 {
			st.Model = strings.Join(s.info, " ")
		}
		st.Job, st.Acked, st.Segments = 0, 0, 0
		if j := s.job; j != nil {
			st.Job, st.Acked, st.Segments = j.job.No, j.acked, len(j.job.Segments)
		}
	})
}
