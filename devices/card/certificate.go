package card

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

// Sizes of card.md 1.
const (
	CertificateLength  = 169
	certificateVersion = 1
	scalarLength       = 32
	signatureLength    = 2 * scalarLength
	pointLength        = 1 + 2*scalarLength
	tagSignature       = 0x5F
)

// CertificateFlags are the flags in tag 56.
type CertificateFlags byte

// PlainVerify allows a pinpad's VERIFY outside the session on the contact interface.
const PlainVerify CertificateFlags = 1 << 0

// Certificate binds a card's id to its public key. Head office signs it; stores verify it.
type Certificate struct {
	CA        KeyID
	Card      ID
	Key       *ecdh.PublicKey // QC
	Scheme    Scheme
	LastDay   Day // inclusive
	Flags     CertificateFlags
	Signature [signatureLength]byte // r ‖ s
}

// MarshalTBS is what the CA signs, with ECDSA P-256 over SHA-256.
func (c *Certificate) MarshalTBS() []byte {
	b := make([]byte, 0, CertificateLength)
	b = put(b, 0x50, []byte{certificateVersion})
	b = put(b, 0x51, c.CA[:])
	b = put(b, 0x52, c.Card[:])
	b = put(b, 0x53, c.Key.Bytes())
	b = put(b, 0x54, c.Scheme[:])
	b = put(b, 0x55, binary.BigEndian.AppendUint16(nil, uint16(c.LastDay)))
	return put(b, 0x56, []byte{byte(c.Flags)})
}

// Marshal is the whole certificate as the card keeps it.
func (c *Certificate) Marshal() []byte { return put(c.MarshalTBS(), tagSignature, c.Signature[:]) }

// Hash is the certificate hash of card.md 1.
func (c *Certificate) Hash() CertificateHash { return hashCertificate(c.Marshal()) }

func hashCertificate(raw []byte) CertificateHash {
	sum := sha256.Sum256(raw)
	return CertificateHash(sum[:])
}

// SetSignatureASN1 takes the CA's signature over SHA-256(MarshalTBS()) as crypto.Signer gives it, a DER sequence of r and s.
func (c *Certificate) SetSignatureASN1(der []byte) error {
	var err error
	if c.Signature, err = signatureOf(der); err != nil {
		return fmt.Errorf("signature of card %v: %w", c.Card, err)
	}
	return nil
}

// signatureOf turns a DER sequence of r and s into r ‖ s.
func signatureOf(der []byte) (out [signatureLength]byte, err error) {
	var sig struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &sig)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes behind the sequence")
	}
	if err != nil {
		return out, err
	}
	for _, n := range []*big.Int{sig.R, sig.S} {
		if n.Sign() <= 0 || n.BitLen() > 8*scalarLength {
			return out, errors.New("it is not of P-256")
		}
	}
	sig.R.FillBytes(out[:scalarLength])
	sig.S.FillBytes(out[scalarLength:])
	return out, nil
}

// ParseCertificate reads the TLVs of card.md 1 in their order and no other. It checks the form, not the signature.
func ParseCertificate(b []byte) (*Certificate, error) {
	v, err := take(b, field{0x50, 1}, field{0x51, 8}, field{0x52, 8}, field{0x53, pointLength}, field{0x54, 4},
		field{0x55, 2}, field{0x56, 1}, field{tagSignature, signatureLength})
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if v[0][0] != certificateVersion {
		return nil, fmt.Errorf("certificate version %d, want %d", v[0][0], certificateVersion)
	}
	key, err := ecdh.P256().NewPublicKey(v[3]) // refuses points off the curve
	if err != nil {
		return nil, fmt.Errorf("certificate key: %w", err)
	}
	return &Certificate{
		CA: KeyID(v[1]), Card: ID(v[2]), Key: key, Scheme: Scheme(v[4]),
		LastDay: Day(binary.BigEndian.Uint16(v[5])), Flags: CertificateFlags(v[6][0]), Signature: [signatureLength]byte(v[7]),
	}, nil
}

// SignedBy reports whether ca made the certificate's signature.
func (c *Certificate) SignedBy(ca *ecdsa.PublicKey) bool {
	return verifySignature(ca, c.MarshalTBS(), c.Signature[:])
}

func verifySignature(key *ecdsa.PublicKey, message, signature []byte) bool {
	if len(signature) != signatureLength {
		return false
	}
	r := new(big.Int).SetBytes(signature[:scalarLength])
	s := new(big.Int).SetBytes(signature[scalarLength:])
	digest := sha256.Sum256(message)
	return ecdsa.Verify(key, digest[:], r, s)
}

// KeyIDOf names a CA key.
func KeyIDOf(ca *ecdsa.PublicKey) (KeyID, error) {
	if ca == nil || ca.Curve != elliptic.P256() {
		return KeyID{}, errors.New("ca key is not of P-256")
	}
	point, err := ca.Bytes()
	if err != nil {
		return KeyID{}, fmt.Errorf("ca key: %w", err)
	}
	sum := sha256.Sum256(point)
	return KeyID(sum[:]), nil
}
