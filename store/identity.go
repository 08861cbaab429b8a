package store

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// The files of an identity folder, written by "headoffice enrol" and kept outside the database folder: copying the data
// must not copy who the store is.
const (
	IdentityFile   = "store.json"
	CertFile       = "store.crt"  // the store's certificate, PEM
	KeyFile        = "store.key"  // its private key, PEM, mode 0600
	CAFile         = "ca.crt"     // head office's pinned CA, PEM
	NumberKeyFile  = "number.key" // 32 bytes: HMAC-SHA256 key for printed card numbers, mode 0600
	numberKeyBytes = 32

	maxIdentityBytes = 64 << 10
)

// ID16 is a 128-bit random value, 32 hexadecimal digits in text.
type ID16 [16]byte

func (v ID16) String() string               { return hex.EncodeToString(v[:]) }
func (v ID16) IsZero() bool                 { return v == ID16{} }
func (v ID16) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads 32 hexadecimal digits.
func (v *ID16) UnmarshalText(b []byte) error {
	if len(b) != 32 {
		return fmt.Errorf("want 32 hexadecimal digits, got %d characters", len(b))
	}
	_, err := hex.Decode(v[:], b)
	return err
}

// HexBytes is a byte string that travels as hexadecimal text.
type HexBytes []byte

func (v HexBytes) String() string               { return hex.EncodeToString(v) }
func (v HexBytes) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads an even number of hexadecimal digits.
func (v *HexBytes) UnmarshalText(b []byte) error {
	out, err := hex.DecodeString(string(b))
	if err != nil {
		return err
	}
	*v = out
	return nil
}

// Identity is who a store box is: one life (epoch) of one store's log, and whom it trusts.
type Identity struct {
	Store       uint32   `json:"store"`
	Name        string   `json:"name"`
	Epoch       uint32   `json:"epoch"`
	InstallID   ID16     `json:"install_id"`
	Nonce       ID16     `json:"nonce"` // head office's share of the chain's first value
	TimeZone    string   `json:"time_zone"`
	DayCut      string   `json:"day_cut"` // local time at which a business day begins, HH:MM
	Currency    string   `json:"currency"`
	Language    string   `json:"language"`
	HeadOffice  string   `json:"head_office"`     // https address
	Scheme      string   `json:"scheme"`          // card.md 1, 8 hexadecimal digits
	CardRoot    HexBytes `json:"card_root"`       // uncompressed P-256 point that signs the chain's issuing keys (issuing.md 1)
	PositionKey HexBytes `json:"position_key"`    // Ed25519 public key that signs positions
	Grant       HexBytes `json:"grant,omitempty"` // head office's signature over this life; of folders made before there were grants, none

	ForkedFrom *ForkedFrom `json:"forked_from,omitempty"` // the life before, whose fork was decided

	dir       string
	numberKey []byte
	location  *time.Location
}

// ForkedFrom is where a life branched off: the last entry that head office and the store share of the life before.
type ForkedFrom struct {
	Epoch uint32 `json:"epoch"`
	Seq   int64  `json:"seq"`
	Hash  Hash   `json:"hash"`
}

// IdentityError names what is wrong with the identity folder and what to do about it.
type IdentityError struct {
	File, Field, Remedy string
	Err                 error
}

func (e *IdentityError) Error() string {
	where := e.File
	if e.Field != "" {
		where += ", field " + e.Field
	}
	return fmt.Sprintf("identity %s: %v; %s", where, e.Err, e.Remedy)
}

func (e *IdentityError) Unwrap() error { return e.Err }

const remedyEnrol = "run \"headoffice enrol\" for this store again and copy the folder here"

// LoadIdentity reads and checks an identity folder.
func LoadIdentity(dir string) (*Identity, error) {
	path := filepath.Join(dir, IdentityFile)
	raw, err := readSmall(path, maxIdentityBytes)
	if err != nil {
		return nil, &IdentityError{File: path, Remedy: remedyEnrol, Err: err}
	}
	id := &Identity{dir: dir}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(id); err != nil {
		return nil, &IdentityError{File: path, Field: jsonField(err), Remedy: remedyEnrol, Err: err}
	}
	if err := id.check(path); err != nil {
		return nil, err
	}
	for _, name := range []string{CertFile, CAFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return nil, &IdentityError{File: filepath.Join(dir, name), Remedy: remedyEnrol, Err: bareError(err)}
		}
	}
	if err := checkSecretFile(filepath.Join(dir, KeyFile)); err != nil {
		return nil, err
	}
	return id, id.loadNumberKey()
}

