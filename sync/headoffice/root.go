package headoffice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"loyaltill/devices/card"
	"loyaltill/store"
)

// Root is the key on which every card of a chain hangs. It signs issuing keys, a few in ten years, on a machine without a
// network (docs/issuing.md).
type Root struct{ key *ecdsa.PrivateKey }

const fileRootKey = "card-root.key.pem"

func (r *Root) String() string   { return "Root(***)" }
func (r *Root) GoString() string { return "Root(***)" }

// Public is what stores pin.
func (r *Root) Public() *ecdsa.PublicKey { return &r.key.PublicKey }

// MakeRoot makes the root's folder: the key, and its public half for head office.
func MakeRoot(dir string) (*Root, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make card root: %w", err)
	}
	private, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("make card root: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make card root: %w", err)
	}
	if err := writeNew(filepath.Join(dir, fileRootKey), private); err != nil {
		return nil, err
	}
	return &Root{key}, writeNew(filepath.Join(dir, fileCardRoot), encodeHex(public))
}

// OpenRoot reads a root's folder.
func OpenRoot(dir string) (*Root, error) {
	r := keyReader{dir: dir}
	key := r.p256(fileRootKey)
	if errors.Is(r.err, fs.ErrNotExist) {
		return nil, &FieldError{"root", "give the folder with " + fileRootKey, r.err}
	}
	return &Root{key}, r.err
}

// ReadRootPublic reads the public half that MakeRoot wrote.
func ReadRootPublic(path string) (*ecdsa.PublicKey, error) {
	r := keyReader{dir: filepath.Dir(path)}
	key := r.point(filepath.Base(path))
	if r.err != nil {
		return nil, &FieldError{"card-root", "give the file " + fileCardRoot + " of the root's folder", r.err}
	}
	return key, nil
}

// IssuingRequest is what head office asks the root to sign.
type IssuingRequest struct {
	PublicKey store.HexBytes `json:"public_key"` // uncompressed P-256 point
	Scheme    card.Scheme    `json:"scheme"`
	FirstDay  string         `json:"first_day"`
	LastDay   string         `json:"last_day"` // of the cards that it signs
}

// ReadIssuingRequest reads the file that "keys issue" wrote.
func ReadIssuingRequest(path string) (r IssuingRequest, err error) {
	raw, err := os.ReadFile(path)
	if err == nil && len(raw) > maxRequest {
		err = fmt.Errorf("%s has %d bytes", path, len(raw))
	}
	if err == nil {
		err = decodeStrict(raw, &r)
	}
	if err != nil {
		return r, &FieldError{"request", `give the file that "headoffice keys issue" wrote`, err}
	}
	return r, nil
}

// Sign makes the root's statement about a new issuing key.
func (r *Root) Sign(in IssuingRequest) (*card.IssuingKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), in.PublicKey)
	if err != nil {
		return nil, &FieldError{"request", "public_key must be an uncompressed P-256 point", err}
	}
	k := &card.IssuingKey{Key: key, Scheme: in.Scheme}
	for _, day := range []struct {
		field, text string
		into        *card.Day
	}{{"first_day", in.FirstDay, &k.FirstDay}, {"last_day", in.LastDay, &k.LastDay}} {
		t, err := time.Parse(time.DateOnly, day.text)
		if err != nil {
			return nil, &FieldError{"request", day.field + " must be a day such as 2027-01-01", err}
		}
		*day.into = card.DayOf(t)
	}
	if k.LastDay <= k.FirstDay {
		return nil, &FieldError{"request", "last_day must come after first_day", nil}
	}
	return k, r.sign(k)
}

// Revoke makes the statement that no card of an issuing key is good any more. It cannot be taken back.
func (r *Root) Revoke(statement []byte) (*card.IssuingKey, error) {
	k, err := card.ParseIssuingKey(statement, r.Public())
	if err != nil {
		return nil, &FieldError{"statement", "give a statement that this root has signed", err}
	}
	k.Revoked = true
	return k, r.sign(k)
}

func (r *Root) sign(k *card.IssuingKey) error {
	tbs, err := k.MarshalTBS()
	if err != nil {
		return err
	}
	digest := sha256.Sum256(tbs)
	der, err := ecdsa.SignASN1(rand.Reader, r.key, digest[:])
	if err != nil {
		return fmt.Errorf("sign issuing key: %w", err)
	}
	return k.SetSignatureASN1(der)
}

// WriteStatement writes a statement into a new file.
func WriteStatement(path string, k *card.IssuingKey) error {
	statement, err := k.Marshal()
	if err != nil {
		return err
	}
	return writeNew(path, encodeHex(statement))
}

// ReadStatement reads a file that WriteStatement wrote.
func ReadStatement(path string) ([]byte, error) {
	statement := make([]byte, card.IssuingKeyLength)
	r := keyReader{dir: filepath.Dir(path)}
	r.hex(filepath.Base(path), statement)
	if r.err != nil {
		return nil, &FieldError{"statement", `give the file that "headoffice keys sign" or "keys revoke" wrote`, r.err}
	}
	return statement, nil
}

// write makes a request's file.
func (in IssuingRequest) write(path string) error {
	doc, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	return writeNew(path, append(doc, '\n'))
}
