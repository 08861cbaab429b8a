package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// CloseDay ends the running business day with an entry of its totals and prints the Z report. Sales after it belong to
// the next day.
func (a *Agent) CloseDay(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, cashier string) (CloseAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return CloseAnswer{}, err
	}
	hash, err := requestHash(n, "close", cashier)
	if err != nil {
		return CloseAnswer{}, err
	}
	by, signedIn := doerOf(ctx)
	if signedIn {
		cashier = by.Name
	}
	c, err := a.db.CloseDay(ctx, agentdb.CloseDay{
		Txn: id, RequestHash: hash, Lane: n, Cashier: cashier, Staff: by.Number,
		Jobs: l.jobs(func(e *loyalty.Entry) []paper { return []paper{a.dayPaper(e)} }),
	})
	if errors.Is(err, agentdb.ErrEmptyDay) {
		return CloseAnswer{}, refuse(CodeNothingToClose, err)
	}
	if err != nil {
		return CloseAnswer{}, appendRefusal(err)
	}
	a.entered(ctx, c)
	l.printSoon()
	if c.Entry.Close == nil {
		return CloseAnswer{}, refuse(CodeKeyReused, nil)
	}
	return CloseAnswer{Seq: c.Entry.Seq, Day: c.Entry.Day, Totals: *c.Entry.Close, Job: firstJob(c), Replayed: c.Replayed}, nil
}
