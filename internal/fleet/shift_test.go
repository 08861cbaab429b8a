package fleet

import (
	"math/rand/v2"
	"time"
)

// In a shift's first and last minute a box is busy with itself: it hears what is new, and it closes the day.
const (
	booting = time.Minute
	closing = time.Minute
)

// drawShifts says when each store's box is on each day: all hours of trading see some stores.
func (p *plan) drawShifts(dice *rand.Rand) {
	p.shifts = make([][]time.Duration, p.days)
	for d := range p.shifts {
		for range p.stores {
			p.shifts[d] = append(p.shifts[d], time.Duration(d)*day+opening+within(dice, trading-p.shift))
		}
	}
}

// in is a moment of a store's shift on a day; false after the last day.
func (p *plan) in(dice *rand.Rand, d, store int) (time.Duration, bool) {
	into := booting + within(dice, p.shift-booting-2*closing)
	if d >= p.days {
		return 0, false
	}
	return p.shifts[d][store] + into, true
}

// openFor is a store's day when its box is on for a shift: what comes of it later comes in another shift.
func (p *plan) openFor(dice *rand.Rand, d, store int) {
	on := p.shifts[d][store]
	off := on + p.shift
	p.add(event{deed: wake, store: store, at: on})
	for range p.sales {
		at, _ := p.in(dice, d, store)
		id := p.add(p.sale(dice, store, at))
		if dice.IntN(20) == 0 {
			p.add(event{deed: again, store: store, at: at + time.Second + within(dice, closing), of: id})
		}
		if dice.IntN(25) == 0 {
			p.comesBack(dice, d+1+dice.IntN(2), store, id)
		}
	}
	if dice.IntN(5) > 0 {
		p.add(event{deed: closeDay, store: store, at: off - closing + within(dice, closing/2)})
	}
	p.mishapsIn(dice, d, store)
	p.add(event{deed: rest, store: store, at: off + within(dice, closing)})
}

// comesBack brings goods back on a later day, half of them to another store.
func (p *plan) comesBack(dice *rand.Rand, d, store, of int) {
	if dice.IntN(2) == 0 {
		store = dice.IntN(p.stores)
	}
	if at, ok := p.in(dice, d, store); ok {
		p.add(event{deed: giveBack, store: store, at: at, of: of})
	}
}

// mishapsIn is what goes wrong with a box that is on for a shift: a copy of the ledger is used, and a person decides, a day later.
func (p *plan) mishapsIn(dice *rand.Rand, d, store int) {
	at := func() time.Duration { at, _ := p.in(dice, d, store); return at }
	p.chance(dice, p.accidents, event{deed: outage, store: store, at: at(), last: within(dice, p.longest)})
	p.chance(dice, p.accidents, event{deed: busy, store: store, at: at(), last: within(dice, p.longest)})
	p.chance(dice, p.accidents, event{deed: crash, store: store, at: at()})
	if dice.Float64() < p.accidents {
		p.add(event{deed: backup, store: store, at: at()})
		if broken, ok := p.in(dice, d+1, store); ok {
			p.add(event{deed: restore, store: store, at: broken})
		}
	}
	if dice.Float64() < p.accidents/2 {
		p.add(event{deed: backup, store: store, at: at()})
		if broken, ok := p.in(dice, d+1, store); ok {
			p.add(event{deed: fork, store: store, at: broken})
		}
		if decided, ok := p.in(dice, d+2, store); ok {
			p.add(event{deed: decision, store: store, at: decided})
		}
	}
}
