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
	r := &sqliteReader{reader: reader{ctx, nil, sqliteDialect()}, of: s, kept: map[string]*sql.Stmt{}, fresh: map[string]bool{}}
	err := readOnce(ctx, s.db.Read().DB, sql.LevelDefault, func(tx *sql.Tx) error {
		r.tx = tx
		return fn(r)
	})
	for text := range r.fresh {
		s.db.Read().Keep(ctx, text)
	}
	return err
}

// sqliteReader is a transaction that reads with the pool's prepared statements: parsing a query costs more than running it. A text that
// is new is prepared when the transaction has given its connection back, not in it: a statement that is made while the transaction's
// context ends is closed by nobody, and the file with it.
type sqliteReader struct {
	reader
	of    *sqlite
	kept  map[string]*sql.Stmt // for this transaction, which closes them
	fresh map[string]bool
}

// stmt gives the statement of a text; nil for a new one.
func (r *sqliteReader) stmt(text string) *sql.Stmt {
	if s := r.kept[text]; s != nil {
		return s
	}
	pooled := r.of.db.Read().Kept(text)
	if pooled == nil {
		r.fresh[text] = true
		return nil
	}
	r.kept[text] = r.tx.StmtContext(r.ctx, pooled)
	return r.kept[text]
}

func (r *sqliteReader) Query(query string, args ...any) (*sql.Rows, error) {
	text, args := r.of.texts.positional(query, args)
	if s := r.stmt(text); s != nil {
		return s.QueryContext(r.ctx, args...)
	}
	return r.tx.QueryContext(r.ctx, text, args...)
}

func (r *sqliteReader) QueryRow(query string, args []any, dest ...any) error {
	text, args := r.of.texts.positional(query, args)
	if s := r.stmt(text); s != nil {
		return s.QueryRowContext(r.ctx, args...).Scan(dest...)
	}
	return r.tx.QueryRowContext(r.ctx, text, args...).Scan(dest...)
}

func (s *sqlite) check(ctx context.Context) ([]string, error) { return s.db.IntegrityCheck(ctx) }
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
