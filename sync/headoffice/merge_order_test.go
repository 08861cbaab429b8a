package headoffice

import (
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// agingShop is two stores that know nothing of each other, and a programme in which points end.
func agingShop(t *testing.T) (c *centre, one, two *box) {
	t.Helper()
	c = newCentre(t)
	p := c.publishText(aging)
	one, two = c.enrol(1, p), c.enrol(2, p)
	one.open()
	two.open()
	return c, one, two
}

// hears tells head office batches of two stores in the order that a test names.
func (c *centre) hears(order string, one, two *box) {
	c.t.Helper()
	first, second := one, two
	if order == "the other store first" {
		first, second = two, one
	}
	for _, b := range []*box{first, second} {
		if _, err := c.office.Push(c.t.Context(), b.batch(1, b.seq())); err != nil {
			c.t.Fatal(err)
		}
		if order != "all at once" {
			c.post()
		}
	}
	c.post()
}

var orders = []string{"one store first", "the other store first", "all at once"}

// Anna bought, became part of berta, and berta of carla. What anna bought comes back in the other store, which has not heard of it, once
// her points would have ended. Were they hers until then, they would have ended and the return would have nothing to take, so they would
// have gone along; and as they went along, they could not end with her. They are no longer hers from the day on which she went: the return
// takes them, and none are left for anybody.
func TestWhatComesBackLateOfOneWhoHasGoneIsJudgedOnce(t *testing.T) {
	for _, order := range orders {
		t.Run(order, func(t *testing.T) {
			c, one, two := agingShop(t)
			anna, berta, carla := c.member("6034000000000026"), c.member("6034000000000018"), c.member("6034000000000034")
			sale := one.write(one.sale(one.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 2500, nil))
			one.clock = one.clock.AddDate(0, 0, 1)
			one.merge(berta, anna, loyalty.Apply(nil, sale.Moves, anna))
			one.clock = one.clock.AddDate(0, 0, 3)
			one.merge(carla, berta, nil)
			two.clock = one.clock.AddDate(0, 0, 9)
			two.write(two.goodsBack(two.head(), sale, 1))
			c.begin("2026-12-26")
			c.hears(order, one, two)
			r := c.report()
			wantKinds(t, r)
			for _, id := range []loyalty.MemberID{anna, berta, carla} {
				if m := r.member(t, id); m.Balance != 0 || len(m.Lots) > 0 {
					t.Errorf("member %d has %d points, %+v", id, m.Balance, m.Lots)
				}
			}
			if r.Accounts[hodb.Expired] != 0 {
				t.Errorf("%d points ended", r.Accounts[hodb.Expired])
			}
			c.inOrder()
		})
	}
}

// One store makes anna part of berta, another berta part of anna a little later, and sets some of what came with berta aside. It did not
// come: anna had gone by then. What is set aside is berta's all the same, until it is free or spent.
func TestWhatIsSetAsideOfOneWhoHasGoneIsNotToBeSpent(t *testing.T) {
	for as, want := range map[loyalty.SettleAs]loyalty.Points{"": 95, loyalty.SettleCancel: 100, loyalty.SettleConfirm: 95} {
		for _, order := range orders {
			t.Run(string(as)+" "+order, func(t *testing.T) {
				c, one, two, anna, berta := wideShop(t)
				one.merge(berta, anna, nil)
				two.clock = one.clock
				sale := two.write(two.told(two.head(), berta, 10, loyalty.Past{}, ""))
				came := two.made(two.prog.Merge(sideOf(anna), sideOf(berta, sale), two.head()))
				e := two.made(loyalty.Reserve(loyalty.ReserveInput{Holding: sideOf(anna, came).Holding, Points: 5, Until: "2026-11-30T10:00:00.000+02:00"}, two.head()))
				if held, _ := loyalty.ReservationOf(&e); as != "" {
					two.made(held.Settle(as, two.head()))
				}
				c.hears(order, one, two)
				r := c.report()
				wantKinds(t, r, hodb.CaseActivityRepeated)
				for id, want := range map[loyalty.MemberID]loyalty.Points{anna: 0, berta: want} {
					if free := loyalty.Spendable(r.member(t, id).Lots, "2026-11-24"); free != want {
						t.Errorf("member %d can spend %d of %+v, want %d", id, free, r.member(t, id).Lots, want)
					}
				}
				c.inOrder()
			})
		}
	}
}

// What a member may hold is limited. Anna had 240 points and went with them; she buys once more in a store that has not heard of it. What
// she holds is counted as if she had not gone, so what this sale brings does not depend on what it brings along.
func TestWhoHasGoneFillsUpToTheLimitOnce(t *testing.T) {
	for _, order := range orders {
		t.Run(order, func(t *testing.T) {
			c, one, two := agingShop(t)
			anna, berta := c.member("6034000000000018"), c.member("6034000000000026")
			_, lots := brought(one, anna, 240)
			one.merge(berta, anna, lots)
			two.clock = one.clock
			two.write(two.sale(two.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 5000, nil))
			c.hears(order, one, two)
			if m := c.report().member(t, berta); m.Balance != 250+10+5 { // the bonuses have no limit
				t.Errorf("berta has %d", m.Balance)
			}
			c.inOrder()
		})
	}
}

// The card of one who became part of another is undone: it gave back what it had paid for a sale that stands, or a store gives the sale
// up for good. What comes back goes along, whether head office hears of it before the merge or after.
func TestWhatACardOfOneWhoHasGoneGetsBackGoesAlong(t *testing.T) {
	tell := map[string]func(c *centre, b *box, chip *chip){
		"undone after the sale": func(c *centre, b *box, chip *chip) {
			e := b.sale(b.head(), &loyalty.MemberState{ID: chip.member, Medium: loyalty.MediumPurse, Available: 200}, 1000, &loyalty.Ask{Points: 100})
			record, debit, unlock := chip.pay(b, e.Txn, 100)
			e.Card = record
			b.write(e)
			undone, err := chip.tap().Undo(c.t.Context(), debit, unlock)
			if err != nil {
				c.t.Fatal(err)
			}
			cancel := b.entry(loyalty.KindCancel)
			cancel.Txn, cancel.Card = e.Txn, chip.record(undone)
			b.write(cancel)
		},
		"given up": func(_ *centre, b *box, chip *chip) {
			head := b.head()
			chip.pay(b, head.Txn, 100)
			b.carry(chip, 2)
			b.giveUp(chip, head.Txn, false)
		},
	}
	for name, want := range map[string]loyalty.Points{"undone after the sale": 200 + 18, "given up": 200} { // 18 for the sale
		for _, first := range []string{"before the merge", "after it"} {
			t.Run(name+" "+first, func(t *testing.T) {
				c, b, chip := funded(t)
				berta := c.member("6034000000000026")
				if first == "after it" {
					b.merge(berta, chip.member, nil)
					b.sync()
					c.settled()
				}
				tell[name](c, b, chip)
				if first == "before the merge" {
					b.sync()
					c.settled()
					b.merge(berta, chip.member, nil)
				}
				b.sync()
				r := c.settled()
				m, gone := r.member(t, berta), r.member(t, chip.member)
				if m.Balance != want || gone.Balance != 0 || gone.Main+gone.OnCard != 0 || gone.Main != 0 {
					t.Errorf("stays with %d points, goes with %d, of which %d on the card", m.Balance, gone.Balance, gone.OnCard)
				}
				c.inOrder()
			})
		}
	}
}

// Each of thirty purchases comes back the day after its points have ended, and what a return finds ended is not taken again. Then a store
// tells of a gift before all of them: the first return finds nothing ended, and takes the points of the next purchase, of which then none
// are left to end, and so on to the last. However long such a row is, it is followed to its end.
func TestWhatFollowsFromOneAnotherIsJudgedToTheEnd(t *testing.T) {
	const purchases = 30
	c := newCentre(t)
	p := c.publishText(strings.Replace(aging, "  - {id: later, bonus: 10, pending_days: 2, expiry: {days: 25}}\n  - {id: kept, bonus: 5, expiry: {never: true}}\n", "", 1))
	one, two := c.enrol(1, p), c.enrol(2, p)
	one.open()
	two.open()
	anna, berta := c.member("6034000000000018"), c.member("6034000000000026")
	dawn := one.clock
	var sales []loyalty.Entry
	for i := range purchases + 2 {
		one.clock = dawn.AddDate(0, 0, 5*i)
		if i < purchases {
			sales = append(sales, one.write(one.sale(one.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 2500, nil)))
		}
		if i >= 2 {
			one.clock = one.clock.AddDate(0, 0, 1)
			one.write(one.goodsBack(one.head(), sales[i-2], 1))
		}
	}
	c.begin("2028-06-01")
	c.hear(one, 1)
	if r := c.report(); r.member(t, anna).Balance != 0 || r.Accounts[hodb.Expired] != purchases*25 {
		t.Fatalf("before the gift is told: %v", r.Accounts)
	}
	two.clock = dawn.Add(time.Hour)
	two.made(two.prog.Transfer(loyalty.TransferInput{From: loyalty.Holding{Member: anna, Lots: loyalty.Apply(nil, sales[0].Moves, anna)}, To: berta, Points: 25,
		Reason: "sorry"}, two.head()))
	c.hear(two, 1)
	r := c.report()
	if r.member(t, anna).Balance != -25 || r.Accounts[hodb.Expired] != 25 { // berta's
		t.Errorf("after it: %v", r.Accounts)
	}
	wantKinds(t, r)
	c.inOrder()
}
