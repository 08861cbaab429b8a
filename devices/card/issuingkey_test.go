package card_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
)

// chain is a store whose issuing keys head office changes while cards come.
type chain struct {
	*store
	statement []byte
}

func newChain(t *testing.T) *chain {
	c := &chain{store: newStore(t, cardtest.Plastic{})}
	c.statement = c.issuer.Statement(t, nil)
	c.trusts(t, &c.issuer.Root.PublicKey)
	return c
}

func (c *chain) trusts(t *testing.T, root *ecdsa.PublicKey) {
	t.Helper()
	var err error
	c.trust, err = card.NewTrust(c.issuer.Scheme, root, card.Lists{IssuingKey: func(card.KeyID) []byte { return c.statement }})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCardIsAcceptedOnlyUnderAKeyThatTheRootSigned(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, c *chain)
		want  error
	}{
		{"head office sent no such key", func(_ *testing.T, c *chain) { c.statement = nil }, card.ErrWrongIssuer},
		{"another root signed it", func(t *testing.T, c *chain) { c.trusts(t, &cardtest.NewIssuer(t).Root.PublicKey) }, card.ErrWrongIssuer},
		{"one bit was changed", func(_ *testing.T, c *chain) { c.statement = flipped(c.statement, 80) }, card.ErrWrongIssuer},
		{"it ends in a byte too many", func(_ *testing.T, c *chain) { c.statement = append(bytes.Clone(c.statement), 0) }, card.ErrWrongIssuer},
		{"it is another key's", func(t *testing.T, c *chain) {
			other := cardtest.NewIssuer(t)
			c.statement = c.issuer.Statement(t, func(k *card.IssuingKey) { k.Key = &other.CA.PublicKey })
		}, card.ErrWrongIssuer},
		{"it is another chain's", func(t *testing.T, c *chain) {
			c.statement = c.issuer.Statement(t, func(k *card.IssuingKey) { k.Scheme[0]++ })
		}, card.ErrWrongIssuer},
		{"it is revoked", func(t *testing.T, c *chain) {
			c.statement = c.issuer.Statement(t, func(k *card.IssuingKey) { k.Revoked = true })
		}, card.ErrIssuerRevoked},
		{"its last day was yesterday", func(t *testing.T, c *chain) {
			c.statement = c.issuer.Statement(t, func(k *card.IssuingKey) { k.LastDay = card.DayOf(today()) - 1 })
		}, card.ErrExpired},
		{"its first day is tomorrow", func(t *testing.T, c *chain) {
			c.statement = c.issuer.Statement(t, func(k *card.IssuingKey) { k.FirstDay = card.DayOf(today()) + 1 })
		}, card.ErrExpired},
		{"the card's certificate reaches beyond it", func(t *testing.T, c *chain) {
			c.statement = c.issuer.Statement(t, func(k *card.IssuingKey) { k.LastDay = card.DayOf(today()) })
		}, card.ErrCounterfeit},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newChain(t)
			row.spoil(t, c)
			_, err := card.Open(t.Context(), c.slot, c.trust, today())
			wantErr(t, err, row.want)
		})
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestRevocationCountsAtTheNextTapOfACardThatIsKnown(t *testing.T) {
	c := newChain(t)
	c.open(t).End()
	c.statement = c.issuer.Statement(t, func(k *card.IssuingKey) { k.Revoked = true })
	c.insert(t)
	_, err := card.Open(t.Context(), c.slot, c.trust, today())
	wantErr(t, err, card.ErrIssuerRevoked)
}

func TestOpenSSLAgreesThatTheRootSignedTheStatement(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	issuer := cardtest.NewIssuer(t)
	statement := issuer.Statement(t, nil)
	const tbs = card.IssuingKeyLength - 2 - 64
	dir := t.TempDir()
	der, err := x509.MarshalPKIXPublicKey(&issuer.Root.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	rs := statement[tbs+2:]
	sig, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(rs[:32]), new(big.Int).SetBytes(rs[32:])})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"root.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "sig": sig, "tbs": statement[:tbs]} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), path, "dgst", "-sha256", "-verify", "root.pem", "-signature", "sig", "tbs")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
