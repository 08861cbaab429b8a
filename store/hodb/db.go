package hodb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Each engine has its own files; one change of the schema has the same name in both folders.
//
//go:embed migrations/*.sql migrations/postgres/*.sql
var migrations embed.FS

// DB is head office's database: a SQLite file that one process has, or a PostgreSQL database that several may work on.
type DB struct {
	engine engine
	now    func() time.Time
}

// engine is SQLite or PostgreSQL.
type engine interface {
	// write runs fn while no other write does, in any process.
	write(ctx context.Context, fn func(conn, time.Time) error) error
	// ingest runs fn, which writes to the log of the one store whose head it locks.
	ingest(ctx context.Context, fn func(conn, time.Time) error) error
	// read runs fn on one unchanging state.
	read(ctx context.Context, fn func(conn) error) error
	check(ctx context.Context) ([]string, error)
	settle(ctx context.Context) error
	close() error
}

// conn is a transaction of the writer or of a reader.
type conn interface {
	Exec(query string, args ...any) (sql.Result, error)
	Query(query string, args ...any) (*sql.Rows, error)
	QueryRow(query string, args []any, dest ...any) error
	// copyIn adds many rows to a table.
	copyIn(table string, columns []string, rows [][]any) error
	dialect() dialect
}

// dialect is where the two engines' SQL differs.
type dialect struct {
	rowLock    string // ends a query whose row nobody else may change until the transaction ends
	hex        string // of a column
	jsonNumber string // of a column and a field
	orFail     string // of a statement for many rows that need not undo by itself those before one that fails: the transaction is undone
}

// ErrUnavailable says that the database server could not be reached or did not take the transaction. Nothing was written.
var ErrUnavailable = errors.New("database server is not available")

// IsURL tells whether a database is named by a PostgreSQL URL; else it is a file.
func IsURL(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// Open opens or makes a file, or opens the PostgreSQL database of a URL, and brings its schema up to date. store.ErrInUse says that
// another process has the file.
func Open(ctx context.Context, database string, now func() time.Time) (*DB, error) {
	open := openSQLite
	if IsURL(database) {
		open = openPostgres
	}
	e, err := open(ctx, database, now)
	if err != nil {
		return nil, err
	}
	return &DB{engine: e, now: now}, nil
}

// OpenReadOnly opens the database for looking at it, also while a server works on it. Nothing can be written.
func OpenReadOnly(ctx context.Context, database string, now func() time.Time) (*DB, error) {
	open := openSQLiteReadOnly
	if IsURL(database) {
		open = openPostgresReadOnly
	}
	e, err := open(ctx, database)
	if err != nil {
		return nil, err
	}
	return &DB{engine: e, now: now}, nil
}

// Close waits for the running transaction and closes the database.
func (db *DB) Close() error { return db.engine.close() }

// Shared tells whether other processes may write to the database meanwhile.
func (db *DB) Shared() bool { _, shared := db.engine.(*postgres); return shared }

// IntegrityCheck runs SQLite's own integrity check; an empty list is a sound file. PostgreSQL is checked by its own tools.
func (db *DB) IntegrityCheck(ctx context.Context) ([]string, error) { return db.engine.check(ctx) }

// Settle empties the write-ahead log of a file: what was deleted is in none of its files afterwards. A PostgreSQL server does it in its time.
func (db *DB) Settle(ctx context.Context) error { return db.engine.settle(ctx) }

// Update runs fn in one durable transaction, while no other Update runs in any process. Others may share it, and an error from fn undoes
// fn's writes only. store.CommitError says that nobody knows whether it happened.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.write(ctx, func(c conn, now time.Time) error { return transact(c, now, fn) })
}

// Ingest is Update for the log of one store: fn locks the head with LockHead first, and writes nothing but that head, its entries and its
// batches. On PostgreSQL neither Update nor the logs of other stores wait for it.
func (db *DB) Ingest(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.ingest(ctx, func(c conn, now time.Time) error { return transact(c, now, fn) })
}

func transact(c conn, now time.Time, fn func(*Tx) error) error {
	tx := &Tx{now: now, conn: c}
	if err := fn(tx); err != nil {
		return err
	}
	return tx.allWritten()
}

// View runs fn on one unchanging state of the database.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.read(ctx, func(c conn) error { return fn(&Tx{now: db.now(), conn: c}) })
}

// flags makes truth values what the schema has for them: 0 and 1. SQLite does it by itself.
func flags(args []any) []any {
	for i, arg := range args {
		if flag, ok := arg.(bool); ok {
			args[i] = b2i(flag)
		}
	}
	return args
}

// reader is a transaction of database/sql that only reads.
type reader struct {
	ctx    context.Context // of the one transaction
	tx     *sql.Tx
	speaks dialect
}

func (r reader) Exec(query string, args ...any) (sql.Result, error) {
	return r.tx.ExecContext(r.ctx, query, flags(args)...)
}

func (r reader) Query(query string, args ...any) (*sql.Rows, error) {
	return r.tx.QueryContext(r.ctx, query, flags(args)...)
}

func (r reader) QueryRow(query string, args []any, dest ...any) error {
	return r.tx.QueryRowContext(r.ctx, query, flags(args)...).Scan(dest...)
}

func (r reader) dialect() dialect { return r.speaks }

func (reader) copyIn(string, []string, [][]any) error {
	return errors.New("the transaction only reads")
}

// Tx is one transaction. Its time does not move.
type Tx struct {
	now    time.Time
	conn   conn
	queues []queue
	texts  map[bulkText]string
}

// Now is the transaction's one moment.
func (tx *Tx) Now() time.Time { return tx.now }

func (tx *Tx) exec(query string, args ...any) error {
	_, err := tx.changed(query, args...)
	return err
}

// changed runs a statement and tells how many rows it touched.
func (tx *Tx) changed(query string, args ...any) (int64, error) {
	if err := tx.writtenFor(query); err != nil {
		return 0, err
	}
	res, err := tx.conn.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// one runs a query for one row; the function that it gives scans it.
func (tx *Tx) one(query string, args ...any) func(dest ...any) error {
	return func(dest ...any) error {
		if err := tx.writtenFor(query); err != nil {
			return err
		}
		return tx.conn.QueryRow(query, args, dest...)
	}
}

// query runs one; the caller closes the rows before the next call.
func (tx *Tx) query(query string, args ...any) (*sql.Rows, error) {
	if err := tx.writtenFor(query); err != nil {
		return nil, err
	}
	return tx.conn.Query(query, args...)
}

// collect runs a query and reads each row with read.
func collect[T any](tx *Tx, read func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.query(query, args...)
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

// readOnce runs fn in a read-only transaction of a pool, which is always undone.
func readOnce(ctx context.Context, pool *sql.DB, level sql.IsolationLevel, fn func(*sql.Tx) error) (err error) {
	tx, err := pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: level})
	if err != nil {
		return fmt.Errorf("read head office database: %w", err)
	}
	defer func() {
		if rerr := tx.Rollback(); err == nil && rerr != nil {
			err = fmt.Errorf("read head office database: %w", rerr)
		}
	}()
	return fn(tx)
}
