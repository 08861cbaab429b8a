package hodb

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

func TestAStatementNamesATableByTheWholeWord(t *testing.T) {
	for _, c := range []struct {
		query string
		want  bool
	}{
		{`SELECT 1 FROM leg`, true}, {`SELECT amount FROM leg WHERE owner_id = $1`, true}, {`UPDATE legs SET leg_no = 1`, false},
		{`SELECT leg_no FROM leg_of, leg AS l`, true}, {``, false},
	} {
		if got := names(c.query, "leg"); got != c.want {
			t.Errorf("%q names leg: %t, want %t", c.query, got, c.want)
		}
	}
}

func TestParametersOfSQLiteGoByPlace(t *testing.T) {
	var all texts
	for _, c := range []struct {
		query, want string
		args        []any
		placed      []any
	}{
		{`SELECT $1, $2`, `SELECT ?, ?`, []any{"a", "b"}, []any{"a", "b"}},
		{`SELECT $2, $1, $2`, `SELECT ?, ?, ?`, []any{"a", "b"}, []any{"b", "a", "b"}},
		{`SELECT '$.n', '$1', $1`, `SELECT '$.n', '$1', ?`, []any{"a"}, []any{"a"}},
		{`SELECT $11`, `SELECT $11`, []any{"a"}, []any{"a"}},
	} {
		for range 2 { // read, then remembered
			text, args := all.positional(c.query, c.args)
			if text != c.want || len(args) != len(c.placed) {
				t.Fatalf("%s becomes %s with %v", c.query, text, args)
			}
			for i := range args {
				if args[i] != c.placed[i] {
					t.Errorf("%s: %v, want %v", c.query, args, c.placed)
				}
			}
		}
	}
}

// A transaction reads what it has written, though rows are written many at a time; and all are there in the end.
func TestRowsThatWaitAreSeenByWhoReadsTheirTable(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "books.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	const rows = 3*maxBulk + 7
	hots := func(tx *Tx) (n int, err error) {
		err = tx.one(`SELECT COUNT(*) FROM hot`)(&n)
		return n, err
	}
	into := insertInto("hot", "card_id, reason, since_ms", "")
	err = db.Update(ctx, func(tx *Tx) error {
		for i := range rows {
			if err := tx.later(into, []byte{byte(i), 1}, "lost", i); err != nil {
				return err
			}
			if i == maxBulk+5 {
				if n, err := hots(tx); err != nil || n != i+1 {
					t.Errorf("after %d rows the table shows %d: %v", i+1, n, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(ctx, func(tx *Tx) error {
		n, err := hots(tx)
		if n != rows {
			t.Errorf("%d rows, want %d", n, rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
