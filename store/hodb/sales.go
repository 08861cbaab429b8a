package hodb

import (
	"context"
	"fmt"
)

// Sales hands the body of every posted sale from one business day to another, both included, to fn: by day, time, store,
// epoch and number, a transaction that was told twice once. It reads one unchanging state, row by row: uploads go on
// meanwhile, and no more than one row is held. The body is fn's to keep.
func (db *DB) Sales(ctx context.Context, from, to string, fn func(EntryKey, []byte) error) error {
	return db.View(ctx, func(tx *Tx) error {
		rows, err := tx.query(`SELECT e.store_id, e.epoch, e.seq, e.body FROM posted_txn p
			JOIN entry e ON e.store_id = p.store_id AND e.epoch = p.epoch AND e.seq = p.seq
			WHERE p.kind = 'sale' AND p.business_day BETWEEN $1 AND $2
			ORDER BY p.business_day, p.at_ms, p.store_id, p.epoch, p.seq`, from, to)
		if err != nil {
			return fmt.Errorf("read sales from %s to %s: %w", from, to, err)
		}
		defer rows.Close()
		for rows.Next() {
			var k EntryKey
			var body []byte
			if err := rows.Scan(&k.Store, &k.Epoch, &k.Seq, &body); err != nil {
				return fmt.Errorf("read sales from %s to %s: %w", from, to, err)
			}
			if err := fn(k, body); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// CountSales is how many Sales would hand over.
func (db *DB) CountSales(ctx context.Context, from, to string) (n int64, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.one(`SELECT COUNT(*) FROM posted_txn WHERE kind = 'sale' AND business_day BETWEEN $1 AND $2`, from, to)(&n)
	})
	return n, err
}
