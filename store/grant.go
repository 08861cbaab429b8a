package store

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
)

// grantLabel keeps a grant from being taken for any other signature (docs/wire.md, 3).
const grantLabel = "loyaltill grant 1"

// ErrGrant says that a grant was not signed with head office's key.
var ErrGrant = errors.New("grant signature does not match head office's key")

// Grant says "this is one life of this store's log". Signed, it is what a store shows to a head office that has forgotten.
type Grant struct {
	Store     uint32 `json:"store"`
	Epoch     uint32 `json:"epoch"`
	InstallID ID16   `json:"install_id"`
	Nonce     ID16   `json:"nonce"`
}

// message is what is signed: label ‖ u32 store ‖ u32 epoch ‖ install id ‖ nonce.
func (g Grant) message() []byte {
	b := append([]byte(nil), grantLabel...)
	b = binary.BigEndian.AppendUint32(b, g.Store)
	b = binary.BigEndian.AppendUint32(b, g.Epoch)
	b = append(b, g.InstallID[:]...)
	return append(b, g.Nonce[:]...)
}

// Sign gives the 64 bytes of an Ed25519 signature over the grant.
func (g Grant) Sign(key ed25519.PrivateKey) []byte { return ed25519.Sign(key, g.message()) }

// Verify refuses a grant that was not signed with the secret half of key.
func (g Grant) Verify(key, signature []byte) error {
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, g.message(), signature) {
		return fmt.Errorf("store %d epoch %d: %w", g.Store, g.Epoch, ErrGrant)
	}
	return nil
}
