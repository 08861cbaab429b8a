package agentdb

import (
	"errors"
	"testing"

	"loyaltill/agent/loyalty"
)

// couponSale is a sale that uses coupons up.
func couponSale(n int, serials ...string) Commit {
	c := commitOf(n, 7, 10)
	plain := c.Build
	c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
		e, err := plain(h, Tally{})
		for _, serial := range serials {
			e.Sale.Reductions = append(e.Sale.Reductions, loyalty.Reduction{Rule: "coffee", Serial: serial, Amount: 100})
		}
		return e, err
	}
	return c
}

func TestACouponIsUsedOnceInAStore(t *testing.T) {
	b := newBox(t)
	first := couponSale(1, "A")
	if _, err := b.Append(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(t.Context(), couponSale(2, "B", "A")); !errors.Is(err, ErrCouponUsed) {
		t.Errorf("used a second time: %v", err)
	}
	if again, err := b.Append(t.Context(), first); err != nil || !again.Replayed {
		t.Errorf("the same sale again: %v", err)
	}
	b.reopen(t)
	for serial, want := range map[string]int64{"A": 1, "B": 0} {
		if uses, err := b.CouponUses(t.Context(), serial, txn(9)); err != nil || uses != want {
			t.Errorf("coupon %s used: %d, %v", serial, uses, err)
		}
	}
}

func TestASaleThatWaitsForItsCardHoldsItsCoupons(t *testing.T) {
	b := newBox(t)
	intent := intentOf(1)
	intent.Coupons = []CouponUse{{Serial: "A"}}
	if err := b.OpenIntent(t.Context(), intent); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(t.Context(), couponSale(2, "A")); !errors.Is(err, ErrCouponUsed) {
		t.Errorf("a coupon that is held was used: %v", err)
	}
	other := intentOf(3)
	other.Coupons = []CouponUse{{Serial: "A"}}
	if err := b.OpenIntent(t.Context(), other); !errors.Is(err, ErrCouponUsed) {
		t.Errorf("a coupon that is held was held again: %v", err)
	}
	if err := b.DropIntent(t.Context(), txn(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(t.Context(), couponSale(2, "A")); err != nil {
		t.Errorf("a dropped sale still holds its coupon: %v", err)
	}
}

func TestTheSaleThatHeldACouponUsesIt(t *testing.T) {
	b := newBox(t)
	intent := intentOf(1)
	intent.Coupons = []CouponUse{{Serial: "A"}}
	if err := b.OpenIntent(t.Context(), intent); err != nil {
		t.Fatal(err)
	}
	c := couponSale(1, "A")
	c.Intent = IntentDone
	if _, err := b.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if uses, err := b.CouponUses(t.Context(), "A", txn(2)); err != nil || uses != 1 {
		t.Errorf("used: %d, %v", uses, err)
	}
}

func TestAnIssuedCouponIsFoundByWhatStandsOnIt(t *testing.T) {
	b := newBox(t)
	c := commitOf(1, 0, 0)
	c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
		e := h.Entry(loyalty.KindCoupon)
		e.Coupon = &loyalty.CouponBody{Coupon: "coffee", Serial: "17-ABC", Value: 200, Currency: "EUR", ValidFrom: h.Day, ValidTo: h.Day}
		return e, nil
	}
	if _, err := b.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got, err := b.CouponIssued(t.Context(), "17-ABC"); err != nil || got.Entry.Coupon.Coupon != "coffee" {
		t.Errorf("got %+v, %v", got.Entry.Coupon, err)
	}
	if _, err := b.CouponIssued(t.Context(), "17-ABD"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a coupon of nobody: %v", err)
	}
}

func TestAReturnCountsInTheReturnsBeforeIt(t *testing.T) {
	b := newBox(t)
	sale := loyalty.EntryRef{Store: 17, Epoch: 2, Seq: 40} // of an earlier life
	back := func(n, counted int) Commit {
		c := commitOf(n, 7, 0)
		c.Returns = counted
		c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
			e := h.Entry(loyalty.KindReturn)
			e.Return = &loyalty.ReturnBody{Store: sale.Store, Epoch: sale.Epoch, Seq: sale.Seq, Currency: "EUR", Money: 500, Withheld: 20, Refund: 480,
				Lines: []loyalty.ReturnedLine{{Line: 0, Quantity: 1000}}, Taken: 5, Back: 2}
			return e, nil
		}
		return c
	}
	if _, err := b.Append(t.Context(), back(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(t.Context(), back(2, 0)); !errors.Is(err, ErrReturned) {
		t.Errorf("a return that knew nothing of the first: %v", err)
	}
	if _, err := b.Append(t.Context(), back(2, 1)); err != nil {
		t.Fatal(err)
	}
	if all, err := b.Returns(t.Context(), sale); err != nil || len(all) != 2 || all[1].Refund != 480 {
		t.Errorf("returns %+v, %v", all, err)
	}
	closed, err := b.CloseDay(t.Context(), CloseDay{Txn: txn(9)})
	if err != nil {
		t.Fatal(err)
	}
	want := loyalty.ReturnTotals{Count: 2, Money: 1000, Withheld: 40, Refund: 960, Taken: 10, Back: 4}
	if got := closed.Entry.Close.Returned; got == nil || *got != want || closed.Entry.Close.Currency != "EUR" {
		t.Errorf("totals %+v", closed.Entry.Close)
	}
}

func TestACouponThatAReturnGaveBackIsUsedAgain(t *testing.T) {
	b := newBox(t)
	sale, err := b.Append(t.Context(), couponSale(1, "A", "B"))
	if err != nil {
		t.Fatal(err)
	}
	uses := func(serial string) int64 {
		n, err := b.CouponUses(t.Context(), serial, txn(9))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for n, from := range []loyalty.StoreID{sale.Entry.Store + 1, sale.Entry.Store} { // another store's sale of the same number frees nothing
		c := commitOf(n+2, 7, 0)
		c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
			e := h.Entry(loyalty.KindReturn)
			e.Return = &loyalty.ReturnBody{Store: from, Epoch: h.Epoch, Seq: sale.Entry.Seq, Currency: "EUR",
				Lines: []loyalty.ReturnedLine{{Line: 0, Quantity: 1000}}, Coupons: []loyalty.CouponBack{{Coupon: "coffee", Serial: "A"}}}
			return e, nil
		}
		if _, err := b.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if got, want := uses("A"), int64(1-n); got != want || uses("B") != 1 {
			t.Errorf("after a return of store %d's sale: used %d times, want %d", from, got, want)
		}
	}
	if _, err := b.Append(t.Context(), couponSale(5, "A")); err != nil {
		t.Errorf("used again: %v", err)
	}
}

func TestGoodsWithoutABillComeBackMoreThanOnce(t *testing.T) {
	b := newBox(t)
	for n := range 2 {
		c := commitOf(n+1, 0, 0)
		c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
			e := h.Entry(loyalty.KindReturn)
			e.Return = &loyalty.ReturnBody{Currency: "EUR", Money: 300, Refund: 300, Lines: []loyalty.ReturnedLine{}, Unbilled: []loyalty.UnbilledLine{{SKU: "1", Quantity: 2000, Price: 150}}}
			return e, nil
		}
		if _, err := b.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}
