package agentdb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// BackupAll copies both files into a folder, also while the agent runs. The members are copied first: what head office has counted by
// then, the ledger's copy may count once more as pending, and takes it off again when it is opened.
func (db *DB) BackupAll(ctx context.Context, dir string) error {
	if err := db.members.Backup(ctx, filepath.Join(dir, MembersFile)); err != nil {
		return err
	}
	return db.Backup(ctx, filepath.Join(dir, LedgerFile))
}

// Rebuild makes everything anew that follows from the log: pending rows, what is used up, gift cards, sales in advance.
func (db *DB) Rebuild(ctx context.Context) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		for _, text := range []string{`DELETE FROM pending`, `DELETE FROM tally`, `DELETE FROM gift_card`, `DELETE FROM redeemed`,
			`DELETE FROM advance`, `UPDATE ledger SET pending_floor = pruned_through, tallied = 0`} {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		all, pruned, err := readSums(tx.Query)
		if err != nil {
			return err
		}
		if err := eachEntry(tx.Query, pruned, all.add); err != nil {
			return err
		}
		if err := rewriteLeases(tx, all.leases); err != nil {
			return err
		}
		for _, a := range all.advances {
			if _, err := tx.Exec(`INSERT INTO advance (seq, since) VALUES (?, ?)`, a.Seq, a.Since); err != nil {
				return err
			}
		}
		var head loyalty.Seq
		if err := tx.QueryRow(selectHead, nil, &head); err != nil {
			return err
		}
		return db.rebuildPending(tx, pruned, head)
	})
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return errors.Join(db.countOnce(ctx), db.settlePending(ctx))
}
