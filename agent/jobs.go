package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// Who or what decided about a job, beside the causes that the printer gives.
const (
	byPrinter     = "printer"
	byRequest     = "request"     // a person asked for it
	byPerson      = "person"      // a person looked at the paper and said so
	byUnprintable = "unprintable" // no printer can print it as it is
)

const (
	// askFor is how long the till asks whether an uncertain job is on paper. After that it stays uncertain, and a copy
	// can be asked for at any time (printing.md R8).
	askFor = 2 * time.Minute

	// letGoWait bounds the wait until the printer's goroutine has given a job up.
	letGoWait = 5 * time.Second

	maxDecisions = 3 // tries to decide about a job that moves on meanwhile
)

// Job is a print job.
type Job struct {
	ID        int64          `json:"id"`
	Lane      loyalty.LaneID `json:"lane"`
	Class     string         `json:"class" doc:"receipt, coupon, report, drawer"`
	State     string         `json:"state"`
	Copy      int            `json:"copy" doc:"1 is the original; from 2 on the paper says COPY"`
	Seq       loyalty.Seq    `json:"seq" doc:"the entry that is printed"`
	Created   string         `json:"created"`
	Changed   string         `json:"changed"`
	Expires   string         `json:"expires,omitempty" doc:"from then on it is printed only when a person approves"`
	Level     string         `json:"level,omitempty" doc:"with confirmed: printed, processed, or status and one_way for bytes that were only sent"`
	Cause     string         `json:"cause,omitempty" doc:"who or what decided about it last"`
	Detail    string         `json:"detail,omitempty" doc:"with the cause unprintable: what cannot be printed"`
	AskUntil  string         `json:"ask_until,omitempty" doc:"with uncertain: until then the till asks whether it is on paper"`
	Successor int64          `json:"successor,omitempty" doc:"with superseded: the job that took its place"`
}

// JobFilter picks print jobs; what is zero picks all.
type JobFilter struct {
	Lane   loyalty.LaneID
	Class  string
	States []string
	Before int64 // only older ones
	Limit  int
}

// Jobs lists print jobs, newest first.
func (a *Agent) Jobs(ctx context.Context, f JobFilter) ([]Job, error) {
	in := agentdb.JobFilter{Class: f.Class, Before: f.Before, Limit: f.Limit}
	if f.Lane != 0 {
		if a.laneOrNil(f.Lane) == nil {
			return nil, refuse(CodeLaneUnknown, nil)
		}
		in.Printer = printerName(f.Lane)
	}
	for _, s := range f.States {
		in.States = append(in.States, agentdb.JobState(s))
	}
	rows, err := a.db.Jobs(ctx, in)
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, len(rows))
	for i, r := range rows {
		jobs[i] = jobView(r)
	}
	return jobs, nil
}

// Job is one print job.
func (a *Agent) Job(ctx context.Context, id int64) (Job, error) {
	r, err := a.storedJob(ctx, id)
	return jobView(r), err
}

func (a *Agent) storedJob(ctx context.Context, id int64) (agentdb.Job, error) {
	r, err := a.db.Job(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return r, refuse(CodeJobUnknown, err)
	}
	return r, err
}

func jobView(r agentdb.Job) Job {
	j := Job{
		ID: r.ID, Class: r.Class, State: string(r.State), Copy: r.Copy, Seq: r.Entry, Level: r.Level, Cause: r.OutcomeBy, Detail: r.Detail,
		Created: r.Created.Format(time.RFC3339), Changed: r.Changed.Format(time.RFC3339), Successor: r.Successor,
	}
	if !r.Expires.IsZero() {
		j.Expires = r.Expires.Format(time.RFC3339)
	}
	if r.State == agentdb.JobUncertain && r.Class != agentdb.ClassDrawer {
		j.AskUntil = r.Changed.Add(askFor).Format(time.RFC3339)
	}
	_, _ = fmt.Sscanf(r.Printer, printerFormat, &j.Lane) // a printer of another time has lane 0
	return j
}

const printerFormat = "lane %d"

func printerName(n loyalty.LaneID) string { return fmt.Sprintf(printerFormat, n) }

// Reprint prints a job again, marked as a copy, on another lane's printer if one is named. key makes a retry the same copy.
// A coupon of a kind that is never on two papers becomes void, and a new one is printed.
func (a *Agent) Reprint(ctx context.Context, id int64, key loyalty.TxnID, lane loyalty.LaneID) (Job, error) {
	return a.copied(ctx, id, key, lane, byRequest)
}

