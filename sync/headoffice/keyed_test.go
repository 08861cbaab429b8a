package headoffice

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// booksBeforeKeys lays what a head office had in its books before members had keys.
func booksBeforeKeys(t *testing.T, at string) {
	t.Helper()
	names, err := filepath.Glob("../../store/hodb/migrations/*.sql")
	files := fstest.MapFS{}
	for _, name := range names {
		var text []byte
		if base := filepath.Base(name); err == nil && base < "00054" {
			text, err = os.ReadFile(name)
			files[base] = &fstest.MapFile{Data: text}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), at, store.Options{Migrations: files, Now: time.Now})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", at)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, row := range []string{
		`INSERT INTO store (store_id, name, time_zone, day_cut, language, made_at) VALUES (1, 'One', 'Europe/Riga', '', 'lv', 1)`,
		`INSERT INTO member (member_id, status, tier, language, made_at, birthday, attributes) VALUES (1, 'active', '', 'lv', 1, '1992-02-29', '["city=riga"]')`,
		`INSERT INTO member (member_id, status, tier, language, made_at) VALUES (2, 'active', '', 'lv', 1)`,
		`INSERT INTO member_range (first_id, last_id, store_id, epoch) VALUES (1000000000, 1000000999, 1, 1)`,
	} {
		if _, err := raw.ExecContext(t.Context(), row); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
	}
}

// Books from before members had keys are opened: each gets one, also those whom stores may make; what lay there in clear is sealed, and reads
// as before. Nothing changes when they are opened again.
func TestBooksFromBeforeThereWereKeysAreSealedWhenTheyAreOpened(t *testing.T) {
	home, err := Init(filepath.Join(t.TempDir(), "ho"), Settings{Scheme: "4c595431", Currency: "EUR", Hosts: []string{"127.0.0.1"}}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	booksBeforeKeys(t, home.DatabasePath())
	c := &centre{t: t, home: home, log: &bytes.Buffer{}}
	var keys [2][]byte
	for i := range keys {
		c.open()
		err := c.office.db.View(t.Context(), func(tx *hodb.Tx) (err error) {
			keys[i], err = sealedSince(t, tx, home)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		c.inOrder()
		c.close()
	}
	if !bytes.Equal(keys[0], keys[1]) {
		t.Error("the books were keyed again")
	}
}

func sealedSince(t *testing.T, tx *hodb.Tx, home *Home) (key []byte, err error) {
	t.Helper()
	m, err := tx.Member(1)
	if err != nil {
		return nil, err
	}
	if !store.IsSealed(m.Birthday) || len(m.Attributes) != 1 || !store.IsSealed(m.Attributes[0]) {
		t.Errorf("in clear: %q %q", m.Birthday, m.Attributes)
	}
	if err := home.Keys.reveal(tx, m); err != nil || m.Birthday != "1992-02-29" || m.Attributes[0] != "city=riga" {
		t.Errorf("opened: %q %q, %v", m.Birthday, m.Attributes, err)
	}
	for _, id := range []loyalty.MemberID{2, 1_000_000_000, 1_000_000_999} {
		if own, err := tx.Key(id); err != nil || len(own) != store.WrappedKeyBytes {
			t.Errorf("member %d has a key of %d bytes, %v", id, len(own), err)
		}
	}
	left, err := tx.WithoutKeys(keyedAtOnce)
	if done, kerr := tx.Keyed(); err != nil || kerr != nil || !done || len(left) > 0 {
		t.Errorf("without keys: %v, all have some: %t, %v %v", left, done, err, kerr)
	}
	return tx.Key(1)
}
