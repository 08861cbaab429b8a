package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"loyaltill/store"
)

// lag is how long one entry took from its till to head office.
type lag struct {
	store int
	made  time.Duration // since the fleet began
	took  time.Duration
}

// figures are what a run, or many, came to.
type figures struct {
	seeds      int
	storeDays  int
	sales      int
	redeemed   int // sales that took points
	faults     map[mishap]int
	lost       int
	doubled    int
	overspent  int // with a purse
	overdrafts int // members who spent the same points twice, offline
	allowances int // that stores hold in the end
	forks      int
	forksSeen  int
	lags       []lag
	recovered  []time.Duration // from the moment at which all lines were mended
	bytesUp    int64
	bugs       int
	bugsCaught int
	took       time.Duration // on the wall
	digest     store.Hash
}

func newFigures() *figures { return &figures{faults: map[mishap]int{}} }

func (f *figures) add(g *figures) {
	f.seeds++
	f.storeDays += g.storeDays
	f.sales += g.sales
	f.redeemed += g.redeemed
	for m, n := range g.faults {
		f.faults[m] += n
	}
	f.lost, f.doubled = f.lost+g.lost, f.doubled+g.doubled
	f.overspent, f.overdrafts = f.overspent+g.overspent, f.overdrafts+g.overdrafts
	f.allowances += g.allowances
	f.forks, f.forksSeen = f.forks+g.forks, f.forksSeen+g.forksSeen
	f.lags, f.recovered = append(f.lags, g.lags...), append(f.recovered, g.recovered...)
	f.bytesUp, f.took = f.bytesUp+g.bytesUp, f.took+g.took
}

// part is the value below which a part of all lies.
func part[T cmp.Ordered](sorted []T, of float64) (v T) {
	if len(sorted) == 0 {
		return v
	}
	return sorted[min(int(of*float64(len(sorted))), len(sorted)-1)]
}

func (f *figures) String() string {
	lags := make([]time.Duration, len(f.lags))
	for i, l := range f.lags {
		lags[i] = l.took
	}
	slices.Sort(lags)
	slices.Sort(f.recovered)
	var b strings.Builder
	say := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "%-28s %s\n", what, fmt.Sprintf(format, args...))
	}
	say("seeds", "%d", f.seeds)
	say("store-years", "%.2f in %v", float64(f.storeDays)/365, f.took.Round(time.Second))
	say("sales", "%d, %.0f a second; %d took points", f.sales, float64(f.sales)/max(f.took.Seconds(), 1e-9), f.redeemed)
	for _, m := range slices.Sorted(maps.Keys(f.faults)) {
		say("  "+string(m), "%d", f.faults[m])
	}
	say("lost, doubled", "%d, %d", f.lost, f.doubled)
	say("overspent with a purse", "%d", f.overspent)
	say("overdrafts", "%d, %.0f in a million redemptions", f.overdrafts, 1e6*float64(f.overdrafts)/float64(max(f.redeemed, 1)))
	say("allowances in the end", "%d", f.allowances)
	say("forks seen, made", "%d, %d", f.forksSeen, f.forks)
	say("till to head office", "p50 %v, p99 %v", part(lags, 0.5).Round(time.Millisecond), part(lags, 0.99).Round(time.Second))
	say("in step after mending", "p50 %v, at most %v", part(f.recovered, 0.5).Round(time.Second), part(f.recovered, 1).Round(time.Second))
	say("bytes up a sale", "%.0f", float64(f.bytesUp)/float64(max(f.sales, 1)))
	say("seeded bugs caught", "%d of %d", f.bugsCaught, f.bugs)
	return b.String()
}
