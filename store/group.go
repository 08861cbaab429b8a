package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

const (
	groupLimit = 64   // requests that share one transaction
	queueLimit = 1024 // requests that wait; more wait outside
)

// CommitError says that a commit failed and nobody knows whether it reached the disk. The next Write works on a new
// connection, so a request that looks first and then writes settles it.
type CommitError struct{ Err error }

func (e *CommitError) Error() string { return fmt.Sprintf("commit, outcome unknown: %v", e.Err) }
func (e *CommitError) Unwrap() error { return e.Err }

const (
	waiting int32 = iota
	taken
	withdrawn
)

// request is one caller's work, waiting for a transaction.
type request struct {
	run   func(*Tx) error
	state atomic.Int32
	err   error
	done  chan struct{}
}

func (r *request) finish(err error) {
	r.err = err
	close(r.done)
}

// Write runs fn inside a durable transaction and returns when that is on disk. Requests that arrive while a transaction
// is being synced share the next one: the time of the sync is the batching window, there is no other delay. An error
// from fn undoes fn's own writes only. Whoever comes first drives the transaction for the rest, so there is no
// goroutine to start or stop.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	req := &request{run: fn, done: make(chan struct{})}
	select {
	case <-db.closing:
		return ErrClosed
	default:
	}
	select {
	case db.queue <- req:
	case <-db.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-req.done:
	case db.turn <- struct{}{}:
		db.lead(req)
	case <-db.closing:
		return db.leave(req, ErrClosed)
	case <-ctx.Done():
		return db.leave(req, ctx.Err())
	}
	return req.err
}

// leave withdraws a request that no transaction has taken; one that is under way has an outcome, which is awaited.
func (db *DB) leave(req *request, cause error) error {
	if req.state.CompareAndSwap(waiting, withdrawn) {
		return cause
	}
	<-req.done
	return req.err
}

// lead commits groups until the leader's own request is among the done ones. Requests are taken in order, so that is
// after queueLimit / groupLimit groups at most.
func (db *DB) lead(own *request) {
	defer func() { <-db.turn }()
	for {
		select {
		case <-own.done:
			return
		default:
			db.commitGroup(db.drain(groupLimit))
		}
	}
}

// drain takes what waits, up to limit, without waiting for more.
func (db *DB) drain(limit int) []*request {
	group := make([]*request, 0, min(limit, groupLimit))
	for len(group) < limit {
		select {
		case req := <-db.queue:
			if req.state.CompareAndSwap(waiting, taken) {
				group = append(group, req)
			}
		default:
			return group
		}
	}
	return group
}

// commitGroup runs the group in one transaction and tells every member its outcome.
func (db *DB) commitGroup(group []*request) {
	if len(group) == 0 {
		return
	}
	errs, err := db.writer.transact(group, db.options)
	var unknown *CommitError
	if err == nil {
		db.counts.committed(len(group))
	} else if errors.As(err, &unknown) {
		db.counts.failures.Add(1)
	}
	for i, req := range group {
		if errs[i] == nil {
			errs[i] = err // nil when the commit succeeded
		}
		req.finish(errs[i])
	}
}

// transact returns each request's own error, and the transaction's.
func (w *writer) transact(group []*request, o Options) ([]error, error) {
	errs := make([]error, len(group))
	if err := w.ready(); err != nil {
		return errs, err
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return errs, fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{Now: o.Now(), w: w}
	useful := 0
	for i, req := range group {
		var lost error
		errs[i], lost = w.runOne(tx, req, len(group) > 1)
		if lost != nil {
			_ = w.exec("ROLLBACK") // SQLite has ended the transaction itself, or does now
			return errs, lost
		}
		if errs[i] == nil {
			useful++
		}
	}
	if useful == 0 {
		return errs, w.exec("ROLLBACK")
	}
	if err := w.exec("COMMIT"); err != nil {
		w.failures++
		return errs, &CommitError{Err: err}
	}
	w.failures = 0
	return errs, nil
}

// runOne runs a request inside a savepoint of its own when it has company. The second error says that the transaction
// itself is gone: SQLite rolls all of it back when the disk is full or fails.
func (w *writer) runOne(tx *Tx, req *request, shared bool) (own, lost error) {
	if !shared {
		return protect(tx, req.run), nil
	}
	if err := w.exec("SAVEPOINT request"); err != nil {
		return nil, err
	}
	if own = protect(tx, req.run); own != nil {
		if err := w.exec("ROLLBACK TO request"); err != nil {
			return own, fmt.Errorf("transaction lost: %w", own)
		}
	}
	return own, w.exec("RELEASE request")
}

// protect turns a panic of one request into its error: the others in the transaction must get their answer.
func protect(tx *Tx, run func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return run(tx)
}
