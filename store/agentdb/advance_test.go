package agentdb

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"loyaltill/agent/loyalty"
)

// errNothing says that a test's sale found less in advance than it wants.
var errNothing = errors.New("not so much can be given in advance")

// advanceOf is a sale of a member with an empty purse that takes points in advance, as far as the transaction tells that it may.
func advanceOf(n int, member loyalty.MemberID, points loyalty.Points) Commit {
	c := commitOf(n, member, 0)
	c.Member, c.Newest, c.Advances = member, math.MaxInt64, true // the caller knows all of the member's entries
	c.Build = func(h loyalty.EntryHead, used Tally) (loyalty.Entry, error) {
		if used.Advance.Given-used.Advance.Held < points {
			return loyalty.Entry{}, errNothing
		}
		e, err := saleOf(member, 0)(h, used)
		e.Sale.Medium, e.Sale.Redeemed = loyalty.MediumPurse, points
		e.Sale.Advance = &loyalty.Advance{Available: used.Advance.Given, Points: points, Since: used.Advance.Since}
		e.Moves = []loyalty.Movement{{From: loyalty.AccountMain(member), To: loyalty.AccountRedeemed, Points: points}}
		return e, err
	}
	return c
}

func (b *box) takeInAdvance(t testing.TB, n int, member loyalty.MemberID, points loyalty.Points) error {
	t.Helper()
	_, err := b.Append(t.Context(), advanceOf(n, member, points))
	if err != nil && !errors.Is(err, errNothing) {
		t.Fatal(err)
	}
	return err
}

func (b *box) advance(t *testing.T, n int) Advance {
	t.Helper()
	a, err := b.Advance(t.Context(), txn(n), 7, "2026-11-22")
	must(t, err)
	return a
}

// send takes the next batch from a place and gives the last entry in it.
func (b *box) send(t *testing.T, from loyalty.Seq, most int) loyalty.Seq {
	t.Helper()
	r, err := b.Outgoing(t.Context(), from, most, 1<<20)
	must(t, err)
	return r.Last()
}

func TestPointsAreGivenInAdvanceOnceAndOnlyBeforeABatchTookThemAway(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 100)
	b.send(t, 1, 10)
	if a := b.advance(t, 9); a != (Advance{}) {
		t.Errorf("of what was sent %+v", a)
	}
	b.sell(t, 2, 7, 80)
	b.sell(t, 3, 8, 500)
	b.sell(t, 4, 7, 20)
	if a := b.advance(t, 9); a != (Advance{Given: 100, Since: 2}) {
		t.Errorf("of what was not sent %+v", a)
	}
	must(t, b.takeInAdvance(t, 5, 7, 90))
	if err := b.takeInAdvance(t, 6, 7, 11); err == nil {
		t.Error("10 are left, 11 were given")
	}
	must(t, b.takeInAdvance(t, 7, 7, 10))
	b.sell(t, 8, 7, 30)
	b.send(t, 2, 10)
	if err := b.takeInAdvance(t, 9, 7, 1); err == nil {
		t.Error("given although a batch took it away")
	}
	b.verifyClean(t)
}

// The bytes of a batch may be on their way as soon as Outgoing has answered; the box may lose power before they are.
func TestWhatABatchTookStaysSentWhenThePowerGoesBeforeItsFirstByte(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 100)
	b.send(t, 1, 10)
	b.reopen(t)
	if err := b.takeInAdvance(t, 2, 7, 1); err == nil {
		t.Error("nobody knows whether the batch left, and the points were given")
	}
}

func TestABatchIsNeverCutBetweenAnEarnAndItsAdvance(t *testing.T) {
	b := newBox(t)
	for n, step := range []func(n int){
		func(n int) { b.sell(t, n, 0, 0) },
		func(n int) { b.sell(t, n, 0, 0) },
		func(n int) { b.sell(t, n, 7, 50) },                   // 3
		func(n int) { b.sell(t, n, 8, 50) },                   // 4
		func(n int) { must(t, b.takeInAdvance(t, n, 7, 50)) }, // 5, since 3
		func(n int) { must(t, b.takeInAdvance(t, n, 8, 50)) }, // 6, since 4: with 5 since 3
		func(n int) { b.sell(t, n, 7, 20) },                   // 7
		func(n int) { must(t, b.takeInAdvance(t, n, 7, 10)) }, // 8, since 7: by itself
		func(n int) { b.sell(t, n, 0, 0) },
	} {
		step(n + 1)
	}
	for _, row := range []struct {
		what string
		from loyalty.Seq
		most int
		last loyalty.Seq
	}{
		{"before the first", 1, 2, 2},
		{"back to it", 1, 4, 2},
		{"back over both", 1, 5, 2},
		{"at the end of both", 1, 6, 6},
		{"back to the third", 1, 7, 6},
		{"on where nothing would be left", 3, 1, 6},
		{"on from the third's earn", 7, 1, 8},
		{"all", 1, 100, 9},
	} {
		if last := b.send(t, row.from, row.most); last != row.last {
			t.Errorf("%s: %d from %d end at %d, want %d", row.what, row.most, row.from, last, row.last)
		}
	}
}

