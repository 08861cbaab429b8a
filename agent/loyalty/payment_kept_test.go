package loyalty

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// openSale is a sale on account of which money and goods come and go.
type openSale struct {
	t        rapid.TB
	p        *Programme
	sale     Entry
	payments []Entry
	returns  []ReturnBody
	seq      Seq
	earned   Points // less what was taken back
	lots     []Lot
	credit   []Lot
}

func openSaleOf(t rapid.TB, p *Programme, sale Entry) *openSale {
	return &openSale{t: t, p: p, sale: sale, seq: sale.Seq}
}

func (o *openSale) pay(amount int64) Points {
	o.t.Helper()
	in := PaymentInput{Sale: &o.sale, Returns: o.returns, Member: &MemberState{ID: 42, Medium: MediumNumber}, Tenders: []Tender{{Kind: TenderCash, Amount: amount}}}
	for i := range o.payments {
		in.Before = append(in.Before, *o.payments[i].Payment)
	}
	o.seq++
	e, err := o.p.Payment(in, testHead(o.seq))
	if err != nil {
		o.t.Fatal(err)
	}
	if _, diffs, err := o.p.RequotePayment(&e, &o.sale, in.Before, in.Returns); err != nil || len(diffs) > 0 {
		o.t.Fatalf("head office: %v %v", diffs, err)
	}
	o.payments, o.earned = append(o.payments, e), o.earned+e.Payment.Earned
	o.lots, o.credit = Apply(o.lots, e.Moves, 42), ApplyWallet(o.credit, e.Moves, 42, "credit")
	return e.Payment.Earned
}

func (o *openSale) back(lines ...ReturnedLine) Points {
	o.t.Helper()
	r, err := ReturnableOf(&o.sale)
	for i := range o.payments {
		if err == nil {
			err = r.AddPayment(&o.payments[i])
		}
	}
	if err != nil {
		o.t.Fatal(err)
	}
	in := ReturnInput{Sale: r, Before: o.returns, Lines: lines, All: lines == nil, Policy: o.p.ReturnPolicy(), Lots: o.lots,
		Wallets: []ReturnWallet{{Wallet: "credit", Lots: o.credit}}}
	o.seq++
	e, err := Return(in, testHead(o.seq))
	if err != nil {
		o.t.Fatal(err)
	}
	if _, diffs, err := RequoteReturn(&e, in); err != nil || len(diffs) > 0 {
		o.t.Fatalf("head office: %v %v", diffs, err)
	}
	o.returns, o.earned = append(o.returns, *e.Return), o.earned-e.Return.Taken
	o.lots, o.credit = Apply(o.lots, e.Moves, 42), ApplyWallet(o.credit, e.Moves, 42, "credit")
	return e.Return.Taken
}

func comeBack(line int, n int64) ReturnedLine { return ReturnedLine{line, n * 1000} }

const piecesOnAccount = goodHead + `
wallets: [{id: credit, unit: money, redeem: {}}]
earn:
  - {id: paid, per: tender, tenders: [cash, card], rate: {points: 1, per: 1.00}}
  - {id: cash, wallet: credit, per: tender, tenders: [cash], rate: {value: 0.02, per: 1.00}}
returns: {earned: %s}
`

// piecesSold is ten pieces of 6.00 and ten of 4.00, paid with so much cash and the rest later.
func piecesSold(t *testing.T, policy string, cash int64) *openSale {
	t.Helper()
	p := compile(t, fmt.Sprintf(piecesOnAccount, policy))
	tenders := []Tender{{Kind: TenderAccount, Amount: 10_000 - cash}}
	if cash > 0 {
		tenders = append(tenders, Tender{Kind: TenderCash, Amount: cash})
	}
	lines := []Line{{SKU: "a", Quantity: 10_000, Amount: 6000}, {SKU: "b", Quantity: 10_000, Amount: 4000}}
	q, e := sell(t, p, QuoteInput{Sale: Sale{Lines: lines, Tenders: tenders}, Member: &MemberState{ID: 42, Medium: MediumNumber}}, testHead(3))
	o := openSaleOf(t, p, e)
	o.earned, o.lots, o.credit = q.Earned, Apply(nil, e.Moves, 42), ApplyWallet(nil, e.Moves, 42, "credit")
	return o
}

