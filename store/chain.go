package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// chainLabel opens the first chain value of every log (docs/ledger.md, 2).
const chainLabel = "loyaltill ledger 1"

// Hash is one value of a log's chain.
type Hash [sha256.Size]byte

// Genesis is h(0), the value before the first entry: it ties a chain to one life of one store box.
func Genesis(storeID, epoch uint32, installID, nonce [16]byte) Hash {
	b := make([]byte, 0, len(chainLabel)+4+4+16+16)
	b = append(b, chainLabel...)
	b = binary.BigEndian.AppendUint32(b, storeID)
	b = binary.BigEndian.AppendUint32(b, epoch)
	b = append(b, installID[:]...)
	b = append(b, nonce[:]...)
	return sha256.Sum256(b)
}

// Next is the chain value after one more body: SHA-256(h ‖ u32 length ‖ body).
func (h Hash) Next(body []byte) Hash {
	var small [2048]byte // most bodies fit, and then nothing is allocated
	b := append(small[:0], h[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	return sha256.Sum256(append(b, body...))
}

func (h Hash) IsZero() bool                 { return h == Hash{} }
func (h Hash) String() string               { return hex.EncodeToString(h[:]) }
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("chain value: want 64 hexadecimal digits, got %d characters", len(b))
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return fmt.Errorf("chain value: %w", err)
	}
	return nil
}

// HashFromBytes reads the 32 bytes kept in a database column.
func HashFromBytes(b []byte) (Hash, error) {
	var h Hash
	if len(b) != len(h) {
		return Hash{}, fmt.Errorf("chain value: want %d bytes, got %d", len(h), len(b))
	}
	copy(h[:], b)
	return h, nil
}
