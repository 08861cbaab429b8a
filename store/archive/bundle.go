package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
)

// MaxText bounds one text of a bundle; of a longer one the end is kept.
const MaxText = 1 << 20

// Bundle is texts for one reader, sealed as they come: `age -d -i KEY FILE | tar xz` opens it.
type Bundle struct {
	at      time.Time
	out     *tar.Writer
	closers []io.Closer // the innermost last
}

// CheckRecipient says whether text is a key that something can be sealed for.
func CheckRecipient(text string) error {
	_, err := age.ParseX25519Recipient(text)
	return err
}

// NewBundle begins a bundle that only the holder of a recipient's key can read.
func NewBundle(w io.Writer, to string, at time.Time) (*Bundle, error) {
	recipient, err := age.ParseX25519Recipient(to)
	if err != nil {
		return nil, fmt.Errorf("seal bundle: %w", err)
	}
	sealed, err := age.Encrypt(w, recipient)
	if err != nil {
		return nil, fmt.Errorf("seal bundle: %w", err)
	}
	packed := gzip.NewWriter(sealed)
	out := tar.NewWriter(packed)
	return &Bundle{at: at, out: out, closers: []io.Closer{sealed, packed, out}}, nil
}

// Put adds a text.
func (b *Bundle) Put(name string, text []byte) error {
	if len(text) > MaxText {
		text = text[len(text)-MaxText:]
	}
	return put(b.out, b.at, name, int64(len(text)), bytes.NewReader(text))
}

// Close ends the bundle; what is not closed cannot be opened as a whole one.
func (b *Bundle) Close() error {
	var errs []error
	for i := len(b.closers) - 1; i >= 0; i-- {
		errs = append(errs, b.closers[i].Close())
	}
	return errors.Join(errs...)
}
