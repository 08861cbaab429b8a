package loyalty

import "slices"

// Advance is the part of a sale that a member with a purse paid with points which the same store had given and not yet sent to head
// office: no voucher can hold them, so they can be spent nowhere else (card.md 4). The purse pays first.
type Advance struct {
	Available Points `json:"available"`        // that could be spent so
	Points    Points `json:"points,omitempty"` // that were
	Since     Seq    `json:"since,omitempty"`  // first entry of this log that they may come from: none from here on was sent
}

// Advances says whether stores may give points in advance at all.
func (p *Programme) Advances() bool { return p.floor.Advance }

// EarnedHere is what movements add to what a member can spend on a day and has on no card: points given, less all that was taken.
// Points that came from elsewhere, from another member or an older system, may be known elsewhere and count for nothing.
func EarnedHere(moves []Movement, member MemberID, day string) (net Points, gave bool) {
	main := AccountMain(member)
	for _, m := range moves {
		lot := Lot{Remaining: m.Points, Expires: m.Expires, Usable: m.Usable}
		switch {
		case m.From == main:
			net -= m.Points
		case m.To == main && issues(m.From) && lot.spendable(day):
			net += m.Points
			gave = true
		}
	}
	return net, gave
}

// checkAdvance: only a card with a purse gets points in advance, and only where the programme wants it.
func (p *Programme) checkAdvance(m *MemberState) error {
	if m.Advance < 0 || m.Advance > maxPoints || m.Advance > 0 && (m.Medium != MediumPurse || !p.Advances()) {
		return &SaleError{"member.advance", SaleRange}
	}
	return nil
}

// advanceBytes is at least what JSON takes for the advance of a sale.
func (m *MemberState) advanceBytes() int {
	if m.Advance == 0 {
		return 0
	}
	return len(`,"advance":{"available":,"points":,"since":},{"code":"explain.advance","applied":true,"base":}`) + 4*width(int64(maxPoints))
}

// advance is what the purse and what was set aside do not pay of a quote.
func (q *Quote) advance(m *MemberState) Points {
	if m == nil || m.Advance == 0 {
		return 0
	}
	return max(q.Drawn()-max(m.Available, 0)-m.reserved(), 0)
}

// Debit is what the member's card or account pays: all that is drawn but the advance.
func (q *Quote) Debit() Points { return q.Drawn() - q.Advance }

// advanced writes an advance down in a sale. Since is for the ledger to say.
func (s *SaleBody) advanced(q *Quote, m *MemberState) {
	if m.Advance == 0 {
		return
	}
	s.Advance = &Advance{Available: m.Advance, Points: q.Advance}
	if q.Advance > 0 {
		s.Why = append(s.Why, Finding{Code: ExplainAdvance, Applied: true, Base: int64(q.Advance)})
	}
}

// AdvancePoints is what a sale was paid in advance.
func (s *SaleBody) AdvancePoints() Points {
	if s.Advance == nil {
		return 0
	}
	return s.Advance.Points
}

// toldAdvance is what the store said could be spent in advance, where that can be.
func (p *Programme) toldAdvance(s *SaleBody) Points {
	if s.Advance == nil || s.Medium != MediumPurse || !p.Advances() {
		return 0
	}
	return s.Advance.Available
}

// beside has the last points of a draw on the card come from what the member has on no card.
func beside(moves []Movement, member MemberID, advance Points) []Movement {
	for i := len(moves) - 1; i >= 0 && advance > 0; i-- {
		m := moves[i]
		part := min(m.Points, advance)
		advance -= part
		if m.From = AccountMain(member); part == m.Points {
			moves[i] = m
			continue
		}
		moves[i].Points -= part
		m.Points = part
		moves = slices.Insert(moves, i+1, m)
	}
	return moves
}
