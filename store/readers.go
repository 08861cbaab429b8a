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

// prepared gives the statement of a text; nil when it cannot be prepared or too many are kept.
func (r *Readers) prepared(ctx context.Context, text string) *sql.Stmt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.stmts[text]; ok {
		return s
	}
	if len(r.stmts) >= maxStatements {
		return nil
	}
	s, err := r.PrepareContext(ctx, text)
	if err != nil {
		return nil // the plain query reports the same error to its caller
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
