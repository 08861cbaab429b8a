package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// Status is the store at a glance.
func (a *Agent) Status(ctx context.Context) (Status, error) {
	now := a.now()
	day, err := a.db.BusinessDay(ctx, now)
	if err != nil {
		return Status{}, err
	}
	s := Status{
		Store: loyalty.StoreID(a.identity.Store), Name: a.identity.Name, Version: a.version, Day: day, Currency: a.identity.Currency,
		Lanes: a.Lanes(), Paper: a.papers.state(),
	}
	if s.Sync, err = a.sync(ctx); err != nil {
		return Status{}, err
	}
	if p, err := a.programmeAt(ctx, now); err == nil {
		s.Programme = p.Digest()
	}
	s.Debits, err = a.openDebits(ctx)
	return s, err
}

// openDebits are the sales that hang on a card, oldest first, whichever lane they were made at and before whichever restart.
func (a *Agent) openDebits(ctx context.Context) ([]OpenDebit, error) {
	intents, err := a.db.OpenIntents(ctx, intentsAtOnce)
	var all []OpenDebit
	for _, i := range intents {
		d := OpenDebit{Sale: i.Txn, Card: i.Card, Lane: i.Lane, Points: i.Amount, Since: i.Opened,
			Dropped: i.State == agentdb.IntentDropped, Forgotten: i.Forgotten}
		if d.Paid, err = a.db.Asked(ctx, i.Txn); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, err
}

// decideEvery is how often open debits are held against what head office knows by now.
const decideEvery = time.Second

// watchDebits ends intents that head office has decided.
func (a *Agent) watchDebits(ctx context.Context) {
	tick := time.NewTicker(decideEvery)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			err := a.decided(ctx)
			if err != nil && !failed && ctx.Err() == nil {
				a.log.Error().Err(err).Msg("open debits cannot be decided")
			}
			failed = err != nil
		}
	}
}

// watchSync tells listeners when the state of the upload changes.
func (a *Agent) watchSync(ctx context.Context) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	var last SyncState
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s, err := a.sync(ctx)
			if err != nil {
				a.log.Error().Err(err).Msg("state of the upload cannot be read")
			} else if s != last {
				last = s
				a.events.publish(Event{Type: "sync", Data: s})
				for _, l := range a.lanes {
					l.publish() // balances may have come
				}
			}
		}
	}
}

// Jobs lists print jobs, newest first; of all lanes when n is 0.
func (a *Agent) Jobs(ctx context.Context, n loyalty.LaneID, limit int) ([]Job, error) {
	printer := ""
	if n != 0 {
		if _, err := a.lane(n); err != nil {
			return nil, err
		}
		printer = printerName(n)
	}
	rows, err := a.db.Jobs(ctx, printer, limit)
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, len(rows))
	for i, r := range rows {
		jobs[i] = jobView(r)
	}
	return jobs, nil
}

func (a *Agent) job(ctx context.Context, id int64) (Job, error) {
	r, err := a.db.Job(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return Job{}, refuse(CodeJobUnknown, err)
	}
	return jobView(r), err
}

// byRequest marks a copy that a person asked for.
const byRequest = "request"

// Reprint prints a job again, marked as a copy. key makes a retry the same copy. A coupon of a kind that is never on two papers
// becomes void, and a new one is printed.
func (a *Agent) Reprint(ctx context.Context, id int64, key loyalty.TxnID) (Job, error) {
	old, err := a.db.Job(ctx, id)
	switch {
	case errors.Is(err, agentdb.ErrNotFound):
		return Job{}, refuse(CodeJobUnknown, err)
	case err != nil:
		return Job{}, err
	case old.State == agentdb.JobSending || old.State == agentdb.JobFlushed:
		return Job{}, refuse(CodeJobBusy, nil)
	}
	if instead, err := a.replacing(ctx, old); err != nil {
		return Job{}, err
	} else if instead {
		lane := jobView(old).Lane
		v, err := a.VoidCoupons(ctx, lane, key, VoidRequest{Serials: []string{old.Serial}, Reason: loyalty.VoidMisprint, Replace: true})
		if err != nil {
			return Job{}, err
		}
		return a.job(ctx, v.Job)
	}
	copied, err := a.db.CopyJob(ctx, agentdb.Copy{Job: id, By: byRequest, Key: key.String()})
	switch {
	case errors.Is(err, agentdb.ErrNotFound):
		return Job{}, refuse(CodeJobUnknown, err)
	case errors.Is(err, agentdb.ErrState):
		return Job{}, refuse(CodeJobBusy, err)
	case err != nil:
		return Job{}, err
	}
	j, err := a.job(ctx, copied)
	if l := a.laneOrNil(j.Lane); err == nil && l != nil {
		l.printSoon()
	}
	return j, err
}

func jobView(r agentdb.Job) Job {
	j := Job{ID: r.ID, Class: r.Class, State: string(r.State), Copy: r.Copy, Seq: r.Entry, Created: r.Created.Format(time.RFC3339)}
	_, _ = fmt.Sscanf(r.Printer, printerFormat, &j.Lane) // a printer of another time has lane 0
	return j
}

const printerFormat = "lane %d"

func printerName(n loyalty.LaneID) string { return fmt.Sprintf(printerFormat, n) }

// Sync is how far head office and the store agree.
func (a *Agent) Sync(ctx context.Context) (SyncState, error) { return a.sync(ctx) }