func TestASaleThatWaitsForItsCardHoldsItsAdvanceUntilABatchTakesItAway(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 100)
	hold := func(n int, points loyalty.Points) {
		i := intentOf(n)
		i.Advance = AdvanceUse{Member: 7, Day: "2026-11-22", Points: points}
		i.Check = func(used Tally) error {
			if used.Advance.Given-used.Advance.Held < points {
				return errNothing
			}
			return nil
		}
		if err := b.OpenIntent(t.Context(), i); err != nil && !errors.Is(err, errNothing) {
			t.Fatal(err)
		}
	}
	hold(2, 60)
	if a := b.advance(t, 9); a != (Advance{Given: 100, Held: 60, Since: 1}) {
		t.Errorf("for another sale %+v", a)
	}
	if a := b.advance(t, 2); a.Held != 0 {
		t.Errorf("for the same sale %+v", a)
	}
	hold(3, 50) // 40 are left
	own := func(n int) (told Advance) {
		c := commitOf(n, 7, 0)
		c.Member, c.Newest, c.Advances, c.Intent = 7, math.MaxInt64, true, IntentDone
		c.Build = func(h loyalty.EntryHead, used Tally) (loyalty.Entry, error) {
			told = used.Advance
			return loyalty.Entry{}, errNothing
		}
		if _, err := b.Append(t.Context(), c); !errors.Is(err, errNothing) {
			t.Fatal(err)
		}
		return told
	}
	if a := own(2); a != (Advance{Given: 60, Since: 1, Own: true}) {
		t.Errorf("its own hold %+v", a)
	}
	if a := own(3); a != (Advance{Own: true}) {
		t.Errorf("a hold that was refused %+v", a)
	}
	b.send(t, 1, 10)
	if a := own(2); a != (Advance{Own: true}) {
		t.Errorf("after a batch took it away %+v", a)
	}
	b.sell(t, 4, 7, 100)
	hold(5, 70)
	must(t, b.DropIntent(t.Context(), txn(5)))
	if a := b.advance(t, 9); a != (Advance{Given: 100, Since: 2}) {
		t.Errorf("a dropped sale holds on to it: %+v", a)
	}
}

// Head office makes a voucher of all that a member has beside the card, after each batch. Whatever was given in advance must have
// been there before: then no point is in a voucher and in a sale.
func TestWhateverIsSoldAndSentNoPointIsSpentInAdvanceAndVouched(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b, random := newBox(t), rand.New(rand.NewPCG(seed, 7))
			sent := loyalty.Seq(0)
			send := func(most int) {
				r, err := b.Outgoing(t.Context(), sent+1, most, 1<<20)
				must(t, err)
				beside := map[loyalty.MemberID]loyalty.Points{}
				for _, body := range r.Bodies {
					e, err := loyalty.DecodeEntry(body)
					must(t, err)
					for _, x := range effects(e) {
						beside[x.member] += x.points
					}
				}
				for member, points := range beside {
					if points < 0 {
						t.Fatalf("entries %d to %d take %d from member %d that a voucher has", r.First, r.Last(), -points, member)
					}
				}
				sent = r.Last()
			}
			b.sell(t, 1, 7, 1)
			must(t, b.takeInAdvance(t, 2, 7, 1)) // in each seed something is given
			for n := 2; n < 60; n++ {
				member, points := loyalty.MemberID(7+random.IntN(3)), loyalty.Points(1+random.IntN(60))
				switch random.IntN(10) {
				case 0, 1, 2, 3:
					b.sell(t, n+1, member, points)
				case 4, 5, 6:
					_ = b.takeInAdvance(t, n+1, member, points) // or there was not so much
				case 7, 8:
					send(1 + random.IntN(6))
				case 9:
					b.reopen(t)
				}
			}
			send(100)
			b.verifyClean(t)
		})
	}
}

func TestAnAdvanceReachesNoFurtherBackThanOneBatch(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 100)
	var wg sync.WaitGroup
	const sellers = 16 // they share commits
	for seller := range sellers {
		wg.Go(func() {
			for n := 2 + seller; n < MaxAdvanceEntries; n += sellers {
				b.sell(t, n, 0, 0)
			}
		})
	}
	wg.Wait()
	if a := b.advance(t, 1); a != (Advance{Given: 100, Since: 1}) {
		t.Fatalf("the sale would be the last entry of the batch: %+v", a)
	}
	b.sell(t, MaxAdvanceEntries, 8, 30)
	if a := b.advance(t, 1); a != (Advance{}) {
		t.Errorf("the sale would be in the next batch: %+v", a)
	}
	must(t, b.takeInAdvance(t, MaxAdvanceEntries+1, 8, 30))
	if err := b.takeInAdvance(t, MaxAdvanceEntries+2, 8, 1); err == nil {
		t.Error("given twice")
	}
	if last := b.send(t, 1, MaxAdvanceEntries); last != MaxAdvanceEntries-1 {
		t.Errorf("the batch ends at %d", last)
	}
}

// The box may have sent more by the day on which its backup is needed.
func TestARestoredBackupGivesNothingInAdvanceOfWhatItHolds(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 7, 100)
	restored := &box{dir: t.TempDir(), identity: b.identity, clock: b.clock}
	must(t, b.Backup(t.Context(), filepath.Join(restored.dir, LedgerFile)))
	restored.open(t)
	t.Cleanup(func() { must(t, restored.Close()) })
	if a := restored.advance(t, 9); a != (Advance{}) {
		t.Errorf("the backup gives %+v", a)
	}
	if a := b.advance(t, 9); a.Given != 100 {
		t.Errorf("the box itself gives %+v", a)
	}
	restored.verifyClean(t)
}
