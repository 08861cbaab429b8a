package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// writer is the one connection that writes. Whoever holds DB.turn owns it.
type writer struct {
	dsn      string
	options  Options
	pool     *sql.DB
	conn     *sql.Conn
	stmts    map[string]*sql.Stmt // by SQL text; the texts are constants, so this is bounded
	failures int                  // commits that failed in a row
}

// open connects, checks what SQLite really does, and migrates.
func (w *writer) open(ctx context.Context, dsn string, o Options) error {
	w.dsn, w.options, w.stmts = dsn, o, map[string]*sql.Stmt{}
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	w.pool = pool
	pool.SetMaxOpenConns(1)
	pool.SetConnMaxLifetime(0)
	if err := checkLibrary(ctx, pool); err != nil {
		return err
	}
	if err := checkDurable(ctx, pool, o.Rebuildable); err != nil {
		return err
	}
	if err := migrate(ctx, goose.DialectSQLite3, pool, o.Migrations); err != nil {
		return err
	}
	if w.conn, err = pool.Conn(ctx); err != nil {
		return err
	}
	return w.exec(undoInMemory)
}

// undoInMemory keeps what a statement or a savepoint may have to undo in memory: by default SQLite writes it to a temporary file from 64 KiB,
// and in the rest of the transaction whatever size it has. Migrations and VACUUM may sort or build whole tables, and keep the file.
const undoInMemory = "PRAGMA temp_store = MEMORY"

// checkLibrary refuses a library with known data loss.
func checkLibrary(ctx context.Context, pool *sql.DB) error {
	var version string
	if err := pool.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if olderThan(version, MinSQLite) {
		return fmt.Errorf("%w: %s, want %s or newer", ErrTooOld, version, MinSQLite)
	}
	return nil
}

// olderThan compares dotted version numbers.
func olderThan(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		if errX != nil || errY != nil {
			return true // not a release: do not trust it
		}
		if x != y {
			return x < y
		}
	}
	return len(as) < len(bs)
}

// checkDurable reads back what was asked for: SQLite ignores a setting that it cannot honour.
func checkDurable(ctx context.Context, pool *sql.DB, rebuildable bool) error {
	synchronous := "2" // FULL
	if rebuildable {
		synchronous = "1" // NORMAL
	}
	for _, want := range [][2]string{{"journal_mode", "wal"}, {"synchronous", synchronous}, {"foreign_keys", "1"}} {
		var got string
		if err := pool.QueryRowContext(ctx, "PRAGMA "+want[0]).Scan(&got); err != nil {
			return fmt.Errorf("read back %s: %w", want[0], err)
		}
		if got != want[1] {
			return fmt.Errorf("%s is %q, want %q: the file system does not let SQLite be durable", want[0], got, want[1])
		}
	}
	return nil
}

func (w *writer) close() error {
	var errs []error
	for _, stmt := range w.stmts {
		errs = append(errs, stmt.Close())
	}
	w.stmts = nil
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
		w.conn = nil
	}
	if w.pool != nil {
		errs = append(errs, closePool(w.pool))
		w.pool = nil
	}
	return errors.Join(errs...)
}

// ready reopens the connection after a failed commit: SQLite's cache of a file whose write failed is not to be trusted.
// A second failure in a row ends writing.
func (w *writer) ready() error {
	switch {
	case w.failures == 0:
		return nil
	case w.failures > 1:
		return ErrStopped
	}
	_ = w.close() // what it says about a broken connection changes nothing
	if err := w.open(context.Background(), w.dsn, w.options); err != nil {
		w.failures++
		return fmt.Errorf("%w: reopen: %w", ErrStopped, err)
	}
	return nil
}

func (w *writer) exec(query string) error {
	_, err := w.conn.ExecContext(context.Background(), query)
	return err
}

// Tx is one request's share of a transaction. Its methods take no context: a transaction is never cut in the middle,
// others may be in it.
type Tx struct {
	Now time.Time // the transaction's one moment, equal for all who share it
	w   *writer
}

func (tx *Tx) stmt(query string) (*sql.Stmt, error) {
	if s, ok := tx.w.stmts[query]; ok {
		return s, nil
	}
	s, err := tx.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	tx.w.stmts[query] = s
	return s, nil
}

// Exec runs one statement. Its text must be a constant: prepared statements are kept by text.
func (tx *Tx) Exec(query string, args ...any) (sql.Result, error) {
	s, err := tx.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.Background(), args...)
}

// Query runs one query; the caller closes the rows before the next call.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	s, err := tx.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}

// QueryRow runs a query for one row and scans it; sql.ErrNoRows when there is none.
func (tx *Tx) QueryRow(query string, args []any, dest ...any) error {
	s, err := tx.stmt(query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(context.Background(), args...).Scan(dest...)
}
