package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// Wallet is one that the member has beside the points.
type Wallet struct {
	Name    string
	Money   bool // its points are minor units
	Earned  loyalty.Points
	Balance loyalty.Points
	Ending  []Points // last valid days that come soon
}

// print says what the sale put into the wallet and what it holds now. What it paid stands with the payments.
func (w Wallet) print(s *sheet) {
	name := i18n.Args{"wallet": w.Name}
	if w.Earned != 0 {
		s.figure(escpos.Style{}, s.say("receipt.wallet_earned", name), w.amount(s, w.Earned))
	}
	s.figure(escpos.Style{Bold: true}, s.say("receipt.wallet_balance", name), w.amount(s, w.Balance))
	for _, p := range w.Ending {
		s.line(s.say("receipt.wallet_ending", i18n.Args{"wallet": w.Name, "amount": w.amount(s, p.Points), "date": i18n.Date(s.Lang, p.On)}))
	}
}

func (w Wallet) amount(s *sheet, n loyalty.Points) string {
	if w.Money {
		return s.money(int64(n))
	}
	return s.number(int64(n))
}

// GiftCard is how a gift card stands after the sale.
type GiftCard struct {
	Card    string // masked serial
	Balance int64  // minor units
	Ends    time.Time
	Waits   bool // until the rest of the bill is paid
}

func (c GiftCard) print(s *sheet) {
	card := i18n.Args{"card": c.Card}
	s.figure(escpos.Style{}, s.say("receipt.gift_card_balance", card), s.money(c.Balance))
	if !c.Ends.IsZero() {
		s.line(s.say("receipt.gift_card_until", i18n.Args{"card": c.Card, "date": i18n.Date(s.Lang, c.Ends)}))
	}
	if c.Waits {
		s.line(s.say("receipt.gift_card_waits", card))
	}
}
