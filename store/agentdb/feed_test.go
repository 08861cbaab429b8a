package agentdb

import (
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"loyaltill/agent/loyalty"
)

// memberRow is what head office says of a member who holds one lot.
func memberRow(id loyalty.MemberID, points loyalty.Points, through loyalty.Seq) *Member {
	m := &Member{ID: id, Status: MemberActive, Tier: "gold", Language: "lv", Balance: points, Through: through,
		Cards: []loyalty.CardID{{byte(id)}}, Numbers: []Number{{HMAC: [32]byte{byte(id)}, Masked: fmt.Sprintf("6034…%04d", id)}}}
	if points != 0 {
		m.Lots = []loyalty.Lot{{ID: "1-1-1.1", Remaining: points, Earned: "2026-01-01", Expires: "2027-01-01"}}
	}
	return m
}

func (b *box) feed(t testing.TB, page FeedPage) FeedPosition {
	t.Helper()
	pos, err := b.ApplyFeed(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

func (b *box) balance(t testing.TB, id loyalty.MemberID) loyalty.Points {
	t.Helper()
	sum, err := b.Balance(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	state, err := b.State(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if lots := loyalty.Balance(state.Lots); lots != sum {
		t.Errorf("member %d: balance %d, lots hold %d", id, sum, lots)
	}
	return sum
}

func (b *box) watermark(seq loyalty.Seq) *Watermark {
	return &Watermark{Store: b.Store(), Epoch: b.Epoch(), Seq: seq}
}

func TestWhatHeadOfficeSendsIsFound(t *testing.T) {
	b := newBox(t)
	first, second := b.programme("2026-01-01T00:00"), b.programme("2026-11-23T00:00")
	pos := b.feed(t, FeedPage{Epoch: 1, Next: 6, UpToDate: true, Changes: []Change{
		{Seq: 1, Member: memberRow(7, 30, 0)},
		{Seq: 2, Programme: first},
		{Seq: 3, Programme: second},
		{Seq: 4, Hot: &Hot{Card: loyalty.CardID{9}, Blocked: true, Reason: "lost"}},
		{Seq: 5, Voucher: &Voucher{Card: loyalty.CardID{7}, Seq: 1, Kind: 1, Amount: 30, Ref: [8]byte{1}, MAC: [16]byte{2}}},
		{Seq: 6, Voucher: &Voucher{Card: loyalty.CardID{7}, Seq: 2, Kind: 1, Amount: -5}},
	}})
	if pos.Cursor != 6 || !pos.Complete {
		t.Errorf("position %+v", pos)
	}
	if m, err := b.MemberByCard(t.Context(), loyalty.CardID{7}); err != nil || m.ID != 7 || m.Tier != "gold" || len(m.Lots) != 1 || len(m.Numbers) != 1 {
		t.Errorf("by card: %+v, %v", m, err)
	}
	if m, err := b.MemberByNumber(t.Context(), [32]byte{7}); err != nil || m.Numbers[0].Masked != "6034…0007" {
		t.Errorf("by number: %+v, %v", m, err)
	}
	if _, err := b.MemberByCard(t.Context(), loyalty.CardID{8}); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody's card: %v", err)
	}
	for at, want := range map[string]*Programme{"2026-11-22T23:59:59.999+02:00": first, "2026-11-23T00:00:00.000+02:00": second} {
		if p, err := b.ProgrammeAt(t.Context(), at, 0); err != nil || p.ID != want.ID || string(p.Document) != string(want.Document) {
			t.Errorf("programme at %s: %+v, %v", at, p, err)
		}
	}
	if p, err := b.ProgrammeAt(t.Context(), "2026-11-23T00:00:00.000+02:00", 1); err != nil || p.ID != first.ID {
		t.Errorf("the programme before: %+v, %v", p, err)
	}
	if _, err := b.ProgrammeAt(t.Context(), "2025-12-31T23:59:59.999+02:00", 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the first programme: %v", err)
	}
	if reason, hot, err := b.Hot(t.Context(), loyalty.CardID{9}); err != nil || !hot || reason != "lost" {
		t.Errorf("hot: %q %v %v", reason, hot, err)
	}
	if v, err := b.Vouchers(t.Context(), loyalty.CardID{7}, 1, 10); err != nil || len(v) != 1 || v[0].Amount != -5 {
		t.Errorf("vouchers after 1: %+v, %v", v, err)
	}
	for after, want := range map[uint32]loyalty.Points{0: 30, 1: 0} { // what is taken from the card again is on it until it is
		if points, err := b.OnItsWay(t.Context(), loyalty.CardID{7}, 1, after); err != nil || points != want {
			t.Errorf("on its way after %d: %v, %v", after, points, err)
		}
	}
	if points, err := b.OnItsWay(t.Context(), loyalty.CardID{7}, 2, 0); err != nil || points != 0 {
		t.Errorf("of another kind: %v, %v", points, err)
	}
	b.feed(t, FeedPage{Epoch: 1, After: 6, Next: 8, UpToDate: true, Changes: []Change{{Seq: 7, Hot: &Hot{Card: loyalty.CardID{9}}},
		{Seq: 8, Member: &Member{ID: 7, Status: MemberErased, Lots: memberRow(7, 30, 0).Lots, Cards: []loyalty.CardID{{7}}}}}})
	if _, hot, err := b.Hot(t.Context(), loyalty.CardID{9}); err != nil || hot {
		t.Errorf("still hot: %v", err)
	}
	if _, err := b.MemberByCard(t.Context(), loyalty.CardID{7}); !errors.Is(err, ErrNotFound) {
		t.Errorf("an erased member was found by card: %v", err)
	}
	if m, err := b.Member(t.Context(), 7); err != nil || len(m.Lots) != 0 || m.Status != MemberErased {
		t.Errorf("erased: %+v, %v", m, err)
	}
}

// programme is a version as head office sends it; what is in it is not this package's.
func (b *box) programme(validFrom string) *Programme {
	document := fmt.Appendf(nil, `{"valid_from":%q}`, validFrom)
	return &Programme{ID: sha256.Sum256(document), ValidFrom: validFrom, Document: document, Signature: loyalty.SignProgramme(document, b.position)}
}

func TestAProgrammeThatHeadOfficeDidNotSignChangesNothing(t *testing.T) {
	b := newBox(t)
	good := b.programme("2026-01-01T00:00")
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Programme: good}}})
	unsigned, foreign, forged := *b.programme("2026-02-01T00:00"), *b.programme("2026-02-01T00:00"), *good
	unsigned.Signature = nil
	foreign.Signature = loyalty.SignProgramme(foreign.Document, ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	forged.Document = []byte(`{"valid_from":"2026-01-01T00:00","more":true}`) // under the digest of the good one
	forged.Signature = loyalty.SignProgramme(forged.Document, b.position)
	for i, bad := range []Programme{unsigned, foreign, forged} {
		seq := int64(i) + 2
		pos := b.feed(t, FeedPage{Epoch: 1, After: seq - 1, Next: seq, UpToDate: true, Changes: []Change{{Seq: seq, Programme: &bad}}})
		if pos.Refused != bad.ID.String() || pos.Cursor != seq {
			t.Errorf("%d: position %+v", i, pos)
		}
		if p, err := b.ProgrammeAt(t.Context(), "2026-03-01T00:00", 0); err != nil || string(p.Document) != string(good.Document) {
			t.Errorf("%d: in force is %s, %v", i, p.Document, err)
		}
	}
	pos := b.feed(t, FeedPage{Epoch: 1, After: 4, Next: 5, UpToDate: true, Changes: []Change{{Seq: 5, Programme: b.programme("2026-02-01T00:00")}}})
	if pos.Refused != "" {
		t.Errorf("still refused: %s", pos.Refused)
	}
}

