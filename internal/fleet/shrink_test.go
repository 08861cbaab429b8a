package fleet

import (
	"slices"
	"testing"
	"time"
)

// A plan that fails is run again so often at most, and not at all when that would take days.
const (
	triesToShrink   = 60
	longestToShrink = 5 * time.Minute
)

// shrink prints the shortest part of a plan that was found to fail.
func shrink(t *testing.T, p *plan) {
	tries := 0
	left := shortest(p, func(part []event) bool {
		if tries++; tries > triesToShrink {
			return false
		}
		smaller := *p
		smaller.events = part
		_, err := run(t, &smaller)
		return err != nil
	})
	t.Logf("seed %d fails with these %d of %d events:", p.seed, len(left), len(p.events))
	for _, e := range left {
		t.Log(e)
	}
}

// shortest looks for the shortest part of a plan that still fails: without a store, without a day, without ever smaller pieces.
func shortest(p *plan, fails func([]event) bool) []event {
	events := p.events
	without := func(out func(event) bool) {
		if rest := slices.DeleteFunc(slices.Clone(events), out); len(rest) < len(events) && fails(rest) {
			events = rest
		}
	}
	for store := range p.stores {
		without(func(e event) bool { return e.store == store })
	}
	for d := range p.days {
		without(func(e event) bool { return int(e.at/day) == d })
	}
	for piece := len(events) / 2; piece > 0; piece /= 2 {
		for from := 0; from+piece <= len(events); {
			rest := slices.Concat(events[:from], events[from+piece:])
			if fails(rest) {
				events = rest
			} else {
				from += piece
			}
		}
	}
	return events
}

// A fault that takes two events is told with these two alone.
func TestAPlanThatFailsIsToldByItsShortestPart(t *testing.T) {
	p := newPlan(small(), 3)
	first, second := p.events[len(p.events)/5].id, p.events[len(p.events)*4/5].id
	runs := 0
	left := shortest(p, func(part []event) bool {
		runs++
		has := func(id int) bool { return slices.ContainsFunc(part, func(e event) bool { return e.id == id }) }
		return has(first) && has(second)
	})
	if len(left) != 2 || left[0].id != first || left[1].id != second {
		t.Errorf("of %d events %v are left after %d runs, want #%d and #%d", len(p.events), left, runs, first, second)
	}
}
