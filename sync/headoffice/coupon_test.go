package headoffice

import (
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

const couponed = `format: 1
programme: {id: coupons, name: {en: Coupons}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
coupons: [{id: ten, name: {en: Ten}, value: 10.00, valid_days: 30}]
returns: {coupons: keep}
`

// sellWith writes a sale to nobody for which a coupon is shown.
func (b *box) sellWith(c loyalty.CouponBody) loyalty.Entry {
	b.t.Helper()
	head := b.head()
	in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: bread(5000), Shown: []loyalty.ShownCoupon{{Coupon: c.Coupon, Serial: c.Serial,
		ValidFrom: c.ValidFrom, ValidTo: c.ValidTo, Value: c.Value, Currency: c.Currency}}},
		Place: loyalty.Place{Store: head.Store, Lane: 1, At: head.At, Day: head.Day}}
	q, err := b.prog.Quote(in)
	if err != nil {
		b.t.Fatal(err)
	}
	in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.ToPay}}
	if q, err = b.prog.Quote(in); err != nil {
		b.t.Fatal(err)
	}
	e, err := b.prog.Post(q, in, head)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(e.Sale.Reductions) != 1 {
		b.t.Fatalf("the coupon takes nothing off: %+v", e.Sale.Why)
	}
	return b.write(e)
}

// issue writes a batch of coupons and gives them.
func (b *box) issue(count int64) []loyalty.CouponBody {
	b.t.Helper()
	e, err := b.prog.IssueCoupon(loyalty.CouponAsk{Coupon: "ten", Count: count}, b.head())
	if err != nil {
		b.t.Fatal(err)
	}
	b.write(e)
	return e.IssuedCoupons()
}

func (b *box) withdraw(serials ...string) {
	b.t.Helper()
	e, err := loyalty.VoidCoupons(serials, loyalty.VoidMisprint, b.head())
	if err != nil {
		b.t.Fatal(err)
	}
	b.write(e)
}

// heard is what a store has heard of a coupon last.
func (b *box) heard(serial string) *wire.CouponRow {
	b.t.Helper()
	var last *wire.CouponRow
	for _, r := range b.feed(0, 0).Rows {
		if r.Coupon != nil && r.Coupon.Serial == serial {
			last = r.Coupon
		}
	}
	return last
}

func TestEveryStoreHearsWhichCouponsOthersUsedAndWithdrew(t *testing.T) {
	c := newCentre(t)
	prog := c.publishText(couponed)
	c.serve()
	one, two := c.enrol(1, prog), c.enrol(2, prog)
	coupons := one.issue(3)
	used, torn, free := coupons[0], coupons[1], coupons[2]
	one.withdraw(torn.Serial)
	one.sync()
	sold := two.sellWith(used)
	two.sync()
	if report := c.settled(); len(report.kinds()) != 0 {
		t.Fatalf("cases %v", report.kinds())
	}
	if row := one.heard(used.Serial); row == nil || row.Used != 1 || row.Void {
		t.Errorf("the store that issued it hears %+v", row)
	}
	if row := two.heard(used.Serial); row == nil || row.Used != 0 {
		t.Errorf("the store that took it hears of its own sale: %+v", row)
	}
	if row := two.heard(torn.Serial); row == nil || !row.Void {
		t.Errorf("of the coupon that was withdrawn: %+v", row)
	}
	if row := two.heard(free.Serial); row != nil {
		t.Errorf("of the coupon that nobody used: %+v", row)
	}
	two.takeBack(sold, 1)
	two.sync()
	c.settled()
	if row := one.heard(used.Serial); row == nil || row.Used != 0 {
		t.Errorf("when its goods came back: %+v", row)
	}
}

// Two stores without a line to each other take the same coupon: both sales stand, and head office has somebody look.
func TestACouponUsedInTwoStoresIsACase(t *testing.T) {
	c := newCentre(t)
	prog := c.publishText(couponed)
	c.serve()
	one, two := c.enrol(1, prog), c.enrol(2, prog)
	coupons := one.issue(2)
	one.sellWith(coupons[0])
	two.sellWith(coupons[0])
	two.sellWith(coupons[1])
	two.sync()
	one.withdraw(coupons[1].Serial)
	one.sync()
	if got := c.settled().kinds(); !slices.Equal(got, []hodb.CaseKind{hodb.CaseCouponReused, hodb.CaseCouponReused}) {
		t.Errorf("cases %v", got)
	}
}