func TestAnOlderCopyIsPulledAgainForTheSignatures(t *testing.T) {
	b := newBox(t)
	p := b.programme("2026-01-01T00:00")
	page := FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 30, 0)}, {Seq: 2, Programme: p}}}
	b.feed(t, page)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	pool, err := sql.Open("sqlite", filepath.Join(b.dir, MembersFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`ALTER TABLE programme DROP COLUMN signature`, `ALTER TABLE programme DROP COLUMN published_at`, `ALTER TABLE programme DROP COLUMN arrived_at`,
		`ALTER TABLE feed_pos DROP COLUMN refused`, `ALTER TABLE feed_pos DROP COLUMN told_at`,
		`DROP TABLE issuer`, `DROP TABLE renewal`, `DROP TABLE member_range`, `DROP TABLE known_card`, `DROP TABLE open_debit`, `DROP TABLE coupon_elsewhere`,
		`DROP TABLE member_key`, `DROP TABLE snapshot_part`, `ALTER TABLE member DROP COLUMN forgotten`, `ALTER TABLE member DROP COLUMN past`, `ALTER TABLE member DROP COLUMN elsewhere`, `ALTER TABLE member DROP COLUMN wallets`,
		`DELETE FROM goose_db_version WHERE version_id >= 2`} {
		if _, err := pool.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	b.open(t)
	if old, err := b.ProgrammeAt(t.Context(), "2026-03-01T00:00", 0); err != nil || old.Verify(ed25519.PublicKey(b.identity.PositionKey)) == nil {
		t.Errorf("a version without signature counts as signed: %v", err)
	}
	b.feed(t, page) // from its beginning, as FeedPosition says
	if again, err := b.ProgrammeAt(t.Context(), "2026-03-01T00:00", 0); err != nil || again.Verify(ed25519.PublicKey(b.identity.PositionKey)) != nil {
		t.Errorf("the signature did not come: %v", err)
	}
	if got := b.balance(t, 7); got != 30 {
		t.Errorf("balance %d, want 30", got)
	}
}

func TestABalanceIsHeadOfficesPlusOwnLaterEntries(t *testing.T) {
	b := newBox(t)
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 30, 0)}}})
	b.sell(t, 1, 7, 10)
	b.sell(t, 2, 7, 5)
	if got := b.balance(t, 7); got != 45 {
		t.Errorf("balance %d, want 45", got)
	}
	// Head office has posted the first of the two: it counts once all the same.
	b.feed(t, FeedPage{Epoch: 1, After: 1, Next: 3, UpToDate: true, Changes: []Change{{Seq: 2, Member: memberRow(7, 40, 1)}, {Seq: 3, Watermark: b.watermark(1)}}})
	if got := b.balance(t, 7); got != 45 {
		t.Errorf("balance %d, want 45", got)
	}
	if c, err := b.Counts(t.Context()); err != nil || c.Pending != 1 || c.Watermark != 1 {
		t.Errorf("counts %+v, %v", c, err)
	}
	// An entry that head office put into suspense is below the watermark and counts no more.
	b.feed(t, FeedPage{Epoch: 1, After: 3, Next: 4, UpToDate: true, Changes: []Change{{Seq: 4, Watermark: b.watermark(2)}}})
	if got := b.balance(t, 7); got != 40 {
		t.Errorf("balance %d, want 40", got)
	}
	b.verifyClean(t)
}

