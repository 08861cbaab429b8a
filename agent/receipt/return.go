package receipt

import (
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// Return is goods that were taken back.
type Return struct {
	Print
	Number   string // of the return
	Lane     string
	Cashier  string
	At       time.Time // in the store's own zone
	Void     string    // why the whole sale was undone; empty for goods that come back
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

// NoBill stands on the slip where the receipt's number and day would, when nobody had the receipt.
const NoBill = "-"

// Kind is that of the templates of return slips.
func (Return) Kind() string { return "return" }

// Values are the figures of the slip.
func (r Return) Values() template.Values { return valuesOf(&voice{r.Print}, returnFields(), r) }

func returnFields() []field[Return] {
	toCard := []field[Tender]{
		figure("card", "its serial, masked", func(_ *voice, t Tender) any { return t.Card }).always().must(),
		figure("amount", "what goes back onto it", func(v *voice, t Tender) any { return v.money(t.Amount) }).always().must(),
	}
	coupon := []field[Reduction]{
		words("coupon", "its name", func(_ *voice, c Reduction) any { return c.Name }).always().must(),
		figure("serial", "its serial", func(_ *voice, c Reduction) any { return c.Serial }).always().must(),
	}
	return append(brandFields[Return](),
		figure("number", "number of the return", func(_ *voice, r Return) any { return r.Number }).always().must(),
		words("at", "day and time", func(v *voice, r Return) any { return v.dateTime(r.At) }).always().must(),
		figure("lane", "number of the till", func(v *voice, r Return) any { return i18n.Digits(v.Lang, r.Lane) }),
		words("cashier", "who was at the till", func(_ *voice, r Return) any { return r.Cashier }),
		words("void", "why the whole sale was undone on its own day", func(_ *voice, r Return) any { return r.Void }),
		figure("sale", "number of the receipt that the goods were bought with", func(_ *voice, r Return) any { return r.Sale }).always().must(),
		words("sold_on", "day of that receipt", func(v *voice, r Return) any {
			if r.SoldOn.IsZero() {
				return NoBill
			}
			return v.date(r.SoldOn)
		}).always(),
		list("lines", "what came back", lineFields(), func(r Return) []Line { return r.Lines }).must(),
		figure("repriced", "kept back, below zero: what stays with the customer costs more by itself",
			func(v *voice, r Return) any { return v.moneyUnlessZero(-r.Repriced) }).must(),
		figure("money", "what had been paid for the goods in money", func(v *voice, r Return) any { return v.money(r.Money) }).always().must(),
		figure("withheld", "kept back, below zero, for points that are spent", func(v *voice, r Return) any { return v.moneyUnlessZero(-r.Withheld) }).must(),
		figure("refund", "what goes back", func(v *voice, r Return) any { return v.money(r.Refund) }).always().must(),
		list("to_cards", "of the refund, back onto gift cards", toCard, func(r Return) []Tender { return r.ToCards }).must(),
		list("coupons", "that can be used again", coupon, func(r Return) []Reduction { return r.Coupons }).must(),
		words("why", "what became of the points, a line each", func(_ *voice, r Return) any {
			if r.Balance == nil {
				return nil
			}
			return strings.Join(r.Why, "\n")
		}),
		count("balance", "points that the member has now", func(_ *voice, r Return) any {
			if r.Balance == nil {
				return nil
			}
			return int64(*r.Balance)
		}).must(),
	)
}
