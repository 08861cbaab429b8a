package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
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
	return errors.Join(append(errs, r.DB.Close())...)
}
