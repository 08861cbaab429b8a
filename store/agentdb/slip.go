package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// JobByKey finds the first print of a job by the key that it was asked for with; ErrNotFound when there is none.
func (db *DB) JobByKey(ctx context.Context, key string) (int64, error) {
	var id int64
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT id FROM print_job WHERE idem = ? AND copy_no = 1`, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("print job %s: %w", key, err)
	}
	return id, nil
}

// RunningDay is the totals of the business day so far, as its close would have them, and which day it is. It writes nothing.
// ErrEmptyDay says that nothing has happened since the last close.
func (db *DB) RunningDay(ctx context.Context) (body *loyalty.CloseBody, day string, err error) {
	err = db.write(ctx, func(tx *store.Tx) error { // for one moment of the log
		t, err := db.readTip(tx)
		if err != nil {
			return err
		}
		if t.seq == 0 || t.kind == loyalty.KindClose {
			return ErrEmptyDay
		}
		day = t.day
		body, err = sumDay(tx, t)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("running business day: %w", err)
	}
	return body, day, nil
}
