package card

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/devices/apdu"
)

// contract is docs/card-vectors.txt, which implementers of LYL1 have in their hands.
func contract(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../../docs/card-vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	vectors := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), " = ")
		if !found || line[0] == '#' {
			continue // a heading
		}
		if vectors[strings.TrimSpace(name)], err = hex.DecodeString(value); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if len(vectors) < 40 {
		t.Fatalf("only %d vectors in the file", len(vectors))
	}
	return vectors
}

// TestTheHostReproducesEveryPublishedVector computes each derived line of the page's vectors with the code that talks to cards.
func TestTheHostReproducesEveryPublishedVector(t *testing.T) {
	v := contract(t)
	id := ID(v["card_id"])
	got := map[string][]byte{}
	put16 := func(name string, b [16]byte) { got[name] = b[:] }
	put16("k_tx", CMAC(Key(v["master_tx"]), DerivationInput(LabelTX, id)))
	put16("k_ld", CMAC(Key(v["master_ld"]), DerivationInput(LabelLoad, id)))
	hostCertificate(t, v, got)
	keys := hostAgreement(t, v, got)
	hostMessages(t, v, got, keys)
	hostPurse(t, v, got, id)
	for name, want := range got {
		if !bytes.Equal(v[name], want) {
			t.Errorf("%s: the page says %x, the host %x", name, v[name], want)
		}
	}
}

func hostCertificate(t *testing.T, v, got map[string][]byte) {
	cert, err := ParseCertificate(v["certificate"])
	if err != nil {
		t.Fatal(err)
	}
	ca, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), v["ca_public"])
	if err != nil {
		t.Fatal(err)
	}
	keyID, err := KeyIDOf(ca)
	if err != nil {
		t.Fatal(err)
	}
	hash := cert.Hash()
	got["ca_key_id"], got["certificate_hash"], got["card_public"] = keyID[:], hash[:], cert.Key.Bytes()
	got["certificate"] = cert.Marshal()
	if !cert.SignedBy(ca) || cert.CA != keyID || cert.Card != ID(v["card_id"]) || cert.Flags != PlainVerify {
		t.Errorf("certificate %+v", cert)
	}
}

func hostAgreement(t *testing.T, v, got map[string][]byte) sessionKeys {
	own, err := ecdh.P256().NewPrivateKey(v["host_private"])
	if err != nil {
		t.Fatal(err)
	}
	qc, err := ecdh.P256().NewPublicKey(v["card_public"])
	if err != nil {
		t.Fatal(err)
	}
	if got["z"], err = own.ECDH(qc); err != nil {
		t.Fatal(err)
	}
	got["host_public"] = own.PublicKey().Bytes()
	sel := selection{card: ID(v["card_id"]), hash: CertificateHash(v["certificate_hash"])}
	got["info"] = sessionInfo(sel, v["nh"], v["nc"])
	keys := deriveSessionKeys(got["z"], got["info"])
	got["k"] = bytes.Join([][]byte{keys.confirm[:], keys.enc[:], keys.mac[:], keys.rmac[:]}, nil)
	if purse := unseal(keys.confirm, v["sealed"]); purse != parseBalance(v["state"]) || purse.Points != 250 {
		t.Errorf("sealed purse %+v", purse)
	}
	cryptogram := confirm(keys.confirm, sel.card, got["host_public"], v["sealed"])
	got["cryptogram"] = cryptogram[:]
	return keys
}

func hostMessages(t *testing.T, v, got map[string][]byte, keys sessionKeys) {
	ch := newChannel(&keys)
	lock := Unlock(v["r"]).Lock()
	debit := Debit{Amount: 200, Store: 7, Lane: 3, TxID: TxID(v["txid"]), Lock: lock}
	got["lock"], got["debit_data"] = lock[:], debit.marshal()
	for _, m := range []struct {
		name string
		cmd  apdu.Command
		data []byte
	}{
		{"verify", apdu.Command{INS: insVerify, P2: pinReference, Data: []byte("4711\xff\xff\xff\xff")}, nil},
		{"debit", apdu.Command{CLA: claPurse, INS: insDebit, Data: debit.marshal()}, v["debit_answer_data"]},
	} {
		cmd, err := ch.wrap(m.cmd)
		if err != nil {
			t.Fatal(err)
		}
		if got[m.name+"_command"], err = cmd.Append(nil); err != nil {
			t.Fatal(err)
		}
		answer, err := apdu.ParseResponse(v[m.name+"_answer"])
		if err != nil {
			t.Fatal(err)
		}
		if data, err := ch.unwrap(answer); err != nil || !bytes.Equal(data, m.data) {
			t.Errorf("%s answer: %x, %v", m.name, data, err)
		}
	}
}

