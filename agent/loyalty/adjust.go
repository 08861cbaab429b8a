package loyalty

import "slices"

// AdjustBody is a manager's correction.
type AdjustBody struct {
	Points Points   `json:"points"` // below zero for a minus; of a stamp card, stamps
	Reason string   `json:"reason"`
	Wallet WalletID `json:"wallet,omitempty"` // empty: the points
	Stamp  string   `json:"stamp,omitempty"`  // a stamp card instead of a wallet
}

// AdjustInput is what a correction depends on.
type AdjustInput struct {
	Holding
	Stamp  *StampState // the card that is corrected, as it stands; nil: the wallet is
	Points Points
	Reason string
}

// Adjust makes the entry of a correction by hand: a plus is a new lot with the wallet's life, a minus is drawn as a
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
	w, err := p.held(&in.Holding)
	if err != nil {
		return Entry{}, err
	}
	e := head.Entry(KindAdjust)
	e.Member, e.Adjust = in.Member, &AdjustBody{Points: in.Points, Reason: in.Reason, Wallet: in.Wallet}
	if in.Stamp != nil {
		e.Adjust.Stamp = in.Stamp.Stamp
		e.Moves, err = p.adjustStamps(&in, head.Day)
		return e, err
	}
	main, adjusted := in.at(mainPart), in.via(adjustedPart)
	if in.Points > 0 {
		day, _ := parseDay(head.Day)
		e.Moves = []Movement{{From: adjusted, To: main, Points: in.Points, Lot: head.lot(1), Expires: w.expiry.lastDay(day), Earned: head.Day}}
		return e, nil
	}
	if p.members.belowZero {
		e.Moves = draw(in.Lots, -in.Points, head.Day, main, adjusted)
		stamp(e.Moves, in.Lots)
		return e, nil
	}
	taken, err := in.takes(-in.Points, head.Day, maxPassed)
	for _, l := range taken {
		e.Moves = append(e.Moves, l.move(main, adjusted))
	}
	return e, err
}

// adjustStamps corrects a stamp card: stamps given by hand live as those of a sale would. Those whose last day is over end
// first.
func (p *Programme) adjustStamps(in *AdjustInput, day string) ([]Movement, error) {
	i := slices.IndexFunc(p.stamps, func(r stampRule) bool { return r.id == in.Stamp.Stamp })
	if i < 0 || in.Wallet != MainWallet {
		return nil, &SaleError{"stamp", MemberStamp}
	}
	card, adjusted := AccountStamps(in.Stamp.Stamp, in.Member), stampAccount(in.Stamp.Stamp, adjustedPart)
	var moves []Movement
	has := Points(in.Stamp.Count)
	if in.Stamp.endedBy(day) {
		moves, has = append(moves, Movement{From: card, To: stampAccount(in.Stamp.Stamp, stampsExpired), Points: has}), 0
	}
	if in.Points > 0 {
		on, _ := parseDay(day)
		return append(moves, Movement{From: adjusted, To: card, Points: in.Points, Expires: p.stamps[i].expiry.lastDay(on)}), nil
	}
	if has+in.Points < 0 && !p.members.belowZero {
		return nil, &SaleError{"points", MemberShort}
	}
	return append(moves, Movement{From: card, To: adjusted, Points: -in.Points}), nil
}
