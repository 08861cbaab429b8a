package hodb

import (
	"slices"
	"testing"
)

// A fork, a lost tail, a copied box are told by an entry's number, and are open until a person has decided: that the entry is judged again
// because another one came late changes nothing in them.
func TestJudgingAnEntryAgainTakesBackOnlyWhatJudgingFound(t *testing.T) {
	db := newDB(t)
	k := EntryKey{Store: 1, Epoch: 1, Seq: 5}
	found := []CaseKind{CaseDifference, CaseMemberUnknown, CaseSaleMissing}
	stay := []CaseKind{CaseFork, CaseTailLost, CaseCopiedBox, CaseAdopted, CaseSignedLost, CaseCardCloned, CaseLease, CaseOverdrawn}
	update(t, db, func(tx *Tx) error {
		for _, kind := range slices.Concat(found, stay) {
			if err := tx.OpenCase(kind, k, "a note"); err != nil {
				return err
			}
		}
		return tx.DropCases(k, []CaseKind{CaseSaleMissing})
	})
	update(t, db, func(tx *Tx) error {
		cases, err := tx.Cases()
		var left []CaseKind
		for _, c := range cases {
			left = append(left, c.Kind)
		}
		if want := slices.Concat([]CaseKind{CaseSaleMissing}, stay); !slices.Equal(left, want) {
			t.Errorf("left are %v, want %v", left, want)
		}
		return err
	})
}
