package agent

import (
	"context"
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
		Store: loyalty.StoreID(a.identity.Store), Name: a.identity.Name, Version: a.version, Day: day, Currency: a.identity.Currency, TimeZone: a.identity.TimeZone,
		Lanes: a.Lanes(), Paper: a.papers.state(),
	}
	if s.Sync, err = a.sync(ctx); err != nil {
		return Status{}, err
	}
	if p, err := a.programmeAt(ctx, now); err == nil {
		s.Programme = p.Digest()
	}
	if s.SignIn, err = a.SignIn(ctx); err != nil {
		return Status{}, err
	}
	if s.Alerts, err = a.OpenAlerts(ctx, now); err != nil {
		return Status{}, err
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

// Sync is how far head office and the store agree.
func (a *Agent) Sync(ctx context.Context) (SyncState, error) { return a.sync(ctx) }
