package card

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/binary"
	"fmt"
)

// IssuingKeyLength is the length of a statement about an issuing key.
const IssuingKeyLength = 3 + 2 + pointLength + 2 + 4 + 2 + 2 + 2 + 2 + 3 + 2 + signatureLength

const issuingRevoked = 1 << 0

// IssuingKey is what the root says of a key that signs card certificates, issuing.md 1: from when until when its cards are
// good, or that none of them is any more.
type IssuingKey struct {
	Key      *ecdsa.PublicKey
	Scheme   Scheme
	FirstDay Day
	LastDay  Day // inclusive; no certificate of its reaches beyond
	Revoked  bool

	Signature [signatureLength]byte // r ‖ s, by the root
}

// ID names the key as certificates do.
func (k *IssuingKey) ID() KeyID {
	id, err := KeyIDOf(k.Key)
	if err != nil {
		panic("an issuing key is of P-256: " + err.Error()) // made by ParseIssuingKey or by head office from a key of its own
	}
	return id
}

// MarshalTBS is what the root signs, with ECDSA P-256 over SHA-256.
func (k *IssuingKey) MarshalTBS() ([]byte, error) {
	point, err := k.Key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("issuing key: %w", err)
	}
	flags := byte(0)
	if k.Revoked {
		flags = issuingRevoked
	}
	b := put(make([]byte, 0, IssuingKeyLength), 0x60, []byte{1})
	b = put(b, 0x61, point)
	b = put(b, 0x62, k.Scheme[:])
	b = put(b, 0x63, binary.BigEndian.AppendUint16(nil, uint16(k.FirstDay)))
	b = put(b, 0x64, binary.BigEndian.AppendUint16(nil, uint16(k.LastDay)))
	return put(b, 0x65, []byte{flags}), nil
}

// Marshal is the whole statement.
func (k *IssuingKey) Marshal() ([]byte, error) {
	tbs, err := k.MarshalTBS()
	return put(tbs, tagSignature, k.Signature[:]), err
}

// SetSignatureASN1 takes the root's signature over SHA-256(MarshalTBS()) as crypto.Signer gives it.
func (k *IssuingKey) SetSignatureASN1(der []byte) error {
	var err error
	if k.Signature, err = signatureOf(der); err != nil {
		return fmt.Errorf("signature of issuing key: %w", err)
	}
	return nil
}

// ParseIssuingKey reads a statement that the root has signed.
func ParseIssuingKey(b []byte, root *ecdsa.PublicKey) (*IssuingKey, error) {
	v, err := take(b, field{0x60, 1}, field{0x61, pointLength}, field{0x62, 4}, field{0x63, 2}, field{0x64, 2}, field{0x65, 1},
		field{tagSignature, signatureLength})
	if err != nil {
		return nil, fmt.Errorf("issuing key: %w", err)
	}
	if v[0][0] != 1 || v[5][0]&^issuingRevoked != 0 {
		return nil, fmt.Errorf("issuing key: version %d, flags %02x", v[0][0], v[5][0])
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), v[1])
	if err != nil {
		return nil, fmt.Errorf("issuing key: %w", err)
	}
	k := &IssuingKey{Key: key, Scheme: Scheme(v[2]), FirstDay: Day(binary.BigEndian.Uint16(v[3])),
		LastDay: Day(binary.BigEndian.Uint16(v[4])), Revoked: v[5][0] == issuingRevoked, Signature: [signatureLength]byte(v[6])}
	tbs, err := k.MarshalTBS()
	if err != nil || !bytes.HasPrefix(b, tbs) || !verifySignature(root, tbs, v[6]) {
		return nil, fmt.Errorf("issuing key %v: the root did not sign it", k.ID())
	}
	return k, nil
}
