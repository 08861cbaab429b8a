// Package archive puts copies of a store's databases into one file and takes them out again: a tar behind zstd, its first member a
// manifest with the length and SHA-256 of every other. With a recipient the whole is sealed by age.
//
// It knows names and bytes, not what is in them; it never opens a database, and never writes over a file.
package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"loyaltill/store"
)

// Format names what the first member of the tar says.
const Format = "loyaltill backup 1"

const (
	manifestName = "manifest.json"
	maxManifest  = 1 << 20
	maxFiles     = 16
	maxFile      = 1 << 40 // bytes of one database
	ageIntro     = "age-encryption.org/v1"
)

// Errors that callers act on.
var (
	ErrDamaged = errors.New("the backup is damaged")
	ErrSealed  = errors.New("the backup is sealed for somebody else, or no key was given")
)

// Manifest says what an archive holds.
type Manifest struct {
	Format string         `json:"format"`
	Made   time.Time      `json:"made"`
	Head   store.Position `json:"head"` // end of the log in it
	Files  []File         `json:"files"`
}

// File is one file of an archive.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Write puts files of a folder, by their names, into an archive. to may be nil: then it is not sealed.
func Write(w io.Writer, m Manifest, dir string, names []string, to age.Recipient) (err error) {
	m.Format, m.Files = Format, nil
	for _, name := range names {
		f, err := describe(dir, name)
		if err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
		m.Files = append(m.Files, f)
	}
	closers := []io.Closer{}
	defer func() {
		for i := len(closers) - 1; i >= 0; i-- {
			err = errors.Join(err, closers[i].Close())
		}
	}()
	if to != nil {
		sealed, err := age.Encrypt(w, to)
		if err != nil {
			return fmt.Errorf("seal archive: %w", err)
		}
		w, closers = sealed, append(closers, sealed)
	}
	packed, err := zstd.NewWriter(w)
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	out := tar.NewWriter(packed)
	closers = append(closers, packed, out)
	return m.write(out, dir)
}

func (m *Manifest) write(out *tar.Writer, dir string) error {
	doc, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if err := put(out, m.Made, manifestName, int64(len(doc)), bytes.NewReader(doc)); err != nil {
		return err
	}
	for _, f := range m.Files {
		from, err := os.Open(filepath.Join(dir, f.Name))
		if err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
		err = put(out, m.Made, f.Name, f.Size, from)
		if err := errors.Join(err, from.Close()); err != nil {
			return err
		}
	}
	return nil
}

func put(out *tar.Writer, at time.Time, name string, size int64, from io.Reader) error {
	err := out.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: at, Typeflag: tar.TypeReg})
	if err == nil {
		_, err = io.CopyN(out, from, size)
	}
	if err != nil {
		return fmt.Errorf("write %s into archive: %w", name, err)
	}
	return nil
}

func describe(dir, name string) (File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return File{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return File{name, n, hex.EncodeToString(sum.Sum(nil))}, errors.Join(err, f.Close())
}

// Read takes an archive's files out into a folder, new ones only, and checks every byte. keys open a sealed one. After an error the
// folder may hold some of them.
func Read(r io.Reader, dir string, keys []age.Identity) (Manifest, error) {
	m, err := read(r, dir, keys)
	if err != nil {
		return m, fmt.Errorf("read backup: %w", err)
	}
	return m, nil
}

func read(r io.Reader, dir string, keys []age.Identity) (m Manifest, err error) {
	whole := bufio.NewReader(r)
	r = whole
	if intro, _ := whole.Peek(len(ageIntro)); string(intro) == ageIntro {
		if len(keys) == 0 {
			return m, ErrSealed
		}
		if r, err = age.Decrypt(whole, keys...); err != nil {
			return m, fmt.Errorf("%w: %w", ErrSealed, err)
		}
	}
	packed, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return m, damaged(err)
	}
	defer packed.Close()
	in := tar.NewReader(packed)
	if err := m.read(in); err != nil {
		return m, err
	}
	for _, f := range m.Files {
		if err := f.take(in, dir); err != nil {
			return m, err
		}
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		return m, damaged(errors.New("there is more in it than its manifest says"))
	}
	return m, nil
}

func (m *Manifest) read(in *tar.Reader) error {
	head, err := in.Next()
	if err != nil {
		return damaged(err)
	}
	if head.Name != manifestName || head.Size > maxManifest {
		return damaged(errors.New("it does not begin with its manifest: is it a backup?"))
	}
	doc, err := io.ReadAll(in)
	if err != nil {
		return damaged(err)
	}
	if err := json.Unmarshal(doc, m); err != nil {
		return damaged(err)
	}
	if m.Format != Format || len(m.Files) > maxFiles {
		return damaged(fmt.Errorf("format %q with %d files; this program reads %q", m.Format, len(m.Files), Format))
	}
	return nil
}

// take writes the next member of the tar, which must be this file.
func (f File) take(in *tar.Reader, dir string) error {
	head, err := in.Next()
	if err != nil {
		return damaged(err)
	}
	if head.Name != f.Name || f.Name != filepath.Base(f.Name) || head.Typeflag != tar.TypeReg || head.Size != f.Size || f.Size > maxFile {
		return damaged(fmt.Errorf("%q of %d bytes stands where the manifest says %q of %d", head.Name, head.Size, f.Name, f.Size))
	}
	to, err := os.OpenFile(filepath.Join(dir, f.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, sum), in)
	if err != nil {
		err = damaged(err)
	}
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return damaged(fmt.Errorf("%s has digest %s, the manifest says %s", f.Name, got, f.SHA256))
	}
	return nil
}

func damaged(err error) error { return fmt.Errorf("%w: %w", ErrDamaged, err) }
