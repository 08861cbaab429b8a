package hodb

import (
	"slices"

	"loyaltill/agent/loyalty"
)

// Overspent is what of a member's deficit an entry made, and no later points have filled.
type Overspent struct {
	EntryKey
	Open loyalty.Points
}

// Overspent tells which entries a member's deficit comes from, in their own order: points that come fill the oldest first. Like
// the lots it does not depend on the order of arrival.
func (tx *Tx) Overspent(id loyalty.MemberID, unit string, idle Idle) ([]Overspent, error) {
	days, err := tx.days()
	if err != nil {
		return nil, err
	}
	effects, err := tx.effects(id, unit)
	if err != nil {
		return nil, err
	}
	went, err := tx.Went(id)
	if err != nil {
		return nil, err
	}
	var open []Overspent
	had := loyalty.Points(0)
	c := course{tx: tx, member: id, unit: unit, went: went, idle: idle, begun: days.begun}
	c.after = func(key EntryKey) {
		owed := loyalty.Deficit(c.lots)
		if owed > had {
			open = append(open, Overspent{key, owed - had})
		}
		open = fill(open, had-owed)
		had = owed
	}
	return open, c.follow(effects)
}

// fill takes points off what is open, from the oldest on.
func fill(open []Overspent, points loyalty.Points) []Overspent {
	for i := range open {
		part := max(min(open[i].Open, points), 0)
		open[i].Open, points = open[i].Open-part, points-part
	}
	return slices.DeleteFunc(open, func(o Overspent) bool { return o.Open == 0 })
}
