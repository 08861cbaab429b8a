package agentdb

import (
	"path/filepath"
	"testing"

	"loyaltill/agent/loyalty"
)

// A ledger of one entry beside members that know of three: its next entry is another one than head office has.
func TestLotsOfEntriesThatTheLogLostAreToldApartUntilItHasThemAgain(t *testing.T) {
	b := newBox(t)
	restored := &box{dir: t.TempDir(), identity: b.identity, clock: b.clock}
	b.sell(t, 1, 7, 10)
	must(t, b.Backup(t.Context(), filepath.Join(restored.dir, LedgerFile)))
	b.sell(t, 2, 7, 10)
	b.sell(t, 3, 7, 10)
	lost, err := b.EntriesFrom(t.Context(), 2, 10, 1<<20)
	must(t, err)
	restored.open(t)
	t.Cleanup(func() { must(t, restored.Close()) })
	row := memberRow(7, 0, 3)
	row.Lots, row.Balance = nil, 40
	for seq := loyalty.Seq(0); seq <= 3; seq++ { // the first is of another store
		row.Lots = append(row.Lots, loyalty.Lot{ID: lotOf(seq), Remaining: 10, Earned: "2026-11-22", Expires: "2027-11-22"})
	}
	row.Lots[0].ID = "18-3-9.1"
	wants := func(when string, want ...loyalty.LotID) {
		t.Helper()
		state, err := restored.State(t.Context(), 7)
		must(t, err)
		for i, l := range state.Lots {
			if len(state.Lots) != len(want) || l.ID != want[i] {
				t.Errorf("%s: lots %+v, want %v", when, state.Lots, want)
				return
			}
		}
	}
	restored.feed(t, FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: row}, {Seq: 2, Watermark: b.watermark(3)}}})
	apart := []loyalty.LotID{"17-3-1.1", "17-3-2.1~", "17-3-3.1~", "18-3-9.1"}
	wants("as it came", apart...)
	restored.reopen(t)
	wants("after a new start", apart...)
	first := *lost
	first.Bodies = lost.Bodies[:1]
	first.Head = lost.Prev.Next(lost.Bodies[0])
	must(t, restored.AppendOwn(t.Context(), &first))
	wants("with the second entry again", "17-3-1.1", "17-3-2.1", "17-3-3.1~", "18-3-9.1")
	must(t, restored.AppendOwn(t.Context(), &Range{First: 3, Prev: first.Head, Head: lost.Head, Bodies: lost.Bodies[1:]}))
	whole := []loyalty.LotID{"17-3-1.1", "17-3-2.1", "17-3-3.1", "18-3-9.1"}
	wants("with both again", whole...)
	restored.sell(t, 4, 7, 10)
	wants("after the next sale", append(whole[:3:3], "17-3-4.1", "18-3-9.1")...)
	restored.verifyClean(t)
	must(t, restored.Parted(t.Context(), 2)) // what a session finds out
	wants("parted at 2", "17-3-1.1", "17-3-2.1", "17-3-3.1~", "17-3-4.1", "18-3-9.1")
}
