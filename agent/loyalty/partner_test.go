package loyalty

import (
	"crypto/ed25519"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

const coalition = goodHead + `
wallets:
  - {id: credit, unit: money, redeem: {}}
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
  - {id: acme, per: amount, on: acme, rate: {points: 3, per: 1.00}, partner: acme}
  - {id: bank, wallet: credit, per: tender, tenders: [card], rate: {value: 0.05, per: 1.00}, partner: bank}
sets: {acme: {brand: [Acme]}}
returns: {earned: per_line}
`

func coalitionSale(t testing.TB) (*Programme, Entry, Returnable) {
	p := compile(t, coalition)
	lines := []Line{{SKU: "a", Brand: "Acme", Quantity: 2000, Amount: 2000}, {SKU: "b", Quantity: 1000, Amount: 1000}}
	in := QuoteInput{Sale: Sale{Lines: lines, Tenders: []Tender{{Kind: TenderCard, Amount: 3000}}}, Member: &MemberState{ID: 42, Medium: MediumPurse}}
	_, e := sell(t, p, in, testHead(3))
	r, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	return p, e, r
}

// issuedTo adds up what came into being on an account less what went back.
func issuedTo(moves []Movement, account string) Points {
	sum := Points(0)
	for _, m := range moves {
		if m.From == account {
			sum += m.Points
		}
		if m.To == account {
			sum -= m.Points
		}
	}
	return sum
}

func TestPointsOfAPartnersRuleAreIssuedByThePartner(t *testing.T) {
	_, e, _ := coalitionSale(t)
	for account, want := range map[string]Points{AccountIssued: 30, "partner/acme/issued": 60, "partner/bank/credit/issued": 150, "programme/credit/issued": 0} {
		if got := issuedTo(e.Moves, account); got != want {
			t.Errorf("%s: %d, want %d", account, got, want)
		}
	}
	if got := AccountPartner("acme", MainWallet); got != "partner/acme/issued" {
		t.Error(got)
	}
}

// However the goods come back, and whatever was spent in between, every issuer ends with nothing issued once all is back
// and all points were there to be taken.
func TestWhatComesBackGoesToThoseWhoGaveIt(t *testing.T) {
	p, e, sale := coalitionSale(t)
	rapid.Check(t, func(t *rapid.T) {
		lots := Apply([]Lot{{ID: "9-1-1.1", Remaining: 500, Earned: "2026-01-01"}}, e.Moves, 42)
		spent := draw(lots, Points(rapid.IntRange(1, 400).Draw(t, "spent")), "2026-11-24", AccountMain(42), AccountRedeemed)
		in := ReturnInput{Sale: sale, Lots: Apply(lots, spent, 42), Policy: p.ReturnPolicy(),
			Wallets: []ReturnWallet{{Wallet: "credit", Lots: ApplyWallet(nil, e.Moves, 42, "credit")}}}
		all := e.Moves
		for i, part := range append(genParts(t, &sale), nil) { // at last what is left
			in.Lines, in.All = part, part == nil
			back, err := Return(in, testHead(Seq(10+i)))
			var nothing *SaleError
			if in.All && errors.As(err, &nothing) && nothing.Code == ReturnNothing {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, diffs, err := RequoteReturn(&back, in); err != nil || len(diffs) > 0 {
				t.Fatalf("head office: %v %v", diffs, err)
			}
			in.Before, in.Lots = append(in.Before, *back.Return), Apply(in.Lots, back.Moves, 42)
			in.Wallets = afterReturn(in.Wallets, &back)
			all = append(all[:len(all):len(all)], back.Moves...)
		}
		for _, account := range []string{AccountIssued, "partner/acme/issued", "partner/bank/credit/issued"} {
			if got := issuedTo(all, account); got != 0 {
				t.Fatalf("%s: %d left issued", account, got)
			}
		}
	})
}

func TestABillTokenCarriesPartnersAndWallets(t *testing.T) {
	_, _, sale := coalitionSale(t)
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := sale.Token(private)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadToken(token, public)
	if err != nil || !reflect.DeepEqual(got, sale) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, sale)
	}
}
