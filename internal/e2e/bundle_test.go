package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"loyaltill/internal/stage"
	"loyaltill/store"
	"loyaltill/store/archive"
)

// supportKey makes a key of support and a shop that seals for it.
func supportKey(t *testing.T) (*age.X25519Identity, func(*stage.Options)) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key, func(o *stage.Options) { o.Support = key.Recipient().String() }
}

// unsealed opens a bundle as support does: every text by its name.
func unsealed(t *testing.T, key age.Identity, sealed []byte) map[string][]byte {
	t.Helper()
	open, err := age.Decrypt(bytes.NewReader(sealed), key)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(open)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{}
	for in := tar.NewReader(unpacked); ; {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err == nil {
			texts[head.Name], err = io.ReadAll(in)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// askBundle has the running agent make one, by right of the machine.
func askBundle(t *testing.T, shop *stage.Shop) []byte {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(shop.AgentData(), "owner.token"))
	if err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	owner := &stage.Client{Base: shop.API.Base, Token: strings.TrimSpace(string(token))}
	if err := owner.Do(t.Context(), "POST", "/v1/bundle", struct{}{}, &sealed); err != nil {
		t.Fatal(err)
	}
	return sealed
}

// holdsNoSecret looks in the texts of a bundle for every token and key of the store, and for card numbers.
func holdsNoSecret(t *testing.T, shop *stage.Shop, texts map[string][]byte) {
	t.Helper()
	secrets := map[string][]byte{"the token of the tills": []byte(shop.API.Token)}
	for name, file := range map[string]string{
		"the owner's token": filepath.Join(shop.AgentData(), "owner.token"), "the store's key": filepath.Join(shop.Identity, store.KeyFile),
		"the key of numbers": filepath.Join(shop.Identity, store.NumberKeyFile),
	} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Split(string(raw), "\n"); strings.HasPrefix(lines[0], "-----BEGIN") {
			raw = []byte(lines[1])
		}
		secrets[name] = bytes.TrimSpace(raw)
	}
	for _, m := range shop.Members {
		secrets["the card number of "+m.Name] = []byte(m.Number)
	}
	for where, text := range texts {
		for name, secret := range secrets {
			for form, needle := range map[string]string{"it is": string(secret), "hexadecimal": hex.EncodeToString(secret), "base64": base64.StdEncoding.EncodeToString(secret)} {
				if strings.Contains(string(text), needle) {
					t.Errorf("%s of the bundle holds %s as %s", where, name, form)
				}
			}
		}
	}
}

// The file for support is made by the running agent, with its log, and from outside when it does not run.
func TestABundleTellsSupportHowAStoreDoes(t *testing.T) {
	key, sealing := supportKey(t)
	shop := openShop(t, sealing)
	dir := t.TempDir()
	bundle := func(name string) map[string][]byte {
		file := filepath.Join(dir, name)
		if out, err := shop.Run(t.Context(), "loyaltill", "bundle", "-o", file, "--config", shop.AgentConfig()); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		sealed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) > 8*archive.MaxText {
			t.Errorf("%s has %d bytes", name, len(sealed))
		}
		texts := unsealed(t, key, sealed)
		holdsNoSecret(t, shop, texts)
		return texts
	}
	running := bundle("running")
	for name, want := range map[string]string{
		"about.json": `"store": 1`, "loyaltill.toml": "[support]", "doctor.txt": "ok    identity", "database.json": `"exit": 0`, "status.json": `"printer"`,
		"overview.json": `"light"`, "log.jsonl": "agent started",
	} {
		if !strings.Contains(string(running[name]), want) {
			t.Errorf("%s has no %q:\n%s", name, want, running[name])
		}
	}
	if out, err := shop.Run(t.Context(), "loyaltill", "bundle", "-o", filepath.Join(dir, "running"), "--config", shop.AgentConfig()); err == nil {
		t.Errorf("a file was written over: %s", out)
	}
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	stopped := bundle("stopped")
	if !strings.Contains(string(stopped["log.jsonl.missing"]), "journalctl") || !strings.Contains(string(stopped["status.json.missing"]), "does not answer") {
		t.Errorf("without the agent: %q", stopped)
	}
	if !strings.Contains(string(stopped["database.json"]), `"exit": 0`) {
		t.Errorf("the ledger without the agent: %s", stopped["database.json"])
	}
}