func TestMoneyEarnsOnWhatTheCustomerKeeps(t *testing.T) {
	for _, policy := range []string{"per_line", "pro_rata"} {
		for name, test := range map[string]struct {
			cash  int64
			steps func(o *openSale) []Points
			want  []Points
		}{
			"goods first, then what is kept":  {0, func(o *openSale) []Points { return []Points{o.back(comeBack(0, 10)), o.pay(4000)} }, []Points{0, 40}},
			"goods first, then all":           {0, func(o *openSale) []Points { return []Points{o.back(comeBack(0, 5)), o.pay(10_000)} }, []Points{0, 70}},
			"money, goods, money":             {0, func(o *openSale) []Points { return []Points{o.pay(5000), o.back(comeBack(0, 5)), o.pay(5000)} }, []Points{50, 15, 35}},
			"twice the money for half a line": {0, func(o *openSale) []Points { return []Points{o.back(comeBack(1, 5)), o.pay(5000), o.pay(5000)} }, []Points{0, 50, 30}},
			"a part paid at once":             {5000, func(o *openSale) []Points { return []Points{o.back(comeBack(0, 10)), o.pay(5000)} }, []Points{30, 20}},
			"goods, money, more of the goods": {0, func(o *openSale) []Points {
				return []Points{o.back(comeBack(0, 5)), o.pay(7000), o.back(comeBack(0, 1))}
			}, []Points{0, 70, 6}},
			"goods, money, all that was left": {0, func(o *openSale) []Points { return []Points{o.back(comeBack(0, 5)), o.pay(7000), o.back()} }, []Points{0, 70, 70}},
			"nothing is kept, and it is paid": {0, func(o *openSale) []Points { return []Points{o.back(), o.pay(10_000)} }, []Points{0, 0}},
		} {
			o := piecesSold(t, policy, test.cash)
			if got := test.steps(o); !slices.Equal(got, test.want) {
				t.Errorf("%s, %s: %v, want %v", policy, name, got, test.want)
			}
			if points, credit := Balance(o.lots), Balance(o.credit); points != o.earned || credit != 2*points {
				t.Errorf("%s, %s: %d points and %d credit are left of %d", policy, name, points, credit, o.earned)
			}
		}
	}
}

func TestInWhateverPartsMoneyAndGoodsComeNothingIsLeftInTheEnd(t *testing.T) {
	sold := map[string]*openSale{"per_line": piecesSold(t, "per_line", 0), "pro_rata": piecesSold(t, "pro_rata", 1234)}
	rapid.Check(t, func(rt *rapid.T) {
		o := *sold[rapid.SampledFrom([]string{"per_line", "pro_rata"}).Draw(rt, "policy")]
		o.t = rt
		left, kept := int64(0), [2]int64{10, 10}
		for _, tender := range o.sale.Sale.Tenders {
			if tender.Kind == TenderAccount {
				left = tender.Amount
			}
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if line := rapid.IntRange(0, 1).Draw(rt, "line"); kept[line] > 0 && rapid.Bool().Draw(rt, "goods") {
				n := rapid.Int64Range(1, kept[line]).Draw(rt, "pieces")
				kept[line] -= n
				o.back(comeBack(line, n))
			} else if left > 0 {
				n := rapid.Int64Range(1, left).Draw(rt, "money")
				left -= n
				o.pay(n)
			}
			if worth := Points(6*kept[0]+4*kept[1]) + 12; o.earned < 0 || o.earned > worth { // each payment and return may round a point
				rt.Fatalf("%d points for goods of %d", o.earned, worth)
			}
		}
		if kept[0]+kept[1] > 0 {
			o.back()
		}
		if o.earned != 0 || Balance(o.lots) != 0 || Balance(o.credit) != 0 {
			rt.Fatalf("%d points, %d and %d are left", o.earned, Balance(o.lots), Balance(o.credit))
		}
	})
}
