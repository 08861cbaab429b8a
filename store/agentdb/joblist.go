package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const selectJob = `SELECT id, idem, copy_no, class, printer, coalesce(entry_seq, 0), doc, serial, batch, coalesce(stream, x''), state,
	created, changed, expires, outcome_by, level, detail, coalesce(superseded_by, 0) FROM print_job`

func scanJob(scan func(...any) error) (Job, error) {
	var j Job
	var created, changed, expires int64
	err := scan(&j.ID, &j.Key, &j.Copy, &j.Class, &j.Printer, &j.Entry, &j.Doc, &j.Serial, &j.Batch, &j.Stream, &j.State,
		&created, &changed, &expires, &j.OutcomeBy, &j.Level, &j.Detail, &j.Successor)
	j.Created, j.Changed = instant(created), instant(changed)
	if expires != 0 {
		j.Expires = instant(expires)
	}
	return j, err
}

// Job gives one job; ErrNotFound when there is none.
func (db *DB) Job(ctx context.Context, id int64) (Job, error) {
	j, err := scanJob(db.ledger.Read().QueryRowContext(ctx, selectJob+` WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("print job %d: %w", id, err)
	}
	return j, nil
}

// JobFilter picks jobs; what is zero picks all.
type JobFilter struct {
	Printer string
	Class   string
	States  []JobState
	Before  int64 // only those with a lower id
	Limit   int   // required
}

// Jobs lists the newest jobs first.
func (db *DB) Jobs(ctx context.Context, f JobFilter) ([]Job, error) {
	where := ` WHERE ? IN ('', printer) AND ? IN ('', class) AND (? = 0 OR id < ?)`
	args := []any{f.Printer, f.Class, f.Before, f.Before}
	if len(f.States) > 0 {
		where += ` AND state IN (?` + strings.Repeat(`, ?`, len(f.States)-1) + `)`
		for _, s := range f.States {
			args = append(args, string(s))
		}
	}
	return query(ctx, db.ledger.Read(), "print jobs", scanJob, selectJob+where+` ORDER BY id DESC LIMIT ?`, append(args, f.Limit)...)
}

// BegunJobs lists the jobs that are sending or flushed, oldest first: after a restart, those that were torn.
func (db *DB) BegunJobs(ctx context.Context, printer string) ([]Job, error) {
	return query(ctx, db.ledger.Read(), "print jobs", scanJob,
		selectJob+` WHERE printer = ? AND state IN ('sending', 'flushed') ORDER BY id`, printer)
}

// LastBegun gives the job whose first byte left for a printer last, kicks of the drawer aside; ErrNotFound when none did.
func (db *DB) LastBegun(ctx context.Context, printer string) (Job, error) {
	j, err := scanJob(db.ledger.Read().QueryRowContext(ctx, selectJob+` WHERE id = (SELECT e.job FROM print_event e JOIN print_job j ON j.id = e.job
		WHERE e.what = 'sending' AND j.printer = ? AND j.class <> ? ORDER BY e.id DESC LIMIT 1)`, printer, ClassDrawer).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("last job begun on %s: %w", printer, err)
	}
	return j, nil
}

// OpenJobs counts the jobs of a printer that are not at their end: waiting, under way, or for a person to decide. A kick
// of the drawer that failed is at its end: nobody wants it later.
func (db *DB) OpenJobs(ctx context.Context, printer string) (int, error) {
	var n int
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT count(*) FROM print_job WHERE printer = ?
		AND (state IN ('queued', 'sending', 'flushed') OR state IN ('uncertain', 'interrupted', 'expired') AND class <> ?)`,
		printer, ClassDrawer).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count print jobs of %s: %w", printer, err)
	}
	return n, nil
}

// JobEvent is one line of a job's history.
type JobEvent struct {
	At           time.Time
	What, Detail string
}

// JobEvents gives a job's history, oldest first.
func (db *DB) JobEvents(ctx context.Context, id int64) ([]JobEvent, error) {
	return query(ctx, db.ledger.Read(), "print events", func(scan func(...any) error) (JobEvent, error) {
		var e JobEvent
		var at int64
		err := scan(&at, &e.What, &e.Detail)
		e.At = instant(at)
		return e, err
	}, `SELECT at, what, detail FROM print_event WHERE job = ? ORDER BY id`, id)
}

// Segments gives a job's pieces in order.
func (db *DB) Segments(ctx context.Context, id int64) ([]Segment, error) {
	return query(ctx, db.ledger.Read(), "print segments", func(scan func(...any) error) (Segment, error) {
		var s Segment
		var acked int64
		err := scan(&s.Kind, &s.Bytes, &s.AckID, &acked)
		if acked != 0 {
			s.Acked = instant(acked)
		}
		return s, err
	}, `SELECT kind, bytes_len, ack_id, acked FROM print_seg WHERE job = ? ORDER BY n`, id)
}
