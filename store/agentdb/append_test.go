package agentdb

import (
	"bytes"
	"errors"
	"reflect"
	"sync"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

func TestASaleIsOneEntryOnTheChain(t *testing.T) {
	b := newBox(t)
	first := b.sell(t, 1, 7, 10)
	second := b.sell(t, 2, 0, 0)
	if first.Entry.Seq != 1 || second.Entry.Seq != 2 {
		t.Fatalf("numbers %d and %d", first.Entry.Seq, second.Entry.Seq)
	}
	if want := b.identity.Genesis().Next(first.Body); first.Hash != want {
		t.Errorf("h(1) is %s, want %s", first.Hash, want)
	}
	if want := first.Hash.Next(second.Body); second.Hash != want {
		t.Errorf("h(2) is %s, want %s", second.Hash, want)
	}
	if first.Entry.At != "2026-11-22T10:15:00.000+02:00" || first.Entry.Day != "2026-11-22" {
		t.Errorf("time %s, day %s", first.Entry.At, first.Entry.Day)
	}
	b.verifyClean(t)
}

func TestTheSameKeyGivesTheFirstAnswerAgain(t *testing.T) {
	b := newBox(t)
	c := commitOf(1, 7, 10)
	c.Jobs = func(e *loyalty.Entry) ([]NewJob, error) {
		return []NewJob{{Key: "receipt/" + e.Txn.String(), Class: "receipt", Printer: "lane 1", Doc: []byte(`{}`)}}, nil
	}
	first, err := b.Append(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.set(t, "2026-11-22T18:00:00+02:00")
	b.reopen(t)
	again, err := b.Append(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Replayed || first.Replayed {
		t.Errorf("replayed %v, then %v", first.Replayed, again.Replayed)
	}
	stored, err := b.EntryByTxn(t.Context(), c.Txn)
	if err != nil {
		t.Fatal(err)
	}
	again.Replayed = false
	if !reflect.DeepEqual(first, again) || !reflect.DeepEqual(first, stored) {
		t.Errorf("first %+v\nagain %+v\nstored %+v", first, again, stored)
	}
	if head, err := b.Head(t.Context()); err != nil || head.Seq != 1 {
		t.Errorf("head %d, %v", head.Seq, err)
	}
}

func TestTheSameKeyWithOtherContentIsAConflict(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 10)
	c := commitOf(1, 7, 10)
	c.RequestHash[0]++
	if _, err := b.Append(t.Context(), c); !errors.Is(err, ErrConflict) {
		t.Fatalf("got %v, want ErrConflict", err)
	}
	b.verifyClean(t)
}

func TestAnEntryIsNeverChangedOrDeleted(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 10)
	for _, text := range []string{`UPDATE entry SET member = 8`, `DELETE FROM entry`,
		`INSERT INTO entry (seq, txn, kind, day, body, hash) VALUES (3, zeroblob(16), 'sale', '2026-11-22', x'00', zeroblob(32))`,
		`INSERT INTO entry (seq, txn, kind, day, body, hash) VALUES (2, zeroblob(16), 'sale', '2026-11-21', x'00', zeroblob(32))`,
		`INSERT OR REPLACE INTO entry (seq, txn, kind, day, body, hash) VALUES (1, zeroblob(16), 'sale', '2026-11-22', x'00', zeroblob(32))`,
	} {
		err := b.ledger.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(text); return err })
		if err == nil {
			t.Errorf("went through: %s", text)
		}
	}
	b.verifyClean(t)
}

func TestABuildThatFailsLeavesNothing(t *testing.T) {
	b := newBox(t)
	boom := errors.New("boom")
	c := commitOf(1, 7, 10)
	c.Build = func(loyalty.EntryHead, Tally) (loyalty.Entry, error) { return loyalty.Entry{}, boom }
	if _, err := b.Append(t.Context(), c); !errors.Is(err, boom) {
		t.Fatalf("got %v", err)
	}
	c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) { h.Seq++; return saleOf(7, 1)(h, Tally{}) }
	if _, err := b.Append(t.Context(), c); err == nil {
		t.Fatal("an entry with another head went through")
	}
	if r := b.verifyClean(t); r.Entries != 0 {
		t.Errorf("%d entries", r.Entries)
	}
}

// Sixteen tills sell at once, each key twice from two lanes: every answer is on the chain, every key once.
func TestSixteenTillsSellAtOnce(t *testing.T) {
	b := newBox(t)
	const tills, each = 16, 25
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers := map[loyalty.TxnID]Committed{}
	for till := range tills {
		wg.Go(func() {
			for i := range each {
				c, err := b.Append(t.Context(), commitOf(till/2*each+i+1, loyalty.MemberID(till/2+1), 1))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if other, ok := answers[c.Entry.Txn]; ok && (!bytes.Equal(other.Body, c.Body) || other.Replayed == c.Replayed) {
					t.Errorf("two answers for one key: %s and %s", other.Body, c.Body)
				}
				answers[c.Entry.Txn] = c
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if r := b.verifyClean(t); r.Entries != tills/2*each {
		t.Errorf("%d entries, want %d", r.Entries, tills/2*each)
	}
}

func TestALedgerOfAnotherIdentityIsRefused(t *testing.T) {
	b := newBox(t)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	other, _ := newIdentity(t)
	other.InstallID = store.ID16{99}
	_, err := Open(t.Context(), b.dir, other, b.log, b.clock.now)
	if !errors.Is(err, ErrForeign) {
		t.Fatalf("got %v, want ErrForeign", err)
	}
	b.open(t)
}
