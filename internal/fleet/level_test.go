package fleet

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

var (
	level  = flag.String("fleet.level", "", "run a fleet of this level: S, M or L")
	seed0  = flag.Uint64("fleet.seed", 1, "the first seed")
	seeds  = flag.Uint64("fleet.seeds", 1, "how many seeds; every tenth carries a bug that must be caught")
	plot   = flag.String("fleet.plot", "", "file for a plot of how long sales took to head office")
	most   = flag.Int("fleet.stores", 0, "fewer stores than the level has")
	until  = flag.Int("fleet.days", 0, "fewer days than the level has")
	played = flag.String("fleet.bug", "", "play this bug with every seed, and show the shortest plan that is caught")
)

// levels are the sizes that `make fleet` runs. M is as wide and as long as a chain's month; what goes wrong in it is rarer, and boxes
// are on for an hour a day, so that some ninety are on at a time. L is head office's share of a large chain: stores have no ledgers.
func levels() map[string]size {
	return map[string]size{
		"S": {name: "S", stores: 20, days: 3, sales: 20, members: 60, purses: 12, asks: 3, most: 10_000, news: 10 * time.Minute, linger: 2 * time.Second,
			faults: 0.1, accidents: 0.3, sample: 50, longest: 6 * time.Hour, away: true},
		"M": {name: "M", stores: 1000, days: 30, sales: 5, members: 150, purses: 10, asks: 1, most: 4000, news: 4 * time.Hour, linger: 2 * time.Second,
			faults: 0.02, accidents: 0.02, sample: 500, longest: 3 * day, away: true, shift: time.Hour},
		"L": {name: "L", stores: 1000, days: 30, sales: 1500, members: 20_000, faults: 0.02, lean: true},
	}
}

func TestFleet(t *testing.T) {
	if *level == "" {
		t.Skip("for make fleet")
	}
	s, known := levels()[*level]
	if !known {
		t.Fatalf("level %q: want S, M or L", *level)
	}
	if *played != "" && !slices.Contains(bugs(), bug(*played)) {
		t.Fatalf("bug %q: want one of %q", *played, bugs())
	}
	if *most > 0 {
		s.stores = min(s.stores, *most)
	}
	if *until > 0 {
		s.days = min(s.days, *until)
	}
	total := newFigures()
	for seed := *seed0; seed < *seed0+*seeds; seed++ {
		p := newPlan(s, seed)
		switch {
		case *played != "":
			p.bug = bug(*played)
		case seed%10 == 0 && !s.lean:
			p.bug = bugs()[int(seed/10)%len(bugs())]
		}
		p.log = zerolog.New(os.Stderr).With().Timestamp().Logger()
		f, err := run(t, p)
		switch {
		case p.bug == none && err != nil:
			t.Errorf("seed %d: %v", seed, err)
			if f.took < longestToShrink {
				shrink(t, p)
			}
		case p.bug == none:
			total.add(&f)
		default:
			total.bugs++
			if err != nil {
				total.bugsCaught++
				t.Logf("seed %d: %q was caught: %v", seed, p.bug, err)
				if *played != "" {
					shrink(t, p)
				}
			} else {
				t.Errorf("seed %d: %q was not caught", seed, p.bug)
			}
		}
	}
	fmt.Printf("level %s, %d stores, %d days, %d sales a day in each, seeds from %d\n%v", s.name, s.stores, s.days, s.sales, *seed0, total)
	if *plot != "" {
		if err := os.WriteFile(*plot, drawLags(total.lags, s.days), 0o644); err != nil {
			t.Error(err)
		}
	}
}
