package fleet

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// deed is what happens at one moment of a plan.
type deed uint8

const (
	sell     deed = iota
	again         // a till repeats a sale whose answer it did not get
	giveBack      // goods come back, in the same store or in another one
	closeDay
	outage   // the line is cut
	busy     // head office answers 503
	crash    // the power goes, and comes back
	backup   // the ledger is copied
	restore  // the newest copy takes the ledger's place
	fork     // the same, and the box sells on before it speaks with head office
	decision // a person decides about the fork
	office   // head office is started again
	wake     // the box is switched on
	rest     // the box is switched off
)

func (d deed) String() string {
	return [...]string{"sell", "again", "give back", "close day", "outage", "busy", "crash", "backup", "restore", "fork", "decision", "office", "wake", "rest"}[d]
}

// event is one deed. Who, where and how much are drawn when the plan is made, so that an event can be left out without
// changing the others.
type event struct {
	id     int
	at     time.Duration // since the fleet began
	deed   deed
	store  int
	member int // index; -1: nobody
	cents  int64
	points int64 // wanted; 0: none
	of     int   // the id of the sale that is repeated or comes back
	last   time.Duration
}

func (e event) String() string {
	s := fmt.Sprintf("#%d %v store %d %v", e.id, e.at.Round(time.Millisecond), e.store+1, e.deed)
	switch e.deed {
	case sell:
		s += fmt.Sprintf(" %d cents, member %d, asks for %d points", e.cents, e.member+1, e.points)
	case again, giveBack:
		s += fmt.Sprintf(" of #%d", e.of)
	case outage, busy:
		s += fmt.Sprintf(" for %v", e.last.Round(time.Second))
	}
	return s
}

// size says how large a fleet is and how much goes wrong in it.
type size struct {
	name                string
	stores, days, sales int // sales of a store on a day
	members, purses     int
	news, linger        time.Duration // how often stores hear what is new; how long an entry waits for company
	faults              float64       // part of all requests that something happens to
	accidents           float64       // of each kind, of a store on a day
	sample              int           // each so many events the invariants of one store are checked
	longest             time.Duration // of an outage
	away                bool          // the last store has no line until the last day
	lean                bool          // stores have no ledgers and only sell, by the batch
	shift               time.Duration // how long a store's box is on each day, at an hour of its own; 0: always
	asks                int           // one of so many sales of members asks for points
	most                int64         // cents of a sale
}

// plan is everything that will happen.
type plan struct {
	size
	seed   uint64
	bug    bug
	books  string // URL of head office's books; empty: a file
	events []event
	shifts [][]time.Duration // when a store's box is switched on, by day and store
	log    zerolog.Logger    // how far a long run is
}

const (
	opening = 6 * time.Hour // the fleet begins at 04:00 UTC, stores open later
	trading = 11 * time.Hour
	day     = 24 * time.Hour
)

// newPlan draws a plan from a seed.
func newPlan(s size, seed uint64) *plan {
	p := &plan{size: s, seed: seed}
	if s.lean {
		return p
	}
	dice := rand.New(rand.NewPCG(seed, 1))
	if s.shift > 0 {
		p.drawShifts(dice)
	}
	for d := range s.days {
		morning := time.Duration(d)*day + opening
		for store := range s.stores {
			if s.shift > 0 {
				p.openFor(dice, d, store)
				continue
			}
			p.trade(dice, store, morning)
			p.mishaps(dice, store, morning)
		}
		p.chance(dice, s.accidents, event{deed: office, at: morning + within(dice, trading)})
	}
	if s.away {
		p.add(event{deed: outage, store: s.stores - 1, at: time.Minute, last: time.Duration(s.days-1)*day + opening + trading/2})
	}
	slices.SortStableFunc(p.events, func(a, b event) int { return int(a.at - b.at) })
	return p
}

func within(dice *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(dice.Int64N(int64(d)))
}

func (p *plan) add(e event) int {
	e.id = len(p.events)
	p.events = append(p.events, e)
	return e.id
}

func (p *plan) chance(dice *rand.Rand, of float64, e event) {
	if dice.Float64() < of {
		p.add(e)
	}
}

// trade is a store's day: sales, some of them repeated, some returned later, and the close, which people forget at times.
func (p *plan) trade(dice *rand.Rand, store int, morning time.Duration) {
	for range p.sales {
		e := p.sale(dice, store, morning+within(dice, trading))
		id := p.add(e)
		if dice.IntN(20) == 0 {
			p.add(event{deed: again, store: store, at: e.at + time.Second + within(dice, time.Minute), of: id})
		}
		if dice.IntN(25) == 0 {
			back := event{deed: giveBack, store: store, at: e.at + time.Hour + within(dice, 2*day), of: id}
			if dice.IntN(2) == 0 {
				back.store = dice.IntN(p.stores)
			}
			p.add(back)
		}
	}
	if dice.IntN(5) > 0 {
		p.add(event{deed: closeDay, store: store, at: morning + trading + within(dice, time.Hour)})
	}
}

func (p *plan) sale(dice *rand.Rand, store int, at time.Duration) event {
	e := event{deed: sell, store: store, at: at, cents: 100 + dice.Int64N(p.most-100), member: p.customer(dice, store)}
	if e.member >= 0 && dice.IntN(p.asks) == 0 {
		e.points = 5 + dice.Int64N(56)
	}
	return e
}

// customer is mostly one who lives nearby, sometimes one from anywhere, sometimes nobody.
func (p *plan) customer(dice *rand.Rand, store int) int {
	switch n := dice.IntN(10); {
	case n == 0:
		return -1
	case n < 3:
		return dice.IntN(p.members)
	}
	if p.members < p.stores {
		return store * p.members / p.stores
	}
	near := (p.members + p.stores - 1) / p.stores
	return min(store*near+dice.IntN(near), p.members-1)
}

// mishaps is what goes wrong in a store on a day beside its line's small faults.
func (p *plan) mishaps(dice *rand.Rand, store int, morning time.Duration) {
	at := func() time.Duration { return morning + within(dice, trading) }
	p.chance(dice, p.accidents, event{deed: outage, store: store, at: at(), last: within(dice, p.longest)})
	p.chance(dice, p.accidents, event{deed: busy, store: store, at: at(), last: within(dice, p.longest)})
	p.chance(dice, p.accidents, event{deed: crash, store: store, at: at()})
	if dice.Float64() < p.accidents {
		saved := at()
		p.add(event{deed: backup, store: store, at: saved})
		p.add(event{deed: restore, store: store, at: saved + time.Hour + within(dice, 5*time.Hour)})
	}
	if dice.Float64() < p.accidents/2 {
		saved := at()
		broken := saved + time.Hour + within(dice, 5*time.Hour)
		p.add(event{deed: backup, store: store, at: saved})
		p.add(event{deed: fork, store: store, at: broken})
		p.add(event{deed: decision, store: store, at: broken + 2*time.Hour + within(dice, time.Hour)})
	}
}
