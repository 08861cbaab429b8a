package agent

import (
	"context"
	"errors"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/store/agentdb"
)

// ApproveJob lets a job print whose time was over.
func (a *Agent) ApproveJob(ctx context.Context, id int64) (Job, error) {
	job, err := a.storedJob(ctx, id)
	if err != nil {
		return Job{}, err
	}
	if job.State == agentdb.JobQueued {
		return jobView(job), nil
	}
	err = a.db.ApproveJob(ctx, id, a.now().Add(keptFor(job.Class)), byRequest)
	if err != nil {
		return Job{}, jobRefusal(err)
	}
	a.printJob(ctx, id)
	return a.Job(ctx, id)
}

// CancelJob ends a job that nobody wants any more. One that is being printed is stopped only when the printer waits for
// somebody; what came out of it is struck out.
func (a *Agent) CancelJob(ctx context.Context, id int64) (Job, error) {
	return a.decide(ctx, id, wish{cancel: true}, func(job agentdb.Job) error {
		if job.State == agentdb.JobCancelled {
			return nil
		}
		return a.db.FinishJob(ctx, id, agentdb.JobEnd{State: agentdb.JobCancelled, By: byRequest})
	})
}

// MoveJob gives a job to another lane's printer: as it is when no byte has left, as a marked copy when the printer that
// began it waits for somebody.
func (a *Agent) MoveJob(ctx context.Context, id int64, to loyalty.LaneID) (Job, error) {
	q, err := a.queueOf(to)
	if err != nil {
		return Job{}, err
	}
	return a.decide(ctx, id, wish{printer: q.name}, func(job agentdb.Job) error {
		switch {
		case job.Class == agentdb.ClassDrawer:
			return refuse(CodeJobState, nil) // each till has its own drawer
		case job.Printer == q.name || job.State == agentdb.JobSuperseded:
			return nil
		}
		return a.db.MoveJob(ctx, id, q.name)
	})
}

// decide applies a person's decision to a job at rest, after taking it out of the hands of a printer that cannot finish
// it now.
func (a *Agent) decide(ctx context.Context, id int64, want wish, apply func(agentdb.Job) error) (Job, error) {
	for range maxDecisions {
		job, err := a.storedJob(ctx, id)
		if err != nil {
			return Job{}, err
		}
		q := a.queueNamed(job.Printer)
		if job.State == agentdb.JobSending || job.State == agentdb.JobFlushed {
			if !a.takeBackJob(ctx, q, id, want) {
				return Job{}, refuse(CodeJobBusy, nil)
			}
			continue
		}
		switch err := apply(job); {
		case errors.Is(err, agentdb.ErrState) && job.State == agentdb.JobQueued:
			continue // its printing began in this moment
		case err != nil:
			return Job{}, jobRefusal(err)
		}
		if q != nil {
			q.letGo(id, wish{})
			q.count(ctx)
		}
		a.printJob(ctx, id)
		return a.lastOf(ctx, id)
	}
	return Job{}, refuse(CodeJobBusy, nil)
}

// takeBackJob takes a job from a printer that waits for somebody, and reports whether it is settled now.
func (a *Agent) takeBackJob(ctx context.Context, q *queue, id int64, want wish) bool {
	if q == nil || !needsSomebody(q.state().State) {
		return false
	}
	ended := q.letGo(id, want)
	if ended == nil {
		return true // it has just ended
	}
	t := time.NewTimer(letGoWait)
	defer t.Stop()
	select {
	case <-ended:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

func needsSomebody(s devices.State) bool {
	return s == devices.Attention || s == devices.Absent || s == devices.Stuck
}

// lastOf is the job, or the one that took its place.
func (a *Agent) lastOf(ctx context.Context, id int64) (Job, error) {
	j, err := a.Job(ctx, id)
	if err == nil && j.Successor != 0 {
		return a.Job(ctx, j.Successor)
	}
	return j, err
}
