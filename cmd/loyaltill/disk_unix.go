//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// openOnly keeps a look at a serial port from waiting for its modem lines or becoming the controlling terminal.
const openOnly = unix.O_NONBLOCK | unix.O_NOCTTY

// freeMB is the space that the agent's user may still fill.
func freeMB(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "look at", Path: dir, Err: err}
	}
	return st.Bavail * uint64(st.Bsize) >> 20, nil
}
