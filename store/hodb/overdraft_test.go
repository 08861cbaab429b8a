package hodb

import (
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
)

// short posts, and says whose overdrafts have to be looked for: their whole history is read for that.
func short(t *testing.T, db *DB, postings ...Posting) (ids []loyalty.MemberID) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		p, err := tx.NewPoster()
		for _, one := range postings {
			if err == nil {
				err = p.Post(one)
			}
		}
		if err == nil {
			_, err = p.Fold()
		}
		if err != nil {
			return err
		}
		ids = p.Short()
		_, err = p.Flush()
		return err
	})
	return ids
}

// Who spent points twice once goes on buying for years: only what can change an overdraft has it looked for again.
func TestOverdraftsAreLookedForWhenTheyMayHaveChanged(t *testing.T) {
	db := newDB(t)
	id := addMember(t, db, 1)
	for n, step := range []struct {
		what   string
		minute int
		points loyalty.Points
		want   bool
	}{
		{"points", 20, 100, false},
		{"fewer than there are", 21, -60, false},
		{"more than there are", 22, -60, true},
		{"points that do not make it good", 23, 5, false},
		{"points beyond it", 24, 95, false},
		{"fewer than there are, once more", 25, -40, false},
		{"points that came late", 10, 30, true},
		{"more than there are, once more", 26, -500, true},
	} {
		key := EntryKey{1, 1, loyalty.Seq(n + 1)}
		got := short(t, db, posting(id, key, step.minute, step.points, ""))
		if slices.Contains(got, id) != step.want {
			t.Errorf("%s: looked for those of %v", step.what, got)
		}
		if step.want {
			update(t, db, func(tx *Tx) error {
				return tx.KeepOverdraft(Overdraft{EntryKey: key, Member: id, Day: "2026-11-24", Points: 20, Bears: loyalty.BearsMember})
			})
		}
	}
}