func hostPurse(t *testing.T, v, got map[string][]byte, id ID) {
	record, err := ParseRecord(v["debit_record"])
	if err != nil {
		t.Fatal(err)
	}
	mac := CMAC(Key(v["k_tx"]), TXMACInput(id, record))
	if !bytes.Equal(mac[:8], record.MAC[:]) || !bytes.Equal(record.MAC[:], v["debit_answer_data"][8:]) {
		t.Errorf("debit record %+v, MAC %x", record, mac)
	}
	for _, name := range []string{"voucher_points", "voucher_limits", "voucher_terminate"} {
		voucher, err := ParseVoucher(id, v[name])
		if err != nil {
			t.Fatal(err)
		}
		voucher.MAC = CMAC(Key(v["k_ld"]), VoucherMACInput(voucher))
		got[name] = voucher.Marshal()
	}
	points, err := ParseVoucher(id, v["voucher_points"])
	if err != nil {
		t.Fatal(err)
	}
	mac = CMAC(Key(v["k_tx"]), TXMACInput(id, Record{Ctr: 1, Type: TypeLoad, Amount: 250, NewBalance: 250, TxID: points.txID()}))
	got["load_txmac"] = mac[:8]
}

// byOpenSSL recomputes vectors with the command line tool alone; Go only puts bytes in a row.
type byOpenSSL struct {
	*testing.T
	v map[string][]byte
}

func (o byOpenSSL) hash(parts ...[]byte) []byte {
	return openssl(o.T, bytes.Join(parts, nil), "dgst", "-sha256", "-binary")
}

func (o byOpenSSL) cmac(key []byte, parts ...[]byte) []byte {
	return openssl(o.T, bytes.Join(parts, nil), "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:"+hex.EncodeToString(key), "-binary", "CMAC")
}

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	subtle.XORBytes(out, a, b)
	return out
}

func (o byOpenSSL) derived(master []byte, label string) []byte {
	return openssl(o.T, nil, "kdf", "-binary", "-keylen", "16", "-kdfopt", "mac:CMAC", "-kdfopt", "cipher:AES-128-CBC", "-kdfopt", "hexkey:"+hex.EncodeToString(master),
		"-kdfopt", "salt:"+label, "-kdfopt", "hexinfo:"+hex.EncodeToString(o.v["card_id"]), "KBKDF")
}

// encrypt is padding and AES-CBC of 3.2, the IV being the encrypted counter.
func (o byOpenSSL) encrypt(key, counter, plain []byte) []byte {
	iv := openssl(o.T, counter, "enc", "-aes-128-ecb", "-nopad", "-K", hex.EncodeToString(key))
	padded := append(bytes.Clone(plain), 0x80)
	padded = append(padded, make([]byte, (16-len(padded)%16)%16)...)
	return openssl(o.T, padded, "enc", "-aes-128-cbc", "-nopad", "-K", hex.EncodeToString(key), "-iv", hex.EncodeToString(iv))
}

func (o byOpenSSL) file(name string, b []byte) string {
	path := filepath.Join(o.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		o.Fatal(err)
	}
	return path
}

