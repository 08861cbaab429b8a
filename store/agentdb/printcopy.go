package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/store"
)

// Copy says which job to print once more, and why.
type Copy struct {
	Job     int64
	By      string    // who or what wants it
	Key     string    // of the person's request: repeated with it, it is the same copy; empty when the agent itself decides
	Printer string    // where; empty: where the job was
	Expires time.Time // zero: when the job itself does
}

// CopyJob queues a job once more, as copy n + 1 with a mark. A job that was confirmed or cancelled stays so; any other
// that is not waiting is superseded by its copy.
func (db *DB) CopyJob(ctx context.Context, c Copy) (int64, error) {
	var id int64
	err := db.write(ctx, func(tx *store.Tx) (err error) {
		if id, err = copyOf(tx, c.Key); err == nil && id == 0 {
			id, err = copyJob(tx, c)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("copy print job %d: %w", c.Job, err)
	}
	return id, nil
}

// copyOf finds the copy that was made for a key; 0 when there is none.
func copyOf(tx *store.Tx, key string) (id int64, err error) {
	if key == "" {
		return 0, nil
	}
	err = tx.QueryRow(`SELECT id FROM print_job WHERE copy_key = ?`, []any{key}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

func copyJob(tx *store.Tx, c Copy) (int64, error) {
	var from JobState
	var idem string
	var pruned bool
	err := tx.QueryRow(`SELECT state, idem, doc = x'' AND coalesce(entry_seq <= (SELECT pruned_through FROM ledger), 0) FROM print_job WHERE id = ?`,
		[]any{c.Job}, &from, &idem, &pruned)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, ErrNotFound
	case err != nil:
		return 0, err
	case pruned:
		return 0, ErrPruned
	case from == JobQueued || from == JobSuperseded:
		return 0, fmt.Errorf("%w: job is %s", ErrState, from)
	}
	id, err := insertJob(tx, `INSERT INTO print_job
		  (idem, copy_no, class, printer, entry_seq, doc, doc_hash, serial, batch, state, created, changed, outcome_by, copy_key, expires)
		SELECT idem, (SELECT max(copy_no) + 1 FROM print_job WHERE idem = ?), class, coalesce(?, printer), entry_seq, doc, doc_hash, serial, batch,
		  'queued', ?, ?, ?, ?, CASE WHEN ? = 0 THEN expires ELSE ? END FROM print_job WHERE id = ?`,
		idem, nullText(c.Printer), millis(tx.Now), millis(tx.Now), c.By, nullText(c.Key), expiry(c.Expires), expiry(c.Expires), c.Job)
	if err != nil || from == JobConfirmed || from == JobCancelled {
		return id, err
	}
	if _, err := tx.Exec(`UPDATE print_job SET state = 'superseded', superseded_by = ?, changed = ?, outcome_by = ? WHERE id = ?`,
		id, millis(tx.Now), c.By, c.Job); err != nil {
		return 0, err
	}
	return id, addEvent(tx, c.Job, string(JobSuperseded), c.By)
}

func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}
