package store

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
)

// positionLabel keeps a signed position from being taken for any other signature (docs/wire.md, 3).
const positionLabel = "loyaltill position 1"

// ErrSignature says that a position was not signed with head office's key.
var ErrSignature = errors.New("position signature does not match head office's key")

// Position says "head office has this log up to here". Signed, it is what a store keeps as proof.
type Position struct {
	Store uint32 `json:"store"`
	Epoch uint32 `json:"epoch"`
	Seq   int64  `json:"seq"`
	Hash  Hash   `json:"hash"`
}

// message is what is signed: label ‖ u32 store ‖ u32 epoch ‖ u64 seq ‖ hash.
func (p Position) message() []byte {
	b := make([]byte, 0, len(positionLabel)+4+4+8+len(p.Hash))
	b = append(b, positionLabel...)
	b = binary.BigEndian.AppendUint32(b, p.Store)
	b = binary.BigEndian.AppendUint32(b, p.Epoch)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Seq))
	return append(b, p.Hash[:]...)
}

// Sign gives the 64 bytes of an Ed25519 signature over the position.
func (p Position) Sign(key ed25519.PrivateKey) []byte { return ed25519.Sign(key, p.message()) }

// Verify refuses a position that was not signed with the secret half of key.
func (p Position) Verify(key, signature []byte) error {
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, p.message(), signature) {
		return fmt.Errorf("store %d epoch %d seq %d: %w", p.Store, p.Epoch, p.Seq, ErrSignature)
	}
	return nil
}
