package card

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// signedCertificate makes a CA and a card certificate of it.
func signedCertificate(tb testing.TB) (*ecdsa.PrivateKey, *Certificate) {
	tb.Helper()
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	caID, err := KeyIDOf(&ca.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	c := &Certificate{CA: caID, Card: ID{7: 1}, Key: key.PublicKey(), Scheme: Scheme([]byte("LYL1")), LastDay: 9561, Flags: PlainVerify}
	digest := sha256.Sum256(c.MarshalTBS())
	der, err := ca.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.SetSignatureASN1(der); err != nil {
		tb.Fatal(err)
	}
	return ca, c
}

func TestCertificateHas169BytesAndReadsBackTheSame(t *testing.T) {
	ca, c := signedCertificate(t)
	raw := c.Marshal()
	if len(raw) != CertificateLength {
		t.Fatalf("%d bytes", len(raw))
	}
	got, err := ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Marshal(), raw) || got.Hash() != c.Hash() || !got.SignedBy(&ca.PublicKey) || got.Flags != PlainVerify {
		t.Fatalf("read back %+v", got)
	}
}

func TestCertificateWithAnyBitChangedIsRefused(t *testing.T) {
	ca, c := signedCertificate(t)
	raw := c.Marshal()
	for bit := range len(raw) * 8 {
		forged := bytes.Clone(raw)
		forged[bit/8] ^= 1 << (bit % 8)
		if got, err := ParseCertificate(forged); err == nil && got.SignedBy(&ca.PublicKey) {
			t.Fatalf("bit %d changed and still signed", bit)
		}
	}
	for n := range raw {
		if _, err := ParseCertificate(raw[:n]); err == nil {
			t.Fatalf("%d bytes were taken for a certificate", n)
		}
	}
	if _, err := ParseCertificate(append(bytes.Clone(raw), 0)); err == nil {
		t.Fatal("a byte more was taken")
	}
}

func TestCertificateWithAKeyOffTheCurveIsRefused(t *testing.T) {
	_, c := signedCertificate(t)
	raw := c.Marshal()
	at := bytes.Index(raw, []byte{0x53, 65, 4})
	raw[at+2+64] ^= 1
	if _, err := ParseCertificate(raw); err == nil {
		t.Fatal("taken")
	}
}

func TestOpenSSLAcceptsTheCertificatesSignature(t *testing.T) {
	ca, c := signedCertificate(t)
	spki, err := x509.MarshalPKIXPublicKey(&ca.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(c.Signature[:32]), new(big.Int).SetBytes(c.Signature[32:])})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	openssl(t, c.MarshalTBS(), "dgst", "-sha256", "-verify", key, "-signature", write("sig.der", der))
}

func TestSignatureThatIsNoDERSequenceOfP256IsRefused(t *testing.T) {
	_, c := signedCertificate(t)
	large := new(big.Int).Lsh(big.NewInt(1), 256)
	for name, pair := range map[string][2]*big.Int{
		"zero": {new(big.Int), big.NewInt(1)}, "negative": {big.NewInt(-1), big.NewInt(1)}, "too large": {big.NewInt(1), large},
	} {
		der, err := asn1.Marshal(struct{ R, S *big.Int }{pair[0], pair[1]})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetSignatureASN1(der); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := c.SetSignatureASN1([]byte("no")); err == nil {
		t.Error("text was taken")
	}
}

func TestDaysOfACertificate(t *testing.T) {
	for d, want := range map[Day]string{0: "2000-01-01", 9556: "2026-03-01", 65535: "2179-06-06"} {
		if got := d.Date().Format(time.DateOnly); got != want {
			t.Errorf("day %d is %s, want %s", d, got, want)
		}
		if DayOf(d.Date()) != d || DayOf(d.Date().Add(24*time.Hour-1)) != d {
			t.Errorf("day %d does not come back", d)
		}
	}
	if DayOf(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)) != 0 || DayOf(time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)) != 65535 {
		t.Error("days outside the range must stay at its ends")
	}
}

func TestWycheproofECDSA(t *testing.T) {
	var file struct {
		TestGroups []struct {
			PublicKey struct{ Uncompressed string }
			Tests     []struct {
				TcID                      int
				Comment, Msg, Sig, Result string
			}
		}
	}
	if !readWycheproof(t, "ecdsa_secp256r1_sha256_p1363_test.json", &file) {
		return
	}
	checked := 0
	for _, group := range file.TestGroups {
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), unhex(t, group.PublicKey.Uncompressed))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range group.Tests {
			if got := verifySignature(key, unhex(t, v.Msg), unhex(t, v.Sig)); got != (v.Result == "valid") {
				t.Errorf("%d %s: %t, want %s", v.TcID, v.Comment, got, v.Result)
			}
			checked++
		}
	}
	if checked == 0 {
		t.Error("no vector was checked")
	}
	t.Logf("%d vectors", checked)
}

func TestWycheproofECDH(t *testing.T) {
	var file struct {
		TestGroups []struct {
			Tests []struct {
				TcID                                     int
				Comment, Public, Private, Shared, Result string
			}
		}
	}
	if !readWycheproof(t, "ecdh_secp256r1_ecpoint_test.json", &file) {
		return
	}
	checked := 0
	for _, group := range file.TestGroups {
		for _, v := range group.Tests {
			scalar := new(big.Int).SetBytes(unhex(t, v.Private)).FillBytes(make([]byte, 32))
			own, err := ecdh.P256().NewPrivateKey(scalar)
			if err != nil {
				t.Fatal(err)
			}
			var z []byte
			key, err := ecdh.P256().NewPublicKey(unhex(t, v.Public))
			if err == nil {
				z, err = own.ECDH(key)
			}
			switch { // "acceptable" are compressed points, which LYL1 does not know
			case v.Result == "valid" && (err != nil || hex.EncodeToString(z) != v.Shared):
				t.Errorf("%d %s: %x, %v", v.TcID, v.Comment, z, err)
			case v.Result != "valid" && err == nil:
				t.Errorf("%d %s: a point was taken that is %s", v.TcID, v.Comment, v.Result)
			}
			checked++
		}
	}
	if checked == 0 {
		t.Error("no vector was checked")
	}
	t.Logf("%d vectors", checked)
}
