package cardsim

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// issuer is whoever personalises: it has the transport keys and a channel to one blank card.
type issuer struct {
	*tap
	keys            TransportKeys
	host, card      []byte // challenges
	cardCryptogram  []byte
	enc, mac, rmac_ [16]byte
}

func newBlank(t testing.TB, seed byte) *Card {
	t.Helper()
	card, err := Create(seeded(seed))
	if err != nil {
		t.Fatal(err)
	}
	if err := card.PowerOn(); err != nil {
		t.Fatal(err)
	}
	return card
}

// newIssuer selects the blank card and has not begun yet.
func newIssuer(t testing.TB, send func([]byte) []byte) *issuer {
	t.Helper()
	i := &issuer{tap: &tap{t: t, send: send, entropy: seeded(77)}, keys: TestTransportKeys()}
	i.selectCard()
	return i
}

// initialize sends INITIALIZE UPDATE and derives what follows from its answer.
func (i *issuer) initialize() {
	i.t.Helper()
	i.host = make([]byte, 8)
	_, _ = i.entropy.Read(i.host)
	answer := i.send(append(unhex("8050000008"), i.host...))
	if len(answer) != 31 || !bytes.Equal(answer[:13], unhex("00000000000000000000 01 03 60")) {
		i.t.Fatalf("INITIALIZE UPDATE answers %X", answer)
	}
	i.card, i.cardCryptogram = answer[13:21], answer[21:29]
	i.enc, i.mac, i.rmac_ = i.derive(i.keys.Enc, 4, 0x80), i.derive(i.keys.MAC, 6, 0x80), i.derive(i.keys.MAC, 7, 0x80)
}

func (i *issuer) derive(key [16]byte, constant, bits byte) [16]byte {
	return newCMAC(key).sum(make([]byte, 11), []byte{constant, 0, 0, bits, 1}, i.host, i.card)
}

// authenticate builds EXTERNAL AUTHENTICATE and starts counting.
func (i *issuer) authenticate() []byte {
	cryptogram := i.derive(i.mac, 1, 0x40)
	capdu := append(unhex("8482330010"), cryptogram[:8]...)
	i.start(i.enc, i.mac, i.rmac_)
	i.chain = i.tap.mac.sum(make([]byte, 16), capdu)
	return append(capdu, i.chain[:8]...)
}

func (i *issuer) open() {
	i.t.Helper()
	i.initialize()
	if want := i.derive(i.mac, 0, 0x40); !bytes.Equal(i.cardCryptogram, want[:8]) {
		i.t.Fatalf("card cryptogram %X, want %X", i.cardCryptogram, want[:8])
	}
	if got := i.send(i.authenticate()); sw(got) != "9000" || len(got) != 2 {
		i.t.Fatalf("EXTERNAL AUTHENTICATE answers %X", got)
	}
}

func (i *issuer) generateKey() []byte {
	i.t.Helper()
	return i.want(0x9000, 0x84, 0x46, 0, 0, nil)
}

