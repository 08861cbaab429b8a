package printer

import (
	"bytes"
	"context"
	"errors"
	"time"

	"loyaltill/devices/escpos"
)

// sending is a job on the wire.
type sending struct {
	req   *request
	job   *escpos.Job
	acks  bool // segments are acknowledged; otherwise time has to do
	next  int  // segments handed to the port, the last of them perhaps not wholly
	acked int  // segments the printer has acknowledged
	cause Cause

	serial  bool // the line may lose bytes without a trace
	skipped bool // an acknowledgement did not come, and a later one did

	moved    time.Time // when something last got on
	overdue  int       // waits in vain since then
	began    time.Time
	paced    time.Time // before this the printer is still busy with what it got
	drying   bool      // every segment is acknowledged, but only as processed
	dry      time.Time // by then it has printed what it got
	ping     [4]byte   // sent because acknowledgements are missing
	pingNext int       // what its answer speaks for

	reported int   // acknowledgements the owner knows of
	err      error // the first that the owner's callback returned
}

// breakOff notes why the job cannot be confirmed any more. What the printer says afterwards does not count: it may be
// printing the rest on new paper.
func (j *sending) breakOff(cause Cause) {
	if j.cause == CauseNone && !j.done() {
		j.cause = cause
	}
}

// done reports whether the printer has acknowledged the id behind the cut. An answer to GS r means that the cut was taken
// from the buffer; the paper comes a moment later (printing.md R13).
func (j *sending) done() bool { return j.acks && j.acked == len(j.job.Segments) && !j.drying }

// progress is how many segments are on paper, as far as one can know.
func (j *sending) progress() int {
	if j.acks {
		return j.acked
	}
	return j.next
}

// acknowledged takes a process id. Ids come in order, and one implies all before it (printing.md R5), unless the printer
// may have lost its buffer meanwhile (R12). On a serial line an answer that did not come may have been lost together with
// the bytes that it is about: then the job is not called printed, and somebody looks.
func (j *sending) acknowledged(id [4]byte, continuous bool) {
	if j.cause != CauseNone || j.job.Confirm != escpos.ConfirmPrinted {
		return
	}
	n := j.upTo(id)
	switch {
	case n == 0 && !ours(id, j.job.No):
		j.breakOff(CauseForeign)
	case n <= j.acked:
	case n > j.acked+1 && !continuous, j.pinged(id) && !continuous:
		j.breakOff(CausePowerCycle)
	default:
		j.skipped = j.skipped || j.serial && (n > j.acked+1 || j.pinged(id))
		j.reach(n)
	}
}

// upTo is how many segments the id speaks for; 0 when it is not one of this job.
func (j *sending) upTo(id [4]byte) int {
	if j.pinged(id) {
		return j.pingNext
	}
	for i := j.acked; i < j.next; i++ {
		if j.job.Segments[i].Ack == id {
			return i + 1
		}
	}
	return 0
}

// pinged reports whether the id is the driver's own, sent because acknowledgements were missing.
func (j *sending) pinged(id [4]byte) bool { return id == j.ping && j.ping != [4]byte{} }

// processed takes an answer to GS r, which bears no id: each speaks for the next segment.
func (j *sending) processed() {
	if j.cause == CauseNone && j.job.Confirm == escpos.ConfirmProcessed && j.acked < j.next {
		j.reach(j.acked + 1)
	}
}

func (j *sending) reach(n int) {
	if n > j.acked {
		j.drying = n == len(j.job.Segments) && j.job.Confirm == escpos.ConfirmProcessed
		j.acked = n
		j.overdue = 0
		j.moved = time.Time{}
	}
}

// waits reports whether the printer owes acknowledgements.
func (j *sending) waits() bool { return j.acks && j.acked < j.next }

// inFlight counts the bytes that the printer may still hold.
func (j *sending) inFlight() int {
	n := 0
	for _, seg := range j.job.Segments[j.acked:j.next] {
		n += len(seg.Bytes)
	}
	return n
}

// tell lets the owner write a stage down.
func (j *sending) tell(stage Stage) {
	err := j.req.progress(Progress{Stage: stage, Acked: j.acked, Segments: len(j.job.Segments)})
	if j.err == nil {
		j.err = err
	}
}

// report tells the owner what has been acknowledged since the last time.
func (j *sending) report() {
	if j.reported < j.acked {
		j.reported = j.acked
		j.tell(Acked)
	}
}

// print takes a job to its outcome. An error means that the link is gone; the job's owner has been answered, or will be
// once the printer is clean.
func (s *session) print(ctx context.Context, req *request) error {
	j := &sending{req: req, job: req.job, acks: s.acknowledges(req.job.Confirm), serial: s.serial, began: s.p.now()}
	if err := j.begin(ctx); err != nil {
		req.reply <- reply{Result{Outcome: NotStarted, Segments: len(req.job.Segments), Level: s.level(), Clean: true}, err}
		return nil
	}
	s.job, s.state = j, StatePrinting
	s.gap, s.heard = 0, s.p.now() // the silence before the job says nothing about it
	s.publish()
	err := s.send(ctx, j)
	s.job, s.last = nil, j.job.No
	s.conclude(ctx, j, err)
	return err
}

