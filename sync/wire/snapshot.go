package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"net/http"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// snapshotLabel keeps a signed snapshot from being taken for any other signature (docs/wire.md, 14).
const snapshotLabel = "loyaltill snapshot 1"

// Snapshot is the whole feed as one life of a store may see it, at one moment: what it says is that of Cursor, and with Watermark.
type Snapshot struct {
	No        int64          `json:"snapshot"`
	FeedEpoch uint32         `json:"feed_epoch"`
	Cursor    int64          `json:"cursor"`    // the feed goes on after it
	Watermark loyalty.Seq    `json:"watermark"` // last entry of the store, in its epoch, that every row includes
	Parts     []SnapshotPart `json:"parts"`
	Signature store.HexBytes `json:"signature"`
}

// SnapshotPart is a feed page of its own, zipped.
type SnapshotPart struct {
	Rows   int        `json:"rows"`
	Bytes  int        `json:"bytes"` // zipped
	SHA256 store.Hash `json:"sha256"`
}

// message is what is signed: label ‖ u32 store ‖ u32 epoch ‖ u32 feed epoch ‖ u64 cursor ‖ u64 watermark ‖ the digest of every part.
func (s *Snapshot) message(id loyalty.StoreID, epoch loyalty.Epoch) []byte {
	b := append(make([]byte, 0, len(snapshotLabel)+28+32*len(s.Parts)), snapshotLabel...)
	for _, n := range []uint32{uint32(id), uint32(epoch), s.FeedEpoch} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(s.Cursor))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Watermark))
	for _, p := range s.Parts {
		b = append(b, p.SHA256[:]...)
	}
	return b
}

// Sign signs the snapshot for one life of a store.
func (s *Snapshot) Sign(key ed25519.PrivateKey, id loyalty.StoreID, epoch loyalty.Epoch) {
	s.Signature = ed25519.Sign(key, s.message(id, epoch))
}

// Verify refuses a snapshot that head office did not sign for this life of the store.
func (s *Snapshot) Verify(key []byte, id loyalty.StoreID, epoch loyalty.Epoch) error {
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, s.message(id, epoch), s.Signature) {
		return NewProblem(CodeDamaged, "snapshot %d: %v", s.No, store.ErrSignature)
	}
	if s.Cursor < 0 || s.Watermark < 0 || len(s.Parts) > MaxSnapshotParts {
		return NewProblem(CodeDamaged, "snapshot %d does not hold together", s.No)
	}
	return nil
}

// PackFeed writes a page as NDJSON, zipped.
func (c *Codec) PackFeed(page *FeedPage) ([]byte, error) {
	var plain bytes.Buffer
	if err := WriteFeed(&plain, page); err != nil {
		return nil, err
	}
	return c.Pack([][]byte{bytes.TrimSuffix(plain.Bytes(), []byte("\n"))}), nil
}

// ReadPart reads the rows of a snapshot's part from the content that was checked by its digest.
func (c *Codec) ReadPart(content []byte) ([]FeedRow, error) {
	page, err := c.ReadFeedAnswer(http.Header{"Content-Encoding": {CodingZstd}}, bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return page.Rows, nil
}
