package loyalty

import (
	"strings"
	"testing"
)

// inUnit is an amount of a wallet: 5.00 is money, 5 is points.
func (m major) inUnit(t *testing.T) Points {
	t.Helper()
	if strings.Contains(string(m), ".") {
		return Points(m.minor(t, 2))
	}
	return Points(m.minor(t, 0))
}

// vectorAsk is what is asked of a wallet: an amount, all or rest.
type vectorAsk struct {
	Wallet WalletID `yaml:"wallet"`
	Take   major    `yaml:"take"`
}

func askFor(t *testing.T, take major) Ask {
	switch take {
	case "all":
		return Ask{All: true}
	case "rest":
		return Ask{Rest: true}
	}
	return Ask{Points: take.inUnit(t)}
}

type vectorWallet struct {
	Wallet    WalletID    `yaml:"wallet"`
	Available major       `yaml:"available"`
	Balance   major       `yaml:"balance"`
	Lots      []walletLot `yaml:"lots"`
}

type walletLot struct {
	Amount  major  `yaml:"amount"`
	Expires string `yaml:"expires"`
}

type wantWallet struct {
	Wallet   WalletID `yaml:"wallet"`
	Redeemed *major   `yaml:"redeemed"`
	Value    *major   `yaml:"value"`
	Max      *major   `yaml:"max"`
	Earned   *major   `yaml:"earned"`
	Expires  *string  `yaml:"expires"`
	Usable   *string  `yaml:"usable"`
	Clamps   []string `yaml:"clamps"`
}

type wantWalletReturn struct {
	Wallet   WalletID    `yaml:"wallet"`
	Owed     *major      `yaml:"owed"`
	Taken    *major      `yaml:"taken"`
	Short    *major      `yaml:"short"`
	Back     *major      `yaml:"back"`
	Lapsed   *major      `yaml:"lapsed"`
	Withheld *major      `yaml:"withheld"`
	Balance  *major      `yaml:"balance"`
	Left     []walletLot `yaml:"left"`
}

// wallets puts what the case says of wallets into the input.
func (v *vector) wallets(t *testing.T, in *QuoteInput) {
	for _, a := range v.Wallets {
		in.Sale.Wallets = append(in.Sale.Wallets, WalletAsk{a.Wallet, askFor(t, a.Take)})
	}
	in.Sale.Currency = v.Currency
	if v.Member == nil {
		return
	}
	for i, w := range v.Member.Wallets {
		s := WalletState{Wallet: w.Wallet, Available: w.Available.inUnit(t), Balance: w.Balance.inUnit(t)}
		for k, l := range w.Lots {
			s.Lots = append(s.Lots, Lot{ID: lotID(7, Epoch(i+1), Seq(k+1), 1), Remaining: l.Amount.inUnit(t), Earned: "2026-01-01", Expires: l.Expires})
		}
		in.Member.Wallets = append(in.Member.Wallets, s)
	}
}

func (v *vector) compareWallets(t *testing.T, q *Quote) {
	for _, w := range v.Want.Wallets {
		var got *WalletQuote
		for i := range q.Wallets {
			if q.Wallets[i].Wallet == w.Wallet {
				got = &q.Wallets[i]
			}
		}
		if got == nil {
			t.Errorf("%s: not in the quote", w.Wallet)
			continue
		}
		compareAmounts(t, string(w.Wallet), map[string]amountPair{"redeemed": {w.Redeemed, got.Redeem.Points}, "max": {w.Max, got.Redeem.Max},
			"earned": {w.Earned, got.Earned}, "value": {w.Value, Points(got.Redeem.Value)}})
		if w.Expires != nil && *w.Expires != got.EarnedExpires {
			t.Errorf("%s: expires %q, want %q", w.Wallet, got.EarnedExpires, *w.Expires)
		}
		if w.Usable != nil && (len(got.Lots) != 1 || got.Lots[0].Usable != *w.Usable) {
			t.Errorf("%s: lots %+v, want usable %q", w.Wallet, got.Lots, *w.Usable)
		}
		compareCodes(t, string(w.Wallet)+" clamps", w.Clamps, got.Redeem.Clamps)
	}
}

type amountPair struct {
	want *major
	got  Points
}

func compareAmounts(t *testing.T, of string, pairs map[string]amountPair) {
	t.Helper()
	for name, p := range pairs {
		if p.want != nil && p.want.inUnit(t) != p.got {
			t.Errorf("%s: %s: got %d, want %s", of, name, p.got, *p.want)
		}
	}
}

// afterReturn gives the wallets as they are after a return.
func afterReturn(wallets []ReturnWallet, e *Entry) []ReturnWallet {
	out := make([]ReturnWallet, len(wallets))
	for i, w := range wallets {
		out[i] = ReturnWallet{Wallet: w.Wallet, Lots: ApplyWallet(w.Lots, e.Moves, e.Member, w.Wallet), Expired: w.Expired}
	}
	return out
}

func compareWalletReturns(t *testing.T, want []wantWalletReturn, b *ReturnBody, wallets []ReturnWallet) {
	for _, w := range want {
		var got WalletReturn
		for _, r := range b.Wallets {
			if r.Wallet == w.Wallet {
				got = r
			}
		}
		var lots []Lot
		for _, r := range wallets {
			if r.Wallet == w.Wallet {
				lots = r.Lots
			}
		}
		compareAmounts(t, string(w.Wallet), map[string]amountPair{"owed": {w.Owed, got.Owed}, "taken": {w.Taken, got.Taken}, "short": {w.Short, got.Short},
			"back": {w.Back, got.Back}, "lapsed": {w.Lapsed, got.Lapsed}, "withheld": {w.Withheld, Points(got.Withheld)}, "balance": {w.Balance, Balance(lots)}})
		if w.Left == nil {
			continue
		}
		var left []leftLot
		for _, l := range w.Left {
			left = append(left, leftLot{Points: l.Amount.inUnit(t), Expires: l.Expires})
		}
		compareLeft(t, 0, left, lots)
	}
}

// spendElsewhere takes an amount of a wallet in another sale.
func spendElsewhere(t *testing.T, wallets []ReturnWallet, a vectorAsk, member MemberID, day string) []ReturnWallet {
	at := AccountsOf(member, a.Wallet)
	for i, w := range wallets {
		if w.Wallet == a.Wallet {
			wallets[i].Lots = ApplyWallet(w.Lots, draw(w.Lots, askFor(t, a.Take).Points, day, at.Main, at.Redeemed), member, a.Wallet)
		}
	}
	return wallets
}
