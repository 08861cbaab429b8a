package loyalty

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
)

// programmeLabel keeps a signature over a programme from being one over anything else; its number is the format.
const programmeLabel = "loyaltill programme 1"

// ErrProgrammeSignature says that a programme document was not signed with the key that was expected.
var ErrProgrammeSignature = errors.New("programme signature does not match head office's key")

// SignProgramme signs a document in its canonical form: the 64 bytes of an Ed25519 signature over its digest. The same key
// and document give the same signature.
func SignProgramme(canonical []byte, key ed25519.PrivateKey) []byte {
	return ed25519.Sign(key, programmeMessage(canonical))
}

// VerifyProgramme refuses a document that was not signed, byte for byte, with the secret half of key: ErrProgrammeSignature.
func VerifyProgramme(canonical, signature []byte, key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, programmeMessage(canonical), signature) {
		return ErrProgrammeSignature
	}
	return nil
}

// programmeMessage is what is signed: label ‖ SHA-256 of the document.
func programmeMessage(canonical []byte) []byte {
	sum := sha256.Sum256(canonical)
	return append([]byte(programmeLabel), sum[:]...)
}
