package store

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// EnrolKey is the key of a box that enrols itself. It is made in the identity folder and stays there, so that an attempt whose
// answer was lost goes on with the same key. A folder that holds an identity already is refused.
func EnrolKey(dir string) (*ecdsa.PrivateKey, error) {
	identity := filepath.Join(dir, IdentityFile)
	if _, err := os.Stat(identity); !errors.Is(err, fs.ErrNotExist) {
		return nil, &IdentityError{File: identity, Remedy: "give a new folder; an identity is never replaced", Err: fs.ErrExist}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	path := filepath.Join(dir, KeyFile)
	raw, err := readSmall(path, maxIdentityBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return newEnrolKey(path)
	}
	if err != nil {
		return nil, &IdentityError{File: path, Remedy: "give a new folder", Err: err}
	}
	if err := checkSecretFile(path); err != nil {
		return nil, err
	}
	return readEnrolKey(path, raw)
}

func newEnrolKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("enrol: make key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("enrol: make key: %w", err)
	}
	if err := ReplaceFile(path, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	return key, nil
}

func readEnrolKey(path string, raw []byte) (*ecdsa.PrivateKey, error) {
	bad := &IdentityError{File: path, Remedy: "give a new folder", Err: errors.New("it is no P-256 key")}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, bad
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, bad
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, bad
	}
	return key, nil
}

// FinishIdentity puts what head office answered beside the key that EnrolKey made. What an interrupted attempt left is replaced;
// the identity file comes last: a folder with it is whole.
func FinishIdentity(dir string, id Identity, files IdentityFiles) error {
	path := filepath.Join(dir, IdentityFile)
	if err := id.check(path); err != nil {
		return err
	}
	if len(files.NumberKey) != numberKeyBytes {
		return fmt.Errorf("write identity %s: number key has %d bytes, want %d", dir, len(files.NumberKey), numberKeyBytes)
	}
	doc, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return fmt.Errorf("write identity %s: %w", dir, err)
	}
	for _, f := range []struct {
		name string
		mode fs.FileMode
		data []byte
	}{
		{NumberKeyFile, 0o600, files.NumberKey},
		{CertFile, 0o644, files.Cert},
		{CAFile, 0o644, files.CA},
		{IdentityFile, 0o644, append(doc, '\n')},
	} {
		if err := ReplaceFile(filepath.Join(dir, f.name), f.mode, f.data); err != nil {
			return fmt.Errorf("write identity: %w", err)
		}
	}
	return nil
}

// ReplaceFile writes a file whole or leaves the one that was there, also across a power cut.
func ReplaceFile(path string, mode fs.FileMode, data []byte) error {
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeNew(part, mode, data); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// NextDir is the folder inside an identity's in which the identity of a life waits that the agent's next start begins.
const NextDir = "next"

// PrepareNext writes the identity of the life that follows a decided fork beside the one that is in use. A folder that is whole is
// left as it is.
func (id *Identity) PrepareNext(next Identity, certPEM []byte) error {
	dir := filepath.Join(id.dir, NextDir)
	if _, err := os.Stat(filepath.Join(dir, IdentityFile)); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("prepare next life: %w", err)
	}
	ca, err := readSmall(id.Path(CAFile), maxIdentityBytes)
	if err != nil {
		return fmt.Errorf("prepare next life: %w", err)
	}
	key, err := readSmall(id.Path(KeyFile), maxIdentityBytes)
	if err != nil {
		return fmt.Errorf("prepare next life: %w", err)
	}
	if err := ReplaceFile(filepath.Join(dir, KeyFile), 0o600, key); err != nil {
		return fmt.Errorf("prepare next life: %w", err)
	}
	return FinishIdentity(dir, next, IdentityFiles{Cert: certPEM, CA: ca, NumberKey: id.numberKey})
}

// Next is the identity that waits, nil when there is none.
func (id *Identity) Next() (*Identity, error) {
	dir := filepath.Join(id.dir, NextDir)
	if _, err := os.Stat(filepath.Join(dir, IdentityFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return LoadIdentity(dir)
}

// TakeNext puts the identity that waits into the place of the one in use, and may be repeated after an interruption.
func (id *Identity) TakeNext() (*Identity, error) {
	dir := filepath.Join(id.dir, NextDir)
	for _, f := range []string{CertFile, IdentityFile} { // the identity last: until then the old one is whole, or the next start goes on here
		raw, err := readSmall(filepath.Join(dir, f), maxIdentityBytes)
		if err == nil {
			err = ReplaceFile(id.Path(f), 0o644, raw)
		}
		if err != nil {
			return nil, fmt.Errorf("take next life: %w", err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("take next life: %w", err)
	}
	return LoadIdentity(id.dir)
}

// Move renames a file so that the new name is there also after a power cut.
func Move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(from)), syncFolder(filepath.Dir(to)))
}

// SamePEM compares certificates whatever stands around them.
func SamePEM(a, b []byte) bool {
	one, _ := pem.Decode(a)
	other, _ := pem.Decode(b)
	return one != nil && other != nil && bytes.Equal(one.Bytes, other.Bytes)
}
