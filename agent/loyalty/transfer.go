package loyalty

// TransferBody says who gave points to whom. The giver is the entry's member.
type TransferBody struct {
	To     MemberID `json:"to"`
	Points Points   `json:"points"`
	Reason string   `json:"reason"`
	Split  bool     `json:"split,omitempty"`  // one member became two: neither limit nor wait
	Usable string   `json:"usable,omitempty"` // first day on which the receiver may spend them
}

// TransferInput is what a transfer depends on.
type TransferInput struct {
	From   Holding
	To     MemberID
	Points Points
	Reason string
	Split  bool
	Given  Points // by transfers of this calendar month before
}

// Transfer makes the entry that gives points of one member to another. They keep the day on which they were earned and
// their last valid day; the receiver waits as long as the programme says. A split is a shop's own doing: it moves part of
// a shared account to its new owner at once.
func (p *Programme) Transfer(in TransferInput, head EntryHead) (Entry, error) {
	if err := head.check(in.From.Member, in.To); err != nil {
		return Entry{}, err
	}
	if in.To == in.From.Member {
		return Entry{}, &SaleError{"to", MemberSame}
	}
	if err := checkAmount(in.Points); err != nil {
		return Entry{}, err
	}
	if err := p.reason(in.Reason); err != nil {
		return Entry{}, err
	}
	usable := ""
	if !in.Split {
		if err := p.mayGive(in.Points, in.Given); err != nil {
			return Entry{}, err
		}
		if wait := p.members.transfer.wait; wait > 0 {
			day, _ := parseDay(head.Day)
			usable = (day + date(wait)).String()
		}
	}
	taken, err := in.From.takes(in.Points, head.Day, maxPassed)
	if err != nil {
		return Entry{}, err
	}
	e := head.Entry(KindTransfer)
	e.Member = in.From.Member
	e.Transfer = &TransferBody{To: in.To, Points: in.Points, Reason: in.Reason, Split: in.Split, Usable: usable}
	e.Moves = head.passOn(taken, in.From.Member, in.To, usable)
	return e, nil
}

// mayGive holds a transfer to the programme's limits.
func (p *Programme) mayGive(points, given Points) error {
	t := p.members.transfer
	switch {
	case t == nil:
		return &SaleError{"transfer", MemberNotAllowed}
	case given < 0 || given > maxPoints:
		return &SaleError{"given", SaleRange}
	case t.most > 0 && points > t.most:
		return &SaleError{"points", MemberLimit}
	case t.month > 0 && given+points > t.month:
		return &SaleError{"points", MemberLimit}
	}
	return nil
}