func (id *Identity) loadNumberKey() error {
	path := filepath.Join(id.dir, NumberKeyFile)
	if err := checkSecretFile(path); err != nil {
		return err
	}
	key, err := readSmall(path, maxIdentityBytes)
	if err == nil && len(key) != numberKeyBytes {
		err = fmt.Errorf("%d bytes, want %d", len(key), numberKeyBytes)
	}
	if err != nil {
		return &IdentityError{File: path, Remedy: remedyEnrol, Err: err}
	}
	id.numberKey = key
	return nil
}

// check tests every field; path only names the file in errors.
func (id *Identity) check(path string) error {
	bad := func(field, format string, args ...any) error {
		return &IdentityError{File: path, Field: field, Remedy: remedyEnrol, Err: fmt.Errorf(format, args...)}
	}
	if id.Store == 0 {
		return bad("store", "want a number from 1")
	}
	if id.Epoch == 0 {
		return bad("epoch", "want a number from 1")
	}
	if id.InstallID.IsZero() {
		return bad("install_id", "is missing")
	}
	if id.Nonce.IsZero() {
		return bad("nonce", "is missing")
	}
	loc, err := time.LoadLocation(id.TimeZone)
	if err != nil || id.TimeZone == "" || id.TimeZone == "Local" {
		return bad("time_zone", "%q is no time zone such as Europe/Riga", id.TimeZone)
	}
	id.location = loc
	if _, err := parseCut(id.DayCut); err != nil {
		return bad("day_cut", "%w", err)
	}
	if len(id.Currency) != 3 {
		return bad("currency", "%q is no ISO 4217 code such as EUR", id.Currency)
	}
	if id.Language == "" {
		return bad("language", "is missing")
	}
	u, err := url.Parse(id.HeadOffice)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return bad("head_office", "%q is no https address", id.HeadOffice)
	}
	if _, err := id.SchemeID(); err != nil {
		return bad("scheme", "%w", err)
	}
	return id.checkKeys(bad)
}

func (id *Identity) checkKeys(bad func(field, format string, args ...any) error) error {
	if _, err := ecdh.P256().NewPublicKey(id.CardRoot); err != nil {
		return bad("card_root", "want an uncompressed P-256 point")
	}
	if len(id.PositionKey) != ed25519.PublicKeySize {
		return bad("position_key", "want %d hexadecimal digits", 2*ed25519.PublicKeySize)
	}
	if id.Grant == nil {
		return nil
	}
	grant := Grant{Store: id.Store, Epoch: id.Epoch, InstallID: id.InstallID, Nonce: id.Nonce}
	if err := grant.Verify(id.PositionKey, id.Grant); err != nil {
		return bad("grant", "%w", err)
	}
	return nil
}

// SchemeID is the chain's number inside card certificates (card.md 1, tag 54).
func (id *Identity) SchemeID() (uint32, error) {
	n, err := strconv.ParseUint(id.Scheme, 16, 32)
	if err != nil || len(id.Scheme) != 8 {
		return 0, fmt.Errorf("%q: want 8 hexadecimal digits", id.Scheme)
	}
	return uint32(n), nil
}

// Genesis is the chain's first value in this life of the store.
func (id *Identity) Genesis() Hash { return Genesis(id.Store, id.Epoch, id.InstallID, id.Nonce) }

// Path is the full name of one file of the folder.
func (id *Identity) Path(name string) string { return filepath.Join(id.dir, name) }

// Calendar is the store's business-day calendar.
func (id *Identity) Calendar() Calendar {
	cut, _ := parseCut(id.DayCut) // checked on loading
	return Calendar{Location: id.location, Cut: cut}
}