func TestAPageThatComesTwiceOrLateChangesNothing(t *testing.T) {
	b := newBox(t)
	first := FeedPage{Epoch: 1, Next: 2, Changes: []Change{{Seq: 1, Member: memberRow(7, 30, 0)}, {Seq: 2, Hot: &Hot{Card: loyalty.CardID{9}, Blocked: true}}}}
	second := FeedPage{Epoch: 1, After: 2, Next: 4, UpToDate: true, Changes: []Change{{Seq: 3, Member: memberRow(7, 50, 0)}, {Seq: 4, Hot: &Hot{Card: loyalty.CardID{9}}}}}
	for _, page := range []FeedPage{first, first, second, first, second} {
		b.feed(t, page)
	}
	if got := b.balance(t, 7); got != 50 {
		t.Errorf("balance %d, want 50", got)
	}
	if _, hot, _ := b.Hot(t.Context(), loyalty.CardID{9}); hot {
		t.Error("an old page brought the card back onto the hot list")
	}
	overlapping := FeedPage{Epoch: 1, After: 2, Next: 5, UpToDate: true, Changes: append(second.Changes, Change{Seq: 5, Member: memberRow(7, 60, 0)})}
	if pos := b.feed(t, overlapping); pos.Cursor != 5 || b.balance(t, 7) != 60 {
		t.Errorf("position %+v", pos)
	}
	if _, err := b.ApplyFeed(t.Context(), FeedPage{Epoch: 1, After: 9, Next: 10}); !errors.Is(err, ErrFeedGap) {
		t.Errorf("a page from further on: %v", err)
	}
	if _, err := b.ApplyFeed(t.Context(), FeedPage{Epoch: 2, After: 5, Next: 10}); !errors.Is(err, ErrFeedGap) {
		t.Errorf("another feed epoch from the middle: %v", err)
	}
}

func TestAPageIsTakenWholeOrNotAtAll(t *testing.T) {
	b := newBox(t)
	bad := FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 30, 0)}, {Seq: 2}}}
	if _, err := b.ApplyFeed(t.Context(), bad); err == nil {
		t.Fatal("an empty change went through")
	}
	if _, err := b.Member(t.Context(), 7); !errors.Is(err, ErrNotFound) {
		t.Errorf("half of the page is there: %v", err)
	}
	if pos, err := b.FeedPosition(t.Context()); err != nil || pos.Cursor != 0 || pos.Epoch != 0 {
		t.Errorf("position %+v, %v", pos, err)
	}
}

func TestACardThatMovesLeavesItsOldHolder(t *testing.T) {
	b := newBox(t)
	other := memberRow(8, 0, 0)
	other.Cards = []loyalty.CardID{{7}}
	b.feed(t, FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 30, 0)}, {Seq: 2, Member: other}}})
	if m, err := b.MemberByCard(t.Context(), loyalty.CardID{7}); err != nil || m.ID != 8 {
		t.Errorf("the card is member %d's, %v", m.ID, err)
	}
}

