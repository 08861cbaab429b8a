//go:build unix

package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// FreeMB is the space that this process may still fill in a folder.
func FreeMB(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "look at", Path: dir, Err: err}
	}
	return st.Bavail * uint64(st.Bsize) >> 20, nil
}
