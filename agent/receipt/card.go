package receipt

import (
	"time"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/template"
)

// GiftCardSlip goes with a gift card that was sold or topped up.
type GiftCardSlip struct {
	Print
	Number string // of the receipt
	At     time.Time
	Card   GiftCard
}

// Kind is that of the templates of gift card slips.
func (GiftCardSlip) Kind() string { return "gift_card" }

// Values are the figures of the slip.
func (s GiftCardSlip) Values() template.Values {
	return valuesOf(&voice{s.Print}, giftCardSlipFields(), s)
}

func giftCardSlipFields() []field[GiftCardSlip] {
	all := append(brandFields[GiftCardSlip](),
		figure("number", "number of the receipt that sold it", func(_ *voice, s GiftCardSlip) any { return s.Number }).always(),
		words("at", "day and time", func(v *voice, s GiftCardSlip) any { return v.dateTime(s.At) }).always().must(),
	)
	for _, f := range giftCardFields() {
		all = append(all, field[GiftCardSlip]{f.Field, func(v *voice, s GiftCardSlip) any { return f.read(v, s.Card) }})
	}
	return all
}

// BlankGiftCard is a gift card of paper before it is sold: it is worth nothing until a bill sells it.
type BlankGiftCard struct {
	Print
	Name   string // of its kind
	Serial string
	Number int // of so many (Of)
	Of     int
}

// Kind is that of the templates of blank gift cards.
func (BlankGiftCard) Kind() string { return "gift_card_blank" }

// Values are the figures of the card.
func (c BlankGiftCard) Values() template.Values { return valuesOf(&voice{c.Print}, blankFields(), c) }

func blankFields() []field[BlankGiftCard] {
	return append(brandFields[BlankGiftCard](),
		words("name", "name of its kind", func(_ *voice, c BlankGiftCard) any { return c.Name }).always().must(),
		code("code", "its serial as Code 128", func(_ *voice, c BlankGiftCard) any { return escpos.Symbol{Kind: escpos.Code128, Data: c.Serial} }).always().must(),
		figure("serial", "its serial, to type in", func(_ *voice, c BlankGiftCard) any { return c.Serial }).always().must(),
		figure("number", "which of how many", func(v *voice, c BlankGiftCard) any { return v.numberOf(c.Number, c.Of) }).always().must(),
	)
}

// Balance tells a member how the account stands, without a purchase.
type Balance struct {
	Print
	Lane    string
	At      time.Time
	Account Account
}

// Kind is that of the templates of balance slips.
func (Balance) Kind() string { return "balance" }

// Values are the figures of the slip.
func (b Balance) Values() template.Values { return valuesOf(&voice{b.Print}, balanceFields(), b) }

func balanceFields() []field[Balance] {
	all := append(brandFields[Balance](),
		words("at", "day and time", func(v *voice, b Balance) any { return v.dateTime(b.At) }).always().must(),
		figure("lane", "number of the till", func(_ *voice, b Balance) any { return b.Lane }),
	)
	return append(all, accountFields(func(b Balance) *Account { return &b.Account })...)
}
