package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// Return is goods that were taken back.
type Return struct {
	Print
	Number   string // of the return
	Lane     string
	Cashier  string
	At       time.Time // in the store's own zone
	Sale     string    // number of the sale's receipt
	SoldOn   time.Time // its business day
	Lines    []Line    // what came back; without a name, a line of a receipt of another store
	Repriced int64     // kept back because what stays with the customer costs more by itself, already outside the money
	Money    int64     // what had been paid with money for it, minor units
	Withheld int64     // of it, kept back for points that are gone
	Refund   int64
	ToCards  []Tender        // of the refund, back onto the gift cards that paid
	Coupons  []Reduction     // that can be used again
	Why      []string        // what became of the points: texts of Explain
	Balance  *loyalty.Points // nil: nobody was identified
}

// Document lays the slip out. It ends with a line to sign on: money goes out.
func (r Return) Document() *escpos.Document {
	s := newSheet(r.Print)
	s.head()
	s.doc.Text(escpos.Center, escpos.Style{Bold: true, Height: 2}, s.say("receipt.return", nil))
	s.rule()
	s.words(s.say("receipt.sale_number", i18n.Args{"number": r.Number}), s.say("receipt.lane", i18n.Args{"lane": i18n.Digits(r.Lang, r.Lane)}))
	s.when(r.At, r.Cashier)
	s.line(s.say("receipt.return_of", i18n.Args{"number": r.Sale, "date": i18n.Date(r.Lang, r.SoldOn)}))
	s.rule()
	s.lines(r.Lines)
	s.rule()
	if r.Repriced != 0 {
		s.figure(escpos.Style{}, s.say("receipt.return_repriced", nil), s.money(-r.Repriced))
	}
	s.figure(escpos.Style{}, s.say("receipt.return_money", nil), s.money(r.Money))
	if r.Withheld != 0 {
		s.figure(escpos.Style{}, s.say("receipt.return_withheld", nil), s.money(-r.Withheld))
	}
	s.figure(escpos.Style{Bold: true, Height: 2}, s.say("receipt.refund", nil), s.money(r.Refund))
	r.besideMoney(s)
	if r.Balance != nil {
		s.rule()
		for _, why := range r.Why {
			s.line(onPaper(why))
		}
		s.figure(escpos.Style{Bold: true}, s.say("receipt.balance", nil), s.number(int64(*r.Balance)))
	}
	s.doc.Feed(2)
	s.rule()
	s.line(s.say("receipt.signature", nil))
	return s.foot()
}

// besideMoney is what goes back otherwise than in money.
func (r Return) besideMoney(s *sheet) {
	for _, t := range r.ToCards {
		s.figure(escpos.Style{}, s.say("receipt.return_card", i18n.Args{"card": t.Card}), s.money(t.Amount))
	}
	for _, c := range r.Coupons {
		s.line(s.say("receipt.return_coupon", i18n.Args{"coupon": c.Name, "serial": c.Serial}))
	}
}
