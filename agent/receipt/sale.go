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

// Reduction is what the programme took off the price.
type Reduction struct {
	Name   string
	Amount int64 // minor units, above zero
}

// Member is who bought and how the account stands.
type Member struct {
	Card        string // masked
	Tier        string // its name; empty when the programme has none
	Earned      loyalty.Points
	Balance     loyalty.Points
	AsOf        time.Time // when head office last told this store; zero leaves the line out
	Provisional bool      // this sale is not yet in head office's balance
	Expiring    loyalty.Points
	ExpiresOn   time.Time // last valid day of the points that end first
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
	s.doc.Text(escpos.Center, escpos.Style{}, s.say("receipt.thanks", nil))
	return s.foot()
}

// basket prints names and prices, and what the programme takes off.
func (r Sale) basket(s *sheet) {
	s.lines(r.Lines)
	for _, less := range r.Reduced {
		s.figure(escpos.Style{}, onPaper(less.Name), s.amount(-less.Amount))
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
	m := r.Member
	if m == nil {
		return
	}
	s.figure(escpos.Style{Bold: true}, s.say("receipt.balance", nil), s.number(int64(m.Balance)))
	if !m.AsOf.IsZero() {
		s.line(s.say("receipt.balance_as_of", i18n.Args{"at": i18n.DateTime(r.Lang, m.AsOf)}))
	}
	if m.Provisional {
		s.line(s.say("receipt.balance_provisional", nil))
	}
	if m.Expiring > 0 {
		s.line(s.say("receipt.expiring", i18n.Args{"count": int64(m.Expiring), "date": i18n.Date(r.Lang, m.ExpiresOn)}))
	}
}
