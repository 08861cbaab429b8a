package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/template"
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

// Kind is that of the templates of coupons.
func (Coupon) Kind() string { return "coupon" }

// Values are the figures of the coupon.
func (c Coupon) Values() template.Values { return valuesOf(&voice{c.Print}, couponFields(), c) }

func couponFields() []field[Coupon] {
	return append(brandFields[Coupon](),
		words("name", "what it is for; it says what the coupon gives when there is no value", func(_ *voice, c Coupon) any { return c.Name }).must(),
		figure("value", "what it is worth", func(v *voice, c Coupon) any {
			if c.Value <= 0 {
				return nil
			}
			return v.money(c.Value)
		}).must(),
		figure("minimum", "smallest purchase that it is taken for", func(v *voice, c Coupon) any { return v.moneyUnlessZero(c.Minimum) }).must(),
		words("from", "first valid day", func(v *voice, c Coupon) any { return v.date(c.ValidFrom) }).always().must(),
		words("to", "last valid day", func(v *voice, c Coupon) any { return v.date(c.ValidTo) }).always().must(),
		code("code", "what scanners read, in the symbol that its kind of coupon wants", func(_ *voice, c Coupon) any { return c.symbol() }).always().must(),
		figure("serial", "its serial, to type in", func(_ *voice, c Coupon) any { return c.Serial }).always().must(),
		figure("number", "which of how many, of a batch", func(v *voice, c Coupon) any {
			if c.Number == 0 {
				return nil
			}
			return v.numberOf(c.Number, c.Of)
		}).must(),
	)
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

// numberOf is a place in a batch.
func (v *voice) numberOf(n, of int) string {
	return i18n.Number(v.Lang, int64(n)) + " / " + i18n.Number(v.Lang, int64(of))
}
