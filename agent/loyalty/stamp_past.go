package loyalty

import (
	"slices"
	"strings"
)

// StampPast is a member's stamp card as the entries leave it: a sum, the same in whatever order they come.
type StampPast struct {
	Stamp   string `json:"stamp"`
	Count   int64  `json:"count"`
	On      string `json:"on"` // the newest day on which stamps were given
	Today   int64  `json:"today,omitempty"`
	Expires string `json:"expires,omitempty"` // the latest last day
}

// StampStep is what one entry does to a stamp card.
type StampStep struct {
	Stamp   string `json:"stamp"`
	Add     int64  `json:"add"`             // below zero: taken
	Given   int64  `json:"given,omitempty"` // that count for the day
	Expires string `json:"expires,omitempty"`
}

func stampSteps(uses []StampUse) []StampStep {
	var steps []StampStep
	for _, u := range uses {
		if u.Ended != 0 || u.Given != 0 || u.Used != 0 {
			steps = append(steps, StampStep{u.Told.Stamp, u.Given - u.Used - u.Ended, u.Given, u.Expires})
		}
	}
	return steps
}

func stampStepsBack(back []StampReturn) []StampStep {
	var steps []StampStep
	for _, s := range back {
		steps = append(steps, StampStep{Stamp: s.Stamp, Add: s.Back - s.Taken})
	}
	return steps
}

// StampSteps is what the movements of an entry without a sale do to a member's stamp cards.
func StampSteps(moves []Movement, m MemberID) []StampStep {
	var steps []StampStep
	add := func(account string, n Points, expires string) {
		id, card, ok := AccountStampCard(account)
		if !ok || id != m {
			return
		}
		i := slices.IndexFunc(steps, func(s StampStep) bool { return s.Stamp == card })
		if i < 0 {
			i, steps = len(steps), append(steps, StampStep{Stamp: card})
		}
		steps[i].Add += int64(n)
		steps[i].Expires = max(steps[i].Expires, expires)
	}
	for _, mv := range moves {
		add(mv.From, -mv.Points, "")
		add(mv.To, mv.Points, mv.Expires)
	}
	return steps
}

func (past *Past) addStamps(step PastStep) {
	for _, s := range step.Stamps {
		i, found := slices.BinarySearchFunc(past.Stamps, s.Stamp, func(c StampPast, id string) int { return strings.Compare(c.Stamp, id) })
		if !found {
			past.Stamps = slices.Insert(past.Stamps, i, StampPast{Stamp: s.Stamp})
		}
		c := &past.Stamps[i]
		c.Count += s.Add
		c.Expires = max(c.Expires, s.Expires)
		if s.Given > 0 && step.Day > c.On {
			c.On, c.Today = step.Day, 0
		}
		if step.Day == c.On {
			c.Today += s.Given
		}
	}
}

// stampStates is the cards of this programme as a sale on a day is told of them.
func (p *Programme) stampStates(all []StampPast, day string) []StampState {
	var states []StampState
	for _, c := range all {
		if !slices.ContainsFunc(p.stamps, func(r stampRule) bool { return r.id == c.Stamp }) {
			continue
		}
		s := StampState{Stamp: c.Stamp, Count: c.Count}
		if c.On == day {
			s.Today = c.Today
		}
		if s.Count > 0 {
			s.Expires = c.Expires
		}
		if s != (StampState{Stamp: c.Stamp}) {
			states = append(states, s)
		}
	}
	return states
}

// endedBy says whether there are stamps, and their last day was before a day.
func (c *StampPast) endedBy(day string) bool {
	s := StampState{Count: c.Count, Expires: c.Expires}
	return s.endedBy(day)
}
