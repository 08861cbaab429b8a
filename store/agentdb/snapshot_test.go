package agentdb

import (
	"errors"
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// A snapshot takes the place of the copy at once, when all its parts have come: those that came before a start are not asked for
// again. What it does not have is forgotten, and a sale that it does not include goes on counting.
func TestASnapshotReplacesTheCopyWhenAllOfItHasCome(t *testing.T) {
	b := newBox(t)
	b.feed(t, FeedPage{Epoch: 1, Next: 4, UpToDate: true, Changes: []Change{
		{Seq: 1, Member: memberRow(7, 30, 0)}, {Seq: 2, Member: memberRow(8, 50, 0)},
		{Seq: 3, Hot: &Hot{Card: loyalty.CardID{9}, Blocked: true, Reason: "lost"}},
		{Seq: 4, Voucher: &Voucher{Card: loyalty.CardID{7}, Seq: 1, Kind: 1, Amount: 30}},
	}})
	parts := map[string][]Change{
		"one": {{Seq: 91, Member: memberRow(7, 35, 0)}},
		"two": {{Seq: 95, Member: memberRow(11, 5, 0)}, {Seq: 96, Watermark: b.watermark(0)}},
	}
	s := Snapshot{FeedEpoch: 1, Cursor: 99, Parts: []store.Hash{{1}, {2}}, Read: func(content []byte) ([]Change, error) { return parts[string(content)], nil }}
	missing := func(want ...int) {
		t.Helper()
		if got, err := b.MissingParts(t.Context(), s.Parts); err != nil || !slices.Equal(got, want) {
			t.Fatalf("missing %v, %v; want %v", got, err, want)
		}
	}
	keep := func(digest store.Hash, content string) {
		t.Helper()
		if err := b.KeepPart(t.Context(), digest, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	keep(store.Hash{77}, "of a snapshot before")
	missing(1, 2)
	keep(s.Parts[1], "two")
	b.reopen(t)
	missing(1)
	if err := b.ApplySnapshot(t.Context(), s); !errors.Is(err, ErrPartMissing) {
		t.Errorf("half a snapshot: %v", err)
	}
	if b.balance(t, 8) != 50 {
		t.Error("half a snapshot changed the copy")
	}
	keep(s.Parts[0], "one")
	if err := b.ApplySnapshot(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if b.balance(t, 7) != 35 || b.balance(t, 11) != 5 {
		t.Error("the snapshot's members are not there")
	}
	if _, err := b.Member(t.Context(), 8); !errors.Is(err, ErrNotFound) {
		t.Errorf("a member whom the snapshot does not have: %v", err)
	}
	if _, hot, err := b.Hot(t.Context(), loyalty.CardID{9}); hot || err != nil {
		t.Errorf("a card that came off the hot list: %t, %v", hot, err)
	}
	if pos, err := b.FeedPosition(t.Context()); err != nil || pos.Cursor != 99 || !pos.Complete || pos.Epoch != 1 {
		t.Errorf("position %+v, %v", pos, err)
	}
	missing(1, 2)
	b.feed(t, FeedPage{Epoch: 1, After: 99, Next: 100, UpToDate: true, Changes: []Change{{Seq: 100, Member: memberRow(7, 36, 0)}}})
	if b.balance(t, 7) != 36 {
		t.Error("the feed does not go on behind the snapshot")
	}
}
