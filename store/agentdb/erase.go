package agentdb

import (
	"context"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// forget takes out of the ledger what was drawn from its entries about members who were erased: proofs that they gave, papers that were
// printed for them. The entries stay; what is private in them opens no more.
func (db *DB) forget(ctx context.Context) error {
	erased, err := query(ctx, db.members.Read(), "erased members", scanID, `SELECT id FROM member WHERE forgotten = 1`)
	if err != nil {
		return err
	}
	done, err := query(ctx, db.ledger.Read(), "forgotten members", scanID, `SELECT member FROM forgotten`)
	if err != nil {
		return err
	}
	erased = slices.DeleteFunc(erased, func(id loyalty.MemberID) bool { return slices.Contains(done, id) })
	if len(erased) == 0 {
		return nil
	}
	err = db.write(ctx, func(tx *store.Tx) error {
		for _, id := range erased {
			if err := forgetOne(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget erased members: %w", err)
	}
	return db.Checkpoint(ctx) // old pages of both files go from their write-ahead logs
}

func scanID(scan func(...any) error) (id loyalty.MemberID, err error) {
	err = scan(&id)
	return id, err
}

func forgetOne(tx *store.Tx, id loyalty.MemberID) error {
	for _, text := range []string{
		`UPDATE deed SET proof = NULL WHERE member = ? AND proof IS NOT NULL`,
		`UPDATE print_job SET doc = x'', stream = NULL WHERE state IN ('confirmed', 'cancelled', 'superseded', 'expired')
			AND (SELECT member FROM entry WHERE seq = print_job.entry_seq) = ?`,
		`INSERT OR IGNORE INTO forgotten (member) VALUES (?)`,
	} {
		if _, err := tx.Exec(text, id); err != nil {
			return err
		}
	}
	return nil
}
