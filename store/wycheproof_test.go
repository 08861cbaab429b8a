package store

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

type wycheproofTest struct {
	ID                         int `json:"tcId"`
	Key, Msg, Sig, Tag, Result string
}

type wycheproofGroup struct {
	TagSize   int
	PublicKey struct{ PK string }
	Tests     []wycheproofTest
}

// wycheproof reads one file of C2SP wycheproof. The files live beside the checkout, not in it.
func wycheproof(t *testing.T, name string) []wycheproofGroup {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "shared", "vectors", "wycheproof", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("wycheproof %s is absent, nothing was compared", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ TestGroups []wycheproofGroup }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	return file.TestGroups
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNumberHMACGivesWycheproofsTags(t *testing.T) {
	n := 0
	for _, g := range wycheproof(t, "hmac_sha256_test.json") {
		for _, c := range g.Tests {
			mac := NumberHMAC(unhex(t, c.Key), string(unhex(t, c.Msg)))
			same := hex.EncodeToString(mac[:g.TagSize/8]) == c.Tag
			if same != (c.Result == "valid") {
				t.Errorf("case %d: same tag %v, want %s", c.ID, same, c.Result)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d cases", n)
	}
}

// Positions, closes, programmes, bills and coupons are all checked by this one function of the standard library.
func TestEd25519JudgesAsWycheproof(t *testing.T) {
	n := 0
	for _, g := range wycheproof(t, "ed25519_test.json") {
		for _, c := range g.Tests {
			if valid := ed25519.Verify(unhex(t, g.PublicKey.PK), unhex(t, c.Msg), unhex(t, c.Sig)); valid != (c.Result == "valid") {
				t.Errorf("case %d: valid %v, want %s", c.ID, valid, c.Result)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d cases", n)
	}
}
