package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// Coupon is an issued coupon. Its serial is its identity: the ledger, not the
// paper, keeps it from being used twice.
type Coupon struct {
	Print
	Name      string // what it is for, in the language of the paper; may be empty
	Serial    string
	Code      string // what scanners read; empty: the serial alone, for the store that issued it
	Symbol    loyalty.CouponSymbol
	Number    int // in a batch of so many (Of); 0: in none
	Of        int
	Value     int64 // minor units
	Minimum   int64 // smallest purchase, minor units; 0 for none
	ValidFrom time.Time
	ValidTo   time.Time // last valid day
}

// Document lays the coupon out, its code as a symbol and its serial in letters.
func (c Coupon) Document() *escpos.Document {
	s := newSheet(c.Print)
	s.head()
	s.rule()
	large := escpos.Style{Bold: true, Width: 2, Height: 2}
	s.doc.Text(escpos.Center, large, s.say("receipt.coupon", nil))
	if c.Name != "" {
		s.doc.Text(escpos.Center, escpos.Style{}, onPaper(c.Name))
	}
	if c.Value > 0 { // else its name says what it gives
		s.doc.AddColumns(large, escpos.Column{Text: s.money(c.Value), Align: escpos.Center, Dir: escpos.LTR})
	}
	if c.Minimum > 0 {
		s.doc.Text(escpos.Center, escpos.Style{}, s.say("receipt.coupon_minimum", i18n.Args{"amount": s.money(c.Minimum)}))
	}
	s.doc.Text(escpos.Center, escpos.Style{}, s.say("receipt.coupon_valid", i18n.Args{
		"from": i18n.Date(c.Lang, c.ValidFrom), "to": i18n.Date(c.Lang, c.ValidTo),
	}))
	s.doc.Feed(1)
	s.doc.AddSymbol(c.symbol())
	s.doc.AddColumns(escpos.Style{}, escpos.Column{Text: c.Serial, Align: escpos.Center, Dir: escpos.LTR})
	s.doc.Text(escpos.Center, escpos.Style{}, s.say("receipt.coupon_once", nil))
	if c.Number > 0 {
		s.doc.AddColumns(escpos.Style{}, escpos.Column{Text: s.number(int64(c.Number)) + " / " + s.number(int64(c.Of)), Align: escpos.Center, Dir: escpos.LTR})
	}
	return s.foot()
}

func (c Coupon) symbol() escpos.Symbol {
	switch {
	case c.Code == "":
		return escpos.Symbol{Kind: escpos.Code128, Data: c.Serial}
	case c.Symbol == loyalty.CouponCode128:
		return escpos.Symbol{Kind: escpos.Code128, Data: c.Code}
	case c.Symbol == loyalty.CouponEAN13, c.Symbol == loyalty.CouponGS1:
		return escpos.Symbol{Kind: escpos.EAN13, Data: c.Code}
	}
	return escpos.Symbol{Kind: escpos.QR, Data: c.Code}
}
