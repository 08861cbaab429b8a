package loyalty

import (
	"crypto/ed25519"
	"testing"

	"pgregory.net/rapid"
)

// Whatever breaks when goods come back, in whatever parts: no part asks for money, no more is refunded than was paid or the
// goods cost, and when everything is back the customer has paid nothing.
func TestRepricingWhatIsKeptNeverRefundsMoreThanWasPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in, stored := genStored(t)
		sale, err := ReturnableOf(stored)
		if err != nil {
			t.Fatal(err)
		}
		terms, err := p.Terms(stored)
		if err != nil {
			t.Fatal(err)
		}
		policy := p.ReturnPolicy()
		policy.Reprice, policy.Coupons, policy.Shortage = true, true, ShortageNegative
		lots := Apply(in.Member.Lots, stored.Moves, in.Member.ID)
		var before []ReturnBody
		var paid, listed int64
		coupons := map[string]int{}
		settle := func(ri ReturnInput) {
			ri.Sale, ri.Before, ri.Lots, ri.Policy, ri.Terms = sale, before, lots, policy, terms
			e := takeBack(t, ri, Seq(6+len(before)))
			if _, diffs, err := RequoteReturn(&e, ri); err != nil || len(diffs) > 0 {
				t.Fatalf("head office differs: %v %v", diffs, err)
			}
			before, lots = append(before, *e.Return), Apply(lots, e.Moves, in.Member.ID)
			paid += e.Return.Money
			for _, l := range e.Return.Lines {
				listed += stored.Sale.Lines[l.Line].Amount * l.Quantity / sale.Lines[l.Line].Quantity
			}
			for _, c := range e.Return.Coupons {
				coupons[c.Serial]++
			}
			if paid > sale.ToPay {
				t.Fatalf("refunded %d of %d", paid, sale.ToPay)
			}
		}
		for _, part := range genParts(t, &sale) {
			settle(ReturnInput{Lines: part})
			if rest := in.Sale.Rounding; rest == 0 && paid > listed+int64(len(sale.Lines)*len(before)) {
				t.Fatalf("refunded %d for goods of %d", paid, listed)
			}
		}
		if !returnedAll(&sale, before) {
			settle(ReturnInput{All: true})
		}
		if paid != sale.ToPay || Balance(lots) != Balance(in.Member.Lots)-lapsedOf(before) {
			t.Fatalf("refunded %d of %d, balance %d of %d", paid, sale.ToPay, Balance(lots), Balance(in.Member.Lots))
		}
		for _, c := range sale.Coupons {
			if coupons[c.Serial] != 1 {
				t.Fatalf("coupon %s came back %d times", c.Serial, coupons[c.Serial])
			}
		}
	})
}

func returnedAll(sale *Returnable, before []ReturnBody) bool {
	left := int64(0)
	for _, l := range sale.Lines {
		left += l.Quantity
	}
	for _, b := range before {
		for _, l := range b.Lines {
			left -= l.Quantity
		}
	}
	return left == 0
}

func lapsedOf(before []ReturnBody) Points {
	all := Points(0)
	for _, b := range before {
		all += b.Lapsed
	}
	return all
}

// What is kept costs what it would have cost alone: a bill without the goods that came back, quoted on its own.
func TestWhatIsKeptCostsWhatItWouldHaveCostAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		in.Sale.Redeem, in.Sale.Rewards, in.Sale.Shown, in.Sale.Tenders, in.Sale.Rounding = nil, nil, nil, nil, 0
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		if q.Due > 0 {
			in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
		}
		e, err := p.Post(q, in, testHead(5))
		if err != nil {
			t.Fatal(err)
		}
		sale, err := ReturnableOf(&e)
		if err != nil {
			t.Fatal(err)
		}
		terms, err := p.Terms(&e)
		if err != nil {
			t.Fatal(err)
		}
		gone := rapid.IntRange(0, len(in.Sale.Lines)-1).Draw(t, "gone")
		amount := in.Sale.Lines[gone].Amount
		policy := p.ReturnPolicy()
		policy.Reprice = true
		back := takeBack(t, ReturnInput{Sale: sale, Lines: []ReturnedLine{{gone, sale.Lines[gone].Quantity}}, Policy: policy, Terms: terms}, 6)
		want := q.ToPay
		if len(in.Sale.Lines) > 1 {
			in.Sale.Tenders, in.Sale.Lines = nil, append(append([]Line{}, in.Sale.Lines[:gone]...), in.Sale.Lines[gone+1:]...)
			alone, err := p.Quote(in)
			if err != nil {
				t.Fatal(err)
			}
			want = min(max(q.ToPay-alone.ToPay, 0), amount)
		}
		if back.Return.Money != want {
			t.Fatalf("refunded %d, want %d", back.Return.Money, want)
		}
	})
}

// A bill's token is paper, and paper can be copied: where the first return is known, the second use is found.
func TestABillTokenUsedTwiceIsFound(t *testing.T) {
	p := compileFile(t, "full.yaml")
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 1, Medium: MediumPurse}}, testHead(1))
	sold, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	token, err := sold.Token(tokenKey())
	if err != nil {
		t.Fatal(err)
	}
	sale, err := ReadToken(token, tokenKey().Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	in := ReturnInput{Sale: sale, Lines: []ReturnedLine{{1, 1000}}, Policy: p.ReturnPolicy(), Token: true}
	first, err := Return(in, testHead(2))
	if err != nil || !first.Return.Token || first.Return.Repriced {
		t.Fatalf("%+v %v", first.Return, err)
	}
	in.Before = []ReturnBody{*first.Return}
	if _, err := Return(in, testHead(3)); err != nil {
		t.Errorf("the second of two bottles: %v", err)
	}
	in.Lines[0].Quantity = 2000
	_, err = Return(in, testHead(3))
	wantCode(t, err, ReturnTokenUsed)
	in.Lines[0].Quantity = 2001
	_, err = Return(in, testHead(3))
	wantCode(t, err, ReturnMore)

	all := ReturnInput{Sale: sale, All: true, Policy: p.ReturnPolicy(), Token: true}
	whole, err := Return(all, testHead(2))
	if err != nil {
		t.Fatal(err)
	}
	all.Before = []ReturnBody{*whole.Return}
	_, err = Return(all, testHead(3))
	wantCode(t, err, ReturnTokenUsed)
}

func TestGoodsWithoutABillComeBackAtTheLowestPriceOrNotAtAll(t *testing.T) {
	goods := []UnbilledLine{{"4750001", 1350, 199}, {"4750002", 2000, 120}}
	_, err := compileFile(t, "plain.yaml").ReturnWithoutBill(goods, testHead(1))
	wantCode(t, err, ReturnNoBill)
	p := compileFile(t, "full.yaml")
	e, err := p.ReturnWithoutBill(goods, testHead(1))
	if err != nil || e.Return.Money != 268+240 || e.Return.Refund != 508 || e.Member != 0 || len(e.Moves) != 0 {
		t.Fatalf("%+v %v", e.Return, err)
	}
	for name, bad := range map[string][]UnbilledLine{ReturnNothing: nil, SaleRange: {{"a", 0, 1}}, SaleText: {{"", 1, 1}}, SaleTooLarge: make([]UnbilledLine, MaxUnbilled+1)} {
		_, err := p.ReturnWithoutBill(bad, testHead(1))
		wantCode(t, err, name)
	}
}
