package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"loyaltill/devices/escpos"
	"loyaltill/devices/printer"
	"loyaltill/store/agentdb"
)

// maxCopies bounds how often one job starts over by itself; after that a person decides.
const maxCopies = 5

// queue prints the jobs of one printer, one after the other, and keeps the journal true. What is on paper is what the
// printer confirmed, nothing else.
type queue struct {
	a        *Agent
	name     string // of the printer in the journal
	profile  *escpos.Profile
	printer  press
	woken    chan struct{}
	openJobs atomic.Int64

	mu   sync.Mutex
	held *inHand // nil: no job is in hand
}

// wake says that there is a new job.
func (q *queue) wake() {
	select {
	case q.woken <- struct{}{}:
	default:
	}
}

func (q *queue) open() int { return int(q.openJobs.Load()) }

// state is what the lane shows of its printer.
func (q *queue) state() PrinterState {
	st := q.printer.Status()
	s := PrinterState{Health: st.Health, Model: st.Model, Serial: st.Serial}
	if st.Link != printer.LinkUp {
		return s
	}
	s.Level, s.Device, s.Baud, s.DrawerOpen = st.Level.String(), st.Device, st.Baud, st.DrawerOpen
	if st.Health.Code == printer.CodeProgress {
		s.Percent = st.Percent()
	}
	return s
}

// profileNow is the profile without the promise that the printer has been found not to keep.
func (q *queue) profileNow() *escpos.Profile {
	st := q.printer.Status()
	if st.Link != printer.LinkUp || st.Level != printer.LevelProcessed {
		return q.profile
	}
	p := *q.profile
	p.Status.ProcessID = false
	return &p
}

// run prints until ctx ends. A job that this life of the agent did not start but finds begun was torn by the end of the
// life before.
func (q *queue) run(ctx context.Context) {
	if err := q.settleAfterStart(ctx); err != nil {
		q.a.log.Error().Err(err).Str("printer", q.name).Msg("print journal")
	}
	for ctx.Err() == nil {
		job, err := q.a.db.NextJob(ctx, q.name)
		q.count(ctx)
		switch {
		case errors.Is(err, agentdb.ErrNotFound):
			select {
			case <-ctx.Done():
			case <-q.woken:
			}
		case err != nil:
			q.a.log.Error().Err(err).Str("printer", q.name).Msg("print journal")
			q.rest(ctx)
		default:
			if err := q.print(ctx, job); err != nil && ctx.Err() == nil {
				q.a.log.Error().Err(err).Str("printer", q.name).Int64("job", job.ID).Msg("print job")
				q.rest(ctx)
			}
		}
	}
}

// queueRest is the pause after a fault of the journal itself.
const queueRest = 2 * time.Second

func (q *queue) rest(ctx context.Context) {
	t := time.NewTimer(queueRest)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (q *queue) count(ctx context.Context) {
	if n, err := q.a.db.OpenJobs(ctx, q.name); err == nil {
		q.openJobs.Store(int64(n))
	}
}

// errUnprintable is the cause when a job can never be printed as it is.
var errUnprintable = errors.New("job cannot be printed")

// print renders the job unless that was done before, sends it, and writes down what came of it.
func (q *queue) print(ctx context.Context, job agentdb.Job) error {
	waiting, leave := context.WithCancel(ctx)
	defer leave()
	if !job.Expires.IsZero() {
		waiting, leave = context.WithTimeout(waiting, job.Expires.Sub(q.a.now()))
		defer leave()
	}
	hand := q.take(job.ID, leave)
	defer q.done(hand)
	// The journal must learn what happens also while the agent stops.
	journal := context.WithoutCancel(ctx)
	defer q.tell(journal, job.ID)
	stream, err := q.encoded(ctx, &job)
	var result printer.Result
	progress := recorder{q: q, ctx: journal, job: job.ID}
	if err == nil {
		result, err = q.pressFor(job).Print(waiting, stream, progress.note)
	}
	switch {
	case errors.Is(err, errUnprintable), errors.Is(err, printer.ErrBadJob):
		// One paper that no printer of ours can print must not hold up those behind it.
		q.a.metrics.Printed(byUnprintable)
		return q.a.db.FinishJob(journal, job.ID, agentdb.JobEnd{State: agentdb.JobCancelled, By: byUnprintable, Detail: err.Error()})
	case errors.Is(err, agentdb.ErrState) && !progress.started:
		return nil // cancelled or moved to another printer before its first byte
	case err != nil && result.Outcome == "":
		return err
	case ctx.Err() != nil && !result.Clean:
		return nil // the job stays as it is: the next life finds it begun and has the printer cleaned first
	}
	return errors.Join(notWaiting(err), q.finish(journal, job, result, progress.started, q.wanted(hand)))
}

// pressFor is where a job goes: no drawer opens in training.
func (q *queue) pressFor(job agentdb.Job) press {
	if l, training := q.printer.(lent); training && job.Class == agentdb.ClassDrawer {
		return l.screen
	}
	return q.printer
}

// notWaiting drops the news that nobody waits for the job any more: its time was over, or a person decided.
func notWaiting(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// encoded gives the bytes of a job; they are made once and stored before the first one leaves (printing.md R2).
func (q *queue) encoded(ctx context.Context, job *agentdb.Job) (*escpos.Job, error) {
	var stream escpos.Job
	if len(job.Stream) > 0 {
		return &stream, stream.UnmarshalBinary(job.Stream)
	}
	doc, profile, err := q.a.document(*job, q.profileNow())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnprintable, err)
	}
	made, err := q.a.encoder.Encode(doc, profile, escpos.JobNo(job.ID%escpos.JobNumbers))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnprintable, err)
	}
	if job.Stream, err = made.MarshalBinary(); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnprintable, err)
	}
	segments := make([]agentdb.Segment, len(made.Segments))
	for i, s := range made.Segments {
		segments[i] = agentdb.Segment{Kind: s.Kind.String(), Bytes: len(s.Bytes), AckID: string(s.Ack[:])}
	}
	return made, q.a.db.StoreStream(ctx, job.ID, q.name, made.Profile, job.Stream, segments)
}

