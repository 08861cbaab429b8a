package agentdb

import (
	"context"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// Often is how often something was done for a member here: in the last sixty minutes, and on the business day.
type Often struct{ Hour, Day int64 }

// Actions counts what was done for a member in this store before a moment of a business day.
func (db *DB) Actions(ctx context.Context, member loyalty.MemberID, day string, at time.Time) (map[loyalty.ActionKind]Often, error) {
	counts := map[loyalty.ActionKind]Often{}
	began, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fmt.Errorf("count actions: %w", err)
	}
	rows, err := query(ctx, db.ledger.Read(), "actions", func(scan func(...any) error) (e *loyalty.Entry, err error) {
		var body []byte
		if err = scan(&body); err == nil {
			e, err = loyalty.DecodeEntry(body)
		}
		return e, err
	}, `SELECT body FROM entry WHERE seq > (SELECT coalesce(max(close_seq), 0) FROM day WHERE day < ?) AND member = ? ORDER BY seq`,
		began.AddDate(0, 0, -1).Format(time.DateOnly), member)
	for _, e := range rows {
		when, err := time.Parse(time.RFC3339, e.At)
		if err != nil {
			return nil, fmt.Errorf("count actions: entry %d: %w", e.Seq, err)
		}
		for _, kind := range actionsIn(e) {
			n := counts[kind]
			if ago := at.Sub(when); ago < time.Hour {
				n.Hour++
			}
			if e.Day == day {
				n.Day++
			}
			counts[kind] = n
		}
	}
	return counts, err
}

// actionsIn is what an entry did for its member.
func actionsIn(e *loyalty.Entry) []loyalty.ActionKind {
	switch {
	case e.Sale != nil && e.Sale.Redeemed+e.Sale.RewardPoints > 0:
		return []loyalty.ActionKind{loyalty.ActionSale, loyalty.ActionRedeem}
	case e.Sale != nil:
		return []loyalty.ActionKind{loyalty.ActionSale}
	case e.Return != nil:
		return []loyalty.ActionKind{loyalty.ActionReturn}
	case e.Adjust != nil:
		return []loyalty.ActionKind{loyalty.ActionAdjust}
	case e.Activity != nil:
		return []loyalty.ActionKind{loyalty.ActionActivity}
	}
	return nil
}
