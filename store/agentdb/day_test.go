package agentdb

import (
	"crypto/sha256"
	"errors"
	"testing"

	"loyaltill/agent/loyalty"
)

func closeOf(n int) CloseDay {
	id := txn(n)
	return CloseDay{Txn: id, RequestHash: sha256.Sum256(id[:]), Lane: 1, Cashier: "anna"}
}

func TestACloseSumsUpItsDay(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 10)
	b.sell(t, 2, 0, 0)
	load := commitOf(3, 0, 0)
	load.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
		return loyalty.Entry{V: 1, Store: h.Store, Epoch: h.Epoch, Seq: h.Seq, Kind: loyalty.KindLoad, Txn: h.Txn, Day: h.Day, At: h.At,
			Card: &loyalty.CardRecord{Card: loyalty.CardID{1}, Ctr: 1, Type: 3, Amount: 25, NewBalance: 25}}, nil
	}
	last, err := b.Append(t.Context(), load)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.CloseDay(t.Context(), closeOf(4))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Entry.Close
	if got.First != 1 || got.Last != 3 || got.Count != 3 || got.Sales != 2 || got.Total != 2000 || got.ToPay != 2000 ||
		got.Earned != 10 || got.Loaded != 25 || got.Currency != "EUR" || got.HeadHash != last.Hash.String() {
		t.Errorf("totals %+v", got)
	}
	if len(got.Tenders) != 2 || got.Tenders[0] != (loyalty.TenderTotal{Kind: loyalty.TenderCard, Count: 2, Amount: 800}) ||
		got.Tenders[1] != (loyalty.TenderTotal{Kind: loyalty.TenderCash, Count: 2, Amount: 1200}) {
		t.Errorf("tenders %+v", got.Tenders)
	}
	days, err := b.ClosedDays(t.Context(), 10)
	if err != nil || len(days) != 1 || days[0].Day != "2026-11-22" || days[0].Seq != 4 {
		t.Errorf("closed days %+v, %v", days, err)
	}
	b.verifyClean(t)
}

func TestASaleAfterTheCloseBelongsToTheNextDay(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 0, 0)
	if _, err := b.CloseDay(t.Context(), closeOf(2)); err != nil {
		t.Fatal(err)
	}
	if day, err := b.BusinessDay(t.Context(), b.clock.now()); err != nil || day != "2026-11-23" {
		t.Errorf("day %s, %v", day, err)
	}
	late := b.sell(t, 3, 0, 0)
	if late.Entry.Day != "2026-11-23" || late.Entry.At[:10] != "2026-11-22" {
		t.Errorf("day %s at %s", late.Entry.Day, late.Entry.At)
	}
	b.clock.set(t, "2026-11-23T09:00:00+02:00")
	if next := b.sell(t, 4, 0, 0); next.Entry.Day != "2026-11-23" || next.Entry.Seq != 4 {
		t.Errorf("the next morning is %s, entry %d", next.Entry.Day, next.Entry.Seq)
	}
	b.verifyClean(t)
}

func TestADayThatNobodyClosedIsClosedByTheNextDaysFirstSale(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 0, 0)
	b.clock.set(t, "2026-11-23T03:59:00+02:00")
	if night := b.sell(t, 2, 0, 0); night.Entry.Day != "2026-11-22" {
		t.Errorf("before the cut it is %s", night.Entry.Day)
	}
	b.clock.set(t, "2026-11-23T04:00:00+02:00")
	morning := b.sell(t, 3, 0, 0)
	if morning.Entry.Day != "2026-11-23" || morning.Entry.Seq != 4 {
		t.Fatalf("day %s, entry %d", morning.Entry.Day, morning.Entry.Seq)
	}
	c, err := b.EntryBySeq(t.Context(), 3)
	if err != nil || c.Entry.Kind != loyalty.KindClose || c.Entry.Day != "2026-11-22" || c.Entry.Close.Count != 2 {
		t.Errorf("entry 3 is %+v, %v", c.Entry, err)
	}
	if v := c.Entry.Txn[6] >> 4; v != 8 {
		t.Errorf("its id has UUID version %d", v)
	}
	b.verifyClean(t)
}

func TestBusinessDaysNeverGoBack(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 0, 0)
	b.clock.set(t, "2026-11-20T10:00:00+02:00")
	if back := b.sell(t, 2, 0, 0); back.Entry.Day != "2026-11-22" {
		t.Errorf("after the clock went back it is %s", back.Entry.Day)
	}
	b.verifyClean(t)
}

func TestADayIsNotClosedTwiceOrEmpty(t *testing.T) {
	b := newBox(t)
	if _, err := b.CloseDay(t.Context(), closeOf(1)); !errors.Is(err, ErrEmptyDay) {
		t.Errorf("an empty ledger: %v", err)
	}
	b.sell(t, 2, 0, 0)
	other := closeOf(3)
	other.Day = "2026-11-21"
	if _, err := b.CloseDay(t.Context(), other); !errors.Is(err, ErrDayChanged) {
		t.Errorf("another day: %v", err)
	}
	first, err := b.CloseDay(t.Context(), closeOf(4))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.CloseDay(t.Context(), closeOf(4))
	if err != nil || !again.Replayed || again.Hash != first.Hash {
		t.Errorf("the same key: %+v, %v", again, err)
	}
	if _, err := b.CloseDay(t.Context(), closeOf(5)); !errors.Is(err, ErrEmptyDay) {
		t.Errorf("closed twice: %v", err)
	}
	b.verifyClean(t)
}

func TestASaleQuotedOnAnotherDayIsRefused(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 0, 0)
	c := commitOf(2, 0, 0)
	c.ExpectDay = "2026-11-22"
	b.clock.set(t, "2026-11-23T04:00:00+02:00")
	if _, err := b.Append(t.Context(), c); !errors.Is(err, ErrDayChanged) {
		t.Fatalf("got %v, want ErrDayChanged", err)
	}
	if head, err := b.Head(t.Context()); err != nil || head.Seq != 1 {
		t.Errorf("the refused sale left entries up to %d, %v", head.Seq, err)
	}
}

func TestACloseComesWithItsPrintJob(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 0, 0)
	c := closeOf(2)
	c.Jobs = func(e *loyalty.Entry) ([]NewJob, error) {
		return []NewJob{{Key: "z/" + e.Day, Class: "report", Printer: "lane 1", Doc: []byte(`{}`)}}, nil
	}
	done, err := b.CloseDay(t.Context(), c)
	if err != nil || len(done.JobIDs) != 1 {
		t.Fatalf("%+v, %v", done.JobIDs, err)
	}
	job, err := b.NextJob(t.Context(), "lane 1")
	if err != nil || job.Key != "z/2026-11-22" || job.Entry != 2 {
		t.Errorf("job %+v, %v", job, err)
	}
}
