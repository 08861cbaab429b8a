package agentdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// JobState is where a print job stands (printing.md, job journal).
type JobState string

const (
	JobQueued      JobState = "queued"
	JobSending     JobState = "sending"     // bytes may have left
	JobFlushed     JobState = "flushed"     // all bytes left, the cut is not confirmed
	JobConfirmed   JobState = "confirmed"   // on paper
	JobUncertain   JobState = "uncertain"   // may be on paper: a person decides
	JobInterrupted JobState = "interrupted" // torn; not whole on paper
	JobExpired     JobState = "expired"     // too late to print without asking
	JobCancelled   JobState = "cancelled"
	JobSuperseded  JobState = "superseded" // a copy took its place
)

// ClassDrawer is the class of jobs that kick the cash drawer: never twice, never late (printing.md R10).
const ClassDrawer = "drawer"

// NewJob is a print job to be.
type NewJob struct {
	Key     string // idempotency: the same key with the same document is the same job
	Class   string // receipt, coupon, report, drawer
	Printer string
	Doc     []byte // the print document, JSON
	Serial  string // of the coupon or gift card that it prints, if it does
	Batch   int    // place in a batch; 0: in none
	Expires time.Time
}

// Job is a print job as the journal has it.
type Job struct {
	ID        int64
	Key       string
	Copy      int // 1 is the first print; a higher one carries a mark
	Class     string
	Printer   string
	Entry     loyalty.Seq // the entry that it was committed with, 0 for none
	Doc       []byte
	Serial    string // of the coupon or gift card that it prints
	Batch     int    // place in a batch
	Stream    []byte // encoded bytes, empty until StoreStream
	State     JobState
	Created   time.Time
	Changed   time.Time
	Expires   time.Time // zero never
	OutcomeBy string
	Level     string // of a confirmed job: what the printer could say about it
	Detail    string
	Successor int64 // the job that took its place, 0 for none
}

// Segment is one acknowledged piece of a stream.
type Segment struct {
	Kind  string
	Bytes int
	AckID string
	Acked time.Time // zero until the printer confirmed it
}

// jobSteps says which state may follow which; the journal takes no other.
func jobSteps(from JobState) []JobState {
	switch from {
	case JobQueued:
		return []JobState{JobQueued, JobSending, JobExpired, JobCancelled}
	case JobSending:
		return []JobState{JobSending, JobQueued, JobFlushed, JobConfirmed, JobUncertain, JobInterrupted}
	case JobFlushed:
		return []JobState{JobFlushed, JobConfirmed, JobUncertain, JobInterrupted}
	case JobUncertain, JobInterrupted:
		return []JobState{JobConfirmed, JobCancelled} // a person looked
	case JobExpired:
		return []JobState{JobQueued, JobCancelled}
	default:
		return nil
	}
}

func mayFollow(from, to JobState) bool {
	for _, s := range jobSteps(from) {
		if s == to {
			return true
		}
	}
	return false
}

