package loyalty

import (
	"slices"
	"strings"
)

// MergeBody says which member became part of the entry's. Once nothing is left with the other, it has ended.
type MergeBody struct {
	Gone   MemberID  `json:"gone"`
	Points Points    `json:"points,omitempty"` // that came with it; below zero for its deficit
	Left   Points    `json:"left,omitempty"`   // more lots than one entry can name: another merge follows
	Tier   TierState `json:"tier"`             // the higher of both
}

// MergeSide is one of two members who become one.
type MergeSide struct {
	Holding
	Tier TierState
}

// Merge makes the entry that brings all that one member has to another. Points on a card of the member who goes follow it;
// that card belongs on the hot list. What both did before adds up by Past.Merge.
func (p *Programme) Merge(stays, goes MergeSide, head EntryHead) (Entry, error) {
	if err := head.check(stays.Member, goes.Member); err != nil {
		return Entry{}, err
	}
	if stays.Member == goes.Member {
		return Entry{}, &SaleError{"members[1]", MemberSame}
	}
	if slices.ContainsFunc(goes.Lots, func(l Lot) bool { return l.Reserved != 0 }) {
		return Entry{}, &SaleError{"members[1]", MemberReserved}
	}
	if goes.OnCard < 0 || goes.OnCard > maxPoints {
		return Entry{}, &SaleError{"members[1].on_card", SaleRange}
	}
	e := head.Entry(KindMerge)
	e.Member = stays.Member
	if goes.OnCard > 0 {
		e.Moves = []Movement{{From: AccountCard(goes.Member), To: AccountMain(goes.Member), Points: goes.OnCard}}
	}
	all, deficit := Points(0), Points(0)
	for _, l := range goes.Lots {
		switch {
		case l.overExpired():
			l.Remaining = -l.Remaining
			e.Moves = append(e.Moves, l.move(AccountExpired, AccountMain(goes.Member)))
		case l.Remaining < 0:
			deficit -= l.Remaining
		default:
			all += l.Remaining
		}
	}
	taken, left := take(goes.Lots, all, "", maxPassed)
	e.Moves = append(e.Moves, head.passOn(taken, goes.Member, stays.Member, "")...)
	if deficit > 0 {
		e.Moves = append(e.Moves, fillFor(goes.Member, Apply(stays.Lots, e.Moves, stays.Member), stays.Member, deficit)...)
	}
	e.Merge = &MergeBody{Gone: goes.Member, Points: all - left - deficit, Left: left, Tier: p.HigherTier(stays.Tier, goes.Tier)}
	return e, nil
}

// fillFor fills one member's deficit with points of the other's, who is below zero afterwards when there are too few.
func fillFor(goes MemberID, lots []Lot, stays MemberID, deficit Points) []Movement {
	moves := draw(lots, deficit, "", AccountMain(stays), AccountTransferred)
	stamp(moves, lots)
	return append(moves, Movement{From: AccountTransferred, To: AccountMain(goes), Points: deficit})
}

// HigherTier is the better of two tiers; of equal ones the first.
func (p *Programme) HigherTier(a, b TierState) TierState {
	rank := func(s TierState) int {
		return slices.IndexFunc(p.doc.Tiers, func(t tierDef) bool { return t.ID == s.Tier })
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// Merge adds another member's past to this one: sums add, and an occasion or an activity is used up when
// either has used it. Who was brought by a friend is this one alone.
func (past *Past) Merge(o *Past) {
	past.Purchases += o.Purchases
	past.Last = max(past.Last, o.Last)
	for _, d := range o.Days {
		past.addDay(d)
	}
	for _, g := range o.Given {
		i, found := slices.BinarySearchFunc(past.Given, g.Rule, func(r RulePast, rule string) int { return strings.Compare(r.Rule, rule) })
		if !found {
			past.Given = slices.Insert(past.Given, i, g)
			continue
		}
		past.Given[i] = past.Given[i].plus(&g)
	}
	past.Activities = slices.Compact(slices.Sorted(slices.Values(slices.Concat(past.Activities, o.Activities))))
	past.Occasions = slices.Compact(slices.Sorted(slices.Values(slices.Concat(past.Occasions, o.Occasions))))
}

// plus adds the sums of one rule, as they stand on the later of both days.
func (r *RulePast) plus(o *RulePast) RulePast {
	on := max(r.On, o.On)
	sum, more := r.on(on), o.on(on)
	sum.Day += more.Day
	sum.Week += more.Week
	sum.Month += more.Month
	sum.Year += more.Year
	sum.Lifetime += more.Lifetime
	return RulePast{On: on, RuleSum: sum}
}
