package loyalty

import "slices"

// MergeBody says which member became part of the entry's. Once nothing is left with the other, it has ended.
type MergeBody struct {
	Gone     MemberID  `json:"gone"`
	Points   Points    `json:"points,omitempty"` // that came with it; below zero for its deficit
	Left     Points    `json:"left,omitempty"`   // more lots than one entry can name: another merge follows
	Tier     TierState `json:"tier"`             // the higher of both
	History  *History  `json:"history,omitempty"`
	Standing *Standing `json:"standing,omitempty"`
}

// MergeSide is one of two members who become one.
type MergeSide struct {
	Holding
	Tier     TierState
	History  History
	Standing Standing
}

// Merge makes the entry that brings all that one member has to another. Points on a card of the member who goes follow it;
// that card belongs on the hot list.
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
	e.Merge = &MergeBody{Gone: goes.Member, Points: all - left - deficit, Left: left, Tier: p.higher(stays.Tier, goes.Tier)}
	if h := stays.History.plus(&goes.History); !h.empty() {
		e.Merge.History = &h
	}
	s := Standing{stays.Standing.Spend + goes.Standing.Spend, stays.Standing.Points + goes.Standing.Points, stays.Standing.Visits + goes.Standing.Visits}
	if s != (Standing{}) {
		e.Merge.Standing = &s
	}
	return e, nil
}

// fillFor fills one member's deficit with points of the other's, who is below zero afterwards when there are too few.
func fillFor(goes MemberID, lots []Lot, stays MemberID, deficit Points) []Movement {
	moves := draw(lots, deficit, "", AccountMain(stays), AccountTransferred)
	stamp(moves, lots)
	return append(moves, Movement{From: AccountTransferred, To: AccountMain(goes), Points: deficit})
}

// higher is the better of two tiers; of equal ones the first.
func (p *Programme) higher(a, b TierState) TierState {
	rank := func(s TierState) int {
		return slices.IndexFunc(p.doc.Tiers, func(t tierDef) bool { return t.ID == s.Tier })
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// plus adds two pasts up: sums add, segments join, and an occasion is on when neither has used it.
func (h *History) plus(o *History) History {
	sum := History{Purchases: h.Purchases + o.Purchases, Balance: h.Balance + o.Balance, Given: slices.Clone(h.Given)}
	sum.Segments = slices.Compact(slices.Sorted(slices.Values(slices.Concat(h.Segments, o.Segments))))
	for _, key := range h.Occasions {
		if slices.Contains(o.Occasions, key) {
			sum.Occasions = append(sum.Occasions, key)
		}
	}
	for _, g := range o.Given {
		i := slices.IndexFunc(sum.Given, func(s RuleSum) bool { return s.Rule == g.Rule })
		if i < 0 {
			sum.Given = append(sum.Given, g)
			continue
		}
		s := &sum.Given[i]
		s.Day, s.Week, s.Month = s.Day+g.Day, s.Week+g.Week, s.Month+g.Month
		s.Year, s.Lifetime = s.Year+g.Year, s.Lifetime+g.Lifetime
	}
	return sum
}

func (h *History) empty() bool {
	return h.Purchases == 0 && h.Balance == 0 && len(h.Segments) == 0 && len(h.Occasions) == 0 && len(h.Given) == 0
}
