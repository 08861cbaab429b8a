package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// MinSQLite is the oldest library that is used: before it, a checkpoint racing a commit could lose pages.
const MinSQLite = "3.51.3"

const (
	busyTimeout      = 5 * time.Second
	journalSizeLimit = 64 << 20 // bytes that a checkpointed WAL file may keep
	defaultCacheMB   = 2
	defaultLogPages  = 1000
	defaultReaders   = 3
	maxReaders       = 8
)

// Options say how to open one database file.
type Options struct {
	Migrations fs.FS            // numbered goose files, at the root of the file system
	Now        func() time.Time // read once per transaction
	Readers    int              // read-only connections, 3 when 0
	// CacheMB is memory for pages of the writing connection, 2 when 0. A transaction that changes more pages than fit writes some of them
	// more than once.
	CacheMB int
	// LogPages is how long the write-ahead log gets before it is moved into the file, 1000 when 0.
	LogPages int
	// Rebuildable relaxes commits to synchronous=NORMAL: only for a file whose whole content can be fetched again.
	Rebuildable bool
}

// DB is one SQLite file, open in one process: a single writing connection with group commit and a pool that can only
// read.
type DB struct {
	path    string
	options Options
	lock    *fileLock
	readers *Readers

	queue   chan *request
	turn    chan struct{} // holds a value while somebody owns the writer below
	closing chan struct{}
	close   sync.Once
	writer  writer
	counts  counts
}

// Errors that callers act on.
var (
	ErrClosed  = errors.New("database is closed")
	ErrInUse   = errors.New("database is in use by another process")
	ErrTooOld  = errors.New("SQLite library is too old")
	ErrTooNew  = errors.New("database was made by a newer version of the program")
	ErrStopped = errors.New("database takes no more writes after a repeated disk error; repair the disk and restart")
)

// Open opens or makes the file, brings its schema up to date and refuses anything less durable than was asked for.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if o.Now == nil || o.Migrations == nil || o.Readers < 0 || o.Readers > maxReaders {
		return nil, fmt.Errorf("open database %s: want a clock, migrations and at most %d readers", path, maxReaders)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if err := useOFDLocks(); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), lock.release())
	}
	db := &DB{path: path, options: o, lock: lock, queue: make(chan *request, queueLimit),
		turn: make(chan struct{}, 1), closing: make(chan struct{})}
	if err := db.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.release())
	}
	return db, nil
}

func (db *DB) open(ctx context.Context) error {
	if err := db.writer.open(ctx, db.writeDSN(), db.options); err != nil {
		return err
	}
	n := db.options.Readers
	if n == 0 {
		n = defaultReaders
	}
	readers, err := openReaders(db.readDSN(), n)
	if err != nil {
		return err
	}
	db.readers = readers
	return readers.PingContext(ctx)
}

// useOFDLocks asks for locks that survive somebody else's close of the same file, where the system has them.
func useOFDLocks() error {
	_, err := sqlite.OFDLocking(true)
	if errors.Is(err, sqlite.ErrOFDLockingUnavailable) || errors.Is(err, sqlite.ErrOFDLockingTooLate) {
		return nil // older kernels and other systems: SQLite's usual locks
	}
	return err
}

// Path is the file's absolute name.
func (db *DB) Path() string { return db.path }

// Read is the pool of connections that can only read.
func (db *DB) Read() *Readers { return db.readers }

// Close waits for the running transaction, then closes. Requests that still wait get ErrClosed.
func (db *DB) Close() error {
	var err error
	db.close.Do(func() {
		if db.lock == nil { // opened for reading only
			err = db.readers.Close()
			return
		}
		close(db.closing)
		db.turn <- struct{}{} // never given back: nobody writes after this
		for _, req := range db.drain(queueLimit) {
			req.finish(ErrClosed)
		}
		err = db.release()
	})
	return err
}

func (db *DB) release() error {
	var errs []error
	if db.readers != nil {
		errs = append(errs, db.readers.Close())
	}
	errs = append(errs, db.writer.close(), db.lock.release())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database %s: %w", db.path, err)
	}
	return nil
}

func (db *DB) writeDSN() string {
	synchronous := "full"
	if db.options.Rebuildable {
		synchronous = "normal"
	}
	cache, log := cmp.Or(db.options.CacheMB, defaultCacheMB), cmp.Or(db.options.LogPages, defaultLogPages)
	return dsn(db.path, "_txlock", "immediate", "_defensive", "1", "_dqs", "0", "_error_rc", "1",
		"_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"_pragma", "journal_mode(wal)",
		"_pragma", "synchronous("+synchronous+")",
		"_pragma", "foreign_keys(1)",
		"_pragma", "secure_delete(1)", // what is erased leaves no bytes behind
		"_pragma", "trusted_schema(0)",
		"_pragma", fmt.Sprintf("journal_size_limit(%d)", journalSizeLimit),
		"_pragma", fmt.Sprintf("cache_size(-%d)", cache<<10), // KiB
		"_pragma", fmt.Sprintf("wal_autocheckpoint(%d)", log))
}

func (db *DB) readDSN() string {
	return dsn(db.path, "mode", "ro", "_defensive", "1", "_dqs", "0", "_error_rc", "1",
		"_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"_pragma", "trusted_schema(0)",
		"_pragma", "query_only(1)")
}

// dsn is a file URI: only that form keeps mode=ro (a plain path would lose it).
func dsn(path string, pairs ...string) string {
	path = filepath.ToSlash(path)
	if runtime.GOOS == "windows" {
		path = "/" + path // file:///C:/…
	}
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Add(pairs[i], pairs[i+1])
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}
