package headoffice

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// wide is a programme in which a sale gives points, credit and a stamp.
const wide = `format: 1
programme: {id: wide, name: {en: Wide}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
wallets: [{id: credit, unit: money, redeem: {}, expiry: {days: 30}}]
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, cap: {month: 250}}
  - {id: fuel, wallet: credit, per: amount, rate: {value: 0.01, per: 1.00}, steps: proportional}
stamps: [{id: coffee, per: sale, buy: 3, points: 20, expiry: {days: 20}}]
limits: {redeem_without_purse: 10000}
expiry: {days: 30}
returns: {earned: per_line, shortage: negative}
members: {transfer: {wallets: [{wallet: credit}]}, below_zero: true}
`

// wideShop is two stores that know nothing of each other, and two members who are one person.
func wideShop(t *testing.T) (c *centre, one, two *box, anna, berta loyalty.MemberID) {
	t.Helper()
	c = newCentre(t)
	p := c.publishText(wide)
	one, two = c.enrol(1, p), c.enrol(2, p)
	anna, berta = c.member("6034000000000018"), c.member("6034000000000026")
	one.open()
	two.open()
	return c, one, two, anna, berta
}

// sideOf is a member as a store knows him that heard of these entries alone.
func sideOf(id loyalty.MemberID, known ...loyalty.Entry) loyalty.MergeSide {
	side := loyalty.MergeSide{Holding: loyalty.Holding{Member: id}, Wallets: []loyalty.WalletState{{Wallet: "credit"}}}
	var past loyalty.Past
	for _, e := range known {
		side.Lots = loyalty.Apply(side.Lots, e.Moves, id)
		side.Wallets[0].Lots = loyalty.ApplyWallet(side.Wallets[0].Lots, e.Moves, id, "credit")
		past.Add(loyalty.PastStep{Day: e.Day, Stamps: loyalty.StampSteps(e.Moves, id)})
	}
	side.Stamps = past.Stamps
	return side
}

// Anna becomes part of berta in one store, while the other has yet to tell what it sold to anna, before and after.
func TestAllThatAMemberHasGoesToWhoStaysWheneverItIsTold(t *testing.T) {
	for _, order := range []string{"in their order", "the merge first", "all at once"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna, berta := wideShop(t)
			two.write(two.told(two.head(), anna, 10, loyalty.Past{}, ""))
			one.clock = two.clock
			known := one.write(one.told(one.head(), anna, 5, loyalty.Past{}, ""))
			hers := one.write(one.told(one.head(), berta, 3, loyalty.Past{}, ""))
			one.made(one.prog.Merge(sideOf(berta, hers), sideOf(anna, known), one.head()))
			two.clock = one.clock
			late := two.write(two.told(two.head(), anna, 20, loyalty.Past{}, "")) // it has not heard of the merge
			gift, err := two.prog.Transfer(loyalty.TransferInput{From: loyalty.Holding{Member: anna, Wallet: "credit", Lots: sideOf(anna, late).Wallets[0].Lots},
				To: berta, Points: 30, Reason: "gift"}, two.head())
			two.made(gift, err)
			switch order {
			case "in their order":
				c.hear(two, 1)
				c.hear(one, 1)
			case "the merge first":
				c.hear(one, 1)
				c.hear(two, 1)
			default:
				for _, b := range []*box{two, one} {
					if _, err := c.office.Push(t.Context(), b.batch(1, b.seq())); err != nil {
						t.Fatal(err)
					}
				}
				c.post()
			}
			r := c.report()
			m, gone := r.member(t, berta), r.member(t, anna)
			if gone.Balance != 0 || len(gone.Lots)+len(gone.Wallets)+len(gone.Stamps) > 0 {
				t.Errorf("who goes keeps %+v", gone)
			}
			credit := loyalty.Points(0)
			if len(m.Wallets) == 1 {
				credit = loyalty.Balance(m.Wallets[0].Lots)
			}
			// a month's cap of 250 holds for what anna bought under her own name
			if m.Balance != 250+30 || credit != 380 || len(m.Stamps) != 1 || m.Stamps[0].Count != 4 {
				t.Errorf("who stays has %d points, %d of credit, stamps %+v", m.Balance, credit, m.Stamps)
			}
			row := c.told(berta)
			if len(row.Wallets) != 1 || !reflect.DeepEqual(row.Wallets, m.Wallets) || row.Past.Stamps[0].Count != 4 || row.Past.Purchases != 4 {
				t.Errorf("stores are told %+v, %+v", row, row.Past)
			}
			c.inOrder()
		})
	}
}

