package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// OpenReadOnly opens a file for looking at it, also while another process owns it. It migrates nothing, takes no lock and
// cannot write: Write and Backup give ErrClosed.
func OpenReadOnly(ctx context.Context, path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := useOFDLocks(); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db := &DB{path: path, queue: make(chan *request), turn: make(chan struct{}, 1), closing: make(chan struct{})}
	close(db.closing) // nothing can be queued
	if db.readers, err = openReaders(db.readDSN(), defaultReaders); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if err := db.readers.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.readers.Close())
	}
	return db, nil
}

// SQLiteVersion is the version of the library inside this program; an error when it is too old to be trusted.
func SQLiteVersion(ctx context.Context) (string, error) {
	pool, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return "", err
	}
	defer pool.Close()
	var version string
	if err := pool.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return "", err
	}
	return version, checkLibrary(ctx, pool)
}