// Head office was restored from a backup: its feed begins anew and includes less of our log than it did. Until it is
// complete the old copy serves; no own entry is lost from a balance or counted twice on the way.
func TestARestoredHeadOfficeIsFollowedWithoutAJump(t *testing.T) {
	b := newBox(t)
	b.feed(t, FeedPage{Epoch: 1, Next: 3, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 0, 0)}, {Seq: 2, Member: memberRow(8, 5, 0)},
		{Seq: 3, Hot: &Hot{Card: loyalty.CardID{9}, Blocked: true}}}})
	for n := 1; n <= 4; n++ {
		b.sell(t, n, 7, 10)
	}
	b.feed(t, FeedPage{Epoch: 1, After: 3, Next: 5, UpToDate: true, Changes: []Change{{Seq: 4, Member: memberRow(7, 40, 4)}, {Seq: 5, Watermark: b.watermark(4)}}})
	b.sell(t, 5, 7, 10)
	if got := b.balance(t, 7); got != 50 {
		t.Fatalf("before: balance %d", got)
	}
	b.feed(t, FeedPage{Epoch: 2, Next: 1, Changes: []Change{{Seq: 1, Hot: &Hot{Card: loyalty.CardID{9}, Blocked: true}}}})
	if got := b.balance(t, 7); got != 50 {
		t.Errorf("while the old row stands: balance %d", got)
	}
	b.verifyClean(t)
	b.feed(t, FeedPage{Epoch: 2, After: 1, Next: 2, Changes: []Change{{Seq: 2, Member: memberRow(7, 20, 2)}}})
	if got := b.balance(t, 7); got != 50 {
		t.Errorf("when the new row includes less: balance %d", got)
	}
	b.verifyClean(t)
	b.reopen(t)
	b.feed(t, FeedPage{Epoch: 2, After: 2, Next: 3, UpToDate: true, Changes: []Change{{Seq: 3, Watermark: b.watermark(2)}}})
	if got := b.balance(t, 7); got != 50 {
		t.Errorf("complete: balance %d", got)
	}
	if _, err := b.Member(t.Context(), 8); !errors.Is(err, ErrNotFound) {
		t.Errorf("a member that did not come again is still there: %v", err)
	}
	if _, hot, _ := b.Hot(t.Context(), loyalty.CardID{9}); !hot {
		t.Error("a card that came again is off the hot list")
	}
	b.verifyClean(t)
}

func TestADamagedMembersFileIsPutAsideAndFilledAgain(t *testing.T) {
	b := newBox(t)
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 30, 0)}}})
	b.sell(t, 1, 7, 10)
	b.feed(t, FeedPage{Epoch: 1, After: 1, Next: 3, UpToDate: true, Changes: []Change{{Seq: 2, Member: memberRow(7, 40, 1)}, {Seq: 3, Watermark: b.watermark(1)}}})
	must(t, b.Close())
	must(t, os.WriteFile(filepath.Join(b.dir, MembersFile), []byte("a burnt platter, not a database file at all"), 0o600))
	b.open(t)
	if pos, err := b.FeedPosition(t.Context()); err != nil || pos.Cursor != 0 {
		t.Fatalf("position %+v, %v", pos, err)
	}
	if aside, err := filepath.Glob(filepath.Join(b.dir, MembersFile+".damaged-*")); err != nil || len(aside) != 1 {
		t.Errorf("put aside: %v, %v", aside, err)
	}
	b.feed(t, FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 40, 1)}, {Seq: 2, Watermark: b.watermark(1)}}})
	if got := b.balance(t, 7); got != 40 {
		t.Errorf("balance %d, want 40", got)
	}
	b.verifyClean(t)
}

func TestAWatermarkOfAnotherLifeSaysNothing(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 10)
	b.feed(t, FeedPage{Epoch: 1, Next: 3, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 0, 0)},
		{Seq: 2, Watermark: &Watermark{Store: b.Store(), Epoch: b.Epoch() - 1, Seq: 99}}, {Seq: 3, Watermark: &Watermark{Store: 99, Epoch: b.Epoch(), Seq: 99}}}})
	if got := b.balance(t, 7); got != 10 {
		t.Errorf("balance %d, want 10", got)
	}
}

// An entry that head office put into suspense counts no more, also while the feed begins anew and the old row stands.
func TestASuspendedEntryStaysOutWhileTheFeedBeginsAnew(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 10)
	b.feed(t, FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 0, 0)}, {Seq: 2, Watermark: b.watermark(1)}}})
	b.feed(t, FeedPage{Epoch: 2, Next: 1, Changes: []Change{{Seq: 1, Member: memberRow(8, 0, 0)}}})
	if got := b.balance(t, 7); got != 0 {
		t.Errorf("balance %d, want 0", got)
	}
}
