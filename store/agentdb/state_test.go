package agentdb

import (
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
)

// What head office told of a member's past, and what this store sold since, add up; nothing counts twice when head office
// has posted it.
func TestAPastIsHeadOfficesPlusOwnLaterEntries(t *testing.T) {
	b := newBox(t)
	row := memberRow(7, 30, 0)
	row.Past = loyalty.Record{Birthday: "02-29", Segments: []string{"regulars"}}
	row.Past.Add(loyalty.PastStep{Day: "2026-01-05", Purchases: 4, Counts: loyalty.Standing{Spend: 9000, Visits: 4}})
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: row}}})
	first, second := b.sell(t, 1, 7, 10), b.sell(t, 2, 7, 20)
	spend := first.Entry.Sale.Total + second.Entry.Sale.Total
	past := b.past(t, 7)
	if sum := past.Between("", "9999-12-31"); past.Purchases != 6 || sum.Spend != 9000+spend || past.Birthday != "02-29" ||
		!slices.Equal(past.Segments, []string{"regulars"}) {
		t.Errorf("past %+v", past)
	}
	after := memberRow(7, 40, 1) // head office includes the first sale
	after.Past = row.Past
	after.Past.Add(loyalty.StepOf(&first.Entry))
	b.feed(t, FeedPage{Epoch: 1, After: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 2, Member: after}}})
	if again := b.past(t, 7); again.Purchases != 6 || again.Between("", "9999-12-31") != past.Between("", "9999-12-31") {
		t.Errorf("after posting: %+v, before: %+v", again, past)
	}
	b.verifyClean(t)
}

func (b *box) past(t testing.TB, id loyalty.MemberID) loyalty.Record {
	t.Helper()
	state, err := b.State(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return state.Past
}

func TestAReturnIsTakenOffThePastAtOnce(t *testing.T) {
	b := newBox(t)
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 30, 0)}}})
	sale := b.sell(t, 1, 7, 10).Entry
	r, err := loyalty.ReturnableOf(&sale)
	if err != nil {
		t.Fatal(err)
	}
	c := commitOf(2, 7, 0)
	c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
		return loyalty.Return(loyalty.ReturnInput{Sale: r, All: true, Lots: loyalty.Apply(nil, sale.Moves, 7)}, h)
	}
	if _, err := b.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if past := b.past(t, 7); past.Purchases != 0 || past.Between("", "9999-12-31") != (loyalty.Standing{}) {
		t.Errorf("past %+v", past)
	}
	b.verifyClean(t)
}

func TestWalletsFollowTheirOwnMovements(t *testing.T) {
	b := newBox(t)
	row := memberRow(7, 30, 0)
	row.Wallets = []Wallet{{Wallet: "fuel", Lots: []loyalty.Lot{{ID: "9-1-1.1", Remaining: 5, Earned: "2026-01-05"}}}}
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: row}}})
	c := commitOf(1, 7, 10)
	build, at := c.Build, loyalty.AccountsOf(7, "fuel")
	c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
		e, err := build(h, Tally{})
		e.Moves = append(e.Moves, loyalty.Movement{From: at.Issued, To: at.Main, Points: 3, Lot: "1-1-1.9", Earned: h.Day})
		return e, err
	}
	if _, err := b.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	state, err := b.State(t.Context(), 7)
	if err != nil || len(state.Wallets) != 1 || state.Wallets[0].Balance != 8 || loyalty.Balance(state.Lots) != 40 {
		t.Errorf("%+v, %v", state, err)
	}
	b.verifyClean(t)
}

// What a store does without a sale, it shows at once: in every wallet, on every stamp card, for every member whom it touches.
func TestAMergeShowsAtOnceInEveryWalletAndOnEveryStampCard(t *testing.T) {
	b := newBox(t)
	p, err := loyalty.Compile([]byte("format: 1\nprogramme: {id: p, name: {en: P}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}\n"))
	if err != nil {
		t.Fatal(err)
	}
	goes := memberRow(8, 30, 0)
	goes.Wallets = []Wallet{{Wallet: "fuel", Lots: []loyalty.Lot{{ID: "9-1-1.1", Remaining: 5, Earned: "2026-01-05"}}}}
	goes.Past.Stamps = []loyalty.StampPast{{Stamp: "coffee", Count: 4, Expires: "2099-12-31"}}
	b.feed(t, FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, 10, 0)}, {Seq: 2, Member: goes}}})
	side := func(id loyalty.MemberID) loyalty.MergeSide {
		s, err := b.State(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return loyalty.MergeSide{Holding: loyalty.Holding{Member: id, Lots: s.Lots}, Wallets: s.Wallets, Stamps: s.Past.Stamps}
	}
	stays, gone := side(7), side(8)
	c := commitOf(1, 7, 0)
	c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) { return p.Merge(stays, gone, h) }
	if _, err := b.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	after, left := side(7), side(8)
	if loyalty.Balance(after.Lots) != 40 || len(after.Wallets) != 1 || loyalty.Balance(after.Wallets[0].Lots) != 5 || len(after.Stamps) != 1 || after.Stamps[0].Count != 4 {
		t.Errorf("who stays has %+v", after)
	}
	if len(left.Lots) > 0 || len(left.Wallets[0].Lots) > 0 || left.Stamps[0].Count != 0 {
		t.Errorf("who goes has %+v", left)
	}
	b.verifyClean(t)
}
