package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/store"
)

// StartJob notes that a job's first byte is about to leave for a printer. ErrState when it is no longer waiting there:
// somebody has cancelled it or moved it away.
func (db *DB) StartJob(ctx context.Context, id int64, printer string) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		if err := waitsAt(tx, id, printer); err != nil {
			return err
		}
		return moveJob(tx, id, JobEnd{State: JobSending})
	})
	if err != nil {
		return fmt.Errorf("start print job %d: %w", id, err)
	}
	return nil
}

// waitsAt checks that a job is queued for a printer.
func waitsAt(tx *store.Tx, id int64, printer string) error {
	j, err := jobIn(tx, id, JobQueued)
	if err == nil && j.printer != printer {
		err = fmt.Errorf("%w: job is at %s", ErrState, j.printer)
	}
	return err
}

// heldJob is what a decision about a job depends on.
type heldJob struct {
	class, printer string
}

// jobIn reads a job that must be in a state.
func jobIn(tx *store.Tx, id int64, want JobState) (j heldJob, err error) {
	var state JobState
	err = tx.QueryRow(`SELECT state, class, printer FROM print_job WHERE id = ?`, []any{id}, &state, &j.class, &j.printer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return j, ErrNotFound
	case err == nil && state != want:
		return j, fmt.Errorf("%w: job is %s", ErrState, state)
	}
	return j, err
}

// JobProgress moves a job to sending or flushed and marks its first acked segments as confirmed.
func (db *DB) JobProgress(ctx context.Context, id int64, state JobState, acked int) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		if state != JobSending && state != JobFlushed {
			return ErrState
		}
		if _, err := tx.Exec(`UPDATE print_seg SET acked = ? WHERE job = ? AND n < ? AND acked = 0`,
			millis(tx.Now), id, acked); err != nil {
			return err
		}
		return moveJob(tx, id, JobEnd{State: state})
	})
	if err != nil {
		return fmt.Errorf("print job %d to %s: %w", id, state, err)
	}
	return nil
}

// JobEnd is what became of a job.
type JobEnd struct {
	State  JobState
	By     string // who or what decided
	Level  string // with JobConfirmed by the printer: what it could say
	Detail string
}

// FinishJob moves a job to the state that its printing ended in, or back to queued when no byte left.
func (db *DB) FinishJob(ctx context.Context, id int64, end JobEnd) error {
	err := db.write(ctx, func(tx *store.Tx) error { return moveJob(tx, id, end) })
	if err != nil {
		return fmt.Errorf("print job %d to %s: %w", id, end.State, err)
	}
	return nil
}

// moveJob checks the step and writes state and event. A step to the same state writes nothing.
func moveJob(tx *store.Tx, id int64, end JobEnd) error {
	var from JobState
	err := tx.QueryRow(`SELECT state FROM print_job WHERE id = ?`, []any{id}, &from)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil || from == end.State {
		return err
	}
	if !mayFollow(from, end.State) {
		return fmt.Errorf("%w: job is %s", ErrState, from)
	}
	if _, err := tx.Exec(`UPDATE print_job SET state = ?, changed = ?, outcome_by = ?, level = ?, detail = ? WHERE id = ?`,
		string(end.State), millis(tx.Now), end.By, end.Level, end.Detail, id); err != nil {
		return err
	}
	return addEvent(tx, id, string(end.State), end.By)
}
