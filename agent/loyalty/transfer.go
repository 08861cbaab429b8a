package loyalty

// TransferBody says who gave points to whom. The giver is the entry's member.
type TransferBody struct {
	To     MemberID `json:"to"`
	Points Points   `json:"points"`
	Reason string   `json:"reason"`
	Split  bool     `json:"split,omitempty"`  // one member became two: neither limit nor wait
	Usable string   `json:"usable,omitempty"` // first day on which the receiver may spend them
	Wallet WalletID `json:"wallet,omitempty"` // empty: the points
}

// TransferInput is what a transfer depends on.
type TransferInput struct {
	From   Holding
	To     MemberID
	Points Points
	Reason string
	Split  bool
	Given  Points // of the wallet, by transfers of this calendar month before
}

// Giving is what the programme lets members give each other of a wallet.
type Giving struct {
	Once, Month Points // 0: no limit
	WaitDays    int    // before the receiver may spend it
}

// Giving says what members may give of a wallet; false when they may not.
func (p *Programme) Giving(w WalletID) (Giving, bool) {
	if p.members.transfer == nil {
		return Giving{}, false
	}
	most, ok := p.members.transfer.most[w]
	return Giving{Once: most.once, Month: most.month, WaitDays: p.members.transfer.wait}, ok
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
	if _, err := p.held(&in.From); err != nil {
		return Entry{}, err
	}
	if err := checkAmount(in.Points); err != nil {
		return Entry{}, err
	}
	if err := p.reason(in.Reason); err != nil {
		return Entry{}, err
	}
	usable := ""
	if !in.Split {
		if err := p.mayGive(&in); err != nil {
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
	e.Transfer = &TransferBody{To: in.To, Points: in.Points, Reason: in.Reason, Split: in.Split, Usable: usable, Wallet: in.From.Wallet}
	e.Moves = head.passOn(&in.From, taken, in.To, 1, usable)
	return e, nil
}

// mayGive holds a transfer to the limits that the programme sets for the wallet.
func (p *Programme) mayGive(in *TransferInput) error {
	if p.members.transfer == nil {
		return &SaleError{"transfer", MemberNotAllowed}
	}
	most, ok := p.members.transfer.most[in.From.Wallet]
	switch {
	case !ok:
		return &SaleError{"wallet", MemberNotAllowed}
	case in.Given < 0 || in.Given > maxPoints:
		return &SaleError{"given", SaleRange}
	case most.once > 0 && in.Points > most.once, most.month > 0 && in.Given+in.Points > most.month:
		return &SaleError{"points", MemberLimit}
	}
	return nil
}
