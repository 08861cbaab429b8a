package hodb

import (
	"slices"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// logged puts bodies into a new store's log and says that each is a sale of its own transaction, at the minutes given.
func logged(t testing.TB, db *DB, id loyalty.StoreID, day string, minutes ...int) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		if err := tx.PutStore(Store{ID: id, Name: "Store", TimeZone: "Europe/Riga", Language: "lv"}); err != nil {
			return err
		}
		h, err := tx.OpenEpoch(id, store.ID16{1}, store.ID16{2})
		if err != nil {
			return err
		}
		for i, minute := range minutes {
			if err := tx.Append(h, [][]byte{[]byte(day)}, []store.Hash{{}}, func(store.Position) []byte { return nil }); err != nil {
				return err
			}
			e := &loyalty.Entry{Store: id, Epoch: h.Epoch, Seq: h.Seq, Kind: loyalty.KindSale, Txn: loyalty.TxnID{byte(id), byte(i + 1)}, Day: day}
			if i == 1 {
				e.Kind = loyalty.KindLoad
			}
			at := time.Date(2026, 11, 24, 10, minute, 0, 0, time.UTC)
			if _, _, err := tx.ClaimTxn(e, at); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestSalesOfAllStoresComeInTheOrderInWhichTheyHappened(t *testing.T) {
	db := newDB(t)
	logged(t, db, 9, "2026-11-23", 0)
	logged(t, db, 1, "2026-11-24", 30, 31, 20)
	logged(t, db, 2, "2026-11-24", 10, 0, 25)
	logged(t, db, 3, "2026-11-25", 0)
	logged(t, db, 4, "2026-11-26", 0)
	var got []EntryKey
	err := db.Sales(t.Context(), "2026-11-24", "2026-11-25", func(k EntryKey, body []byte) error {
		got = append(got, k)
		return nil
	})
	want := []EntryKey{{2, 1, 1}, {1, 1, 3}, {2, 1, 3}, {1, 1, 1}, {3, 1, 1}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}
