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

	Wallets []MergedWallet `json:"wallets,omitempty"` // beside the points, those that held something
}

// MergedWallet is what came of one wallet, and what another merge brings.
type MergedWallet struct {
	Wallet WalletID `json:"wallet"`
	Points Points   `json:"points,omitempty"`
	Left   Points   `json:"left,omitempty"`
}

// Ends says whether nothing is left with the member who goes.
func (b *MergeBody) Ends() bool {
	return b.Left == 0 && !slices.ContainsFunc(b.Wallets, func(w MergedWallet) bool { return w.Left != 0 })
}

// MergeSide is one of two members who become one.
type MergeSide struct {
	Holding               // of the points
	Wallets []WalletState // beside them
	Stamps  []StampPast
	Tier    TierState
}

// in is what the member has in one wallet.
func (s *MergeSide) in(w WalletID) Holding {
	if w == MainWallet {
		return s.Holding
	}
	h := Holding{Member: s.Member, Wallet: w}
	if i := slices.IndexFunc(s.Wallets, func(o WalletState) bool { return o.Wallet == w }); i >= 0 {
		h.Lots = s.Wallets[i].Lots
	}
	return h
}

// all is what the member has, wallet by wallet, the points first.
func (s *MergeSide) all() []Holding {
	all := []Holding{s.Holding}
	for _, w := range s.Wallets {
		all = append(all, s.in(w.Wallet))
	}
	return all
}

// Merge makes the entry that brings all that one member has to another: the lots of every wallet, what is owed, and stamps.
// Points on a card of the member who goes follow it; that card belongs on the hot list. What both did before adds up by
// Past.Merge.
func (p *Programme) Merge(stays, goes MergeSide, head EntryHead) (Entry, error) {
	if err := head.check(stays.Member, goes.Member); err != nil {
		return Entry{}, err
	}
	if stays.Member == goes.Member {
		return Entry{}, &SaleError{"members[1]", MemberSame}
	}
	for _, h := range goes.all() {
		if slices.ContainsFunc(h.Lots, func(l Lot) bool { return l.Reserved != 0 }) {
			return Entry{}, &SaleError{"members[1]", MemberReserved}
		}
	}
	if goes.OnCard < 0 || goes.OnCard > maxPoints {
		return Entry{}, &SaleError{"members[1].on_card", SaleRange}
	}
	e := head.Entry(KindMerge)
	e.Member = stays.Member
	if goes.OnCard > 0 {
		e.Moves = []Movement{{From: AccountCard(goes.Member), To: AccountMain(goes.Member), Points: goes.OnCard}}
	}
	e.Merge = &MergeBody{Gone: goes.Member, Tier: p.HigherTier(stays.Tier, goes.Tier)}
	lots := 0
	for _, h := range goes.all() {
		moves, came, left := head.bring(h, stays.in(h.Wallet), &lots)
		switch e.Moves = append(e.Moves, moves...); {
		case h.Wallet == MainWallet:
			e.Merge.Points, e.Merge.Left = came, left
		case len(moves) > 0 || left > 0:
			e.Merge.Wallets = append(e.Merge.Wallets, MergedWallet{h.Wallet, came, left})
		}
	}
	if e.Merge.Ends() { // stamps come once
		e.Moves = append(e.Moves, mergeStamps(&goes, &stays, head.Day)...)
	}
	return e, nil
}

// bring passes on the lots of one wallet and fills what is owed. made counts the lots of the entry, of all its wallets; left
// is what more of them hold than it can name.
func (h *EntryHead) bring(goes, stays Holding, made *int) (moves []Movement, came, left Points) {
	all, deficit := Points(0), Points(0)
	for _, l := range goes.Lots {
		switch {
		case l.overExpired():
			l.Remaining = -l.Remaining
			moves = append(moves, l.move(goes.via(expiredPart[1:]), goes.at(mainPart)))
		case l.Remaining < 0:
			deficit -= l.Remaining
		default:
			all += l.Remaining
		}
	}
	taken, left := take(goes.Lots, all, "", maxPassed-*made)
	moves = append(moves, h.passOn(&goes, taken, stays.Member, *made+1, "")...)
	*made += len(taken)
	if deficit > 0 {
		lots := ApplyWallet(stays.Lots, moves, stays.Member, stays.Wallet)
		moves = append(moves, fillFor(&goes, lots, &stays, deficit)...)
	}
	return moves, all - left - deficit, left
}

// fillFor fills one member's deficit with points of the other's, who is below zero afterwards when there are too few.
func fillFor(goes *Holding, lots []Lot, stays *Holding, deficit Points) []Movement {
	most := maxDraws
	if goes.Wallet != MainWallet {
		most = maxWalletDraws
	}
	passing := goes.via(transferredPart)
	moves := drawAtMost(lots, deficit, most, "", stays.at(mainPart), passing)
	stamp(moves, lots)
	return append(moves, Movement{From: passing, To: goes.at(mainPart), Points: deficit})
}

// mergeStamps moves stamps to the card of the member who stays. Those whose last day is over end first, of both: they must not
// live on with the other's.
func mergeStamps(goes, stays *MergeSide, day string) []Movement {
	var moves []Movement
	move := func(from, to string, n int64, expires string) {
		if n > 0 {
			moves = append(moves, Movement{From: from, To: to, Points: Points(n), Expires: expires})
		}
	}
	for _, c := range goes.Stamps {
		theirs, ours, ended := AccountStamps(c.Stamp, goes.Member), AccountStamps(c.Stamp, stays.Member), stampAccount(c.Stamp, stampsExpired)
		if c.endedBy(day) {
			move(theirs, ended, c.Count, "")
			continue
		}
		if i := slices.IndexFunc(stays.Stamps, func(o StampPast) bool { return o.Stamp == c.Stamp }); i >= 0 && c.Count > 0 && stays.Stamps[i].endedBy(day) {
			move(ours, ended, stays.Stamps[i].Count, "")
		}
		move(theirs, ours, c.Count, c.Expires)
		move(ours, theirs, -c.Count, "")
	}
	return moves
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
// either has used it. Who was brought by a friend is this one alone. Stamps come with the movements of the entry, for those
// whose last day is over do not.
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
