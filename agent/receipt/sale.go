package receipt

import (
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/template"
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

// Tax is what the bill holds of one rate.
type Tax struct {
	Rate   int64 // basis points
	Amount int64 // tax included, minor units
	Tax    int64
}

// Member is who bought, what the sale gave, and how the account stands.
type Member struct {
	Account
	Earned  loyalty.Points
	Rewards loyalty.Points // that the rewards taken cost
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
	Taxes    []Tax // inside the total
	Redeemed loyalty.Points
	Value    int64       // what the redeemed points pay
	Paid     []Reduction // what else paid beside money: coupons, rewards, wallets
	ToPay    int64       // in money
	Tenders  []Tender
	Cards    []GiftCard // that paid, or were sold
	Won      []string   // what the programme says to who won
	Why      []string   // why points were given or not: texts of Explain
	Member   *Member    // nil: nobody was identified
	Bill     string     // code with which another store takes the goods back; empty for none
	Message  string     // of the programme
}

// Kind is that of the templates of receipts.
func (Sale) Kind() string { return "sale" }

// Values are the figures of the receipt.
func (r Sale) Values() template.Values { return valuesOf(&voice{r.Print}, saleFields(), r) }

func saleFields() []field[Sale] {
	all := brandFields[Sale]()
	all = append(all, saleHeadFields()...)
	all = append(all, saleMoneyFields()...)
	all = append(all, salePointsFields()...)
	return append(all, accountFields(func(r Sale) *Account {
		if r.Member == nil {
			return nil
		}
		return &r.Member.Account
	})...)
}

func saleHeadFields() []field[Sale] {
	return []field[Sale]{
		figure("number", "number of the receipt", func(_ *voice, r Sale) any { return r.Number }).always().must(),
		words("at", "day and time", func(v *voice, r Sale) any { return v.dateTime(r.At) }).always().must(),
		figure("lane", "number of the till", func(v *voice, r Sale) any { return i18n.Digits(v.Lang, r.Lane) }),
		words("cashier", "who was at the till", func(_ *voice, r Sale) any { return r.Cashier }),
		code("bill", "with which another store takes the goods back", func(_ *voice, r Sale) any {
			if r.Bill == "" {
				return nil
			}
			return escpos.Symbol{Kind: escpos.QR, Data: r.Bill}
		}).must(),
		words("message", "what the programme says to everybody", func(_ *voice, r Sale) any { return r.Message }),
	}
}

func saleMoneyFields() []field[Sale] {
	return []field[Sale]{
		list("lines", "what was bought", lineFields(), func(r Sale) []Line { return r.Lines }).must(),
		list("reductions", "what lowered the price", reductionFields(func(v *voice, n int64) any { return v.amount(-n) }),
			func(r Sale) []Reduction { return r.Reduced }).must(),
		figure("rounding", "rounding to coins, inside the total", func(v *voice, r Sale) any {
			if r.Rounding == 0 {
				return nil
			}
			return v.amount(r.Rounding)
		}).must(),
		figure("total", "what the goods cost", func(v *voice, r Sale) any { return v.money(r.Total) }).always().must(),
		list("taxes", "tax inside the total, by rate", taxFields(), func(r Sale) []Tax { return r.Taxes }).must(),
		count("redeemed", "points that paid", func(_ *voice, r Sale) any { return pointsUnlessZero(r.Redeemed) }).must(),
		figure("redeemed_value", "what they paid", func(v *voice, r Sale) any { return v.moneyUnlessZero(-r.Value) }).must(),
		list("paid", "what else paid beside money: coupons, rewards, wallets", reductionFields(func(v *voice, n int64) any { return v.money(-n) }),
			func(r Sale) []Reduction { return r.Paid }).must(),
		figure("to_pay", "what is left to pay in money, when anything else paid", func(v *voice, r Sale) any {
			if r.Redeemed == 0 && len(r.Paid) == 0 {
				return nil
			}
			return v.money(r.ToPay)
		}).must(),
		list("tenders", "what was paid in money, bank cards, gift cards", tenderFields(), func(r Sale) []Tender { return r.Tenders }).must(),
		list("gift_cards", "gift cards that paid or were sold", giftCardFields(), func(r Sale) []GiftCard { return r.Cards }).must(),
	}
}

func salePointsFields() []field[Sale] {
	return []field[Sale]{
		words("won", "what the programme says to who won, a line each", func(_ *voice, r Sale) any { return strings.Join(r.Won, "\n") }),
		words("why", "why there are points or none, a line each", func(_ *voice, r Sale) any { return strings.Join(r.Why, "\n") }),
		count("earned", "points that the sale gave", func(_ *voice, r Sale) any {
			if r.Member == nil {
				return nil
			}
			return int64(r.Member.Earned)
		}).must(),
		count("reward_points", "points that rewards took, below zero", func(_ *voice, r Sale) any {
			if r.Member == nil {
				return nil
			}
			return pointsUnlessZero(-r.Member.Rewards)
		}).must(),
	}
}

func reductionFields(amount func(*voice, int64) any) []field[Reduction] {
	return []field[Reduction]{
		words("label", "its name, and the serial of a coupon", func(v *voice, r Reduction) any {
			if r.Serial == "" {
				return r.Name
			}
			return v.say("receipt.coupon_taken", i18n.Args{"coupon": r.Name, "serial": r.Serial})
		}).always().must(),
		figure("amount", "below zero", func(v *voice, r Reduction) any { return amount(v, r.Amount) }).always().must(),
	}
}

func taxFields() []field[Tax] {
	return []field[Tax]{
		figure("rate", "of the tax", func(v *voice, t Tax) any { return i18n.Percent(v.Lang, t.Rate) }).always().must(),
		figure("base", "what was sold at it, tax included", func(v *voice, t Tax) any { return v.amount(t.Amount) }).always(),
		figure("tax", "the tax", func(v *voice, t Tax) any { return v.amount(t.Tax) }).always().must(),
	}
}

func tenderFields() []field[Tender] {
	return []field[Tender]{
		words("label", "means of payment", func(v *voice, t Tender) any {
			if t.Card != "" {
				return v.say("receipt.gift_card", i18n.Args{"card": t.Card})
			}
			return v.tender(t.Kind)
		}).always().must(),
		figure("amount", "what it paid", func(v *voice, t Tender) any { return v.money(t.Amount) }).always().must(),
	}
}
