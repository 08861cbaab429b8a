package headoffice

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// longestReview is how many days before the last begun a member's tiers are reviewed again at most: an entry of a store whose clock
// is wrong by decades must not cost more.
const longestReview = 3660

// reviewFrom notes that a member's tiers are to be reviewed again, from a day on.
func (j *judge) reviewFrom(id loyalty.MemberID, day string) {
	if have, waits := j.reviews[id]; !waits || day < have {
		j.reviews[id] = day
	}
}

// stepped has tiers reviewed that a new or another step of a member's bears on: those of the days after it; a merge counts on its
// own day.
func (j *judge) stepped(id loyalty.MemberID, day string, steps ...loyalty.PastStep) {
	switch {
	case slices.ContainsFunc(steps, func(s loyalty.PastStep) bool { return s.Merged != nil }):
		j.reviewFrom(id, day)
	case j.ladder && day < j.poster.Begun():
		j.reviewFrom(id, dayAfter(day, 1))
	}
}

// dayAfter is so many days after one, or before it.
func dayAfter(day string, days int) string {
	t, _ := time.Parse(time.DateOnly, day) // entries and the day's work have been checked
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}

// review replays the reviews of members from the days noted on. Where a tier moves otherwise than before, what the member did from
// that day on is to be judged again, and whose part he is to be reviewed.
func (j *judge) review() error {
	for len(j.reviews) > 0 { // who is gone reviews another, never in a circle
		id := slices.Min(slices.Collect(maps.Keys(j.reviews)))
		from := j.reviews[id]
		delete(j.reviews, id)
		if err := j.reviewMember(id, from); err != nil {
			return fmt.Errorf("review tiers of member %d: %w", id, err)
		}
	}
	return nil
}

// reviewable is a day, or the first after it that is reviewed at all.
func (j *judge) reviewable(from string) string {
	if begun := j.poster.Begun(); begun != "" {
		return max(from, dayAfter(begun, -longestReview))
	}
	return from
}

func (j *judge) reviewMember(id loyalty.MemberID, from string) error {
	m, err := j.registered(id)
	if err != nil || m == nil {
		return err
	}
	went, err := j.tx.Went(id)
	if err != nil {
		return err
	}
	from = j.reviewable(from)
	moves, err := j.tierMoves(m, from, went)
	if err != nil {
		return err
	}
	changed, err := j.tx.ReplaceTiers(m, from, moves)
	if err != nil || changed == "" {
		return err
	}
	j.vouchers[id], j.moved[id] = true, true // the card says the tier too
	if went != nil {
		j.reviewFrom(went.Into, went.Place.Day)
	}
	if at := (hodb.Place{Day: changed}); m.Late(at) {
		return j.unsettle(id, at)
	}
	return nil
}

// tierCourse takes a member's tier through the days: it is reviewed as a day begins, by all that he did before, and is the higher of
// both once another has become part of him.
type tierCourse struct {
	rules   []*loyalty.Programme
	state   loyalty.TierState
	past    loyalty.Past
	entries []hodb.MemberEntry // not in the past yet
	joined  []joined           // in the order of days
	moves   []hodb.TierMove
}

// joined is the tier of one who became part of the member.
type joined struct {
	day   string
	state loyalty.TierState
}

// tierMoves is how a member's tier moves from a day on. Reviews begin on the day after he first did something; who has gone is reviewed
// through the day of it.
func (j *judge) tierMoves(m *hodb.Member, from string, went *hodb.Merge) ([]hodb.TierMove, error) {
	c := tierCourse{rules: j.rules}
	var err error
	if c.state, err = j.tx.TierState(m, from); err != nil {
		return nil, err
	}
	if c.joined, err = j.joinedFrom(m.ID, from); err != nil {
		return nil, err
	}
	if m.Late(hodb.Place{Day: from}) {
		c.entries, err = j.tx.MemberEntries(m.ID)
	} else if past, perr := j.poster.Past(m); perr == nil {
		c.past = *past
	} else {
		err = perr
	}
	if err != nil {
		return nil, err
	}
	first, err := j.tx.FirstDay(m.ID)
	if err != nil {
		return nil, err
	}
	day, last := cmp.Or(from, j.poster.Begun()), j.poster.Begun()
	switch {
	case first != "":
		day = max(from, dayAfter(first, 1))
	case m.Tier == "": // who has none by the register and has done nothing is not reviewed
		last = ""
	}
	if went != nil {
		last = min(last, went.Place.Day)
	}
	for ; day <= last; day = dayAfter(day, 1) {
		if err := c.begin(day); err != nil {
			return nil, err
		}
	}
	return c.moves, c.join(lastDay)
}

// joinedFrom are those who became part of a member from a day on.
func (j *judge) joinedFrom(id loyalty.MemberID, from string) (all []joined, err error) {
	parts, err := j.tx.PartsOf(id)
	for _, part := range parts {
		if err != nil {
			break
		}
		var went *hodb.Merge
		if went, err = j.tx.Went(part); err != nil || went == nil || went.Into != id || went.Place.Day < from {
			continue
		}
		var gone *hodb.Member
		if gone, err = j.registered(part); err == nil && gone != nil {
			var state loyalty.TierState
			state, err = j.tx.TierState(gone, dayAfter(went.Place.Day, 1))
			all = append(all, joined{went.Place.Day, state})
		}
	}
	slices.SortStableFunc(all, func(a, b joined) int { return b2i(a.day > b.day) - b2i(a.day < b.day) })
	return all, err
}

// begin reviews the tier as a day begins.
func (c *tierCourse) begin(day string) error {
	if err := c.join(dayAfter(day, -1)); err != nil {
		return err
	}
	for len(c.entries) > 0 && c.entries[0].Day() < day {
		c.past.Add(c.entries[0].Step)
		c.entries = c.entries[1:]
	}
	p, err := inForceOf(c.rules, day)
	if err != nil || p == nil || !p.HasLadder() {
		return err
	}
	in, err := p.ReviewOf(c.state, &c.past, day)
	if err != nil {
		return err
	}
	r, err := p.ReviewTier(in)
	if err == nil && r.State != c.state {
		c.move(day, r.State, r.Why.Code)
	}
	return err
}

// join gives the higher tier for those who became part of the member by a day.
func (c *tierCourse) join(by string) error {
	for ; len(c.joined) > 0 && c.joined[0].day <= by; c.joined = c.joined[1:] {
		p, err := inForceOf(c.rules, c.joined[0].day)
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		if higher := p.HigherTier(c.state, c.joined[0].state); higher != c.state {
			c.move(c.joined[0].day, higher, "tier.merged")
		}
	}
	return nil
}

func (c *tierCourse) move(day string, to loyalty.TierState, reason string) {
	if n := len(c.moves); n > 0 && c.moves[n-1].From == day {
		c.moves = c.moves[:n-1]
	}
	c.state, c.moves = to, append(c.moves, hodb.TierMove{From: day, State: to, Reason: reason})
}
