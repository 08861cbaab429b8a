package hodb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"loyaltill/store"
)

// Locks that the instances of one head office share, in PostgreSQL's space of advisory locks: "LT" and a number.
const (
	lockMigrate = 0x4c54_0001
	lockBooks   = 0x4c54_0002 // held by the one transaction that posts, changes registers, or numbers the feed
)

const (
	maxConnections = 16               // of one instance
	commitLimit    = 30 * time.Second // then nobody knows whether a commit happened
	minPostgres    = 15
)

// postgres is a database that several instances of head office may work on. Its writes run one after the other, by a lock that ends with
// the transaction or with the connection of whoever held it; so numbers of the feed become visible in their order, and nothing has to be
// tried again. Logs of stores come in beside it, each under the lock of its head.
type postgres struct {
	pool *sql.DB
	now  func() time.Time
	turn chan struct{} // holds a value while this instance writes or waits to: one connection of the pool is enough for that
}

func openPostgres(ctx context.Context, url string, now func() time.Time) (engine, error) {
	p, err := dialPostgres(url, map[string]string{})
	if err != nil {
		return nil, err
	}
	p.now = now
	if err = p.checkDurable(ctx); err == nil {
		err = p.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open head office database: %w", err), p.close())
	}
	return p, nil
}

func openPostgresReadOnly(ctx context.Context, url string) (engine, error) {
	p, err := dialPostgres(url, map[string]string{"default_transaction_read_only": "on"})
	if err != nil {
		return nil, err
	}
	if err := p.pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open head office database: %w", unavailable(err)), p.close())
	}
	return p, nil
}

// dialPostgres makes a pool; nothing is dialled yet. What the URL sets stays.
func dialPostgres(url string, settings map[string]string) (*postgres, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open head office database: %w", err) // the error names no password
	}
	// A machine that died, or a program that hangs, must not keep the lock of the books for ever.
	for name, value := range map[string]string{"application_name": "headoffice", "idle_in_transaction_session_timeout": "120s",
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	for name, value := range settings {
		config.RuntimeParams[name] = value
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	return &postgres{pool: pool, turn: make(chan struct{}, 1)}, nil
}

// checkDurable refuses a server that may lose what it has confirmed, or that sorts text otherwise than SQLite.
func (p *postgres) checkDurable(ctx context.Context) error {
	var version int
	var collation, encoding, fsync, pages, synchronous string
	err := p.pool.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int / 10000, d.datcollate, pg_encoding_to_char(d.encoding),
		current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')
		FROM pg_database d WHERE d.datname = current_database()`).Scan(&version, &collation, &encoding, &fsync, &pages, &synchronous)
	switch {
	case err != nil:
		return unavailable(err)
	case version < minPostgres:
		return fmt.Errorf("PostgreSQL %d is too old, want %d or newer", version, minPostgres)
	case collation != "C" && collation != "POSIX" || encoding != "UTF8":
		return fmt.Errorf("database has collation %s and encoding %s: make it with createdb --template=template0 --locale=C --encoding=UTF8", collation, encoding)
	case fsync != "on" || pages != "on" || synchronous == "off":
		return fmt.Errorf("fsync is %s, full_page_writes %s, synchronous_commit %s: a power cut would lose what stores were told is safe", fsync, pages, synchronous)
	}
	return nil
}

// migrate brings the schema up to date, one instance at a time.
func (p *postgres) migrate(ctx context.Context) (err error) {
	files, err := fs.Sub(migrations, "migrations/postgres")
	if err != nil {
		return err
	}
	conn, err := p.pool.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lockMigrate); err != nil {
		return unavailable(err)
	}
	err = store.MigratePostgres(ctx, p.pool, files)
	_, uerr := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockMigrate)
	return errors.Join(err, uerr)
}

func (p *postgres) write(ctx context.Context, fn func(conn, time.Time) error) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return p.transact(ctx, func(c postgresWriter) error {
		if _, err := c.Exec(`SELECT pg_advisory_xact_lock($1)`, lockBooks); err != nil {
			return err
		}
		return fn(c, p.now()) // the moment is that of the lock: it never runs back from one write to the next
	})
}

func (p *postgres) ingest(ctx context.Context, fn func(conn, time.Time) error) error {
	return p.transact(ctx, func(c postgresWriter) error { return fn(c, p.now()) })
}

// transact runs fn in a transaction in which every statement sees what was committed before it.
func (p *postgres) transact(ctx context.Context, fn func(postgresWriter) error) (err error) {
	conn, err := p.pool.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// The statements end with the caller, the commit does not: its outcome would be unknown.
	txCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	tx, err := conn.BeginTx(txCtx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return unavailable(err)
	}
	if err := protect(fn, postgresWriter{reader{ctx, tx, postgresDialect()}, conn}); err != nil {
		_ = tx.Rollback() // the server does it too, when the connection is gone
		return unavailable(err)
	}
	limit := time.AfterFunc(commitLimit, cancel)
	defer limit.Stop()
	return committed(tx.Commit())
}

// protect turns a panic into an error, as writes to a file do: the transaction must end.
func protect(fn func(postgresWriter) error, c postgresWriter) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", r, debug.Stack())
		}
	}()
	return fn(c)
}

// committed says what the error of a commit means: refused by the server, or not known.
func committed(err error) error {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Severity == "ERROR", errors.Is(err, pgx.ErrTxCommitRollback), pgconn.SafeToRetry(err):
		return unavailable(err)
	}
	return &store.CommitError{Err: err}
}

// unavailable marks errors of the server's or the network's making; a transaction that ends with one has written nothing.
func unavailable(err error) error {
	var refused *pgconn.PgError
	var dial *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		switch refused.Code[:2] {
		case "08", "40", "53", "55", "57": // connection, rollback, resources, locks, operator
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	case errors.As(err, &dial), errors.As(err, &network), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

func (p *postgres) read(ctx context.Context, fn func(conn) error) error {
	return unavailable(readOnce(ctx, p.pool, sql.LevelRepeatableRead, func(tx *sql.Tx) error { return fn(reader{ctx, tx, postgresDialect()}) }))
}

// check finds nothing: the server's pages are checked with the server's own tools.
func (p *postgres) check(context.Context) ([]string, error) { return nil, nil }

func (*postgres) settle(context.Context) error { return nil }
func (p *postgres) close() error               { return p.pool.Close() }

// postgresWriter is a transaction that writes.
type postgresWriter struct {
	reader
	conn *sql.Conn
}

func (w postgresWriter) dialect() dialect {
	d := postgresDialect()
	d.rowLock = " FOR UPDATE"
	return d
}

func postgresDialect() dialect {
	return dialect{hex: "encode(%s, 'hex')", jsonNumber: "CAST(CAST(%s AS json) ->> '%s' AS BIGINT)"}
}

// copyIn is COPY: several times as fast as statements.
func (w postgresWriter) copyIn(table string, columns []string, rows [][]any) error {
	return w.conn.Raw(func(own any) error {
		c, ok := own.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("copy into %s: connection is a %T", table, own)
		}
		_, err := c.Conn().CopyFrom(w.ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
		return err
	})
}
