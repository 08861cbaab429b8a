package agent

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"loyaltill/devices"
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
	printer  *printer.Printer
	woken    chan struct{}
	openJobs atomic.Int64
}

// wake says that there is a new job.
func (q *queue) wake() {
	select {
	case q.woken <- struct{}{}:
	default:
	}
}

func (q *queue) health() devices.Health { return q.printer.Status().Health }
func (q *queue) open() int              { return int(q.openJobs.Load()) }

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

// print renders the job unless that was done before, sends it, and writes down what came of it.
func (q *queue) print(ctx context.Context, job agentdb.Job) error {
	stream, err := q.encoded(ctx, &job)
	if err != nil {
		return err
	}
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if !job.Expires.IsZero() {
		waiting, cancel = context.WithDeadline(ctx, job.Expires)
	}
	defer cancel()
	// The journal must learn what happens also while the agent stops.
	journal := context.WithoutCancel(ctx)
	defer q.tell(journal, job.ID)
	progress := q.recorder(journal, job.ID)
	result, err := q.printer.Print(waiting, stream, progress)
	if ctx.Err() != nil && !result.Clean {
		return nil // the job stays as it is: the next life finds it begun and has the printer cleaned first
	}
	return errors.Join(err, q.finish(journal, job, result))
}

// encoded gives the bytes of a job; they are made once and stored before the first one leaves (printing.md R2).
func (q *queue) encoded(ctx context.Context, job *agentdb.Job) (*escpos.Job, error) {
	var stream escpos.Job
	if len(job.Stream) > 0 {
		return &stream, stream.UnmarshalBinary(job.Stream)
	}
	doc, err := q.a.document(*job)
	if err != nil {
		return nil, fmt.Errorf("print job %d: %w", job.ID, err)
	}
	made, err := q.a.encoder.Encode(doc, q.profile, escpos.JobNo(job.ID%escpos.JobNumbers))
	if err != nil {
		return nil, fmt.Errorf("print job %d: %w", job.ID, err)
	}
	if job.Stream, err = made.MarshalBinary(); err != nil {
		return nil, err
	}
	segments := make([]agentdb.Segment, len(made.Segments))
	for i, s := range made.Segments {
		segments[i] = agentdb.Segment{Kind: s.Kind.String(), Bytes: len(s.Bytes), AckID: string(s.Ack[:])}
	}
	return made, q.a.db.StoreStream(ctx, job.ID, made.Profile, job.Stream, segments)
}

// ackEvery is how often acknowledged segments are written down; the stages themselves always are.
const ackEvery = 250 * time.Millisecond

// recorder writes a job's progress into the journal.
func (q *queue) recorder(ctx context.Context, job int64) func(printer.Progress) error {
	state, last := agentdb.JobSending, time.Time{}
	return func(p printer.Progress) error {
		if p.Stage == printer.Acked && q.a.now().Sub(last) < ackEvery {
			return nil
		}
		last = q.a.now()
		if p.Stage == printer.Flushed {
			state = agentdb.JobFlushed
		}
		err := q.a.db.JobProgress(ctx, job, state, p.Acked)
		q.tell(ctx, job)
		return err
	}
}

// finish writes the outcome. A torn receipt starts over as a marked copy; what may be on paper already is left to a person.
func (q *queue) finish(ctx context.Context, job agentdb.Job, r printer.Result) error {
	q.a.log.Info().Str("printer", q.name).Int64("job", job.ID).Str("outcome", string(r.Outcome)).Str("cause", string(r.Cause)).Msg("print job ended")
	switch r.Outcome {
	case printer.Confirmed, printer.Sent:
		return q.a.db.FinishJob(ctx, job.ID, agentdb.JobConfirmed, r.Level.String())
	case printer.NotStarted:
		return q.a.db.FinishJob(ctx, job.ID, agentdb.JobQueued, string(r.Cause))
	case printer.Interrupted:
		if job.Copy >= maxCopies {
			return q.a.db.FinishJob(ctx, job.ID, agentdb.JobInterrupted, string(r.Cause))
		}
		_, err := q.a.db.CopyJob(ctx, agentdb.Copy{Job: job.ID, By: string(r.Cause)})
		return err
	}
	return q.a.db.FinishJob(ctx, job.ID, agentdb.JobUncertain, string(r.Cause))
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
			err = q.a.db.FinishJob(ctx, job.ID, agentdb.JobUncertain, string(printer.CauseStopped))
		} else {
			_, err = q.a.db.CopyJob(ctx, agentdb.Copy{Job: job.ID, By: string(printer.CauseStopped)})
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
	j, err := q.a.job(ctx, id)
	if err != nil {
		q.a.log.Error().Err(err).Int64("job", id).Msg("print job cannot be told")
		return
	}
	q.a.events.publish(Event{Type: "job", Data: j})
}
