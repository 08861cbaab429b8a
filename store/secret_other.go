//go:build !unix

package store

import "os"

// checkSecretFile tests only that the file is there: access is by lists that its folder hands down.
func checkSecretFile(path string) error {
	if _, err := os.Stat(path); err != nil {
		return &IdentityError{File: path, Remedy: remedyEnrol, Err: bareError(err)}
	}
	return nil
}

// CheckSecret tests only that the file is there.
func CheckSecret(path string) error {
	_, err := os.Stat(path)
	return err
}