func TestABlankCardSaysSoAndTakesNothingButItsPersonalisation(t *testing.T) {
	card := newBlank(t, 2)
	if got := sw(card.Process(unhex("8050000008 0102030405060708"))); got != "6985" {
		t.Errorf("before SELECT: %s", got)
	}
	want := unhex("6F40 8409 F04C594C5459310001 A533 800101 8108 0000000000000000 8208 0000000000000000 8308 0000000000000000" +
		"8404 00000000 8504 00000000 8601 24 8701 00 9000")
	if got := card.Process(unhex(selectHex)); !bytes.Equal(got, want) {
		t.Errorf("SELECT answers\n%X, want\n%X", got, want)
	}
	point := card.core.key.PublicKey().Bytes()
	for _, c := range []struct{ name, capdu, want string }{
		{"read the certificate", "00B0810000", "6985"},
		{"agree", "0088010151" + hex.EncodeToString(append(make([]byte, 16), point...)), "6985"},
		{"verify", "0020000108 34373131FFFFFFFF", "6985"},
		{"renew", "80DA0101B9" + hex.EncodeToString(make([]byte, 185)), "6985"},
		{"balance", "805C0000", "6985"},
		{"generate a key in the clear", "80460000", "6982"},
		{"store data in the clear", "80E2800001 70", "6982"},
		{"authenticate in the clear", "8082330010" + hex.EncodeToString(make([]byte, 16)), "6982"},
		{"authenticate without a challenge", "8482330010" + hex.EncodeToString(make([]byte, 16)), "6985"},
		{"generate a key without a channel", "84460000080000000000000000", "6985"},
	} {
		card.Process(unhex(selectHex))
		if got := sw(card.Process(unhex(c.capdu))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	i := newIssuer(t, card.Process)
	i.open()
	i.want(0x6985, 0x84, 0x5C, 0, 0, nil)
	i.want(0x6985, 0x84, 0x82, 0x33, 0, make([]byte, 16))
	i.want(0x6882, 0x84, 0x50, 0, 0, make([]byte, 8))
}

func TestTheChannelOpensOnlyForWhoHasTheTransportKeys(t *testing.T) {
	for _, c := range []struct {
		name, want string
		capdu      func(i *issuer) []byte
	}{
		{"the right keys", "9000", func(i *issuer) []byte { return i.authenticate() }},
		{"another K-MAC", "6300", func(i *issuer) []byte { i.mac[0] ^= 1; return i.authenticate() }},
		{"a bit of the cryptogram", "6300", func(i *issuer) []byte { b := i.authenticate(); b[5] ^= 1; return b }},
		{"a bit of the MAC", "6988", func(i *issuer) []byte { b := i.authenticate(); b[20] ^= 1; return b }},
		{"a lower security level", "6A86", func(i *issuer) []byte { b := i.authenticate(); b[2] = 0x03; return b }},
		{"a byte less", "6700", func(i *issuer) []byte { b := i.authenticate(); b[4]--; return b[:20] }},
		{"another command between", "6985", func(i *issuer) []byte {
			b := i.authenticate()
			i.send(unhex("80CA000000"))
			return b
		}},
	} {
		i := newIssuer(t, newBlank(t, 2).Process)
		i.initialize()
		if got := sw(i.send(c.capdu(i))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		got := sw(i.send(i.wrap(0x84, 0x46, 0, 0, nil)))
		if open := got == "9000"; open != (c.want == "9000") {
			t.Errorf("%s: GENERATE KEY answers %s", c.name, got)
		}
	}
}

func TestInitializeUpdateNamesTheKeysByVersion(t *testing.T) {
	keys := TestTransportKeys()
	keys.Version, keys.MAC[0] = 7, 0
	card, err := CreateWith(seeded(2), keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := card.PowerOn(); err != nil {
		t.Fatal(err)
	}
	card.Process(unhex(selectHex))
	for capdu, want := range map[string]string{
		"8050000008 0102030405060708": "9000", "8050070008 0102030405060708": "9000", "8050010008 0102030405060708": "6A88",
		"8050000108 0102030405060708": "6A86", "8050000007 01020304050607": "6700",
	} {
		if got := sw(card.Process(unhex(capdu))); got != want {
			t.Errorf("%s answers %s, want %s", capdu, got, want)
		}
	}
	if _, err := CreateWith(seeded(2), TransportKeys{}); err == nil {
		t.Error("keys without a version are taken")
	}
}

// TestTheChannelsKeysEqualOpenSSLs derives what the card derives without a line of this package's cryptography.
func TestTheChannelsKeysEqualOpenSSLs(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in")
	cmac := func(key [16]byte, parts ...[]byte) []byte {
		if err := os.WriteFile(in, bytes.Join(parts, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		return opensslHex(t, "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:"+hex.EncodeToString(key[:]), "-in", in, "CMAC")
	}
	i := newIssuer(t, newBlank(t, 2).Process)
	i.initialize()
	block := func(constant byte, bits uint16) []byte {
		b := append(make([]byte, 11), constant, 0, byte(bits>>8), byte(bits), 1)
		return append(append(b, i.host...), i.card...)
	}
	k := [16]byte(unhex("404142434445464748494A4B4C4D4E4F"))
	smac := [16]byte(cmac(k, block(6, 128)))
	if want := cmac(smac, block(0, 64))[:8]; !bytes.Equal(i.cardCryptogram, want) {
		t.Errorf("card cryptogram %X, openssl says %X", i.cardCryptogram, want)
	}
	capdu := append(unhex("8482330010"), cmac(smac, block(1, 64))[:8]...)
	mac := cmac(smac, make([]byte, 16), capdu)
	if got := sw(i.send(append(capdu, mac[:8]...))); got != "9000" {
		t.Fatalf("EXTERNAL AUTHENTICATE answers %s", got)
	}
	// GENERATE KEY: no data, so the envelope is its MAC alone.
	command := unhex("8446000008")
	m := cmac(smac, mac, command)
	answer := i.send(append(command, m[:8]...))
	if len(answer) != 80+8+2 {
		t.Fatalf("GENERATE KEY answers %X", answer)
	}
	rmac := cmac([16]byte(cmac(k, block(7, 128))), m, answer[:80], answer[88:])
	if !bytes.Equal(answer[80:88], rmac[:8]) {
		t.Errorf("R-MAC %X, openssl says %X", answer[80:88], rmac[:8])
	}
	senc := cmac(k, block(4, 128))
	iv := binary.BigEndian.AppendUint64(append([]byte{0x80}, make([]byte, 7)...), 1)
	aes := func(mode string, data []byte, more ...string) []byte {
		if err := os.WriteFile(in, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return openssl(t, append([]string{"enc", mode, "-nopad", "-K", hex.EncodeToString(senc), "-in", in}, more...)...)
	}
	plain := aes("-aes-128-cbc", answer[:80], "-d", "-iv", hex.EncodeToString(aes("-aes-128-ecb", iv)))
	if plain[0] != 4 || plain[65] != 0x80 {
		t.Errorf("GENERATE KEY gives %X", plain)
	}
}
