package wire

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Limits of enrolment (docs/wire.md, 10).
const (
	MaxEnrolBytes = 8 << 10  // a request
	MaxEnrolReply = 64 << 10 // its answer
)

// EnrolRequest asks for the identity that a code stands for.
type EnrolRequest struct {
	Code    string `json:"code"`    // the secret part alone
	Request string `json:"request"` // PKCS #10, PEM: the key that the box has made for itself
}

// EnrolAnswer is an identity folder without the box's own key.
type EnrolAnswer struct {
	Identity    store.Identity `json:"identity"`
	Certificate string         `json:"certificate"` // PEM
	CA          string         `json:"ca"`          // PEM
	NumberKey   store.HexBytes `json:"number_key"`
}

// RenewRequest asks for a certificate that ends later.
type RenewRequest struct {
	Request string `json:"request"` // PKCS #10, PEM

	Epoch loyalty.Epoch `json:"epoch,omitempty"` // of the life that a decision gave; 0 is the certificate's own
}

// RenewAnswer is the certificate.
type RenewAnswer struct {
	Certificate string `json:"certificate"` // PEM
}

// A code in the letters of Crockford's base 32: which code it is, its secret, and the beginning of the SHA-256 of head office's CA.
const (
	codeLetters   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeNameLen   = 4
	codeSecretLen = 12 // name included
	codeLen       = 28
	codeGroup     = 4
)

// EnrolCode lets one box enrol itself once, and lets it know head office when it meets it.
type EnrolCode struct{ letters string }

// ErrCode says that a text is no code.
var ErrCode = errors.New("want 28 letters and digits in groups of four, as head office printed them")

// NewEnrolCode makes a code for whoever trusts a CA (DER).
func NewEnrolCode(entropy io.Reader, ca []byte) (EnrolCode, error) {
	raw := make([]byte, codeSecretLen)
	if _, err := io.ReadFull(entropy, raw); err != nil {
		return EnrolCode{}, fmt.Errorf("make code: %w", err)
	}
	for i, b := range raw {
		raw[i] = codeLetters[b%32] // 256 is a multiple of 32: every letter is as likely
	}
	return EnrolCode{string(raw) + caLetters(ca)}, nil
}

// caLetters is the beginning of a CA's SHA-256, 80 bits.
func caLetters(ca []byte) string {
	sum := sha256.Sum256(ca)
	out := make([]byte, codeLen-codeSecretLen)
	for i := range out {
		bit := 5 * i
		two := uint16(sum[bit/8])<<8 | uint16(sum[bit/8+1])
		out[i] = codeLetters[two>>(11-bit%8)&31]
	}
	return string(out)
}

// ParseEnrolCode reads a code as people type it: letters of either case, O for 0, I and L for 1, grouped or not.
func ParseEnrolCode(s string) (EnrolCode, error) {
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
	if len(s) != codeLen || strings.Trim(s, codeLetters) != "" {
		return EnrolCode{}, ErrCode
	}
	return EnrolCode{s}, nil
}

// ParsePairing reads a code and, behind an @, where head office answers: "7K3M-...@hq.example.org:8443". Without, office is empty.
func ParsePairing(s string) (code EnrolCode, office string, err error) {
	letters, host, found := strings.Cut(s, "@")
	if code, err = ParseEnrolCode(letters); err != nil || !found {
		return code, "", err
	}
	if host = strings.TrimSpace(host); host == "" || strings.ContainsAny(host, "/ ") {
		return code, "", ErrCode
	}
	return code, "https://" + host, nil
}

// Pairing is the code with where head office answers, an address such as https://hq.example.org:8443.
func (c EnrolCode) Pairing(office string) string {
	return c.String() + "@" + strings.TrimSuffix(strings.TrimPrefix(office, "https://"), "/")
}

// String is the code as it is shown to the person who types it.
func (c EnrolCode) String() string {
	var groups []string
	for at := 0; at < len(c.letters); at += codeGroup {
		groups = append(groups, c.letters[at:at+codeGroup])
	}
	return strings.Join(groups, "-")
}

// Format keeps the code out of logs, whatever the verb; String alone shows it.
func (c EnrolCode) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// Secret is what head office is told.
func (c EnrolCode) Secret() string { return c.letters[:codeSecretLen] }

// Vouches says whether the code was made by whoever has a CA (DER).
func (c EnrolCode) Vouches(ca []byte) bool { return c.letters[codeSecretLen:] == caLetters(ca) }

// CodeName is the part of a secret by which head office finds it again; empty when it is none.
func CodeName(secret string) string {
	if len(secret) != codeSecretLen || strings.Trim(secret, codeLetters) != "" {
		return ""
	}
	return secret[:codeNameLen]
}

// CodeDigest is what head office keeps of a secret.
func CodeDigest(secret string) store.Hash {
	return sha256.Sum256([]byte("loyaltill enrol code 1" + secret))
}

// SameDigest compares without telling where two digests differ.
func SameDigest(a, b store.Hash) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
