package loyalty

import (
	"errors"
	"slices"
	"testing"
)

const creditHead = `
format: 1
programme: {id: station, name: {en: Station}, version: 1, valid_from: 2020-01-01T00:00, currency: EUR}
sets:
  fuel: {category: [fuel]}
  shop: {all: true, without: [fuel]}
earn:
  - {id: shop, per: amount, rate: {points: 1, per: 1.00}, on: shop}
  - {id: fuel, wallet: credit, per: amount, rate: {value: 0.01, per: 1.00}, steps: proportional, on: fuel}
redeem: {point_value: {points: 100, value: 1.00}}
wallets:
  - {id: credit, name: {en: Credit}, unit: money, redeem: {}, expiry: {months: 6}}
returns: {earned: per_line}
`

func stationMember() *MemberState {
	return &MemberState{ID: 42, Medium: MediumPurse, Available: 300,
		Lots: []Lot{{ID: "1-1-1.1", Remaining: 300, Earned: "2026-01-01"}},
		Wallets: []WalletState{{Wallet: "credit", Available: 700, Lots: []Lot{
			{ID: "1-1-2.1", Remaining: 400, Earned: "2026-01-01", Expires: "2026-12-31"},
			{ID: "1-1-3.1", Remaining: 300, Earned: "2026-02-01", Expires: "2026-11-30"}}}}}
}

func stationLines() []Line {
	return []Line{{SKU: "95", Category: "fuel", Quantity: 40_000, Amount: 6000}, {SKU: "coffee", Category: "drinks", Quantity: 1000, Amount: 400}}
}

func TestCreditPaysAndIsEarnedBesideThePoints(t *testing.T) {
	p := compile(t, creditHead)
	m := stationMember()
	sale := Sale{Lines: stationLines(), Redeem: &Ask{Rest: true}, Wallets: []WalletAsk{{"credit", Ask{Points: 500}}}}
	q, e := sell(t, p, QuoteInput{Sale: sale, Member: m}, testHead(9))
	if credit := q.Wallets[0]; credit.Redeem.Value != 500 || q.Redeem.Value != 300 || q.ToPay != 5600 {
		t.Fatalf("credit pays %d, points pay %d, to pay %d", credit.Redeem.Value, q.Redeem.Value, q.ToPay)
	}
	if _, diffs, err := p.Requote(&e, "", 300); err != nil || len(diffs) > 0 {
		t.Errorf("head office: %v %v", diffs, err)
	}
	points, credit := Apply(m.Lots, e.Moves, 42), ApplyWallet(m.Wallets[0].Lots, e.Moves, 42, "credit")
	if Balance(points) != q.Earned || Balance(credit) != 200+q.Wallets[0].Earned {
		t.Errorf("points %+v, credit %+v", points, credit)
	}
	if credit[0].ID != "1-1-2.1" || credit[0].Remaining != 200 { // the lot that ends first went first
		t.Errorf("credit %+v", credit)
	}
}

func TestAWalletThatIsNotThereIsRefused(t *testing.T) {
	p := compile(t, creditHead)
	for field, in := range map[string]QuoteInput{
		"wallets[0].wallet":        {Sale: Sale{Wallets: []WalletAsk{{"gold", Ask{All: true}}}}},
		"wallets[1].wallet":        {Sale: Sale{Wallets: []WalletAsk{{"credit", Ask{All: true}}, {"credit", Ask{All: true}}}}},
		"wallets[0]":               {Sale: Sale{Wallets: []WalletAsk{{"credit", Ask{All: true, Points: 5}}}}},
		"currency":                 {Sale: Sale{Currency: "USD"}},
		"member.wallets[0].wallet": {Member: &MemberState{ID: 1, Medium: MediumPurse, Wallets: []WalletState{{}}}},
	} {
		in.Sale.Lines, in.Place = stationLines(), testPlace
		var bad *SaleError
		if _, err := p.Quote(in); !errors.As(err, &bad) || bad.Field != field ||
			!slices.Contains([]string{SaleWallet, SaleCurrency, SaleRange}, bad.Code) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// walletsAfter is a member's wallets beside the points after a sale, as a return is given them.
func walletsAfter(m *MemberState, e *Entry) []ReturnWallet {
	var all []ReturnWallet
	for _, w := range e.Sale.Wallets {
		all = append(all, ReturnWallet{Wallet: w.Wallet, Lots: ApplyWallet(m.wallet(w.Wallet).Lots, e.Moves, m.ID, w.Wallet)})
	}
	return all
}

func TestAReturnGivesEveryWalletBackWhatItPaidAndTakesWhatItEarned(t *testing.T) {
	p := compile(t, creditHead)
	m := stationMember()
	sale := Sale{Lines: stationLines(), Redeem: &Ask{Points: 100}, Wallets: []WalletAsk{{"credit", Ask{Points: 500}}}}
	_, e := sell(t, p, QuoteInput{Sale: sale, Member: m}, testHead(9))
	returnable, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	lots, wallets := Apply(m.Lots, e.Moves, 42), walletsAfter(m, &e)
	in := ReturnInput{Sale: returnable, Policy: p.ReturnPolicy(), Lots: lots, Wallets: wallets}
	var money int64
	for seq, line := range []int{1, 0} {
		in.Lines = []ReturnedLine{{line, returnable.Lines[line].Quantity}}
		back, err := Return(in, testHead(Seq(10+seq)))
		if err != nil {
			t.Fatal(err)
		}
		if _, diffs, err := RequoteReturn(&back, in); err != nil || len(diffs) > 0 {
			t.Errorf("head office: %v %v", diffs, err)
		}
		in.Before, money = append(in.Before, *back.Return), money+back.Return.Money
		in.Lots = Apply(in.Lots, back.Moves, 42)
		in.Wallets = []ReturnWallet{{Wallet: "credit", Lots: ApplyWallet(in.Wallets[0].Lots, back.Moves, 42, "credit")}}
	}
	if Balance(in.Lots) != 300 || Balance(in.Wallets[0].Lots) != 700 || money != e.Sale.ToPay {
		t.Errorf("points %+v, credit %+v, money %d of %d", in.Lots, in.Wallets[0].Lots, money, e.Sale.ToPay)
	}
}

func TestAWalletOfAnOlderVersionKeepsNobodyFromShopping(t *testing.T) {
	p := compile(t, creditHead)
	m := stationMember()
	m.Wallets = append(m.Wallets, WalletState{Wallet: "gone", Available: 5})
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: stationLines()}, Member: m}, testHead(9))
	if len(e.Sale.Wallets) != 1 || e.Sale.Wallets[0].Wallet != "credit" {
		t.Errorf("got %+v", e.Sale.Wallets)
	}
}

func TestEveryWalletEndsAfterItsOwnTimeWithoutAPurchase(t *testing.T) {
	p := compile(t, goodHead+"expiry: {inactive_months: 6}\nwallets: [{id: credit, unit: money, expiry: {inactive_months: 2}}, {id: lasting, unit: money}]\n")
	for wallet, want := range map[WalletID]string{MainWallet: "2027-02-28", "credit": "2026-10-31", "lasting": ""} {
		if got, err := p.ActiveUntilIn(wallet, "2026-08-31"); err != nil || got != want {
			t.Errorf("%q: until %q %v, want %q", wallet, got, err, want)
		}
	}
}