// AnswerJob takes what a person saw of an uncertain job: it is on paper, or it is not and a copy shall follow.
func (a *Agent) AnswerJob(ctx context.Context, id int64, key loyalty.TxnID, printed bool) (Job, error) {
	job, err := a.storedJob(ctx, id)
	switch {
	case err != nil:
		return Job{}, err
	case printed && job.State == agentdb.JobConfirmed && job.OutcomeBy == byPerson:
		return jobView(job), nil
	case job.State != agentdb.JobUncertain && (printed || job.State != agentdb.JobSuperseded):
		return Job{}, refuse(CodeJobState, nil)
	case printed:
		if err := a.db.FinishJob(ctx, id, agentdb.JobEnd{State: agentdb.JobConfirmed, By: byPerson}); err != nil {
			return Job{}, jobRefusal(err)
		}
		a.printJob(ctx, id)
		return a.Job(ctx, id)
	}
	return a.copied(ctx, id, key, 0, byPerson)
}

func (a *Agent) copied(ctx context.Context, id int64, key loyalty.TxnID, lane loyalty.LaneID, by string) (Job, error) {
	job, err := a.storedJob(ctx, id)
	if err != nil {
		return Job{}, err
	}
	switch {
	case job.State == agentdb.JobSending || job.State == agentdb.JobFlushed:
		return Job{}, refuse(CodeJobBusy, nil)
	case job.Class == agentdb.ClassDrawer:
		return Job{}, refuse(CodeJobState, nil)
	}
	c := agentdb.Copy{Job: id, By: by, Key: key.String(), Expires: a.now().Add(keptFor(job.Class))}
	if lane == 0 {
		lane = jobView(job).Lane
	} else if q, err := a.queueOf(lane); err != nil {
		return Job{}, err
	} else {
		c.Printer = q.name
	}
	if instead, err := a.replacing(ctx, job); err != nil {
		return Job{}, err
	} else if instead {
		v, err := a.VoidCoupons(ctx, lane, key, VoidRequest{Serials: []string{job.Serial}, Reason: loyalty.VoidMisprint, Replace: true})
		if err != nil {
			return Job{}, err
		}
		a.tellJob(ctx, id)
		return a.Job(ctx, v.Job)
	}
	next, err := a.db.CopyJob(ctx, c)
	if err != nil {
		return Job{}, jobRefusal(err)
	}
	a.tellJob(ctx, id)
	a.printJob(ctx, next)
	return a.Job(ctx, next)
}

// OpenDrawer kicks the cash drawer of a lane, at most once for a key, within seconds or not at all (printing.md R10).
func (a *Agent) OpenDrawer(ctx context.Context, n loyalty.LaneID, key loyalty.TxnID) (Job, error) {
	q, err := a.queueOf(n)
	if err != nil {
		return Job{}, err
	}
	pins := q.profile.Drawer.Pins
	if len(pins) == 0 {
		return Job{}, refuse(CodePrinterMissing, nil)
	}
	doc, err := json.Marshal(paper{Drawer: pins[0]})
	if err != nil {
		return Job{}, err
	}
	id, err := a.db.AddJob(ctx, agentdb.NewJob{
		Key: "drawer/" + key.String(), Class: agentdb.ClassDrawer, Printer: q.name, Doc: doc, Expires: a.now().Add(drawerKept),
	})
	if errors.Is(err, agentdb.ErrConflict) {
		return Job{}, refuse(CodeKeyReused, err)
	}
	if err != nil {
		return Job{}, err
	}
	a.printJob(ctx, id)
	return a.Job(ctx, id)
}

// queueOf is the print queue of a lane.
func (a *Agent) queueOf(n loyalty.LaneID) (*queue, error) {
	l, err := a.lane(n)
	if err != nil {
		return nil, err
	}
	if l.queue == nil {
		return nil, refuse(CodePrinterMissing, nil)
	}
	return l.queue, nil
}

func (a *Agent) queueNamed(name string) *queue {
	for _, l := range a.lanes {
		if l.queue != nil && l.queue.name == name {
			return l.queue
		}
	}
	return nil
}

// printJob tells of a job and wakes the printer that it is for.
func (a *Agent) printJob(ctx context.Context, id int64) {
	if job := a.tellJob(ctx, id); job != nil {
		if q := a.queueNamed(job.Printer); q != nil {
			q.count(ctx)
			q.wake()
		}
	}
}

// tellJob lets listeners know how a job fares.
func (a *Agent) tellJob(ctx context.Context, id int64) *agentdb.Job {
	job, err := a.db.Job(ctx, id)
	if err != nil {
		a.log.Error().Err(err).Int64("job", id).Msg("print job cannot be told")
		return nil
	}
	a.events.publish(Event{Type: "job", Data: jobView(job)})
	return &job
}

// jobRefusal names what the journal refused.
func jobRefusal(err error) error {
	switch {
	case errors.Is(err, agentdb.ErrNotFound):
		return refuse(CodeJobUnknown, err)
	case errors.Is(err, agentdb.ErrState):
		return refuse(CodeJobState, err)
	}
	return err
}
