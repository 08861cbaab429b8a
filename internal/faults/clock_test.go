//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// jumps are what the clocks of stores do.
func jumps() []func(time.Time) time.Time {
	add := func(d time.Duration) func(time.Time) time.Time {
		return func(at time.Time) time.Time { return at.Add(d) }
	}
	years := func(n int) func(time.Time) time.Time {
		return func(at time.Time) time.Time { return at.AddDate(n, 0, 0) }
	}
	to := func(at time.Time) func(time.Time) time.Time { return func(time.Time) time.Time { return at } }
	return []func(time.Time) time.Time{
		add(time.Second), add(90 * time.Minute), add(-time.Second), // one that runs, one that drifts, a leap second smeared backwards
		add(24 * time.Hour), add(-24 * time.Hour), years(10), years(-10),
		to(time.Date(2026, 10, 25, 0, 59, 59, 0, time.UTC)), // the hour that comes twice in Riga
		to(time.Date(2027, 3, 28, 0, 59, 59, 0, time.UTC)),  // the hour that does not come
		to(time.Unix(0, 0)), // an empty battery
	}
}

// The clock jumps by days and years, over summer time and back to its beginning, and the store is told another time zone. Every
// sale is taken; numbers have no gap, the business day never goes back, and the ledger proves itself.
func TestNoClockStopsSellingOrTurnsTheBusinessDayBack(t *testing.T) {
	random := rand.New(rand.NewPCG(*seedFlag, 8))
	id, dir := newIdentity(t), t.TempDir()
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	day, seq, n := "", loyalty.Seq(0), 0
	for _, zone := range []string{"Europe/Riga", "Pacific/Kiritimati", "Pacific/Niue", "Europe/Riga"} {
		db, err := agentdb.Open(t.Context(), dir, inZone(t, id, zone), zerolog.Nop(), func() time.Time { return at })
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			all := jumps()
			at = all[random.IntN(len(all))](at)
			c, err := sell(db, n)
			if err != nil {
				t.Fatalf("sale %d in %s at %v: %v", n, zone, at, err)
			}
			// Where a day ends the ledger closes it by an entry of its own.
			if n++; c.Entry.Seq <= seq || c.Entry.Day < day {
				t.Fatalf("entry %d of day %s came after %d of %s, at %v in %s", c.Entry.Seq, c.Entry.Day, seq, day, at, zone)
			}
			seq, day = c.Entry.Seq, c.Entry.Day
		}
		report, err := db.Verify(t.Context(), nil)
		if err != nil || len(report.Findings) > 0 {
			t.Fatalf("%+v, %v", report.Findings, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d: %d sales, the last of business day %s while the clock says %v", *seedFlag, n, day, at)
}

// inZone is the same store with another time zone.
func inZone(t *testing.T, id *store.Identity, zone string) *store.Identity {
	t.Helper()
	dir := t.TempDir() + "/identity"
	copyTree(t, identityFolder(id), dir)
	setField(t, dir, "time_zone", zone)
	moved, err := store.LoadIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	return moved
}

// A store whose clock is ten years ahead, or behind, uploads what it sells: order comes from numbers, never from times.
func TestAStoreWithAWrongClockUploadsInOrder(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.stop(t)
	at := time.Now()
	var clock atomic.Int64 // read by the uplink too
	b := openBox(t, s.Identity, "", func() time.Time { return time.Unix(clock.Load(), 0) })
	status := b.connect(t)
	sold := int64(0)
	for _, jump := range jumps() {
		if at = jump(at); at.Year() < 2026 { // before the programme there is nothing to sell by
			continue
		}
		sold++
		clock.Store(at.Unix())
		b.post(t)
		waitFor(t, "the upload", func() (bool, string) { st := status(); return st.Lag == 0, st.Detail })
	}
	waitFor(t, "posting", func() (bool, string) {
		held := s.books(t).Stores[0].Epochs[0]
		return held.Posted == held.Seq, fmt.Sprintf("%+v", held)
	})
	if held := s.books(t); held.Members[0].Balance != salePoints*sold || held.Sum != 0 {
		t.Errorf("head office holds %+v", held)
	}
}
