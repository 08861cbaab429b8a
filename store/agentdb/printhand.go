package agentdb

import (
	"context"
	"fmt"
	"time"

	"loyaltill/store"
)

// ApproveJob lets a job print whose time was over, until a new time.
func (db *DB) ApproveJob(ctx context.Context, id int64, until time.Time, by string) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		job, err := jobIn(tx, id, JobExpired)
		if err != nil {
			return err
		}
		if job.class == ClassDrawer {
			return fmt.Errorf("%w: nobody waits for the drawer any more", ErrState)
		}
		if _, err := tx.Exec(`UPDATE print_job SET expires = ? WHERE id = ?`, expiry(until), id); err != nil {
			return err
		}
		return moveJob(tx, id, JobEnd{State: JobQueued, By: by})
	})
	if err != nil {
		return fmt.Errorf("approve print job %d: %w", id, err)
	}
	return nil
}

// MoveJob gives a waiting job, no byte of which has left, to another printer. Its bytes were made for the first one and
// are made anew.
func (db *DB) MoveJob(ctx context.Context, id int64, printer string) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		if _, err := jobIn(tx, id, JobQueued); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM print_seg WHERE job = ?`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE print_job SET printer = ?, stream = NULL, profile = '', changed = ? WHERE id = ?`,
			printer, millis(tx.Now), id); err != nil {
			return err
		}
		return addEvent(tx, id, "moved", printer)
	})
	if err != nil {
		return fmt.Errorf("move print job %d to %s: %w", id, printer, err)
	}
	return nil
}
