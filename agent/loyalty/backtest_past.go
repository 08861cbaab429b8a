package loyalty

import "slices"

// pastMember is what two programmes would have made of one member, bill by bill.
type pastMember struct {
	purchases      int64
	trial, against life
	points         Points // the change
	value          Worth
}

// life is a member's past under one programme.
type life struct {
	tier    string
	started bool
	days    []pastDay
	given   []pastRule
	balance Points
}

type pastDay struct {
	day date
	Standing
}

type pastRule struct {
	day date
	RuleSum
}

// judge quotes a bill as the programme would have, for what the member was by then.
func (l *life) judge(p *Programme, s *PastSale, purchases int64, shift date) (Quote, error) {
	day, ok := parseDay(s.Day)
	at, local := parseLocal(s.At)
	if !ok || !local {
		return Quote{}, &SaleError{"day", SaleTime}
	}
	in := QuoteInput{Place: Place{Store: s.Store, Lane: s.Lane, Day: s.Day, At: s.At}}
	if shift != 0 {
		in.Place.Day = (day + shift).String()
		in.Place.At = (at.day + shift).String() + s.At[len("2006-01-02"):]
	}
	in.Sale = Sale{Lines: s.Sale.Lines, Tenders: s.Sale.Tenders, Rounding: s.Sale.Rounding, Shown: p.shownBefore(s)}
	if s.Member != 0 && s.Sale.Medium != MediumNone {
		in.Member = l.state(p, s, purchases, day+shift)
		if err := p.payAgain(&in, s.Sale.Value); err != nil {
			return Quote{}, err
		}
	}
	return p.quotePaid(in)
}

// shownBefore is the coupons of a bill that this programme knows.
func (p *Programme) shownBefore(s *PastSale) []ShownCoupon {
	return slices.DeleteFunc(slices.Clone(s.Sale.Shown), func(c ShownCoupon) bool { return p.couponIndex(c.Coupon) < 0 })
}

// payAgain asks that points pay as much of the bill as they did.
func (p *Programme) payAgain(in *QuoteInput, value int64) error {
	if value <= 0 || p.redeem == nil {
		return nil
	}
	points, err := p.redeem.covers(value)
	if err != nil {
		return err
	}
	in.Sale.Redeem = &Ask{Points: points}
	in.Member.Available = points + p.redeem.keep
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
func (l *life) state(p *Programme, s *PastSale, purchases int64, day date) *MemberState {
	h := History{Purchases: purchases, Balance: l.balance}
	if told := s.Sale.History; told != nil {
		h.Purchases = max(h.Purchases, told.Purchases)
		h.Segments, h.Occasions = told.Segments, told.Occasions
	}
	for i := range l.given {
		l.given[i].turn(day)
		h.Given = append(h.Given, l.given[i].RuleSum)
	}
	m := &MemberState{ID: s.Member, Tier: s.Sale.Tier, Medium: s.Sale.Medium, History: &h}
	if p.ladder == nil {
		return m
	}
	if !l.started {
		l.tier, l.started = s.Sale.Tier, true
	}
	from, _, _ := p.TierWindow(day.String()) // a day that was read
	first, _ := parseDay(from)
	m.Standing = &Standing{}
	for _, d := range l.days {
		if d.day >= first {
			m.Standing.Spend += d.Spend
			m.Standing.Points += d.Points
			m.Standing.Visits += d.Visits
		}
	}
	if to := p.ladder.reached(p.ladder.counts(*m.Standing)); p.ladder.upgrade != upgradePeriodEnd && to > p.ladder.index(l.tier) {
		l.tier = p.ladder.tiers[to]
	}
	m.Tier = l.tier
	return m
}

// turn begins the periods anew that the day is the first of.
func (r *pastRule) turn(day date) {
	if r.day == day {
		return
	}
	r.Day = 0
	if r.day.weekday() > day.weekday() || day-r.day >= 7 {
		r.Week = 0
	}
	was, is := r.day.String(), day.String()
	if was[:7] != is[:7] {
		r.Month = 0
	}
	if was[:4] != is[:4] {
		r.Year = 0
	}
	r.day = day
}

// live remembers what a bill gave.
func (l *life) live(p *Programme, s *PastSale, q *Quote, shift date) {
	day, _ := parseDay(s.Day) // read before
	day += shift
	l.balance += q.Earned - q.Drawn()
	for _, g := range q.Given {
		i := slices.IndexFunc(l.given, func(r pastRule) bool { return r.Rule == g.Rule })
		if i < 0 {
			i = len(l.given)
			l.given = append(l.given, pastRule{day: day, RuleSum: RuleSum{Rule: g.Rule}})
		}
		r := &l.given[i]
		r.Day, r.Week, r.Month, r.Year, r.Lifetime = r.Day+g.Points, r.Week+g.Points, r.Month+g.Points, r.Year+g.Points, r.Lifetime+g.Points
	}
	if p.ladder == nil || s.Member == 0 {
		return
	}
	if n := len(l.days); n == 0 || l.days[n-1].day != day {
		l.days = append(l.days, pastDay{day: day})
	}
	d := &l.days[len(l.days)-1]
	d.Points += q.Earned
	counted := int64(0)
	for i := range q.Lines {
		if q.Lines[i].Excluded == "" {
			d.Spend += q.Lines[i].net()
			counted = 1
		}
	}
	d.Visits += counted
}
