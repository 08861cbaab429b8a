package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxStatements bounds the statements that are kept prepared; texts are constants, so it is never reached.
const maxStatements = 256

// Readers is a pool of connections that can only read. It keeps queries prepared by their text: parsing one costs more
// than running it.
type Readers struct {
	*sql.DB
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func openReaders(dsn string, n int) (*Readers, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return &Readers{DB: pool, stmts: map[string]*sql.Stmt{}}, nil
}

// Kept gives the statement of a text, for use in a transaction; nil when it was not prepared.
func (r *Readers) Kept(text string) *sql.Stmt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stmts[text]
}

// Keep prepares a text. It takes a connection of the pool: nobody who holds one may ask for it.
func (r *Readers) Keep(ctx context.Context, text string) { r.prepared(ctx, text) }

// prepared gives the statement of a text; nil when it cannot be prepared or too many are kept. The lock is not held while it waits for
// a connection: who has that one may be about to take the lock.
func (r *Readers) prepared(ctx context.Context, text string) *sql.Stmt {
	r.mu.Lock()
	s, full := r.stmts[text], len(r.stmts) >= maxStatements
	r.mu.Unlock()
	if s != nil || full {
		return s
	}
	s, err := r.PrepareContext(ctx, text)
	if err != nil {
		return nil // the plain query reports the same error to its caller
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.stmts[text]; other != nil {
		_ = s.Close() // somebody else was as fast
		return other
	}
	r.stmts[text] = s
	return s
}

// QueryContext is sql.DB's, prepared.
func (r *Readers) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if s := r.prepared(ctx, text); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return r.DB.QueryContext(ctx, text, args...)
}

// QueryRowContext is sql.DB's, prepared.
func (r *Readers) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	if s := r.prepared(ctx, text); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return r.DB.QueryRowContext(ctx, text, args...)
}

// Close closes statements and connections.
func (r *Readers) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.stmts {
		errs = append(errs, s.Close())
	}
	clear(r.stmts)
	return errors.Join(append(errs, closePool(r.DB))...)
}

// A transaction whose context has ended gives its connection back in its own time, also after the pool was closed.
const (
	leaveLimit = 5 * time.Second
	leaveWatch = time.Millisecond
)

// closePool closes a pool and waits for the last connection: one that stayed would keep the file's locks and its shared index, for
// whoever opens the file next to find.
func closePool(pool *sql.DB) error {
	if err := pool.Close(); err != nil {
		return err
	}
	for range leaveLimit / leaveWatch {
		if pool.Stats().OpenConnections == 0 {
			return nil
		}
		time.Sleep(leaveWatch)
	}
	return fmt.Errorf("%d connections are still in use", pool.Stats().OpenConnections)
}
