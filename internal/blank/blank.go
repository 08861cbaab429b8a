// Package blank gives tests new SQLite databases without the time that their migrations take: a file is migrated once in a process
// and copied from then on. What migrations do to older files is tested where they are.
package blank

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"loyaltill/store"
)

// Lay puts a new file at a path, unless there is one.
type Lay func(t testing.TB, path string)

// Of lays files that a folder of migrations makes.
func Of(migrations string) Lay {
	content := sync.OnceValues(func() ([]byte, error) { return migrated(migrations) })
	return func(t testing.TB, path string) {
		t.Helper()
		if _, err := os.Stat(path); err == nil {
			return
		}
		file, err := content()
		if err == nil {
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, file, 0o600))
		}
		if err != nil {
			t.Fatalf("lay a new database: %v", err)
		}
	}
}

// OfStore lays both files of a store into a folder.
func OfStore(migrations string) Lay {
	ledger, members := Of(filepath.Join(migrations, "ledger")), Of(filepath.Join(migrations, "members"))
	return func(t testing.TB, dir string) {
		t.Helper()
		ledger(t, filepath.Join(dir, "ledger.db"))
		members(t, filepath.Join(dir, "members.db"))
	}
}

func migrated(folder string) (content []byte, err error) {
	dir, err := os.MkdirTemp("", "loyaltill-blank-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "blank.db")
	db, err := store.Open(context.Background(), path, store.Options{Migrations: os.DirFS(folder), Now: time.Now})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
