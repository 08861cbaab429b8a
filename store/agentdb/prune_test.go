package agentdb

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// season is a ledger of fifteen days, ten of them more than 90 days before its last one: one sale and one close on each, all of it
// signed and posted on the same evening.
func season(t *testing.T) *box {
	t.Helper()
	b := newBox(t)
	const days = 15
	first := b.clock.now()
	for day := range days {
		at := day
		if day >= 10 {
			at += 85
		}
		b.clock.set(t, first.AddDate(0, 0, at).Format(time.RFC3339))
		b.sell(t, 2*day+1, 7, 10)
		closed, err := b.CloseDay(t.Context(), closeOf(2*day+2))
		must(t, err)
		p := store.Position{Store: b.identity.Store, Epoch: b.identity.Epoch, Seq: int64(closed.Entry.Seq), Hash: closed.Hash}
		must(t, b.Acked(t.Context(), p, p.Sign(b.position)))
	}
	b.feed(t, FeedPage{Epoch: 1, Next: 2, UpToDate: true, Changes: []Change{{Seq: 1, Member: memberRow(7, loyalty.Points(10*days), loyalty.Seq(2*days))},
		{Seq: 2, Watermark: &Watermark{Store: b.Store(), Epoch: b.Epoch(), Seq: loyalty.Seq(2 * days)}}}})
	return b
}

func TestAPrunedLedgerStillProvesItselfAndSellsNothingTwice(t *testing.T) {
	b := season(t)
	before, err := b.HashAt(t.Context(), 30)
	must(t, err)
	got, err := b.Prune(t.Context(), MinKeepDays, nil)
	must(t, err)
	if got.Through != 20 || got.Entries != 20 || got.Kept != 0 {
		t.Fatalf("%+v, want the first ten days", got)
	}
	r := b.verifyClean(t)
	if after, err := b.HashAt(t.Context(), 30); err != nil || after != before || r.Pruned != 20 || r.Entries != 30 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := b.EntryBySeq(t.Context(), 1); !errors.Is(err, ErrPruned) {
		t.Errorf("an entry that is gone: %v", err)
	}
	if _, err := b.Append(t.Context(), commitOf(1, 7, 10)); !errors.Is(err, ErrPruned) {
		t.Errorf("its till sends it again: %v", err)
	}
	if _, err := b.EntriesFrom(t.Context(), 1, 10, 1<<20); !errors.Is(err, ErrPruned) {
		t.Errorf("head office asks for it: %v", err)
	}
	again, err := b.Prune(t.Context(), MinKeepDays, nil)
	if err != nil || again.Through != 20 || again.Entries != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}
	b.reopen(t)
	b.sell(t, 1000, 7, 10)
	b.verifyClean(t)
}

func TestNothingIsPrunedThatHeadOfficeHasNotSignedForNinetyDays(t *testing.T) {
	b := season(t)
	if got, err := b.Prune(t.Context(), MinKeepDays+10, nil); err != nil || got.Through != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := b.Prune(t.Context(), 89, nil); err == nil {
		t.Error("89 days were enough")
	}
	late := newBox(t) // sold long ago, and signed only now
	late.sell(t, 1, 7, 10)
	_, err := late.CloseDay(t.Context(), closeOf(2))
	must(t, err)
	late.clock.set(t, "2027-06-01T10:00:00+03:00")
	last := late.sell(t, 3, 7, 10)
	p := store.Position{Store: 17, Epoch: 3, Seq: 3, Hash: last.Hash}
	must(t, late.Acked(t.Context(), p, p.Sign(late.position)))
	late.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Watermark: &Watermark{Store: 17, Epoch: 3, Seq: 3}}}})
	if got, err := late.Prune(t.Context(), MinKeepDays, nil); err != nil || got.Through != 0 {
		t.Errorf("signed today: %+v, %v", got, err)
	}
}

