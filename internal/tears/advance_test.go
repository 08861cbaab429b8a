package tears

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
)

// given is what the first store gives the member while it is cut off; the sale ahead takes half of it beside the card.
const given = 160

// TestNoPointIsSpentTwiceInAdvanceWheneverThePowerGoes walks stories in which the first store spends what it gave before head
// office has heard of it, beside a card that goes to the other store with its purse, and a batch that leaves in between.
func TestNoPointIsSpentTwiceInAdvanceWheneverThePowerGoes(t *testing.T) {
	extent := extents()
	if *second == 0 {
		extent.oneIn[1] *= thinned // every first mishap: few lie between a debit and the batch
	}
	plain, _, _ := strings.Cut(programmeText, "tiers:") // a tier that the other store has not heard of is a difference of its own
	k := newWalk(t, newChain(t, plain+advances), extent, runtime.GOMAXPROCS(0))
	k.schedules.Store(k.tell(k.chain.start, []story{
		{"the card and the store pay", []step{give(), pay(ahead), pay(there)}},
		{"the till asks again", []step{give(), pay(ahead), pay(ahead)}},
		{"a batch leaves in between", []step{give(), pay(ahead), leave(), pay(there)}},
		{"a batch leaves before", []step{give(), leave(), pay(ahead), pay(there)}},
		{"the sale is dropped", []step{give(), pay(ahead), drop(ahead), leave(), pay(there)}},
	}))
	t.Log(k)
}

// give has the first store sell to the member for money.
func give() step {
	return step{name: "give", store: 0, calm: true, do: func(l *life) { l.earn(given) }}
}

// leave has a batch take away all that the first store has written.
func leave() step {
	return step{name: "a batch leaves", store: 0, calm: true, do: func(l *life) {
		r, err := l.db.Outgoing(l.rig.t.Context(), 1, math.MaxInt32, math.MaxInt32)
		check(l.rig.t, err)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.w.sent = r.Last()
	}}
}

// advances: a store gives in advance what it gave itself and no batch had taken away, once.
func (e *ending) advances() {
	for store, entries := range e.entries {
		var left loyalty.Points
		for _, entry := range entries {
			sent := store == 0 && entry.Seq <= e.world.sent
			if entry.Sale == nil {
				continue
			}
			if a := entry.Sale.Advance; entry.Sale.AdvancePoints() > 0 {
				if left -= a.Points; left < 0 {
					e.wrong("store %d gave %d points in advance that it had not", store+1, -left)
				}
				if !sent && store == 0 && a.Since <= e.world.sent {
					e.wrong("sale %v took points in advance that a batch had taken away: %+v, sent through %d", entry.Txn, *a, e.world.sent)
				}
			}
			if entry.Sale.Medium != loyalty.MediumPurse {
				left += entry.Sale.Earned
			}
		}
	}
}
