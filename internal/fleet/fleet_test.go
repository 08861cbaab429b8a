// The uplink's library draws its pauses from the global source, which this lets a test seed.
//
//go:debug randseednop=0
package fleet

import (
	"errors"
	legacy "math/rand"
	"os"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"loyaltill/store"
)

// small is a fleet that a test of the simulator itself runs.
func small() size {
	s := size{name: "small", stores: 4, days: 2, sales: 15, members: 16, purses: 4, asks: 3, most: 10_000, news: 5 * time.Minute, linger: 2 * time.Second,
		faults: 0.1, accidents: 0.5, sample: 7, longest: 5 * time.Hour}
	if raceDetector {
		s.stores, s.days, s.sales, s.members, s.purses = 2, 1, 8, 4, 1
	}
	return s
}

// midnight before the first day of every fleet, a Monday.
func firstDay() time.Time { return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) }

// run lets a plan happen in a bubble whose clock is the fleet's.
func run(t *testing.T, p *plan) (f figures, err error) {
	t.Helper()
	dir := t.TempDir()
	cryptotest.SetGlobalRandom(t, p.seed)
	legacy.Seed(int64(p.seed))
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(firstDay()))
		w := &world{ctx: t.Context(), plan: p, dir: dir, bell: make(chan struct{}), began: firstDay(), start: wall(), figures: *newFigures()}
		w.model = newModel(w)
		err = w.build()
		if err == nil {
			err = w.live()
		}
		err = errors.Join(err, w.close())
		f = w.figures
		f.count(w)
	})
	f.took = time.Since(began)
	return f, errors.Join(err, os.RemoveAll(dir))
}

func (f *figures) count(w *world) {
	f.seeds, f.storeDays = 1, w.plan.stores*w.plan.days
	for _, t := range w.model.told {
		f.sales++
		if t.spent > 0 {
			f.redeemed++
		}
	}
	for _, s := range w.shops {
		f.bytesUp += s.line.bytesUp
	}
}

func TestAFleetUnderFaultsAgreesWithItsModel(t *testing.T) {
	seeds := uint64(2)
	if raceDetector {
		seeds = 1
	}
	total := newFigures()
	for seed := range seeds {
		f, err := run(t, newPlan(small(), seed+1))
		if err != nil {
			t.Errorf("seed %d: %v", seed+1, err)
		}
		total.add(&f)
	}
	t.Logf("\n%v", total)
}

// shifts is a small fleet whose boxes are on for a part of the day, as in level M.
func shifts() size {
	s := small()
	s.days, s.asks, s.most, s.news, s.longest, s.shift = 3, 1, 4000, 4*time.Hour, 3*day, time.Hour
	if raceDetector {
		s.days = 2
	}
	return s
}

func TestAFleetWhoseBoxesAreOnForAShiftAgreesWithItsModel(t *testing.T) {
	f, err := run(t, newPlan(shifts(), 3))
	if err != nil {
		t.Error(err)
	}
	if again, err := run(t, newPlan(shifts(), 3)); !raceDetector && again.digest != f.digest {
		t.Errorf("two runs of one seed came to %v and %v, %v", f.digest, again.digest, err)
	}
	t.Logf("\n%v", &f)
}

func TestOneSeedIsOneFleet(t *testing.T) {
	if raceDetector {
		t.Skip("too slow with the race detector; the same fleets run without it")
	}
	sum := func(seed uint64) store.Hash {
		f, err := run(t, newPlan(small(), seed))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		return f.digest
	}
	first := sum(7)
	if second := sum(7); first != second {
		t.Errorf("two runs of one seed came to %v and %v", first, second)
	}
	if sum(8) == first {
		t.Error("another seed came to the same")
	}
}

func TestEverySeededBugIsCaught(t *testing.T) {
	if raceDetector {
		t.Skip("too slow with the race detector; the same fleets run without it")
	}
	for name, s := range map[string]size{"open all day": small(), "open for a shift": shifts()} {
		const seed = 15
		if _, err := run(t, newPlan(s, seed)); err != nil {
			t.Fatalf("%s, without a bug: %v", name, err)
		}
		for _, b := range bugs() {
			p := newPlan(s, seed)
			p.bug = b
			if _, err := run(t, p); err == nil {
				t.Errorf("%s: %q was not caught", name, b)
			} else {
				t.Logf("%s: %s: %v", name, b, err)
			}
		}
	}
}
