package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// Tender is one payment; points are not among them, see Sale.Redeemed.
type Tender struct {
	Kind   loyalty.TenderKind
	Amount int64
}

// Reduction is what the programme took off the price, or a reward that was taken.
type Reduction struct {
	Name   string
	Serial string // of a coupon
	Amount int64  // minor units, not below zero
}

// Points is points with a day of their own.
type Points struct {
	Points loyalty.Points
	On     time.Time
}

// Reward is what the member can have for points, or is nearest to.
type Reward struct {
	Name    string
	Cost    loyalty.Points
	Missing loyalty.Points // 0: it can be had
}

// Member is who bought and how the account stands.
type Member struct {
	Card        string // masked
	Tier        string // its name; empty when the programme has none
	Earned      loyalty.Points
	Rewards     loyalty.Points // that the rewards taken cost
	Balance     loyalty.Points
	AsOf        time.Time // when head office last told this store; zero leaves the line out
	Provisional bool      // decided without head office
	Ending      []Points  // last valid days that come soon
	Coming      []Points  // earned, and spendable from a day on
	Progress    []string  // to the next tier, and to stay in the one held: texts of Explain
	Next        *Reward
}

// Sale is a committed sale.
type Sale struct {
	Print
	Number   string // printed number
	Lane     string
	Cashier  string
	At       time.Time // in the store's own zone
	Lines    []Line
	Reduced  []Reduction // taken off the lines, already outside the total
	Rounding int64       // cash rounding inside the total
	Total    int64
	Redeemed loyalty.Points
	Value    int64 // what the redeemed points pay
	Tenders  []Tender
	Why      []string // why points were given or not: texts of Explain
	Member   *Member  // nil: nobody was identified
	Bill     string   // code with which another store takes the goods back; empty for none
}

// Document lays the receipt out.
func (r Sale) Document() *escpos.Document {
	s := newSheet(r.Print)
	s.head()
	s.rule()
	s.words(s.say("receipt.sale_number", i18n.Args{"number": r.Number}), s.say("receipt.lane", i18n.Args{"lane": i18n.Digits(r.Lang, r.Lane)}))
	s.when(r.At, r.Cashier)
	s.rule()
	r.basket(s)
	s.rule()
	r.payment(s)
	if r.Member != nil || len(r.Why) > 0 {
		s.rule()
		r.points(s)
	}
	if r.Bill != "" {
		s.doc.Feed(1)
		s.doc.AddSymbol(escpos.Symbol{Kind: escpos.QR, Data: r.Bill})
		s.doc.Text(escpos.Center, escpos.Style{}, s.say("receipt.bill_code", nil))
	}
	s.doc.Text(escpos.Center, escpos.Style{}, s.say("receipt.thanks", nil))
	return s.foot()
}

// basket prints names and prices, and what the programme takes off.
func (r Sale) basket(s *sheet) {
	s.lines(r.Lines)
	for _, less := range r.Reduced {
		name := onPaper(less.Name)
		if less.Serial != "" {
			name = s.say("receipt.coupon_taken", i18n.Args{"coupon": less.Name, "serial": less.Serial})
		}
		s.figure(escpos.Style{}, name, s.amount(-less.Amount))
	}
	if r.Rounding != 0 {
		s.figure(escpos.Style{}, s.say("receipt.rounding", nil), s.amount(r.Rounding))
	}
}

func (r Sale) payment(s *sheet) {
	s.figure(escpos.Style{Bold: true, Height: 2}, s.say("receipt.total", nil), s.money(r.Total))
	if r.Redeemed != 0 {
		s.figure(escpos.Style{}, s.say("receipt.paid_points", i18n.Args{"count": int64(r.Redeemed)}), s.money(-r.Value))
		s.figure(escpos.Style{Bold: true}, s.say("receipt.to_pay", nil), s.money(r.Total-r.Value))
	}
	for _, t := range r.Tenders {
		s.figure(escpos.Style{}, s.tender(t.Kind), s.money(t.Amount))
	}
}

// points says what the member got, why, and how the account stands.
func (r Sale) points(s *sheet) {
	if m := r.Member; m != nil {
		s.figure(escpos.Style{}, s.say("receipt.card", nil), onPaper(m.Card))
		if m.Tier != "" {
			s.words(s.say("receipt.tier", nil), m.Tier)
		}
		s.figure(escpos.Style{}, s.say("receipt.points_earned", nil), s.number(int64(m.Earned)))
	}
	for _, why := range r.Why {
		s.line(onPaper(why))
	}
	if r.Member != nil {
		r.Member.account(s)
	}
}

// account says what the member holds now and what is in reach.
func (m *Member) account(s *sheet) {
	if m.Rewards > 0 {
		s.figure(escpos.Style{}, s.say("receipt.points_rewards", nil), s.number(-int64(m.Rewards)))
	}
	s.figure(escpos.Style{Bold: true}, s.say("receipt.balance", nil), s.number(int64(m.Balance)))
	if !m.AsOf.IsZero() {
		s.line(s.say("receipt.balance_as_of", i18n.Args{"at": i18n.DateTime(s.Lang, m.AsOf)}))
	}
	if m.Provisional {
		s.line(s.say("receipt.balance_provisional", nil))
	}
	for _, p := range m.Ending {
		s.line(s.say("receipt.expiring", i18n.Args{"count": int64(p.Points), "date": i18n.Date(s.Lang, p.On)}))
	}
	for _, p := range m.Coming {
		s.line(s.say("receipt.points_coming", i18n.Args{"count": int64(p.Points), "date": i18n.Date(s.Lang, p.On)}))
	}
	for _, text := range m.Progress {
		s.line(onPaper(text))
	}
	if n := m.Next; n != nil && n.Missing > 0 {
		s.line(s.say("receipt.reward_next", i18n.Args{"reward": n.Name, "count": int64(n.Missing)}))
	} else if n != nil {
		s.line(s.say("receipt.reward_ready", i18n.Args{"reward": n.Name, "count": int64(n.Cost)}))
	}
}
