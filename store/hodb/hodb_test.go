package hodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/blank"
	"loyaltill/internal/drawn"
	"loyaltill/internal/pgserver"
	"loyaltill/store"
)

func TestMain(m *testing.M) {
	drawn.Same(0)
	os.Exit(pgserver.Main(m, func(ctx context.Context, url string) error {
		db, err := Open(ctx, url, time.Now)
		if err != nil {
			return err
		}
		return db.Close()
	}))
}

var layNew = blank.Of("migrations")

// newDB opens a new database of the engine on which the tests run.
func newDB(t testing.TB) *DB {
	t.Helper()
	at := pgserver.Chosen(t)
	if at == "" {
		at = filepath.Join(t.TempDir(), "ho.db")
		layNew(t, at)
	}
	return openDB(t, at)
}

func openDB(t testing.TB, at string) *DB {
	t.Helper()
	db, err := Open(t.Context(), at, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func update(t testing.TB, db *DB, fn func(*Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// addMember enters a member under a number of his own.
func addMember(t testing.TB, db *DB, n byte) (id loyalty.MemberID) {
	t.Helper()
	update(t, db, func(tx *Tx) (err error) {
		id, err = tx.AddMember(Member{Language: "lv"}, Number{HMAC: store.Hash{n}, Masked: "6034…0018"})
		return err
	})
	return id
}

// movements of one entry: points earned by, or taken from, a member.
func posting(member loyalty.MemberID, k EntryKey, minute int, points loyalty.Points, expires string) Posting {
	at := time.Date(2026, 11, 24, 10, minute, 0, 0, time.UTC)
	leg := Leg{Owner: MemberOwner(member), Kind: Main, Amount: points, Reason: "earn", Earned: "2026-11-24", Expires: expires,
		Lot: loyalty.LotID(fmt.Sprintf("%d-%d-%d.1", k.Store, k.Epoch, k.Seq))}
	other := Issued
	if points < 0 {
		leg, other = Leg{Owner: MemberOwner(member), Kind: Main, Amount: points, Reason: "redeem"}, Redeemed
	}
	return Posting{Key: k, Day: "2026-11-24", At: at, Legs: []Leg{leg, {Owner: StoreOwner(k.Store), Kind: other, Amount: -points}}}
}

func post(t testing.TB, db *DB, postings ...Posting) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		p, err := tx.NewPoster()
		if err != nil {
			return err
		}
		for _, one := range postings {
			if err := p.Post(one); err != nil {
				return err
			}
		}
		_, err = p.Flush()
		return err
	})
}

func lots(t testing.TB, db *DB, id loyalty.MemberID) (lots []loyalty.Lot) {
	t.Helper()
	err := db.View(t.Context(), func(tx *Tx) (err error) {
		lots, err = tx.Lots(id, Points)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lots
}

func inOrder(t testing.TB, db *DB) {
	t.Helper()
	err := db.View(t.Context(), func(tx *Tx) error {
		found, err := tx.Verify(nil)
		if len(found) > 0 {
			t.Errorf("verify: %+v", found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestALateEntryChangesWhichLotsWereSpent(t *testing.T) {
	db := newDB(t)
	id := addMember(t, db, 1)
	first := posting(id, EntryKey{1, 1, 1}, 0, 100, "2027-06-30")
	redeem := posting(id, EntryKey{1, 1, 2}, 20, -80, "")
	post(t, db, first, redeem)
	if got := lots(t, db, id); len(got) != 1 || got[0].Remaining != 20 {
		t.Fatalf("before the late entry: %+v", got)
	}
	post(t, db, posting(id, EntryKey{2, 1, 1}, 10, 50, "2027-01-31")) // from another store, between the two, ending sooner
	want := []loyalty.Lot{{ID: "1-1-1.1", Remaining: 70, Earned: "2026-11-24", Expires: "2027-06-30"}}
	if got := lots(t, db, id); !slices.Equal(got, want) {
		t.Errorf("the sooner lot is spent first: got %+v, want %+v", got, want)
	}
	inOrder(t, db)
}

func TestWhatIsEarnedFillsADeficitFirst(t *testing.T) {
	db := newDB(t)
	id := addMember(t, db, 1)
	post(t, db, posting(id, EntryKey{1, 1, 1}, 0, -30, ""))
	post(t, db, posting(id, EntryKey{1, 1, 2}, 1, 100, "2027-06-30"))
	want := []loyalty.Lot{{ID: "1-1-2.1", Remaining: 70, Earned: "2026-11-24", Expires: "2027-06-30"}}
	if got := lots(t, db, id); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	inOrder(t, db)
}

func TestLotsAreTheSameInWhateverOrderEntriesArrive(t *testing.T) {
	db := newDB(t)
	number := byte(0)
	rapid.Check(t, func(rt *rapid.T) {
		if number++; number == 0 { // numbers are used up
			inOrder(t, db)
			db, number = newDB(t), 1
		}
		id := addMember(t, db, number)
		var all []Posting
		for i := range rapid.IntRange(1, 12).Draw(rt, "entries") {
			k := EntryKey{Store: loyalty.StoreID(number)*2 + loyalty.StoreID(i%2), Epoch: 1, Seq: loyalty.Seq(i + 1)}
			points := loyalty.Points(rapid.IntRange(-60, 100).Draw(rt, "points"))
			expires := rapid.SampledFrom([]string{"2027-01-31", "2027-06-30", ""}).Draw(rt, "expires")
			if points != 0 {
				all = append(all, posting(id, k, rapid.IntRange(0, 5).Draw(rt, "minute"), points, expires))
			}
		}
		arrival := slices.Clone(all)
		slices.SortFunc(arrival, byPlace)
		for i := len(arrival) - 1; i > 0 && rapid.Bool().Draw(rt, "late"); i-- { // sometimes all in order, sometimes none
			j := rapid.IntRange(0, i).Draw(rt, "arrives")
			arrival[i], arrival[j] = arrival[j], arrival[i]
		}
		for len(arrival) > 0 {
			n := rapid.IntRange(1, len(arrival)).Draw(rt, "batch")
			post(t, db, arrival[:n]...)
			arrival = arrival[n:]
		}
		if got, want := lots(t, db, id), model(all, id); !slices.Equal(got, want) {
			rt.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
	inOrder(t, db)
}

// byPlace is the canonical order within one day.
func byPlace(a, b Posting) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key.Store, b.Key.Store), cmp.Compare(a.Key.Seq, b.Key.Seq))
}

// model applies everything once, in canonical order.
func model(all []Posting, id loyalty.MemberID) []loyalty.Lot {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, byPlace)
	var out []loyalty.Lot
	for _, p := range sorted {
		l := p.Legs[0]
		move := loyalty.Movement{From: loyalty.AccountIssued, To: loyalty.AccountMain(id), Points: l.Amount, Lot: l.Lot, Earned: l.Earned, Expires: l.Expires}
		if l.Amount < 0 {
			move = loyalty.Movement{From: move.To, To: loyalty.AccountRedeemed, Points: -l.Amount}
		}
		out = loyalty.Apply(out, []loyalty.Movement{move}, id)
	}
	return out
}

func TestAPostingThatWouldMakePointsIsRefused(t *testing.T) {
	db := newDB(t)
	id := addMember(t, db, 1)
	wrong := posting(id, EntryKey{1, 1, 1}, 0, 100, "")
	wrong.Legs[1].Amount++
	err := db.Update(t.Context(), func(tx *Tx) error {
		p, err := tx.NewPoster()
		if err != nil {
			return err
		}
		return p.Post(wrong)
	})
	var unbalanced *UnbalancedError
	if !errors.As(err, &unbalanced) || unbalanced.Sum != 1 {
		t.Fatalf("got %v, want an UnbalancedError of 1", err)
	}
	inOrder(t, db)
}

func TestAVoucherFollowsTheCardsLastOne(t *testing.T) {
	db := newDB(t)
	id := addMember(t, db, 1)
	post(t, db, posting(id, EntryKey{1, 1, 1}, 0, 100, ""))
	card := loyalty.CardID{7}
	update(t, db, func(tx *Tx) error {
		return tx.AddCard(Card{ID: card, Member: id, PublicKey: []byte{4}, Certificate: []byte{0x50}}, Number{HMAC: store.Hash{1}, Masked: "6034…0018"})
	})
	update(t, db, func(tx *Tx) error {
		return tx.AddVoucher(Voucher{Member: id, Card: card, Seq: 1, Kind: voucherPoints, Amount: 60})
	})
	for _, seq := range []uint32{1, 3} {
		err := db.Update(t.Context(), func(tx *Tx) error {
			return tx.AddVoucher(Voucher{Member: id, Card: card, Seq: seq, Kind: voucherPoints, Amount: 10, Ref: [8]byte{byte(seq)}})
		})
		if err == nil {
			t.Errorf("voucher %d after voucher 1 was taken", seq)
		}
	}
	err := db.View(t.Context(), func(tx *Tx) error {
		main, onCard, err := tx.Balances(id)
		if main != 40 || onCard != 60 {
			t.Errorf("%d and %d on the card, want 40 and 60", main, onCard)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inOrder(t, db)
}

// Writers come and go, some fail; a reader who follows the feed misses nothing and sees no number twice.
func TestAReaderOfTheFeedMissesNothing(t *testing.T) {
	db := newDB(t)
	const writers, each = 4, 30
	done := make(chan struct{})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				err := db.Update(context.Background(), func(tx *Tx) error {
					if err := tx.touchFeed(TopicHot, 0, fmt.Sprintf("%d/%d", w, i)); err != nil {
						return err
					}
					if i%5 == 4 {
						return errors.New("this one fails")
					}
					return nil
				})
				if (err != nil) != (i%5 == 4) {
					t.Errorf("writer %d, %d: %v", w, i, err)
				}
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	seen, after := map[string]bool{}, int64(0)
	for last := false; !last; {
		select {
		case <-done:
			last = true // one more look
		default:
		}
		err := db.View(t.Context(), func(tx *Tx) error {
			changes, err := tx.Changes(1, after, 1000)
			for _, c := range changes {
				if c.Seq != after+1 || seen[c.Key] {
					t.Errorf("%s under %d after %d", c.Key, c.Seq, after)
				}
				seen[c.Key], after = true, c.Seq
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != writers*each*4/5 {
		t.Errorf("saw %d changes, want %d", len(seen), writers*each*4/5)
	}
}

func TestAFileBelongsToOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ho.db")
	openDB(t, path)
	_, err := Open(t.Context(), path, time.Now)
	if !errors.Is(err, store.ErrInUse) {
		t.Errorf("opened a second time: %v", err)
	}
}

// What an entry gave was worked out anew: its lot ends sooner now.
func TestALotHasTheLifeThatItsEntryGivesItNow(t *testing.T) {
	db := newDB(t)
	id := addMember(t, db, 1)
	key := EntryKey{1, 1, 1}
	post(t, db, posting(id, key, 0, 100, "2027-06-30"))
	update(t, db, func(tx *Tx) error {
		p, err := tx.NewPoster()
		if err != nil {
			return err
		}
		if _, err := p.Settle(posting(id, key, 0, 40, "2027-01-31")); err != nil {
			return err
		}
		_, err = p.Flush()
		return err
	})
	want := []loyalty.Lot{{ID: "1-1-1.1", Remaining: 40, Earned: "2026-11-24", Expires: "2027-01-31"}}
	if got := lots(t, db, id); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	inOrder(t, db)
}
