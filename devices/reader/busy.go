package reader

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// BusyError is ErrBusy with the programs that may have the reader: all that speak with the card service, as far as this user may
// see. The service itself does not tell which of them it is.
type BusyError struct{ Programs []string }

func (e *BusyError) Error() string {
	if len(e.Programs) == 0 {
		return ErrBusy.Error()
	}
	return ErrBusy.Error() + ": " + strings.Join(e.Programs, ", ")
}

// Is makes it ErrBusy.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

const (
	procDir      = "/proc"
	programsTold = 8
)

// programsWithPCSC finds the programs, other than self, that have PC/SC's library loaded. Where there is no /proc it finds none.
func programsWithPCSC(proc fs.FS, self int) (programs []string) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == self || len(programs) == programsTold {
			continue
		}
		maps, err := fs.ReadFile(proc, path.Join(e.Name(), "maps"))
		if err != nil || !bytes.Contains(maps, []byte("/libpcsclite")) {
			continue // ended, another user's, or none of ours
		}
		if name, err := fs.ReadFile(proc, path.Join(e.Name(), "comm")); err == nil {
			programs = append(programs, fmt.Sprintf("%s (%d)", strings.TrimSpace(string(name)), pid))
		}
	}
	return programs
}