// ForPractice is who a training at this store is: the same to people, but with keys of its own that nobody keeps. No number of a real
// card is known to it, and no other store takes its papers.
func (id *Identity) ForPractice() (*Identity, error) {
	own := *id
	own.dir, own.Grant, own.ForkedFrom, own.numberKey = "", nil, nil, make([]byte, numberKeyBytes)
	for _, secret := range [][]byte{own.numberKey, own.InstallID[:], own.Nonce[:]} {
		if _, err := rand.Read(secret); err != nil {
			return nil, fmt.Errorf("identity of a training: %w", err)
		}
	}
	return &own, nil
}

// NumberHMAC is the form in which a printed card number is stored and looked up.
func (id *Identity) NumberHMAC(digits string) [sha256.Size]byte {
	return NumberHMAC(id.numberKey, digits)
}

// NumberHMAC is HMAC-SHA256 over a card number's digits.
func NumberHMAC(key []byte, digits string) [sha256.Size]byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(digits))
	return [sha256.Size]byte(m.Sum(nil))
}

// PaperKey signs what a store of the chain prints for the others: bills that goods can be taken back with. It follows from the
// chain's number key, so that every store can check every other store's papers without a line to anybody; what a paper says
// that is not so, head office finds when it holds the entry to the sale.
func (id *Identity) PaperKey(of uint32) ed25519.PrivateKey {
	m := hmac.New(sha256.New, id.numberKey)
	m.Write(binary.BigEndian.AppendUint32([]byte("loyaltill paper 1"), of))
	return ed25519.NewKeyFromSeed(m.Sum(nil))
}

// DrawSeed is what surprises at a place in this store's log are drawn with. It follows from the chain's number key: whoever
// writes the till's software cannot work a draw out beforehand, and head office can work it out again.
func (id *Identity) DrawSeed(seq int64) string {
	return DrawSeed(id.numberKey, id.Store, id.Epoch, seq)
}

// DrawSeed is what surprises at a place in a store's log are drawn with, for who holds the chain's number key.
func DrawSeed(numberKey []byte, of, epoch uint32, seq int64) string {
	m := hmac.New(sha256.New, numberKey)
	label := binary.BigEndian.AppendUint32([]byte("loyaltill draw 1"), of)
	m.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(label, epoch), uint64(seq)))
	return hex.EncodeToString(m.Sum(nil))
}

// ProofKey is the key of the hashes of what members proved: one for the chain, so that a proof counts once in all stores.
func (id *Identity) ProofKey() []byte {
	m := hmac.New(sha256.New, id.numberKey)
	m.Write([]byte("loyaltill proof key 1"))
	return m.Sum(nil)
}

// IdentityFiles are the parts of a folder that are not in store.json.
type IdentityFiles struct {
	Cert, Key, CA []byte // PEM
	NumberKey     []byte
}

// WriteIdentity makes a new identity folder; it refuses to overwrite one.
func WriteIdentity(dir string, id Identity, files IdentityFiles) error {
	path := filepath.Join(dir, IdentityFile)
	if err := id.check(path); err != nil {
		return err
	}
	if len(files.NumberKey) != numberKeyBytes {
		return fmt.Errorf("write identity %s: number key has %d bytes, want %d", dir, len(files.NumberKey), numberKeyBytes)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write identity: %w", err)
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
		{KeyFile, 0o600, files.Key},
		{NumberKeyFile, 0o600, files.NumberKey},
		{CertFile, 0o644, files.Cert},
		{CAFile, 0o644, files.CA},
		{IdentityFile, 0o644, append(doc, '\n')}, // last: a folder with it is whole
	} {
		if err := writeNew(filepath.Join(dir, f.name), f.mode, f.data); err != nil {
			return fmt.Errorf("write identity: %w", err)
		}
	}
	return nil
}

func writeNew(path string, mode fs.FileMode, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// readSmall reads a file that must not exceed limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bareError(err)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes, the limit is %d", info.Size(), limit)
	}
	return os.ReadFile(path)
}

// bareError drops the path from a file error, for messages that name the file already.
func bareError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// jsonField finds the field that a JSON error is about, when the library says so.
func jsonField(err error) string {
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		return te.Field
	}
	return ""
}
