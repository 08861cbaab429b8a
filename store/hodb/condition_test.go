package hodb

import "testing"

func TestTheConditionOfNewBooksIsEmpty(t *testing.T) {
	err := newDB(t).View(t.Context(), func(tx *Tx) error {
		c, err := tx.Condition()
		if len(c.Heads)+len(c.Quiet)+len(c.Cases)+len(c.Suspense)+len(c.Unclosed) != 0 || c.WaitingEntries != 0 || c.PostingLag != 0 || !c.Newest.IsZero() {
			t.Errorf("%+v", c)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
