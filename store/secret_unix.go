//go:build unix

package store

import (
	"fmt"
	"os"
)

// checkSecretFile refuses a secret of the identity that other users of the machine can read.
func checkSecretFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return &IdentityError{File: path, Remedy: remedyEnrol, Err: bareError(err)}
	}
	if err := private(info); err != nil {
		return &IdentityError{File: path, Remedy: fmt.Sprintf("run: chmod 600 %s", path), Err: err}
	}
	return nil
}

// CheckSecret refuses a file that other users of the machine can read.
func CheckSecret(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := private(info); err != nil {
		return fmt.Errorf("%s: %w; run: chmod 600 %s", path, err, path)
	}
	return nil
}

func private(info os.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("mode %04o lets other users read it", mode)
	}
	return nil
}
