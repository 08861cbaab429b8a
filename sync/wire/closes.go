package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Close is the manifest of one published business day: GET /v1/closes gives them in the order of Cursor, one JSON line
// each. A late entry makes a new revision, never another file under the same name.
type Close struct {
	Cursor    int64              `json:"cursor"`
	Store     loyalty.StoreID    `json:"store"`
	Epoch     loyalty.Epoch      `json:"epoch"`
	Day       string             `json:"day"`
	Revision  int                `json:"rev"`
	First     loyalty.Seq        `json:"first"`
	Last      loyalty.Seq        `json:"last"`
	Count     int64              `json:"count"`
	Totals    *loyalty.CloseBody `json:"totals"`
	HeadHash  store.Hash         `json:"head_hash"` // chain value at Last
	File      CloseFile          `json:"file"`
	Files     []CloseFile        `json:"files,omitempty"`    // the same entries in other forms; none of days that an older head office published
	Repeated  int64              `json:"repeated,omitempty"` // entries whose transaction was told before, in another life of the log
	Changes   []CloseChange      `json:"changes,omitempty"`  // of a later revision: what it changes in the day's sums
	Prev      store.Hash         `json:"prev"`               // SHA-256 of the store's manifest line before this one, without line end
	Published string             `json:"published"`          // head office's clock, UTC
	Signature store.HexBytes     `json:"signature"`          // by the position key, over the line with an empty signature
}

// CloseFile names one file of a close. The first, entries.ndjson, is the bodies, one per line, as they were hashed.
type CloseFile struct {
	Path   string     `json:"path"`
	Bytes  int64      `json:"bytes"`
	SHA256 store.Hash `json:"sha256"`
}

// CloseChange is one sum of a business day before a revision and with it. What was repeated counts once.
type CloseChange struct {
	Field  string `json:"field"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

// Names of a close's files.
const (
	FileNDJSON  = "entries.ndjson"
	FileZstd    = "entries.ndjson.zst"
	FileCSV     = "entries.csv"
	FileParquet = "entries.parquet"
)

// CloseReceipt is what a back office says when it has a close.
type CloseReceipt struct {
	SHA256 store.Hash `json:"sha256"` // of the manifest's line, without line end
}

// ClosePath is the address of a close; its files are beneath it.
func ClosePath(id loyalty.StoreID, day string, revision int) string {
	return fmt.Sprintf("/v1/closes/%d/%s/%d", id, day, revision)
}

// FileNamed finds one of the close's files; false when the close has none of that name.
func (c *Close) FileNamed(name string) (CloseFile, bool) {
	for _, f := range append([]CloseFile{c.File}, c.Files...) {
		if f.Path == ClosePath(c.Store, c.Day, c.Revision)+"/"+name {
			return f, true
		}
	}
	return CloseFile{}, false
}

// closeLabel keeps a manifest's signature from being taken for any other (docs/wire.md, 7).
const closeLabel = "loyaltill close 1"

// ErrCloseSignature says that a manifest was not signed with head office's key, or was changed afterwards.
var ErrCloseSignature = errors.New("close signature does not match head office's key")

// Line is the manifest as it travels, without line end.
func (c Close) Line() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("encode close of store %d on %s: %w", c.Store, c.Day, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (c Close) message() ([]byte, error) {
	c.Signature = nil
	line, err := c.Line()
	return append([]byte(closeLabel), line...), err
}

// Sign sets the signature of an otherwise finished manifest.
func (c *Close) Sign(key ed25519.PrivateKey) error {
	message, err := c.message()
	if err != nil {
		return err
	}
	c.Signature = ed25519.Sign(key, message)
	return nil
}

// ReadClose reads a line and refuses one that head office did not sign, to the last byte.
func ReadClose(line []byte, key ed25519.PublicKey) (*Close, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	c := &Close{}
	if err := dec.Decode(c); err != nil {
		return nil, NewProblem(CodeDamaged, "close: %v", err)
	}
	again, err := c.Line()
	if err != nil {
		return nil, err
	}
	message, err := c.message()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(line, again) || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, message, c.Signature) {
		return nil, fmt.Errorf("store %d day %s revision %d: %w", c.Store, c.Day, c.Revision, ErrCloseSignature)
	}
	return c, nil
}
