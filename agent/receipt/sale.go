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
	Card   string // masked serial of a gift card
	Amount int64
}

// Reduction is what the programme took off the price or paid: a discount, a coupon, a reward, a wallet beside the points.
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
	ActiveUntil time.Time // without a purchase until then the points end; zero when they do not
	Wallets     []Wallet  // beside the points
	Stamps      []string  // how far each card is: texts of Explain
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
	Value    int64       // what the redeemed points pay
	Paid     []Reduction // what else paid beside money: coupons, rewards, wallets
	Tenders  []Tender
	Cards    []GiftCard // that paid, or were sold
	Won      []string   // what the programme says to who won
	Why      []string   // why points were given or not: texts of Explain
	Member   *Member    // nil: nobody was identified
	Bill     string     // code with which another store takes the goods back; empty for none
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
	if r.Member != nil || len(r.Why)+len(r.Won) > 0 {
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
		s.figure(escpos.Style{}, less.label(s), s.amount(-less.Amount))
	}
	if r.Rounding != 0 {
		s.figure(escpos.Style{}, s.say("receipt.rounding", nil), s.amount(r.Rounding))
	}
}

// label names what lowers the price, or pays.
func (r Reduction) label(s *sheet) string {
	if r.Serial == "" {
		return onPaper(r.Name)
	}
	return s.say("receipt.coupon_taken", i18n.Args{"coupon": r.Name, "serial": r.Serial})
}

func (r Sale) payment(s *sheet) {
	s.figure(escpos.Style{Bold: true, Height: 2}, s.say("receipt.total", nil), s.money(r.Total))
	left := r.Total - r.Value
	if r.Redeemed != 0 {
		s.figure(escpos.Style{}, s.say("receipt.paid_points", i18n.Args{"count": int64(r.Redeemed)}), s.money(-r.Value))
	}
	for _, p := range r.Paid {
		s.figure(escpos.Style{}, p.label(s), s.money(-p.Amount))
		left -= p.Amount
	}
	if r.Redeemed != 0 || len(r.Paid) > 0 {
		s.figure(escpos.Style{Bold: true}, s.say("receipt.to_pay", nil), s.money(left))
	}
	for _, t := range r.Tenders {
		label := s.tender(t.Kind)
		if t.Card != "" {
			label = s.say("receipt.gift_card", i18n.Args{"card": t.Card})
		}
		s.figure(escpos.Style{}, label, s.money(t.Amount))
	}
	for _, c := range r.Cards {
		c.print(s)
	}
}

// points says what the member got, why, and how the account stands.
func (r Sale) points(s *sheet) {
	for _, text := range r.Won {
		s.doc.Text(escpos.Center, escpos.Style{Bold: true}, onPaper(text))
	}
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
	if !m.ActiveUntil.IsZero() {
		s.line(s.say("receipt.active_until", i18n.Args{"date": i18n.Date(s.Lang, m.ActiveUntil)}))
	}
	for _, w := range m.Wallets {
		w.print(s)
	}
	for _, text := range m.Stamps {
		s.line(onPaper(text))
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