func (o byOpenSSL) privatePEM(name string) string {
	key, err := ecdh.P256().NewPrivateKey(o.v[name])
	if err != nil {
		o.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		o.Fatal(err)
	}
	return o.file(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (o byOpenSSL) publicPEM(name string) string {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), o.v[name])
	if err != nil {
		o.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		o.Fatal(err)
	}
	return o.file(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func (o byOpenSSL) point(private string) []byte {
	der := openssl(o.T, nil, "pkey", "-in", o.privatePEM(private), "-pubout", "-outform", "DER")
	return der[len(der)-pointLength:]
}

// signed has the tool verify a certificate's signature, and complains when it does not.
func (o byOpenSSL) signed(cert []byte) {
	tbs, sig := cert[:CertificateLength-2-signatureLength], cert[CertificateLength-signatureLength:]
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
	if err != nil {
		o.Fatal(err)
	}
	openssl(o.T, tbs, "dgst", "-sha256", "-verify", o.publicPEM("ca_public"), "-signature", o.file("sig.der", der))
}

func TestOpenSSLReproducesEveryPublishedVector(t *testing.T) {
	v := contract(t)
	o := byOpenSSL{t, v}
	o.signed(v["certificate"])
	o.signed(v["renewal"][:CertificateLength])
	ktx, kld, cardID, lt, lv := v["k_tx"], v["k_ld"], v["card_id"], []byte("LT1"), []byte("LV1")
	points, record := v["voucher_points"], v["debit_record"]
	want := map[string][]byte{
		"k_tx": o.derived(v["master_tx"], LabelTX), "k_ld": o.derived(v["master_ld"], LabelLoad),
		"ca_public": o.point("ca_private"), "card_public": o.point("card_private"), "host_public": o.point("host_private"),
		"ca_key_id": o.hash(v["ca_public"])[:8], "certificate_hash": o.hash(v["certificate"])[:8],
		"renewed_hash": o.hash(v["renewal"][:CertificateLength])[:8],
		"z":            openssl(t, nil, "pkeyutl", "-derive", "-inkey", o.privatePEM("host_private"), "-peerkey", o.publicPEM("card_public")),
		"info":         bytes.Join([][]byte{[]byte("LYL1"), cardID, v["certificate_hash"], v["nh"], v["nc"]}, nil),
		"k": openssl(t, nil, "kdf", "-binary", "-keylen", "64", "-kdfopt", "digest:SHA2-256", "-kdfopt", "hexkey:"+hex.EncodeToString(v["z"]),
			"-kdfopt", "hexinfo:"+hex.EncodeToString(v["info"]), "SSKDF"),
		"sealed":     xor(v["state"], o.cmac(v["k"][:16], []byte(sealMask))),
		"cryptogram": o.cmac(v["k"][:16], []byte(confirmation), cardID, v["host_public"], v["sealed"]),
		"lock":       o.hash(v["r"])[:16],
		"load_txmac": o.cmac(ktx, lt, cardID, []byte("\x00\x00\x00\x01\x03\x00\x00\x00\xfa\x00\x00\x00\xfa\x00\x00\x00\x00\x00"), points[9:25])[:8],
		"renewal":    append(bytes.Clone(v["renewal"][:CertificateLength]), o.cmac(kld, []byte("LC1"), cardID, v["renewal"][:CertificateLength])...),
	}
	for _, name := range []string{"voucher_points", "voucher_limits", "voucher_terminate"} {
		want[name] = append(bytes.Clone(v[name][:17]), o.cmac(kld, lv, cardID, v[name][:17])...)
	}
	txmac := o.cmac(ktx, lt, cardID, record[:34])[:8]
	want["debit_answer_data"] = append([]byte("\x00\x00\x00\x02\x00\x00\x00\x32"), txmac...)
	want["debit_record"] = append(append(bytes.Clone(record[:34]), txmac...), "\x00\x00\x00\x01\x00\x00"...)
	o.messages(want)
	for name, want := range want {
		if !bytes.Equal(v[name], want) {
			t.Errorf("%s: the page says %x, openssl %x", name, v[name], want)
		}
	}
	for name := range v {
		if _, given := want[name]; !given && !o.isInput(name) {
			t.Errorf("%s is checked by nobody", name)
		}
	}
}

// isInput lists the chosen values, and what has a place of its own.
func (o byOpenSSL) isInput(name string) bool {
	return strings.HasPrefix(name, "master_") || strings.HasSuffix(name, "_private") || strings.HasSuffix(name, "_challenge") ||
		strings.Contains(" card_id certificate nh nc state txid r debit_data k_enc k_mac ", " "+name+" ")
}

// messages is 3.2 for the session's two commands and for the personalisation channel's.
func (o byOpenSSL) messages(want map[string][]byte) {
	counter := func(first, n byte) []byte { return append([]byte{first}, append(make([]byte, 14), n)...) }
	type channel struct{ enc, mac, rmac, chain []byte }
	exchange := func(c *channel, n byte, name string, head, data, answer []byte) {
		var body, secret []byte
		if len(data) > 0 {
			body = o.encrypt(c.enc, counter(0, n), data)
		}
		head = append(head, byte(len(body)+8))
		c.chain = o.cmac(c.mac, c.chain, head, body)
		want[name+"_command"] = bytes.Join([][]byte{head, body, c.chain[:8], {0}}, nil)
		if o.v[name+"_answer"] == nil {
			return
		}
		if len(answer) > 0 {
			secret = o.encrypt(c.enc, counter(0x80, n), answer)
		}
		done := []byte{0x90, 0}
		want[name+"_answer"] = bytes.Join([][]byte{secret, o.cmac(c.rmac, c.chain, secret, done)[:8], done}, nil)
	}
	v := o.v
	session := &channel{v["k"][16:32], v["k"][32:48], v["k"][48:], make([]byte, 16)}
	exchange(session, 1, "verify", []byte{0x04, 0x20, 0, 1}, []byte("4711\xff\xff\xff\xff"), nil)
	exchange(session, 2, "debit", []byte{0x84, 0x54, 0, 0}, v["debit_data"], v["debit_answer_data"])

	scp := func(key []byte, constant byte, bits int) []byte {
		in := append(make([]byte, 11), constant, 0, 0, byte(bits), 1)
		return o.cmac(key, in, v["host_challenge"], v["card_challenge"])[:bits/8]
	}
	want["s_enc"], want["s_mac"], want["s_rmac"] = scp(v["k_enc"], 4, 128), scp(v["k_mac"], 6, 128), scp(v["k_mac"], 7, 128)
	want["card_cryptogram"], want["host_cryptogram"] = scp(v["s_mac"], 0, 64), scp(v["s_mac"], 1, 64)
	open := append([]byte{0x84, 0x82, 0x33, 0, 0x10}, v["host_cryptogram"]...)
	chain := o.cmac(v["s_mac"], make([]byte, 16), open)
	want["external_authenticate"] = append(open, chain[:8]...)
	perso := &channel{v["s_enc"], v["s_mac"], v["s_rmac"], chain}
	exchange(perso, 1, "generate_key", []byte{0x84, 0x46, 0, 0}, nil, v["card_public"])
	exchange(perso, 2, "store_data", []byte{0x84, 0xE2, 0, 0}, append([]byte{0x70, CertificateLength}, v["certificate"]...)[:100], nil)
}
