package hodb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"loyaltill/store"
)

// sqlite is a file. One connection writes, so every write has it alone, and several may share a transaction.
type sqlite struct {
	db    *store.DB
	texts texts
}

// Posting a batch changes thousands of pages of a large register, all over it.
const (
	cacheMB  = 64
	logPages = 16_384 // 64 MB
)

func openSQLite(ctx context.Context, path string, now func() time.Time) (engine, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open head office database: %w", err)
	}
	db, err := store.Open(ctx, path, store.Options{Migrations: files, Now: now, CacheMB: cacheMB, LogPages: logPages})
	if err != nil {
		return nil, err
	}
	return &sqlite{db: db}, nil
}

func openSQLiteReadOnly(ctx context.Context, path string) (engine, error) {
	db, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	return &sqlite{db: db}, nil
}

func (s *sqlite) write(ctx context.Context, fn func(conn, time.Time) error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error { return fn(sqliteWriter{tx, &s.texts}, tx.Now) })
}

func (s *sqlite) ingest(ctx context.Context, fn func(conn, time.Time) error) error {
	return s.write(ctx, fn)
}

func (s *sqlite) read(ctx context.Context, fn func(conn) error) error {
	r := &sqliteReader{reader: reader{ctx, nil, sqliteDialect()}, of: s, stmts: map[string]*sql.Stmt{}}
	err := readOnce(ctx, s.db.Read().DB, sql.LevelDefault, func(tx *sql.Tx) error {
		r.tx = tx
		return fn(r)
	})
	for _, text := range r.fresh {
		s.db.Read().Keep(ctx, text)
	}
	return err
}

// sqliteReader is a transaction that reads, each query prepared once at most: parsing one costs more than running it.
type sqliteReader struct {
	reader
	of    *sqlite
	stmts map[string]*sql.Stmt // for this transaction, which closes them
	fresh []string             // to be prepared for others when the transaction has given its connection back
}

func (r *sqliteReader) stmt(text string) (*sql.Stmt, error) {
	if s := r.stmts[text]; s != nil {
		return s, nil
	}
	var s *sql.Stmt
	if kept := r.of.db.Read().Kept(text); kept != nil {
		s = r.tx.StmtContext(r.ctx, kept)
	} else {
		var err error
		if s, err = r.tx.PrepareContext(r.ctx, text); err != nil {
			return nil, err
		}
		r.fresh = append(r.fresh, text)
	}
	r.stmts[text] = s
	return s, nil
}

func (r *sqliteReader) Query(query string, args ...any) (*sql.Rows, error) {
	text, args := r.of.texts.positional(query, args)
	s, err := r.stmt(text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(r.ctx, args...)
}

func (r *sqliteReader) QueryRow(query string, args []any, dest ...any) error {
	text, args := r.of.texts.positional(query, args)
	s, err := r.stmt(text)
	if err != nil {
		return err
	}
	return s.QueryRowContext(r.ctx, args...).Scan(dest...)
}

func (s *sqlite) check(ctx context.Context) ([]string, error) { return s.db.QuickCheck(ctx) }
func (s *sqlite) settle(ctx context.Context) error            { return s.db.Checkpoint(ctx) }
func (s *sqlite) close() error                                { return s.db.Close() }

// sqliteWriter is the one transaction that writes: it needs no locks of rows.
type sqliteWriter struct {
	*store.Tx
	texts *texts
}

func (w sqliteWriter) Exec(query string, args ...any) (sql.Result, error) {
	text, args := w.texts.positional(query, args)
	return w.Tx.Exec(text, args...)
}

func (w sqliteWriter) Query(query string, args ...any) (*sql.Rows, error) {
	text, args := w.texts.positional(query, args)
	return w.Tx.Query(text, args...)
}

func (w sqliteWriter) QueryRow(query string, args []any, dest ...any) error {
	text, args := w.texts.positional(query, args)
	return w.Tx.QueryRow(text, args, dest...)
}

func (sqliteWriter) dialect() dialect { return sqliteDialect() }

func sqliteDialect() dialect {
	return dialect{hex: "lower(hex(%s))", jsonNumber: "json_extract(%s, '$.%s')", orFail: " OR FAIL"}
}

func (w sqliteWriter) copyIn(table string, columns []string, rows [][]any) error {
	places := make([]string, len(columns))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	insert := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
	for _, row := range rows {
		if _, err := w.Exec(insert, row...); err != nil {
			return err
		}
	}
	return nil
}
