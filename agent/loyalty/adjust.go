package loyalty

// AdjustBody is a manager's correction.
type AdjustBody struct {
	Points Points `json:"points"` // below zero for a minus
	Reason string `json:"reason"`
}

// AdjustInput is what a correction depends on.
type AdjustInput struct {
	Holding
	Points Points
	Reason string
}

// Adjust makes the entry of a correction by hand: a plus is a new lot with the programme's life, a minus is drawn as a
// redemption would be. Who may do how much is decided before.
func (p *Programme) Adjust(in AdjustInput, head EntryHead) (Entry, error) {
	if err := head.check(in.Member); err != nil {
		return Entry{}, err
	}
	if err := p.reason(in.Reason); err != nil {
		return Entry{}, err
	}
	if err := checkAmount(max(in.Points, -in.Points)); err != nil {
		return Entry{}, err
	}
	e := head.Entry(KindAdjust)
	e.Member, e.Adjust = in.Member, &AdjustBody{Points: in.Points, Reason: in.Reason}
	main := AccountMain(in.Member)
	if in.Points > 0 {
		day, _ := parseDay(head.Day)
		e.Moves = []Movement{{From: AccountAdjusted, To: main, Points: in.Points, Lot: head.lot(1), Expires: p.expiry.lastDay(day), Earned: head.Day}}
		return e, nil
	}
	if p.members.belowZero {
		e.Moves = draw(in.Lots, -in.Points, head.Day, main, AccountAdjusted)
		stamp(e.Moves, in.Lots)
		return e, nil
	}
	taken, err := in.takes(-in.Points, head.Day, maxPassed)
	for _, l := range taken {
		e.Moves = append(e.Moves, l.move(main, AccountAdjusted))
	}
	return e, err
}
