package headoffice

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// advancing is a head office whose grocer gives points in advance, a store, and a card with 200 points in its purse.
func advancing(t *testing.T) (*centre, *box, *chip) {
	t.Helper()
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", "grocery.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c := newCentre(t)
	return c.funded(c.publishes([]byte(strings.Replace(string(document), "limits:\n",
		"limits:\n  floor: {member_day: 500, store_day: 5000, hours: 24, advance: true}\n", 1))))
}

// inAdvance makes a sale that the card pays for as far as it can, and the store in advance of what it gave since an entry.
func (b *box) inAdvance(k *chip, points, advance loyalty.Points, since loyalty.Seq) loyalty.Entry {
	b.t.Helper()
	purse := loyalty.Points(k.tap().Balance().Points)
	e := b.sale(b.head(), &loyalty.MemberState{ID: k.member, Medium: loyalty.MediumPurse, Available: purse, Advance: advance}, 10000, &loyalty.Ask{Points: points})
	if e.Sale.Redeemed != points || e.Sale.AdvancePoints() != points-min(points, purse) {
		b.t.Fatalf("%d redeemed, %+v in advance", e.Sale.Redeemed, e.Sale.Advance)
	}
	e.Sale.Advance.Since = since
	if purse > 0 {
		e.Card, _, _ = k.pay(b, e.Txn, uint32(min(points, purse)))
	}
	return e
}

// Store 1 is cut off: it gives 200 points and is paid with 100 on the card and 150 of its own. Between the two the card was in store
// 2, with the purse that it had. Nothing is spent twice, and the voucher for the earn is smaller by what was spent in advance.
func TestAnAdvanceMakesTheVoucherForItsEarnSmaller(t *testing.T) {
	for name, tell := range map[string]func(one, two *box){
		"store 1 tells first": func(one, two *box) { one.sync(); two.sync() },
		"store 2 tells first": func(one, two *box) { two.sync(); one.sync() },
	} {
		t.Run(name, func(t *testing.T) {
			c, one, k := advancing(t)
			two := c.enrol(2, one.prog)
			earn := one.sell(k.member, 10000)
			elsewhere := two.write(two.redeem(k, 10000, 100))
			sale := one.write(one.inAdvance(k, 250, 200, earn.Seq))
			tell(one, two)
			r := c.settled()
			waiting := 200 - 150 + sale.Sale.Earned + elsewhere.Sale.Earned
			if m := r.member(t, k.member); m.InPurse != 0 || m.OnCard != waiting || m.Main != 0 || m.Balance != waiting {
				t.Errorf("an empty purse and %d in vouchers, want; the books say %+v", waiting, m)
			}
			one.load(k.take(one.feed(0, 0)))
			one.sync()
			if m := c.settled().member(t, k.member); loyalty.Points(k.tap().Balance().Points) != waiting || m.InPurse != waiting {
				t.Errorf("the purse has %d, want %d: %+v", k.tap().Balance().Points, waiting, m)
			}
			if len(r.Cases)+len(r.Differences)+len(r.Suspense) > 0 {
				t.Errorf("honest stores left %+v %+v %+v", r.Cases, r.Differences, r.Suspense)
			}
			c.inOrder()
		})
	}
}

func TestWhatAStoreSpentInAdvanceBeyondItsBatchIsItsOwnAffair(t *testing.T) {
	for _, row := range []struct {
		what   string
		write  func(one *box, k *chip)
		beyond loyalty.Points
	}{
		{"the earn went in an earlier batch, and has its voucher", func(one *box, k *chip) {
			earn := one.sell(k.member, 10000)
			one.sync()
			one.centre.settled()
			one.write(one.inAdvance(k, 300, 200, earn.Seq))
		}, 100},
		{"more than was given", func(one *box, k *chip) {
			earn := one.sell(k.member, 5000)
			one.write(one.inAdvance(k, 350, 200, earn.Seq))
		}, 50},
		{"the points of another member", func(one *box, k *chip) {
			one.write(one.inAdvance(k, 300, 200, one.sell(0, 10000).Seq))
		}, 100},
		{"an earn that head office finds smaller", func(one *box, k *chip) {
			earn := one.sale(one.head(), &loyalty.MemberState{ID: k.member, Medium: loyalty.MediumNumber}, 5000, nil)
			earn.Sale.Earned, earn.Moves[0].Points = 200, 200
			one.write(one.inAdvance(k, 400, 200, one.write(earn).Seq))
		}, 0}, // it gave 100 too many and took them
		{"the purse was empty, and no card is asked", func(one *box, k *chip) {
			k.pay(one, one.head().Txn, 200)
			one.write(one.inAdvance(k, 100, 200, 1))
		}, 100},
	} {
		t.Run(row.what, func(t *testing.T) {
			c, one, k := advancing(t)
			row.write(one, k)
			one.sync()
			r := c.settled()
			if m := r.member(t, k.member); m.Main < 0 || m.Overdrawn || len(m.Overspent) > 0 {
				t.Errorf("the member owes for it: %+v", m)
			}
			if s := r.Stores[0].Accounts[hodb.Suspense]; s > -int64(row.beyond) {
				t.Errorf("the store answers for %d, want at least %d", -s, row.beyond)
			}
			if !slices.Contains(r.kinds(), hodb.CaseDifference) {
				t.Errorf("cases %+v", r.Cases)
			}
			c.inOrder()
		})
	}
}

func TestAnAdvanceUnderAProgrammeWithoutItIsTheStoresOwnAffair(t *testing.T) {
	c, one, k := funded(t)
	earn := one.sell(k.member, 10000)
	head, member := one.head(), &loyalty.MemberState{ID: k.member, Medium: loyalty.MediumPurse, Available: 200}
	e := one.sale(head, member, 10000, &loyalty.Ask{Points: 200})
	e.Card, _, _ = k.pay(one, e.Txn, 200)
	e.Sale.Redeemed, e.Sale.Value, e.Sale.ToPay = 300, 300, e.Sale.ToPay-100
	e.Sale.Asked = &loyalty.Ask{Points: 300}
	e.Sale.Advance = &loyalty.Advance{Available: 200, Points: 100, Since: earn.Seq}
	e.Moves = append(e.Moves, loyalty.Movement{From: loyalty.AccountMain(k.member), To: loyalty.AccountRedeemed, Points: 100})
	one.write(e)
	one.sync()
	r := c.settled()
	if m := r.member(t, k.member); m.Balance != 200+e.Sale.Earned || r.Stores[0].Accounts[hodb.Suspense] != -100 {
		t.Errorf("the member has %+v, the store answers for %d", m, -r.Stores[0].Accounts[hodb.Suspense])
	}
	c.inOrder()
}
