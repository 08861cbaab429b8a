package wire

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Paths at which a store itself is asked (docs/wire.md, 15).
const (
	DirectBatches = "/v1/direct/batches"
	DirectCloses  = "/v1/direct/closes"
)

// DirectHeadOffice is the name under which head office asks a store.
const DirectHeadOffice = "head-office"

// MaxStoreCloses bounds a page of a store's own manifests.
const MaxStoreCloses = 31

// StoreClose is what a store says itself of a business day that it closed, signed with its own key. The range and the file are those
// that head office publishes as the day's entries.ndjson: the same bytes under the same SHA-256.
type StoreClose struct {
	Store       loyalty.StoreID    `json:"store"`
	Epoch       loyalty.Epoch      `json:"epoch"`
	Day         string             `json:"day"`
	First       loyalty.Seq        `json:"first"`
	Last        loyalty.Seq        `json:"last"` // the close entry
	Count       int64              `json:"count"`
	Totals      *loyalty.CloseBody `json:"totals"`
	HeadHash    store.Hash         `json:"head_hash"` // chain value at Last
	File        CloseFile          `json:"file"`
	Certificate store.HexBytes     `json:"certificate"` // the store's, DER
	Signature   store.HexBytes     `json:"signature"`   // by its key, over the line with an empty signature
}

// storeCloseLabel keeps the signature of a store's manifest from being taken for any other.
const storeCloseLabel = "loyaltill store close 1"

// StoreClosePath is where a store serves the entries of the day that it closed with an entry.
func StoreClosePath(last loyalty.Seq) string {
	return fmt.Sprintf("%s/%d/%s", DirectCloses, last, FileNDJSON)
}

// SignLine signs an otherwise finished manifest and gives it as it travels, without line end.
func (c StoreClose) SignLine(certificate []byte, key crypto.Signer) ([]byte, error) {
	c.Certificate = certificate
	message, err := c.message()
	if err == nil {
		c.Signature, err = key.Sign(rand.Reader, message, crypto.SHA256)
	}
	if err != nil {
		return nil, fmt.Errorf("sign close of %s: %w", c.Day, err)
	}
	return json.Marshal(c)
}

func (c StoreClose) message() ([]byte, error) {
	c.Signature = nil
	line, err := json.Marshal(c)
	sum := sha256.Sum256(append([]byte(storeCloseLabel), line...))
	return sum[:], err
}

// ReadStoreClose reads a manifest and refuses one that its store did not sign, to the last byte.
func ReadStoreClose(line []byte, roots *x509.CertPool, now time.Time) (*StoreClose, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	c := &StoreClose{}
	if err := dec.Decode(c); err != nil {
		return nil, NewProblem(CodeDamaged, "close: %v", err)
	}
	again, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	message, err := c.message()
	if err != nil {
		return nil, err
	}
	id, epoch, err := proveStore(c.Certificate, message, c.Signature, roots, now)
	if err != nil {
		return nil, err
	}
	if id != c.Store || epoch != c.Epoch || !bytes.Equal(line, again) || c.File.Path != StoreClosePath(c.Last) || c.Count != int64(c.Last-c.First+1) {
		return nil, NewProblem(CodeDamaged, "the close of %s is not as store %d, epoch %d, signed it", c.Day, id, epoch)
	}
	if _, err := time.Parse(time.DateOnly, c.Day); err != nil {
		return nil, NewProblem(CodeDamaged, "close: day %q", c.Day)
	}
	return c, nil
}

// VerifyStore proves that head office gave a certificate to a life of a store.
func VerifyStore(cert *x509.Certificate, roots *x509.CertPool, now time.Time) (loyalty.StoreID, loyalty.Epoch, error) {
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		return 0, 0, NewProblem(CodeUnauthorised, "certificate: %v", err)
	}
	return CertStore(cert)
}

// proveStore checks what a store signed, and says which life of which store it was.
func proveStore(certificate, message, signature []byte, roots *x509.CertPool, now time.Time) (loyalty.StoreID, loyalty.Epoch, error) {
	cert, err := x509.ParseCertificate(certificate)
	if err != nil {
		return 0, 0, NewProblem(CodeUnauthorised, "certificate: %v", err)
	}
	id, epoch, err := VerifyStore(cert, roots, now)
	if err != nil {
		return 0, 0, err
	}
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || !ecdsa.VerifyASN1(key, message, signature) {
		return 0, 0, NewProblem(CodeDamaged, "what store %d signed was changed; fetch or export it again", id)
	}
	return id, epoch, nil
}
