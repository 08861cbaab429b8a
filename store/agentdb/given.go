package agentdb

import (
	"context"
	"fmt"

	"loyaltill/agent/loyalty"
)

// Given is what a member has given to others in this store, of the points, in the calendar month of a business day. Splits do not count.
func (db *DB) Given(ctx context.Context, member loyalty.MemberID, day string) (loyalty.Points, error) {
	const month = len("2026-11")
	entries, err := readEntries(db.reading(ctx), `SELECT e.body FROM entry e WHERE e.kind = 'transfer' AND e.day BETWEEN ? AND ? AND e.member = ?`,
		day[:month]+"-01", day[:month]+"-31", member)
	if err != nil {
		return 0, fmt.Errorf("what member %d gave: %w", member, err)
	}
	var given loyalty.Points
	for _, e := range entries {
		if b := e.Transfer; b != nil && !b.Split && b.Wallet == loyalty.MainWallet {
			given += b.Points
		}
	}
	return given, nil
}