// What was sold on account, and what is set aside, is asked for however old it is.
func TestPruningKeepsWhatIsStillOpen(t *testing.T) {
	b := newBox(t)
	account := commitOf(9001, 7, 0)
	account.Build = func(h loyalty.EntryHead, u Tally) (loyalty.Entry, error) {
		e, err := saleOf(7, 0)(h, u)
		e.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderAccount, Amount: 1000}}
		return e, err
	}
	_, err := b.Append(t.Context(), account)
	must(t, err)
	coupon := commitOf(9002, 7, 0)
	coupon.Build = func(h loyalty.EntryHead, u Tally) (loyalty.Entry, error) {
		e, err := saleOf(7, 0)(h, u)
		e.Sale.Issued = []loyalty.CouponBody{{Coupon: "c", Serial: "17-0000000000AA", Currency: "EUR", ValidFrom: h.Day, ValidTo: "2030-01-01"}}
		return e, err
	}
	_, err = b.Append(t.Context(), coupon)
	must(t, err)
	first := b.clock.now()
	for i, day := range []int{0, 1, 2, 98, 99} {
		b.clock.set(t, first.AddDate(0, 0, day).Format(time.RFC3339))
		last := b.sell(t, i+1, 7, 1)
		p := store.Position{Store: 17, Epoch: 3, Seq: int64(last.Entry.Seq), Hash: last.Hash}
		must(t, b.Acked(t.Context(), p, p.Sign(b.position)))
	}
	head, err := b.Head(t.Context())
	must(t, err)
	b.feed(t, FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Watermark: &Watermark{Store: 17, Epoch: 3, Seq: loyalty.Seq(head.Seq)}}}})
	got, err := b.Prune(t.Context(), MinKeepDays, nil)
	if err != nil || got.Kept != 2 || got.Entries == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, seq := range []loyalty.Seq{1, 2} {
		if _, err := b.EntryBySeq(t.Context(), seq); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
	if c, err := b.CouponIssued(t.Context(), "17-0000000000AA"); err != nil || c.Entry.Seq != 2 {
		t.Errorf("%+v, %v", c.Entry, err)
	}
	b.verifyClean(t)
}

func TestVerifyFindsWhatWasChangedInAPrunedLedger(t *testing.T) {
	sound := season(t)
	_, err := sound.Prune(t.Context(), MinKeepDays, nil)
	must(t, err)
	must(t, sound.Close())
	for what, tc := range map[string]struct {
		statement string
		want      FindingCode
	}{
		"the last chain value without its body": {`UPDATE entry SET hash = zeroblob(32) WHERE seq = 20`, FindChain},
		"an entry taken out":                    {`DELETE FROM day WHERE close_seq = 10; DELETE FROM entry WHERE seq = 10`, FindGap},
		"a body taken away above the base":      {`UPDATE entry SET body = x'' WHERE seq = 21`, FindChain},
		"the base moved":                        {`UPDATE ledger SET pruned_through = 18`, FindBody},
		"a sum of the base":                     {`UPDATE ledger SET pruned_sums = CAST('{"uses":[{"what":"pieces","of":"x","n":1}]}' AS BLOB)`, FindTally},
	} {
		t.Run(what, func(t *testing.T) {
			b := &box{dir: t.TempDir(), identity: sound.identity, position: sound.position, clock: sound.clock}
			must(t, os.CopyFS(b.dir, os.DirFS(sound.dir)))
			b.open(t)
			defer func() { must(t, b.Close()) }()
			b.tamper(t, tc.statement)
			if got := b.findings(t); !slices.Contains(got, tc.want) {
				t.Errorf("found %v, want %s among them", got, tc.want)
			}
		})
	}
}

// The path of maintenance is the file's own: below the base a body may go, and nothing else may change.
func TestOnlyABodyMayGoAndOnlyBelowTheBase(t *testing.T) {
	b := season(t)
	for _, text := range []string{`UPDATE ledger SET pruned_through = 21`, `UPDATE ledger SET pruned_through = 19`, `UPDATE ledger SET pruned_through = 30`,
		`UPDATE entry SET body = x'' WHERE seq = 1`} {
		b.refuses(t, text)
	}
	_, err := b.Prune(t.Context(), MinKeepDays, nil)
	must(t, err)
	for _, text := range []string{`UPDATE ledger SET pruned_through = 18`, `UPDATE entry SET body = x'' WHERE seq = 21`, `UPDATE entry SET body = x'7b7d' WHERE seq = 1`,
		`UPDATE entry SET body = x'', hash = zeroblob(32) WHERE seq = 1`, `UPDATE entry SET body = x'', request = NULL WHERE seq = 1`, `DELETE FROM entry WHERE seq = 1`} {
		b.refuses(t, text)
	}
	b.verifyClean(t)
}

func (b *box) refuses(t *testing.T, statement string) {
	t.Helper()
	err := b.ledger.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(statement); return err })
	if err == nil {
		t.Errorf("went through: %s", statement)
	}
}
