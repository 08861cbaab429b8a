package loyalty

// ReplaceBody says which card took the place of which. The old one belongs on the hot list.
type ReplaceBody struct {
	Old   CardID `json:"old"`
	New   CardID `json:"new"`
	Ctr   uint32 `json:"ctr"`             // of the old card's last known record, which proves the figure
	Purse Points `json:"purse"`           // what that record left in it
	Until string `json:"until,omitempty"` // the points wait until this moment is over
}

// ReplaceWaitDays is how long the points of a lost card wait; 0 when the programme does not say.
func (p *Programme) ReplaceWaitDays() int { return p.members.replaceWait }

// ReplaceInput is what the replacement of a card depends on. OnCard of the holding is what the last record proved.
type ReplaceInput struct {
	Holding
	Old, New CardID
	Ctr      uint32
}

// ReplaceCard makes the entry that gives a member another card. What the old one held is set aside while stores that have not
// heard of it may still let it pay, and then released; cancelled before that, because it was found, it is on the card again.
func (p *Programme) ReplaceCard(in ReplaceInput, head EntryHead) (Entry, error) {
	if err := head.check(in.Member); err != nil {
		return Entry{}, err
	}
	if in.Old == in.New || in.Old.IsZero() || in.New.IsZero() {
		return Entry{}, &SaleError{"new", MemberSame}
	}
	if in.Wallet != MainWallet { // a purse holds points; other wallets are the member's, whatever card
		return Entry{}, &SaleError{"wallet", SaleWallet}
	}
	if in.OnCard < 0 || in.OnCard > maxPoints {
		return Entry{}, &SaleError{"on_card", SaleRange}
	}
	e := head.Entry(KindReplace)
	e.Member, e.Replace = in.Member, &ReplaceBody{Old: in.Old, New: in.New, Ctr: in.Ctr, Purse: in.OnCard}
	to := AccountMain(in.Member)
	if wait := p.members.replaceWait; wait > 0 && in.OnCard > 0 {
		day, _ := parseDay(head.At[:len("2026-11-22")])
		e.Replace.Until = (day + date(wait)).String() + head.At[len("2026-11-22"):]
		to = AccountReserved(in.Member)
	}
	taken, missing := take(in.Lots, in.OnCard, "", maxPassed)
	for _, l := range taken {
		e.Moves = append(e.Moves, l.move(AccountCard(in.Member), to))
	}
	if missing > 0 { // this store does not know every lot
		e.Moves = append(e.Moves, Movement{From: AccountCard(in.Member), To: to, Points: missing})
	}
	return e, nil
}