// AddJob queues a job that comes with no entry. Known under its key with the same document it is the old job.
func (db *DB) AddJob(ctx context.Context, j NewJob) (int64, error) {
	var id int64
	err := db.write(ctx, func(tx *store.Tx) (err error) {
		id, err = addJob(tx, j, 0)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("queue print job %s: %w", j.Key, err)
	}
	return id, nil
}

// AddJobs queues jobs that come with no entry, all of them or none. Known under their keys they are the old jobs.
func (db *DB) AddJobs(ctx context.Context, jobs []NewJob) ([]int64, error) {
	ids := make([]int64, len(jobs))
	err := db.write(ctx, func(tx *store.Tx) (err error) {
		for i, j := range jobs {
			if ids[i], err = addJob(tx, j, 0); err != nil {
				return fmt.Errorf("queue print job %s: %w", j.Key, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func addJobs(tx *store.Tx, e *loyalty.Entry, jobs func(*loyalty.Entry) ([]NewJob, error)) ([]int64, error) {
	list, err := jobs(e)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(list))
	for _, j := range list {
		id, err := addJob(tx, j, e.Seq)
		if err != nil {
			return nil, fmt.Errorf("queue print job %s: %w", j.Key, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func addJob(tx *store.Tx, j NewJob, seq loyalty.Seq) (int64, error) {
	hash := sha256.Sum256(j.Doc)
	var id int64
	var known []byte
	err := tx.QueryRow(`SELECT id, doc_hash FROM print_job WHERE idem = ? AND copy_no = 1`, []any{j.Key}, &id, &known)
	if err == nil {
		if string(known) != string(hash[:]) {
			return 0, ErrConflict
		}
		return id, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	var entry any
	if seq != 0 {
		entry = seq
	}
	doc := j.Doc
	if doc == nil {
		doc = []byte{}
	}
	return insertJob(tx, `INSERT INTO print_job (idem, copy_no, class, printer, entry_seq, doc, doc_hash, serial, batch, state, created, changed, expires)
		VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)`,
		j.Key, j.Class, j.Printer, entry, doc, hash[:], j.Serial, j.Batch, millis(tx.Now), millis(tx.Now), expiry(j.Expires))
}

func insertJob(tx *store.Tx, insert string, args ...any) (int64, error) {
	res, err := tx.Exec(insert, args...)
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	return id, addEvent(tx, id, string(JobQueued), "")
}

func expiry(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return millis(t)
}

func addEvent(tx *store.Tx, job int64, what, detail string) error {
	_, err := tx.Exec(`INSERT INTO print_event (job, at, what, detail) VALUES (?, ?, ?, ?)`, job, millis(tx.Now), what, detail)
	return err
}

// NextJob gives the oldest queued job of a printer, those of batches last; ErrNotFound when there is none. Jobs whose time is over become
// expired on the way: they are listed, never dropped, and printed only when a person says so.
func (db *DB) NextJob(ctx context.Context, printer string) (Job, error) {
	for {
		j, err := scanJob(db.ledger.Read().QueryRowContext(ctx,
			selectJob+` WHERE printer = ? AND state = 'queued' ORDER BY batch > 0, id LIMIT 1`, printer).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return Job{}, fmt.Errorf("next job of %s: %w", printer, ErrNotFound)
		}
		if err != nil {
			return Job{}, fmt.Errorf("next job of %s: %w", printer, err)
		}
		expired, err := db.expire(ctx, j)
		if err != nil {
			return Job{}, err
		}
		if !expired {
			return j, nil
		}
	}
}

func (db *DB) expire(ctx context.Context, j Job) (expired bool, err error) {
	if j.Expires.IsZero() {
		return false, nil
	}
	err = db.write(ctx, func(tx *store.Tx) error {
		if expired = millis(j.Expires) <= millis(tx.Now); !expired {
			return nil
		}
		return moveJob(tx, j.ID, JobEnd{State: JobExpired, By: "time"})
	})
	if err != nil {
		return false, fmt.Errorf("expire print job %d: %w", j.ID, err)
	}
	return expired, nil
}

// StoreStream keeps a job's encoded bytes, made for a printer, before the first one is sent. A stream that is there
// stays: a resumed job sends the same bytes.
func (db *DB) StoreStream(ctx context.Context, id int64, printer, profile string, stream []byte, segments []Segment) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		if err := waitsAt(tx, id, printer); err != nil {
			return err
		}
		res, err := tx.Exec(`UPDATE print_job SET stream = ?, profile = ?, changed = ? WHERE id = ? AND stream IS NULL`,
			stream, profile, millis(tx.Now), id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrState, err)
		}
		for n, s := range segments {
			if _, err := tx.Exec(`INSERT INTO print_seg (job, n, kind, bytes_len, ack_id) VALUES (?, ?, ?, ?, ?)`,
				id, n, s.Kind, s.Bytes, s.AckID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store stream of print job %d: %w", id, err)
	}
	return nil
}