// ackEvery is how often acknowledged segments are written down; the stages themselves always are.
const ackEvery = 250 * time.Millisecond

// recorder writes a job's progress into the journal.
type recorder struct {
	q       *queue
	ctx     context.Context
	job     int64
	started bool // bytes may have left
	flushed bool
	last    time.Time
}

func (r *recorder) note(p printer.Progress) error {
	if p.Stage == printer.Acked && r.q.a.now().Sub(r.last) < ackEvery {
		return nil
	}
	r.last = r.q.a.now()
	defer r.q.tell(r.ctx, r.job)
	if p.Stage == printer.Starting {
		err := r.q.a.db.StartJob(r.ctx, r.job, r.q.name)
		r.started = err == nil
		return err
	}
	r.flushed = r.flushed || p.Stage == printer.Flushed
	state := agentdb.JobSending
	if r.flushed {
		state = agentdb.JobFlushed
	}
	return r.q.a.db.JobProgress(r.ctx, r.job, state, p.Acked)
}

// finish writes the outcome.
func (q *queue) finish(ctx context.Context, job agentdb.Job, r printer.Result, started bool, want wish) error {
	q.a.log.Info().Str("printer", q.name).Int64("job", job.ID).Str("outcome", string(r.Outcome)).Str("cause", string(r.Cause)).Msg("print job ended")
	q.a.metrics.Printed(string(r.Outcome))
	switch r.Outcome {
	case printer.Confirmed, printer.Sent:
		return q.a.db.FinishJob(ctx, job.ID, agentdb.JobEnd{State: agentdb.JobConfirmed, By: byPrinter, Level: r.Level.String()})
	case printer.NotStarted:
		if !started {
			return nil // it waits on, or has gone elsewhere
		}
		return q.a.db.FinishJob(ctx, job.ID, agentdb.JobEnd{State: agentdb.JobQueued, By: string(r.Cause)})
	case printer.Interrupted:
		return q.broken(ctx, job, r.Cause, want)
	}
	return q.a.db.FinishJob(ctx, job.ID, agentdb.JobEnd{State: agentdb.JobUncertain, By: string(r.Cause)})
}

// broken decides about a job that is surely not whole on paper: it starts over as a marked copy, unless somebody wants
// otherwise. The drawer is not kicked again: it may have opened. A coupon that is replaced when it is printed again is
// left to a person: its serial may be readable on the torn part.
func (q *queue) broken(ctx context.Context, job agentdb.Job, cause printer.Cause, want wish) error {
	replaced, err := q.a.replacing(ctx, job)
	if err != nil || replaced || job.Class == agentdb.ClassDrawer || job.Copy >= maxCopies || want.cancel {
		err = errors.Join(err, q.a.db.FinishJob(ctx, job.ID, agentdb.JobEnd{State: agentdb.JobInterrupted, By: string(cause)}))
		if err == nil && want.cancel {
			err = q.a.db.FinishJob(ctx, job.ID, agentdb.JobEnd{State: agentdb.JobCancelled, By: byRequest})
		}
		return err
	}
	next, err := q.a.db.CopyJob(ctx, agentdb.Copy{Job: job.ID, By: string(cause), Printer: want.printer})
	if err != nil {
		return err
	}
	q.a.printJob(ctx, next)
	return nil
}

// settleAfterStart decides about jobs that were under way when the agent ended: flushed ones may be on paper, others
// cannot be whole.
func (q *queue) settleAfterStart(ctx context.Context) error {
	begun, err := q.a.db.BegunJobs(ctx, q.name)
	if err != nil {
		return err
	}
	for _, job := range begun {
		if job.State == agentdb.JobFlushed {
			err = q.a.db.FinishJob(ctx, job.ID, agentdb.JobEnd{State: agentdb.JobUncertain, By: string(printer.CauseStopped)})
		} else {
			err = q.broken(ctx, job, printer.CauseStopped, wish{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tell lets listeners know how a job fares.
func (q *queue) tell(ctx context.Context, id int64) {
	q.count(ctx)
	q.a.tellJob(ctx, id)
}
