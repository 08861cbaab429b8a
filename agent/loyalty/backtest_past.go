package loyalty

import "slices"

// pastMember is what two programmes would have made of one member, bill by bill.
type pastMember struct {
	trial, against life
	points         Points // the change
	value          Worth
}

// life is a member's past under one programme.
type life struct {
	past    Past
	tier    string
	started bool
	balance Points
}

// judge quotes a bill as the programme would have, for what the member was by then.
func (l *life) judge(p *Programme, s *PastSale, shift date) (Quote, error) {
	in, err := s.moved(shift, p.Slices(s.Store))
	if err != nil {
		return Quote{}, err
	}
	in.Sale = Sale{Lines: s.Sale.Lines, Tenders: s.Sale.Tenders, Rounding: s.Sale.Rounding, Shown: p.shownBefore(s)}
	if s.Member != 0 && s.Sale.Medium != MediumNone {
		if in.Member, err = l.state(p, s, in.Place.Day); err != nil {
			return Quote{}, err
		}
		if err := p.payAgain(&in, s); err != nil {
			return Quote{}, err
		}
	}
	return p.quotePaid(in)
}

// moved puts the bill so many days later.
func (s *PastSale) moved(shift date, left []CampaignLeft) (QuoteInput, error) {
	day, ok := parseDay(s.Day)
	at, local := parseLocal(s.At)
	if !ok || !local {
		return QuoteInput{}, &SaleError{"day", SaleTime}
	}
	in := QuoteInput{Place: Place{Store: s.Store, Lane: s.Lane, Day: s.Day, At: s.At}, Left: left}
	if shift != 0 {
		in.Place.Day = (day + shift).String()
		in.Place.At = (at.day + shift).String() + s.At[len("2006-01-02"):]
	}
	return in, nil
}

// shownBefore is the coupons of a bill that this programme knows.
func (p *Programme) shownBefore(s *PastSale) []ShownCoupon {
	return slices.DeleteFunc(slices.Clone(s.Sale.Shown), func(c ShownCoupon) bool { return p.couponIndex(c.Coupon) < 0 })
}

// payAgain asks that every wallet pays as much of the bill as it did.
func (p *Programme) payAgain(in *QuoteInput, s *PastSale) error {
	pays := append([]WalletBody{{Wallet: MainWallet, Value: s.Sale.Value}}, s.Sale.Wallets...)
	for _, paid := range pays {
		i := p.walletIndex(paid.Wallet)
		if i < 0 || paid.Value <= 0 || p.wallets[i].redeem == nil {
			continue
		}
		points, err := p.wallets[i].redeem.covers(paid.Value)
		if err != nil {
			return err
		}
		has := points + p.wallets[i].redeem.keep
		if i == 0 {
			in.Sale.Redeem, in.Member.Available = &Ask{Points: points}, has
			continue
		}
		in.Sale.Wallets = append(in.Sale.Wallets, WalletAsk{paid.Wallet, Ask{Points: points}})
		in.Member.Wallets = append(in.Member.Wallets, WalletState{Wallet: paid.Wallet, Available: has})
	}
	return nil
}

// quotePaid quotes a bill whose tenders were for another price: what is too much is taken off the last of them.
func (p *Programme) quotePaid(in QuoteInput) (Quote, error) {
	q, err := p.Quote(in)
	if err == nil || codeOf(err) != SaleOverpaid {
		return q, err
	}
	tenders := in.Sale.Tenders
	in.Sale.Tenders = nil
	if q, err = p.Quote(in); err != nil {
		return q, err
	}
	left := q.ToPay
	for _, t := range tenders {
		if t.Amount = min(t.Amount, left); t.Amount > 0 {
			in.Sale.Tenders = append(in.Sale.Tenders, t)
			left -= t.Amount
		}
	}
	return p.Quote(in)
}

// state is the member on the day of a bill: what the store wrote down of the past, and what the bills before gave.
func (l *life) state(p *Programme, s *PastSale, day string) (*MemberState, error) {
	m := &MemberState{ID: s.Member, Tier: s.Sale.Tier, Medium: s.Sale.Medium, Lots: []Lot{{Remaining: l.balance}}}
	told := s.Sale.History
	if told == nil {
		told = &History{}
	}
	record := Record{Past: l.past, Segments: told.Segments, Attributes: told.Attributes, Joined: told.Joined}
	record.Purchases = max(record.Purchases, told.Purchases)
	if err := p.Recall(m, &record, day); err != nil {
		return nil, err
	}
	if m.Lots = nil; m.History != nil {
		m.History.Occasions = told.Occasions
	}
	if p.ladder == nil {
		return m, nil
	}
	if !l.started {
		l.tier, l.started = s.Sale.Tier, true
	}
	if to := p.ladder.reached(p.ladder.counts(*m.Standing)); p.ladder.upgrade != upgradePeriodEnd && to > p.ladder.index(l.tier) {
		l.tier = p.ladder.tiers[to]
	}
	m.Tier = l.tier
	return m, nil
}

// live remembers what a bill gave.
func (l *life) live(s *PastSale, q *Quote, shift date) {
	day, _ := parseDay(s.Day) // read before
	step := PastStep{Day: (day + shift).String(), Purchases: 1, Given: q.Given, Occasions: q.Occasions,
		Counts: Standing{Spend: q.Total, Points: q.Earned, Visits: 1}}
	if q.counts != nil {
		step.Counts = *q.counts
	}
	l.past.Add(step)
	l.balance += q.Earned - q.Drawn()
}
