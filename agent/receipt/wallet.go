package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
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

// walletEnding is what ends in a wallet, with the wallet whose unit it counts in.
type walletEnding struct {
	Wallet
	Points
}

func walletFields() []field[Wallet] {
	ending := []field[walletEnding]{
		figure("amount", "how much", func(v *voice, e walletEnding) any { return v.inWallet(e.Wallet, e.Points.Points) }).always().must(),
		words("date", "last valid day", func(v *voice, e walletEnding) any { return v.date(e.On) }).always().must(),
	}
	return []field[Wallet]{
		words("wallet", "its name", func(_ *voice, w Wallet) any { return w.Name }).always().must(),
		figure("wallet_earned", "what the sale put in", func(v *voice, w Wallet) any {
			if w.Earned == 0 {
				return nil
			}
			return v.inWallet(w, w.Earned)
		}).must(),
		figure("wallet_balance", "what it holds now", func(v *voice, w Wallet) any { return v.inWallet(w, w.Balance) }).always().must(),
		list("wallet_ending", "what ends soon in it", ending, func(w Wallet) []walletEnding {
			var all []walletEnding
			for _, p := range w.Ending {
				all = append(all, walletEnding{w, p})
			}
			return all
		}).must(),
	}
}

// inWallet writes an amount in the unit of a wallet.
func (v *voice) inWallet(w Wallet, n loyalty.Points) string {
	if w.Money {
		return v.money(int64(n))
	}
	return i18n.Number(v.Lang, int64(n))
}

// GiftCard is how a gift card stands after the sale.
type GiftCard struct {
	Card    string // masked serial
	Balance int64  // minor units
	Ends    time.Time
	Waits   bool // until the rest of the bill is paid
	Sold    bool // or topped up by the bill: a slip of its own comes with it
}

func giftCardFields() []field[GiftCard] {
	return []field[GiftCard]{
		figure("card", "its serial, masked", func(_ *voice, c GiftCard) any { return c.Card }).always().must(),
		figure("left", "what is on it", func(v *voice, c GiftCard) any { return v.money(c.Balance) }).always().must(),
		words("date", "last valid day", func(v *voice, c GiftCard) any { return v.date(c.Ends) }).must(),
		marked("waits", "it can be used once the bill is paid", func(_ *voice, c GiftCard) any { return c.Waits }).must(),
	}
}
