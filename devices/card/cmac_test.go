package card

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCMACGivesTheValuesOfRFC4493(t *testing.T) {
	key := Key(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	message := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"+
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for length, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		if got := CMAC(key, message[:length]); hex.EncodeToString(got[:]) != want {
			t.Errorf("%d bytes: got %x, want %s", length, got, want)
		}
	}
}

func TestWycheproofCMAC(t *testing.T) {
	var file struct {
		TestGroups []struct {
			KeySize, TagSize int
			Tests            []struct {
				TcID                   int
				Key, Msg, Tag, Comment string
				Result                 string
			}
		}
	}
	if !readWycheproof(t, "aes_cmac_test.json", &file) {
		return
	}
	checked, other := 0, 0
	for _, group := range file.TestGroups {
		for _, v := range group.Tests {
			key := unhex(t, v.Key)
			if len(key) != len(Key{}) {
				other++ // LYL1 knows AES-128 alone
				continue
			}
			got := CMAC(Key(key), unhex(t, v.Msg))
			if equal := bytes.Equal(got[:group.TagSize/8], unhex(t, v.Tag)); equal != (v.Result == "valid") {
				t.Errorf("%d %s: equal %t, want %s", v.TcID, v.Comment, equal, v.Result)
			}
			checked++
		}
	}
	t.Logf("%d vectors checked, %d of other key sizes", checked, other)
	if checked == 0 {
		t.Error("no vector was checked")
	}
}

func TestCMACAndSessionKeysAgreeWithOpenSSL(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{4, 93})
	random := func(n int) []byte {
		b := make([]byte, n)
		_, _ = rng.Read(b)
		return b
	}
	for n := range 12 {
		key, message := Key(random(16)), random(n*7)
		mac := CMAC(key, message)
		got := openssl(t, message, "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:"+hex.EncodeToString(key[:]), "-in", "-", "CMAC")
		if want := strings.ToUpper(hex.EncodeToString(mac[:])); strings.TrimSpace(string(got)) != want {
			t.Errorf("cmac of %d bytes: openssl %s, ours %s", len(message), got, want)
		}

		z, info := random(32), random(52)
		keys := deriveSessionKeys(z, info)
		ours := bytes.Join([][]byte{keys.confirm[:], keys.enc[:], keys.mac[:], keys.rmac[:]}, nil)
		theirs := openssl(t, nil, "kdf", "-keylen", "64", "-binary", "-kdfopt", "digest:SHA2-256",
			"-kdfopt", "hexkey:"+hex.EncodeToString(z), "-kdfopt", "hexinfo:"+hex.EncodeToString(info), "SSKDF")
		if !bytes.Equal(ours, theirs) {
			t.Errorf("session keys: openssl %x, ours %x", theirs, ours)
		}
	}
}

func TestCardKeyDerivationInputGivesOpenSSLsKBKDF(t *testing.T) {
	master := Key(unhex(t, "000102030405060708090a0b0c0d0e0f"))
	id := ID{0, 0, 0, 0, 0, 0, 0, 42}
	for _, label := range []string{LabelTX, LabelLoad} {
		ours := CMAC(master, DerivationInput(label, id))
		theirs := openssl(t, nil, "kdf", "-keylen", "16", "-binary", "-kdfopt", "mac:CMAC", "-kdfopt", "cipher:AES-128-CBC",
			"-kdfopt", "hexkey:"+hex.EncodeToString(master[:]), "-kdfopt", "salt:"+label,
			"-kdfopt", "hexinfo:"+id.String(), "KBKDF")
		if !bytes.Equal(ours[:], theirs) {
			t.Errorf("%s: openssl %x, ours %x", label, theirs, ours)
		}
	}
}

func TestKeysAndUnlocksPrintMasked(t *testing.T) {
	key, unlock := Key([]byte("0123456789abcdef")), Unlock([]byte("0123456789abcdef"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, v := range []any{key, &key, unlock, []any{key, unlock}} {
			if got := fmt.Sprintf(verb, v); !strings.Contains(got, "***") || strings.Contains(got, "3031") || strings.Contains(got, "0123") || strings.Contains(got, "48 49") {
				t.Errorf("%s of %T prints %s", verb, v, got)
			}
		}
	}
}