// Another has set money of anna's aside, of which the store that makes her part of berta does not know.
func TestWhatWasReservedElsewhereFollowsWhenItIsFree(t *testing.T) {
	for as, want := range map[loyalty.SettleAs]loyalty.Points{loyalty.SettleCancel: 100, loyalty.SettleConfirm: 60} {
		for _, order := range []string{"in their order", "the merge first"} {
			t.Run(string(as)+" "+order, func(t *testing.T) {
				c, one, two, anna, berta := wideShop(t)
				sale := one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
				c.hear(one, 1)
				credit := sideOf(anna, sale).Wallets[0].Lots
				two.clock = one.clock
				e := two.made(loyalty.Reserve(loyalty.ReserveInput{Holding: loyalty.Holding{Member: anna, Wallet: "credit", Lots: credit}, Points: 40,
					Until: "2026-11-30T10:00:00.000+02:00"}, two.head()))
				one.clock = two.clock
				one.made(one.prog.Merge(sideOf(berta), sideOf(anna, sale), one.head()))
				if order == "in their order" {
					c.hear(two, 1)
				}
				c.hear(one, 2)
				two.clock = one.clock
				held, _ := loyalty.ReservationOf(&e)
				two.made(held.Settle(as, two.head()))
				if order == "in their order" {
					if m := c.report().member(t, berta); loyalty.Balance(m.Wallets[0].Lots) != 60 {
						t.Errorf("while it is reserved: %+v", m.Wallets)
					}
					c.hear(two, 2)
				} else {
					c.hear(two, 1)
				}
				r := c.report()
				if m, gone := r.member(t, berta), r.member(t, anna); loyalty.Balance(m.Wallets[0].Lots) != want || len(gone.Wallets) > 0 {
					t.Errorf("stays %+v, goes %+v, want %d", m.Wallets, gone.Wallets, want)
				}
				wantKinds(t, r)
				c.inOrder()
			})
		}
	}
}

// Two stores sell, correct, give, set aside and make one member of two, each from what it knows alone. Nothing that a member had is lost
// or doubled, whatever head office hears first.
func TestTheOrderOfArrivalDecidesNothingAboutWhoBecomesOne(t *testing.T) {
	w := newWorld(t, func(c *centre) *loyalty.Programme { return c.publishText(wide) })
	w.holds = func(rt *rapid.T, m MemberReport) {
		for _, unit := range append(m.Wallets, wire.WalletRow{Lots: m.Lots}) {
			if free := loyalty.Spendable(unit.Lots, "2026-11-24"); free != 0 && m.Status == hodb.MemberErased {
				rt.Fatalf("member %d is part of another and has %d of %q: %+v", m.ID, free, unit.Wallet, unit.Lots)
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		h := w.unions(rt)
		first, second := h.deliver(rt, "first order"), h.deliver(rt, "second order")
		if first != second {
			rt.Fatalf("two orders of arrival, two outcomes:\n%s\n%s", first, second)
		}
	})
}

// unions draws what three members do in both stores until some of them are one.
func (w *world) unions(rt *rapid.T) history {
	boxes := w.fresh()
	known := map[*box][]loyalty.Entry{}
	var reserved []loyalty.Entry
	for range rapid.IntRange(2, 14).Draw(rt, "entries") {
		b := boxes[rapid.IntRange(0, 1).Draw(rt, "store")]
		b.clock = b.clock.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "minutes")) * time.Minute)
		id, other := rapid.SampledFrom(w.members).Draw(rt, "member"), rapid.SampledFrom(w.members).Draw(rt, "other")
		hers := sideOf(id, known[b]...)
		hold := hers.Holding
		if rapid.Bool().Draw(rt, "of the wallet") {
			hold.Wallet, hold.Lots = "credit", hers.Wallets[0].Lots
		}
		var e loyalty.Entry
		var err error
		switch kind := rapid.IntRange(0, 9).Draw(rt, "kind"); {
		case kind < 4:
			e = b.told(b.head(), id, rapid.Int64Range(1, 50).Draw(rt, "pieces"), loyalty.Past{Stamps: hers.Stamps}, "")
		case kind < 6: // one after another, and both ways in two stores
			e, err = b.prog.Merge(sideOf(other, known[b]...), hers, b.head())
		case kind == 6:
			e, err = b.prog.Adjust(loyalty.AdjustInput{Holding: hold, Points: loyalty.Points(rapid.Int64Range(-40, 40).Draw(rt, "points")), Reason: "sorry"}, b.head())
		case kind == 7:
			in := loyalty.AdjustInput{Holding: hers.Holding, Stamp: &loyalty.StampState{Stamp: "coffee"}, Points: 2, Reason: "sorry"}
			e, err = b.prog.Adjust(in, b.head())
		case kind == 8:
			e, err = b.prog.Transfer(loyalty.TransferInput{From: hold, To: other, Points: 7, Reason: "gift"}, b.head())
		case len(reserved) > 0:
			held, _ := loyalty.ReservationOf(&reserved[len(reserved)-1])
			e, err = held.Settle(rapid.SampledFrom([]loyalty.SettleAs{loyalty.SettleConfirm, loyalty.SettleCancel}).Draw(rt, "as"), b.head())
		default:
			if e, err = loyalty.Reserve(loyalty.ReserveInput{Holding: hold, Points: 5, Until: "2026-11-30T10:00:00.000+02:00"}, b.head()); err == nil {
				reserved = append(reserved, e)
			}
		}
		if err == nil { // else it has too little, or is one already
			known[b] = append(known[b], b.write(e))
		}
	}
	return w.cut(rt, boxes)
}
