package loyalty

import "slices"

// settlement moves the points of one return: spent points back first, for they may be what the earned ones are taken from.
type settlement struct {
	in    *ReturnInput
	body  *ReturnBody
	head  EntryHead
	day   date
	at    Accounts
	moves []Movement
	fresh []int // moves that made a lot here
	made  int   // lots that the entry has made
}

func (s *settlement) settle(was, now due) error {
	if s.in.Sale.Member == 0 {
		s.body.Owed, s.body.Refund = 0, s.body.Money
		return nil
	}
	s.giveBack(was.spent, now.spent)
	var taken Points
	var withheld int64
	for i := range s.in.Before {
		taken += s.in.Before[i].Taken
		withheld += s.in.Before[i].Withheld
		for _, w := range s.in.Before[i].Wallets {
			withheld -= w.Withheld
		}
	}
	owed := max(now.owed-s.in.Expired, 0) // what expired by itself is not taken a second time
	s.take(max(owed-taken, 0))
	s.backToPartners()
	s.body.Short = max(owed-taken-s.body.Taken, 0)
	return s.withhold(withheld)
}

// giveBack returns the points that were spent last first: they live longest. Parts therefore pick up where the one before
// stopped.
func (s *settlement) giveBack(from, to Points) {
	reached := Points(0)
	for _, l := range slices.Backward(s.in.Sale.Spent) {
		part := min(reached+l.Points, to) - max(reached, from)
		reached += l.Points
		if part > 0 {
			s.giveLot(l, part)
		}
	}
}

func (s *settlement) giveLot(l SpentLot, points Points) {
	policy := &s.in.Policy
	if i := slices.IndexFunc(s.in.Lots, func(o Lot) bool { return o.ID == l.Lot }); i >= 0 && l.Earned == "" {
		l.Earned, l.Expires = s.in.Lots[i].Earned, s.in.Lots[i].Expires // an older entry did not write them down
	}
	ended := l.Expires != "" && l.Expires < s.head.Day
	switch {
	case ended && policy.GraceDays == 0: // of either policy: what has expired stays so
		s.body.Lapsed += points
		s.moves = append(s.moves, Movement{From: s.at.Redeemed, To: s.at.Expired, Points: points, Lot: l.Lot})
		return
	case ended:
		s.giveFresh(points, (s.day + date(policy.GraceDays)).String())
	case policy.Reissue || l.Lot == "" || l.Earned == "":
		s.giveFresh(points, policy.life.lastDay(s.day))
	default:
		s.moves = append(s.moves, Movement{From: s.at.Redeemed, To: s.at.Main, Points: points, Lot: l.Lot, Earned: l.Earned, Expires: l.Expires})
	}
	s.body.Back += points
}

// giveFresh gives points back as a lot of this entry; those with one life share it.
func (s *settlement) giveFresh(points Points, expires string) {
	for _, i := range s.fresh {
		if s.moves[i].Expires == expires {
			s.moves[i].Points += points
			return
		}
	}
	s.fresh = append(s.fresh, len(s.moves))
	s.made++
	s.moves = append(s.moves, Movement{From: s.at.Redeemed, To: s.at.Main, Points: points,
		Lot: lotID(s.head.Store, s.head.Epoch, s.head.Seq, s.made), Earned: s.head.Day, Expires: expires})
}

// take takes earned points back: from the sale's own lots, whatever is left of them, then as a redemption would.
func (s *settlement) take(points Points) {
	if points == 0 {
		return
	}
	lots := ApplyWallet(s.in.Lots, s.moves, s.in.Sale.Member, s.in.wallet)
	var own, rest []Lot
	for _, l := range lots {
		if slices.Contains(s.in.Sale.Lots, l.ID) {
			own = append(own, l)
		} else {
			rest = append(rest, l)
		}
	}
	there := Points(0)
	for _, l := range lots {
		if l.Remaining < 0 || slices.Contains(s.in.Sale.Lots, l.ID) || l.Expires == "" || l.Expires >= s.head.Day {
			there += l.free()
		}
	}
	if s.in.Policy.Shortage != ShortageNegative {
		points = min(points, max(there, 0))
	}
	s.body.Taken = points
	mine := min(points, max(Spendable(own, ""), 0))
	if mine > 0 {
		s.moves = append(s.moves, draw(own, mine, "", s.at.Main, s.at.Issued)...)
	}
	if points > mine {
		s.moves = append(s.moves, draw(rest, points-mine, s.head.Day, s.at.Main, s.at.Issued)...)
	}
}

// withhold keeps back the worth of the points that are short. What an earlier return withheld counts; it is paid out when
// the points have come since.
func (s *settlement) withhold(before int64) error {
	b := s.body
	b.Refund = b.Money
	if s.in.Policy.Shortage != ShortageWithhold || s.in.Policy.points == 0 {
		return nil
	}
	worth, ok := mulDiv(int64(b.Short), s.in.Policy.value, s.in.Policy.points)
	if !ok {
		return &RuleError{"returns"}
	}
	b.Withheld = min(worth.whole-before, b.Money) // money once paid out is not asked back
	b.Refund = b.Money - b.Withheld
	return nil
}

func (b *ReturnBody) findings() []Finding {
	var why []Finding
	add := func(n Points, f Finding) {
		if n != 0 {
			f.Applied = f.Points != 0 || f.Value != 0
			why = append(why, f)
		}
	}
	add(b.Taken, Finding{Code: ExplainReturnTaken, Points: -b.Taken})
	add(b.Back, Finding{Code: ExplainReturnBack, Points: b.Back})
	add(b.Lapsed, Finding{Code: ExplainReturnLapsed, Limit: int64(b.Lapsed)})
	add(b.Short, Finding{Code: ExplainReturnShort, Missing: int64(b.Short)})
	add(Points(b.Withheld), Finding{Code: ExplainReturnWithheld, Value: b.Withheld})
	return why
}
