//go:build unix

package store

import (
	"fmt"
	"os"
)

// checkSecretFile refuses a secret that other users of the machine can read.
func checkSecretFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return &IdentityError{File: path, Remedy: remedyEnrol, Err: bareError(err)}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return &IdentityError{File: path, Remedy: fmt.Sprintf("run: chmod 600 %s", path),
			Err: fmt.Errorf("mode %04o lets other users read it", mode)}
	}
	return nil
}
