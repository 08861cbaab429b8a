package loyalty

import (
	"errors"
	"testing"
)

const onAccount = goodHead + `
sets: {tobacco: {category: [tobacco]}}
exclude: [tobacco]
wallets: [{id: credit, unit: money, redeem: {}}]
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
  - {id: paid, per: tender, tenders: [cash, card], rate: {points: 1, per: 1.00}}
  - {id: cash, wallet: credit, per: tender, tenders: [cash], rate: {value: 0.02, per: 1.00}, partner: acme}
  - {id: start, bonus: 500}
returns: {earned: per_line}
`

func soldOnAccount(t *testing.T) (*Programme, Entry) {
	p := compile(t, onAccount)
	lines := []Line{{SKU: "a", Quantity: 1000, Amount: 6000}, {SKU: "b", Quantity: 1000, Amount: 3000}, {SKU: "t", Category: "tobacco", Quantity: 1000, Amount: 1000}}
	q, e := sell(t, p, QuoteInput{Sale: Sale{Lines: lines, Tenders: []Tender{{Kind: TenderAccount, Amount: 10_000}}}, Member: &MemberState{ID: 42, Medium: MediumPurse}}, testHead(3))
	if q.Earned != 0 {
		t.Fatalf("earned %d before anything was paid", q.Earned)
	}
	return p, e
}

func TestWhatIsSoldOnAccountEarnsWhenItIsPaid(t *testing.T) {
	p, sale := soldOnAccount(t)
	in := PaymentInput{Sale: &sale, Member: &MemberState{ID: 42, Medium: MediumNumber}}
	var earned, credit Points
	for i, tender := range []Tender{{Kind: TenderCash, Amount: 4000}, {Kind: TenderCard, Amount: 6000}} {
		in.Tenders = []Tender{tender}
		e, err := p.Payment(in, testHead(Seq(10+i)))
		if err != nil {
			t.Fatal(err)
		}
		if _, diffs, err := p.RequotePayment(&e, &sale, in.Before, nil); err != nil || len(diffs) > 0 {
			t.Errorf("head office: %v %v", diffs, err)
		}
		in.Before = append(in.Before, *e.Payment)
		earned += Balance(Apply(nil, e.Moves, 42))
		credit += Balance(ApplyWallet(nil, e.Moves, 42, "credit"))
	}
	if earned != 90 || credit != 72 { // a tenth of the money was for tobacco
		t.Errorf("earned %d points and %d credit", earned, credit)
	}
	if left := in.Before[1].Left; left != 0 {
		t.Errorf("%d left on account", left)
	}
}

func TestAPaymentIsOfItsSaleAndNoMoreThanIsOwed(t *testing.T) {
	p, sale := soldOnAccount(t)
	member := &MemberState{ID: 42, Medium: MediumNumber}
	for want, in := range map[string]PaymentInput{
		SaleOverpaid: {Sale: &sale, Member: member, Tenders: []Tender{{Kind: TenderCash, Amount: 5001}}, Before: []PaymentBody{{Store: sale.Store, Epoch: sale.Epoch, Seq: sale.Seq, Paid: 5000}}},
		SaleUnpaid:   {Sale: &sale, Member: member},
		SaleTender:   {Sale: &sale, Member: member, Tenders: []Tender{{Kind: TenderAccount, Amount: 1}}},
		PaymentOther: {Sale: &sale, Tenders: []Tender{{Kind: TenderCash, Amount: 1}}},
	} {
		var bad *SaleError
		if _, err := p.Payment(in, testHead(9)); !errors.As(err, &bad) || bad.Code != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestGoodsThatComeBackTakeWithThemWhatTheirPaymentEarned(t *testing.T) {
	p, sale := soldOnAccount(t)
	paid, err := p.Payment(PaymentInput{Sale: &sale, Member: &MemberState{ID: 42, Medium: MediumNumber}, Tenders: []Tender{{Kind: TenderCash, Amount: 10_000}}}, testHead(10))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReturnableOf(&sale)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddPayment(&paid); err != nil {
		t.Fatal(err)
	}
	in := ReturnInput{Sale: r, All: true, Policy: p.ReturnPolicy(), Lots: Apply(nil, paid.Moves, 42),
		Wallets: []ReturnWallet{{Wallet: "credit", Lots: ApplyWallet(nil, paid.Moves, 42, "credit")}}}
	back, err := Return(in, testHead(11))
	if err != nil {
		t.Fatal(err)
	}
	if back.Return.Taken != 90 || back.Return.Wallets[0].Taken != 180 {
		t.Errorf("took %d points and %+v", back.Return.Taken, back.Return.Wallets)
	}
	all := append(paid.Moves[:len(paid.Moves):len(paid.Moves)], back.Moves...)
	if got := issuedTo(all, AccountPartner("acme", "credit")); got != 0 {
		t.Errorf("%d left with the partner", got)
	}
}
