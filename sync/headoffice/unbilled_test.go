package headoffice

import (
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

func TestGoodsWithoutABillComeBackForMoneyAlone(t *testing.T) {
	c, one, _, anna := backShop(t)
	one.prog = c.publishText(backing[:len(backing)-len("returns: {earned: per_line, shortage: negative}\n")] + "returns: {without_bill: lowest_price}\n")
	goods := []loyalty.UnbilledLine{{SKU: "1", Quantity: 2000, Price: 150}}
	one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
	one.made(one.prog.ReturnWithoutBill(goods, one.head()))
	c.hear(one, 1)
	wantKinds(t, c.report())

	at := one.seq() + 1
	dear, err := one.prog.ReturnWithoutBill(goods, one.head())
	dear.Return.Refund += 500
	one.made(dear, err)
	also, err := one.prog.ReturnWithoutBill(goods, one.head())
	also.Moves = []loyalty.Movement{{From: loyalty.AccountIssued, To: loyalty.AccountMain(anna), Points: 90, Earned: also.Day}}
	one.made(also, err)
	c.hear(one, at)
	r := c.report()
	wantKinds(t, r, hodb.CaseDifference, hodb.CaseDifference)
	if m := r.member(t, anna); m.Balance != 150 || r.Stores[0].Accounts[hodb.Suspense] != 90 {
		t.Errorf("%+v, %v", m, r.Stores[0].Accounts)
	}
	if d := r.Differences; len(d) != 2 || d[0].Claimed != "800" || d[0].Verified != "300" || d[1].Verified != "goods without a bill" {
		t.Errorf("%+v", d)
	}
	c.inOrder()
}

func TestGoodsWithoutABillAreRefusedWhereTheProgrammeDoesNotTakeThem(t *testing.T) {
	c, one, _, _ := backShop(t)
	head := one.head()
	e := head.Entry(loyalty.KindReturn)
	e.Return = &loyalty.ReturnBody{Programme: one.prog.Digest(), Currency: "EUR", Lines: []loyalty.ReturnedLine{}, Money: 300, Refund: 300,
		Unbilled: []loyalty.UnbilledLine{{SKU: "1", Quantity: 2000, Price: 150}}}
	one.write(e)
	c.hear(one, 1)
	wantKinds(t, c.report(), hodb.CaseReturnRefused)
	c.inOrder()
}
