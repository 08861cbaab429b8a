package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// maxFindings bounds what an integrity check reports.
const maxFindings = 100

// Backup writes a copy of the database, as of one moment, to a new file. Selling goes on meanwhile. changes are statements that
// make the copy differ from the database.
func (db *DB) Backup(ctx context.Context, target string, changes ...string) error {
	if err := db.backup(ctx, target, changes); err != nil {
		return fmt.Errorf("back up %s to %s: %w", db.path, target, err)
	}
	return nil
}

func (db *DB) backup(ctx context.Context, target string, changes []string) error {
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(os.ErrExist, err)
	}
	part := target + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// A connection of its own: the readers are query_only, and that holds for the copy too.
	pool, err := sql.Open("sqlite", dsn(db.path, "mode", "ro", "_pragma", "busy_timeout(5000)"))
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO ?", part)
	if err := errors.Join(err, pool.Close()); err != nil {
		return err
	}
	if err := change(ctx, part, changes); err != nil {
		return err
	}
	// VACUUM INTO does not sync what it wrote.
	if err := syncFile(part); err != nil {
		return err
	}
	return Rename(part, target)
}

// Rename moves a file so that it stays moved: both folders are on disk afterwards.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(to)); err != nil || filepath.Dir(from) == filepath.Dir(to) {
		return err
	}
	return syncFolder(filepath.Dir(from))
}

// WhileLocked runs fn while no process, this one included, has the database open for writing; ErrInUse when one has.
func WhileLocked(path string, fn func() error) error {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return err
	}
	return errors.Join(fn(), lock.release())
}

// change edits a copy that nobody has opened yet.
func change(ctx context.Context, path string, statements []string) error {
	if len(statements) == 0 {
		return nil
	}
	pool, err := sql.Open("sqlite", dsn(path, "mode", "rw"))
	if err != nil {
		return err
	}
	for _, text := range statements {
		if err == nil {
			_, err = pool.ExecContext(ctx, text)
		}
	}
	return errors.Join(err, pool.Close())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// IntegrityCheck runs SQLite's own check, of every index against its table too; an empty list is a sound file.
func (db *DB) IntegrityCheck(ctx context.Context) ([]string, error) {
	rows, err := db.readers.QueryContext(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFindings))
	if err != nil {
		return nil, fmt.Errorf("integrity check %s: %w", db.path, err)
	}
	defer rows.Close()
	var findings []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("integrity check %s: %w", db.path, err)
		}
		if line != "ok" {
			findings = append(findings, line)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("integrity check %s: %w", db.path, err)
	}
	return findings, nil
}

// Compact gives the space of what was deleted back to the file system. It waits for its turn like a write, and writes the whole file
// anew: for maintenance, not for opening hours.
func (db *DB) Compact(ctx context.Context) error {
	err := db.alone(ctx, func() error {
		err := db.writer.exec("PRAGMA temp_store = FILE") // the file is built anew, and may be more than memory holds
		if err == nil {
			err = db.writer.exec("VACUUM")
		}
		return errors.Join(err, db.writer.exec(undoInMemory))
	})
	if err != nil {
		return fmt.Errorf("compact %s: %w", db.path, err)
	}
	return db.Checkpoint(ctx)
}

// Checkpoint moves the write-ahead log into the file and empties it; readers may keep it from finishing, which is no
// error. It waits for its turn like a write.
func (db *DB) Checkpoint(ctx context.Context) error {
	err := db.alone(ctx, func() error {
		var busy, inLog, moved int
		return db.writer.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &inLog, &moved)
	})
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", db.path, err)
	}
	return nil
}

// alone runs fn on the writing connection while nobody else does.
func (db *DB) alone(ctx context.Context, fn func() error) error {
	select {
	case <-db.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case db.turn <- struct{}{}:
	}
	defer func() { <-db.turn }()
	if err := db.writer.ready(); err != nil {
		return err
	}
	return fn()
}