// begin lets the owner write down that the first byte is about to leave.
func (j *sending) begin(ctx context.Context) error {
	if ctx.Err() != nil {
		return ErrStopped
	}
	return j.req.progress(Progress{Stage: Starting, Segments: len(j.job.Segments)})
}

// acknowledges reports whether a job encoded this way is answered by this printer.
func (s *session) acknowledges(c escpos.Confirm) bool {
	return c == escpos.ConfirmPrinted && s.level() == LevelPrinted ||
		c == escpos.ConfirmProcessed && s.canTake
}

// send keeps the window full until the job is done or broken.
func (s *session) send(ctx context.Context, j *sending) error {
	s.drain()
	limit := window(s.profile)
	for j.cause == CauseNone {
		j.report()
		if s.state == StateStalled && j.overdue == 0 {
			s.state = StatePrinting
			s.publish()
		}
		switch {
		case j.done(), j.next == 0 && j.req.ctx.Err() != nil:
			return nil
		case j.next < len(j.job.Segments) && s.room(j, limit):
			if err := s.sendNext(ctx, j); err != nil {
				return err
			}
		case !j.acks && j.next == len(j.job.Segments) && !s.p.now().Before(j.paced):
			return nil
		case j.drying && !s.p.now().Before(j.dry):
			j.drying = false
		default:
			if err := s.watch(ctx, j); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendNext sends one segment.
func (s *session) sendNext(ctx context.Context, j *sending) error {
	seg := j.job.Segments[j.next]
	j.next++
	if j.next == len(j.job.Segments) {
		j.tell(Flushed) // before the cut leaves: a job that is not noted as flushed is surely not whole on paper
	}
	if err := s.write(ctx, seg.Bytes); err != nil {
		return err
	}
	j.moved = s.p.now()
	j.paced = j.moved.Add(s.pace(seg))
	if j.dry.Before(j.moved) {
		j.dry = j.moved
	}
	j.dry = j.dry.Add(s.mechanical(seg))
	s.publish()
	return nil
}

// room reports whether the next segment may go. The window is never exceeded, so the printer's buffer cannot overflow.
func (s *session) room(j *sending, limit int) bool {
	if s.held || s.cond.Has(blocking) {
		return false
	}
	if !j.acks {
		return !s.p.now().Before(j.paced)
	}
	return j.inFlight()+len(j.job.Segments[j.next].Bytes) <= limit
}

// pace is how long a printer without acknowledgements is left alone after a segment.
func (s *session) pace(seg escpos.Segment) time.Duration {
	if s.baud == 0 {
		return 0 // the transport waits for the printer
	}
	return max(s.wireTime(len(seg.Bytes)), s.mechanical(seg))
}

// mechanical is how long the printer takes to bring a segment to paper.
func (s *session) mechanical(seg escpos.Segment) time.Duration {
	return time.Duration(s.profile.IO.LineMS) * time.Millisecond * time.Duration(bytes.Count(seg.Bytes, []byte{'\n'}))
}

// watch waits for the printer to get on, and asks when it does not.
func (s *session) watch(ctx context.Context, j *sending) error {
	now := s.p.now()
	if j.moved.IsZero() || s.cond.Has(blocking) {
		j.moved = now
	}
	at := j.moved.Add(s.p.timing.stall + 2*s.onWire())
	if j.drying {
		at = j.dry
	} else if !j.acks && !s.held && !s.cond.Has(blocking) {
		at = j.paced
	} else if !now.Before(at) {
		return s.stalled(ctx, j)
	}
	if poll := s.pollAt(); poll.Before(at) {
		at = poll
		if !now.Before(at) {
			return s.probe(ctx)
		}
	}
	if _, err := s.step(ctx, max(at.Sub(now), 0), nil); err != nil && !errors.Is(err, errTimeout) {
		return err
	}
	return nil
}

// stalled deals with a printer that has not got on for too long: ask it, then ask for an id of ours, then give up.
func (s *session) stalled(ctx context.Context, j *sending) error {
	j.moved = s.p.now()
	if s.talks() {
		if err := s.probe(ctx); err != nil {
			return err
		}
	}
	if s.cond.Has(blocking) || j.moved.IsZero() {
		return nil // it said why, or got on meanwhile
	}
	s.state = StateStalled
	s.publish()
	j.overdue++
	if j.overdue >= maxTries {
		j.breakOff(CauseStalled)
		return nil
	}
	if s.held || !j.acks || j.job.Confirm != escpos.ConfirmPrinted {
		return nil
	}
	j.ping, j.pingNext = s.nextPing(), j.next
	return s.write(ctx, commandProcessID(j.ping))
}
