package hodb

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"loyaltill/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is head office's database.
type DB struct {
	db  *store.DB
	now func() time.Time
}

// Open opens or makes the database file. store.ErrInUse says that another process has it.
func Open(ctx context.Context, path string, now func() time.Time) (*DB, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open head office database: %w", err)
	}
	db, err := store.Open(ctx, path, store.Options{Migrations: files, Now: now})
	if err != nil {
		return nil, err
	}
	return &DB{db: db, now: now}, nil
}

// OpenReadOnly opens the file for looking at it, also while a server has it. Nothing can be written.
func OpenReadOnly(ctx context.Context, path string, now func() time.Time) (*DB, error) {
	db, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	return &DB{db: db, now: now}, nil
}

// Close waits for the running transaction and closes the file.
func (db *DB) Close() error { return db.db.Close() }

// QuickCheck runs SQLite's own integrity check; an empty list is a sound file.
func (db *DB) QuickCheck(ctx context.Context) ([]string, error) { return db.db.QuickCheck(ctx) }

// Update runs fn in one durable transaction; others may share it, and an error from fn undoes fn's writes only.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.db.Write(ctx, func(tx *store.Tx) error { return fn(&Tx{now: tx.Now, conn: tx}) })
}

// View runs fn on one unchanging state of the database.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) (err error) {
	tx, err := db.db.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read head office database: %w", err)
	}
	defer func() {
		if rerr := tx.Rollback(); err == nil && rerr != nil {
			err = fmt.Errorf("read head office database: %w", rerr)
		}
	}()
	return fn(&Tx{now: db.now(), conn: reader{ctx, tx}})
}

// conn is a transaction of the writer or of a reader.
type conn interface {
	Exec(query string, args ...any) (sql.Result, error)
	Query(query string, args ...any) (*sql.Rows, error)
	QueryRow(query string, args []any, dest ...any) error
}

// reader is a read-only transaction.
type reader struct {
	ctx context.Context // of the one View that made it
	tx  *sql.Tx
}

func (r reader) Exec(query string, args ...any) (sql.Result, error) {
	return r.tx.ExecContext(r.ctx, query, args...)
}

func (r reader) Query(query string, args ...any) (*sql.Rows, error) {
	return r.tx.QueryContext(r.ctx, query, args...)
}

func (r reader) QueryRow(query string, args []any, dest ...any) error {
	return r.tx.QueryRowContext(r.ctx, query, args...).Scan(dest...)
}

// Tx is one transaction. Its time does not move.
type Tx struct {
	now  time.Time
	conn conn
}

// Now is the transaction's one moment.
func (tx *Tx) Now() time.Time { return tx.now }

func (tx *Tx) exec(query string, args ...any) error {
	_, err := tx.conn.Exec(query, args...)
	return err
}

// changed runs a statement and tells how many rows it touched.
func (tx *Tx) changed(query string, args ...any) (int64, error) {
	res, err := tx.conn.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// one runs a query for one row; the function that it gives scans it.
func (tx *Tx) one(query string, args ...any) func(dest ...any) error {
	return func(dest ...any) error { return tx.conn.QueryRow(query, args, dest...) }
}

// collect runs a query and reads each row with read.
func collect[T any](tx *Tx, read func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.conn.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		row, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
