package hodb

import (
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/pgserver"
	"loyaltill/store"
)

// older makes a database of the engine on which the tests run, as the program had it before a migration, and fills it. A statement names 16
// bytes as {n}.
func older(t *testing.T, before string, rows ...string) (at string) {
	t.Helper()
	pool, at := olderPostgres(t, before)
	bytes := `'\x%032x'`
	if pool == nil {
		pool, at = olderSQLite(t, before)
		bytes = `x'%032x'`
	}
	for _, row := range rows {
		for n := range 10 {
			row = strings.ReplaceAll(row, fmt.Sprintf("{%d}", n), fmt.Sprintf(bytes, n))
		}
		if _, err := pool.ExecContext(t.Context(), row); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	return at
}

func olderSQLite(t *testing.T, before string) (*sql.DB, string) {
	t.Helper()
	at := filepath.Join(t.TempDir(), "older.db")
	db, err := store.Open(t.Context(), at, store.Options{Migrations: migrationsBefore(t, "migrations", before), Now: time.Now})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	pool, err := sql.Open("sqlite", at)
	if err != nil {
		t.Fatal(err)
	}
	return pool, at
}

// olderPostgres makes a database of its own on the server of the tests; none when they run on SQLite.
func olderPostgres(t *testing.T, before string) (*sql.DB, string) {
	t.Helper()
	beside := pgserver.Chosen(t)
	if beside == "" {
		return nil, ""
	}
	i := strings.LastIndex(beside, "/") + 1
	at := beside[:i] + "older" + beside[i:]
	pgserver.Exec(t, beside, "CREATE DATABASE older"+beside[i:]+" TEMPLATE template0")
	t.Cleanup(func() { pgserver.Drop(t, at) })
	pool, err := sql.Open("pgx", at)
	if err == nil {
		err = store.MigratePostgres(t.Context(), pool, migrationsBefore(t, "migrations/postgres", before))
	}
	if err != nil {
		t.Fatal(err)
	}
	return pool, at
}

func migrationsBefore(t *testing.T, folder, before string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations, path.Join(folder, "*.sql"))
	for _, name := range names {
		var text []byte
		if base := path.Base(name); err == nil && base < before {
			text, err = migrations.ReadFile(name)
			files[base] = &fstest.MapFile{Data: text}
		}
	}
	if err != nil || len(files) == 0 || len(files) == len(names) {
		t.Fatalf("%d of %d migrations come before %s: %v", len(files), len(names), before, err)
	}
	return files
}

// What stores had asked for before sums were kept by member is set aside still, what they had posted is not, and the feed finds an allowance
// by its member.
func TestPointsSetAsideByAnOlderHeadOfficeStayAside(t *testing.T) {
	const far = "4000000000000"
	db := openDB(t, older(t, "00049",
		`INSERT INTO member (member_id, status, tier, language, made_at) VALUES (7, 'active', '', 'lv', 1)`,
		`INSERT INTO online_reservation (store_id, txn_id, epoch, member_id, points, state, made_at, ends_at) VALUES (1, {1}, 1, 7, 40, 'pending', 1, `+far+`)`,
		`INSERT INTO online_reservation (store_id, txn_id, epoch, member_id, points, state, made_at, ends_at) VALUES (2, {2}, 1, 7, 5, 'pending', 1, `+far+`)`,
		`INSERT INTO online_reservation (store_id, txn_id, epoch, member_id, points, state, made_at, ends_at) VALUES (1, {3}, 1, 7, 90, 'posted', 1, `+far+`)`,
		`INSERT INTO lease (member_id, lease_no, store_id, epoch, granted, used, state, granted_at, ends_at) VALUES (7, 3, 2, 1, 100, 30, 'open', 1, `+far+`)`,
		`INSERT INTO feed (feed_seq, store_id, topic, key) VALUES (1, 2, 'lease', '3')`))
	update(t, db, func(tx *Tx) error {
		for but, want := range map[uint32]int64{0: 40 + 5 + 70, 1: 5 + 70, 2: 40} {
			if got, err := tx.SetAside(7, loyalty.StoreID(but)); err != nil || int64(got) != want {
				t.Errorf("set aside for other stores than %d: %d, %v, want %d", but, got, err, want)
			}
		}
		var key string
		if err := tx.one(`SELECT key FROM feed WHERE topic = 'lease'`)(&key); err != nil {
			return err
		}
		member, no, err := ParseLeaseKey(key)
		if member != 7 || no != 3 {
			t.Errorf("the feed names allowance %q", key)
		}
		leases, lerr := tx.LeasesOf(7)
		if lerr != nil || len(leases) != 1 || leases[0].Automatic {
			t.Errorf("allowances %+v, %v", leases, lerr)
		}
		return err
	})
}
