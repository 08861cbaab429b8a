// Package blank gives tests new SQLite databases without the time that their migrations take: a file is made once in a process and
// copied from then on. What the migrations do is tested where they are; this package must not be used there.
package blank

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Of gives a function that lays a new file at a path. open makes such a file and closes it.
func Of(open func(path string) error) func(t testing.TB, path string) {
	content := sync.OnceValues(func() ([]byte, error) { return made(open) })
	return func(t testing.TB, path string) {
		t.Helper()
		file, err := content()
		if err == nil {
			err = os.WriteFile(path, file, 0o600)
		}
		if err != nil {
			t.Fatalf("lay a new database: %v", err)
		}
	}
}

func made(open func(path string) error) ([]byte, error) {
	dir, err := os.MkdirTemp("", "loyaltill-blank-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "blank.db")
	if err := open(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
