package loyalty

// reserved is the points set aside that the sale may spend.
func (m *MemberState) reserved() Points {
	if m.Reserved == nil {
		return 0
	}
	return m.Reserved.Points
}

// held is all that the member has for the sale.
func (m *MemberState) held() Points { return max(m.Available, 0) + m.Advance + m.reserved() }

// CanSpend is all that the sale may spend: what was set aside has no floor limit.
func (m *MemberState) CanSpend() Points {
	return max(lowest(m.Floor, m.Available), 0) + m.Advance + m.reserved()
}

// withoutPurse is the most that a member without a purse may spend: what was set aside was permitted then.
func (p *Programme) withoutPurse(m *MemberState) Points { return p.noPurse + m.reserved() }

// checkReserved holds a reservation to the member and the moment of the sale.
func (m *MemberState) checkReserved(at string) error {
	r := m.Reserved
	if r == nil {
		return nil
	}
	if r.Points < 1 || r.Points > maxPoints || r.Member != 0 && r.Member != m.ID || r.Seq < 1 {
		return &SaleError{"member.reserved", SaleRange}
	}
	if r.Wallet != MainWallet {
		return &SaleError{"member.reserved", ReserveWallet}
	}
	if r.card {
		return &SaleError{"member.reserved", ReserveCard}
	}
	over, err := r.RunOut(at)
	if err == nil && over {
		err = &SaleError{"member.reserved", ReserveOver}
	}
	return err
}

// stored is the reservation as a sale writes it down.
func (r *Reservation) stored() *Reservation {
	if r == nil {
		return nil
	}
	return &Reservation{EntryRef: r.EntryRef, Points: r.Points, Until: r.Until}
}

// draw spends up to so many of the points set aside and gives the others back: the movements, and how many were spent.
func (r *Reservation) draw(member MemberID, points Points) (moves []Movement, spent Points) {
	main, reserved := AccountMain(member), AccountReserved(member)
	lots := r.Lots
	if lots == nil { // read from a sale, which does not name them
		lots = []Lot{{Remaining: r.Points}}
	}
	for _, l := range lots {
		part := l
		if part.Remaining = min(points-spent, l.Remaining); part.Remaining > 0 {
			moves = append(moves, part.move(reserved, AccountRedeemed))
			spent += part.Remaining
		}
		if part.Remaining = l.Remaining - part.Remaining; part.Remaining > 0 {
			moves = append(moves, part.move(reserved, main))
		}
	}
	return moves, spent
}
