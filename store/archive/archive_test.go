package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"loyaltill/store"
)

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"ledger.db": "ledger", "members.db": "members of this store"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, to age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	m := Manifest{Made: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Head: store.Position{Store: 17, Epoch: 3, Seq: 9}}
	if err := Write(&b, m, folder(t), []string{"ledger.db", "members.db"}, to); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatWentInComesOut(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		to   age.Recipient
		keys []age.Identity
	}{"plain": {}, "sealed": {key.Recipient(), []age.Identity{key}}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			m, err := Read(bytes.NewReader(write(t, tc.to)), dir, tc.keys)
			if err != nil {
				t.Fatal(err)
			}
			if m.Head.Seq != 9 || len(m.Files) != 2 {
				t.Errorf("%+v", m)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "members.db")); err != nil || string(got) != "members of this store" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestASealedBackupSaysNothingToAnybodyElse(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	sealed := write(t, key.Recipient())
	if bytes.Contains(sealed, []byte("ledger.db")) || bytes.Contains(sealed, []byte("members")) {
		t.Error("a name can be read")
	}
	for _, keys := range [][]age.Identity{nil, {other}} {
		if _, err := Read(bytes.NewReader(sealed), t.TempDir(), keys); !errors.Is(err, ErrSealed) {
			t.Errorf("%v", err)
		}
	}
}

// Whatever byte is lost or changed, nothing is taken for whole.
func TestADamagedBackupIsRefused(t *testing.T) {
	whole := write(t, nil)
	for n := range whole {
		if _, err := Read(bytes.NewReader(whole[:n]), t.TempDir(), nil); err == nil {
			t.Errorf("the first %d of %d bytes went through", n, len(whole))
		}
		bad := bytes.Clone(whole)
		bad[n] ^= 0x10
		dir := t.TempDir()
		if _, err := Read(bytes.NewReader(bad), dir, nil); err == nil {
			if got, err := os.ReadFile(filepath.Join(dir, "ledger.db")); err != nil || string(got) != "ledger" {
				t.Errorf("byte %d changed: %q, %v", n, got, err)
			}
		}
	}
	if _, err := Read(bytes.NewReader([]byte("SQLite format 3\x00")), t.TempDir(), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("a database: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = Read(bytes.NewReader(b), t.TempDir(), nil) // must only end
	})
}
