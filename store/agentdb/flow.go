package agentdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
)

// Flow is what entries gave and took of one wallet, by the programme's account that it came from or went to.
type Flow struct {
	Wallet loyalty.WalletID // empty: the points
	Gave   map[string]loyalty.Points
	Took   map[string]loyalty.Points
}

// RunningFlows adds up, from the movements of lots alone, what the business day did so far with each wallet. The totals of the day
// come from what receipts say: the two are counted apart, so that they can be held against each other.
func (db *DB) RunningFlows(ctx context.Context) ([]Flow, error) {
	entries, err := query(ctx, db.ledger.Read(), "the day", func(scan func(...any) error) (*loyalty.Entry, error) {
		var body []byte
		if err := scan(&body); err != nil {
			return nil, err
		}
		return loyalty.DecodeEntry(body)
	}, `SELECT body FROM entry WHERE seq > (SELECT coalesce(max(close_seq), 0) FROM day) ORDER BY seq`)
	if err != nil && !errors.Is(err, ErrPruned) {
		return nil, fmt.Errorf("flows of the day: %w", err)
	}
	flows := map[loyalty.WalletID]*Flow{}
	of := func(account string) (*Flow, string) {
		parts := strings.Split(account, "/")
		if parts[0] != "programme" || len(parts) < 2 || len(parts) > 3 {
			return nil, ""
		}
		w := loyalty.MainWallet
		if len(parts) == 3 {
			w = loyalty.WalletID(parts[1])
		}
		if flows[w] == nil {
			flows[w] = &Flow{Wallet: w, Gave: map[string]loyalty.Points{}, Took: map[string]loyalty.Points{}}
		}
		return flows[w], parts[len(parts)-1]
	}
	for _, e := range entries {
		for _, m := range e.Moves {
			if f, part := of(m.From); f != nil {
				f.Gave[part] += m.Points
			}
			if f, part := of(m.To); f != nil {
				f.Took[part] += m.Points
			}
		}
	}
	var all []Flow
	for _, w := range slices.Sorted(maps.Keys(flows)) {
		all = append(all, *flows[w])
	}
	return all, nil
}
