package headoffice

import (
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// twoShops is a shop whose programme looks back, and two members who are one person: berta stays, anna goes.
func twoShops(t *testing.T) (c *centre, one, two *box, anna, berta loyalty.MemberID) {
	t.Helper()
	c, one, two, anna = backShop(t)
	return c, one, two, anna, c.member("6034000000000026")
}

func (b *box) merge(stays, goes loyalty.MemberID, lots []loyalty.Lot) {
	b.t.Helper()
	b.made(b.prog.Merge(loyalty.MergeSide{Holding: loyalty.Holding{Member: stays}}, loyalty.MergeSide{Holding: loyalty.Holding{Member: goes, Lots: lots}}, b.head()))
}

// told is what stores are told of a member.
func (c *centre) told(id loyalty.MemberID) (row *wire.MemberRow) {
	c.t.Helper()
	page, err := c.office.Feed(c.t.Context(), wire.FeedQuery{Store: 1, Limit: wire.MaxFeedRows})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range page.Rows {
		if r.Member != nil && r.Member.ID == id {
			row = r.Member
		}
	}
	return row
}

// One store makes two members one, while another has yet to tell what both of them bought.
func TestThePastOfWhoGoesCountsForWhoStays(t *testing.T) {
	for _, order := range []string{"in their order", "the merge first", "all at once", "the merge first, the younger goes"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna, berta := twoShops(t)
			if order == "the merge first, the younger goes" {
				anna, berta = berta, anna
			}
			two.write(two.told(two.head(), anna, 100, loyalty.Past{}, ""))
			two.write(two.told(two.head(), berta, 10, loyalty.Past{}, ""))
			one.clock = two.clock
			one.write(one.told(one.head(), anna, 5, loyalty.Past{}, ""))
			one.merge(berta, anna, nil)
			two.clock = one.clock
			two.write(two.told(two.head(), anna, 20, loyalty.Past{}, "")) // it has not heard of the merge
			switch order {
			case "in their order":
				c.hear(two, 1)
				c.hear(one, 1)
			case "the merge first", "the merge first, the younger goes":
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
			past := c.told(berta).Past
			if past == nil || past.Purchases != 4 || len(past.Days) != 1 || past.Days[0].Spend != 135_000 || past.Days[0].Visits != 4 {
				t.Errorf("who stays has the past %+v", past)
			}
			if m := c.report().member(t, anna); m.Status != hodb.MemberErased {
				t.Errorf("who goes: %+v", m)
			}
			if n := len(c.told(berta).Numbers); n != 2 {
				t.Errorf("who stays has %d numbers", n)
			}
			c.inOrder()
		})
	}
}

func TestWhoStaysHasTheHigherTierAtOnce(t *testing.T) {
	for _, order := range []string{"in its order", "late"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna, berta := twoShops(t)
			two.write(two.told(two.head(), anna, 400, loyalty.Past{}, ""))
			c.hear(two, 1)
			if c.begin("2026-11-25"); c.told(anna).Tier != "gold" || c.told(berta).Tier != "" {
				t.Fatalf("before: %q, %q", c.told(anna).Tier, c.told(berta).Tier)
			}
			one.clock = one.clock.AddDate(0, 0, 1)
			one.merge(berta, anna, nil)
			if order == "late" {
				two.clock = one.clock
				two.write(two.told(two.head(), berta, 1, loyalty.Past{}, ""))
				c.hear(two, 2)
			}
			if c.hear(one, 1); c.told(berta).Tier != "gold" {
				t.Errorf("after: %q", c.told(berta).Tier)
			}
			if c.begin("2026-11-26"); c.told(berta).Tier != "gold" {
				t.Errorf("after the next review: %q", c.told(berta).Tier)
			}
			c.inOrder()
		})
	}
}

// One store makes anna part of berta while another makes berta part of anna.
func TestNobodyBecomesPartOfOneWhoIsGone(t *testing.T) {
	for _, order := range []string{"in their order", "the later first"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna, berta := twoShops(t)
			sale := two.write(two.told(two.head(), anna, 100, loyalty.Past{}, ""))
			c.hear(two, 1)
			one.clock = two.clock
			one.merge(berta, anna, loyalty.Apply(nil, sale.Moves, anna))
			two.clock = one.clock
			two.merge(anna, berta, nil)
			if order == "in their order" {
				c.hear(one, 1)
				c.hear(two, 2)
			} else {
				c.hear(two, 2)
				c.hear(one, 1)
			}
			r := c.report()
			wantKinds(t, r, hodb.CaseActivityRepeated)
			if past := c.told(berta).Past; past.Purchases != 1 || r.member(t, berta).Balance != sale.Sale.Earned || r.member(t, anna).Balance != 0 {
				t.Errorf("%+v, %+v", past, r.Members)
			}
			c.inOrder()
		})
	}
}

// Two stores make anna part of different members. Points, past, numbers and status follow the one that did it first, whichever
// tells it first.
func TestTheFirstMergeDecidesWhateverIsToldFirst(t *testing.T) {
	for _, order := range []string{"in their order", "the later first"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna, berta := twoShops(t)
			carla := c.member("6034000000000034")
			sale := one.write(one.told(one.head(), anna, 100, loyalty.Past{}, ""))
			c.hear(one, 1)
			lots := loyalty.Apply(nil, sale.Moves, anna)
			one.merge(berta, anna, lots)
			two.clock = one.clock
			two.merge(carla, anna, lots)
			if order == "in their order" {
				c.hear(one, 2)
				c.hear(two, 1)
			} else {
				c.hear(two, 1)
				if r := c.report(); r.member(t, carla).Balance != sale.Sale.Earned || len(r.member(t, carla).Numbers) != 2 {
					t.Errorf("until the first is told: %+v", r.Members)
				}
				c.hear(one, 2)
			}
			r := c.report()
			wantKinds(t, r, hodb.CaseActivityRepeated)
			if m := r.member(t, berta); m.Balance != sale.Sale.Earned || len(m.Numbers) != 2 || c.told(berta).Past.Purchases != 1 {
				t.Errorf("berta, with whom anna went first: %+v", m)
			}
			if m := r.member(t, carla); m.Balance != 0 || len(m.Numbers) != 1 || c.told(carla).Past.Purchases != 0 {
				t.Errorf("carla: %+v", m)
			}
			if m := r.member(t, anna); m.Status != hodb.MemberErased || m.Balance != 0 || len(m.Numbers) != 0 {
				t.Errorf("anna: %+v", m)
			}
			c.inOrder()
		})
	}
}

// What anna may hold is limited. Berta gave her points before she bought, which is told after it.
func TestWhatAnotherGaveLateCountsWhenSheBought(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(aging)
	one, two := c.enrol(1, p), c.enrol(2, p)
	anna, berta := c.member("6034000000000018"), c.member("6034000000000026")
	one.open()
	two.open()
	_, lots := brought(one, berta, 240)
	one.made(one.prog.Transfer(loyalty.TransferInput{From: loyalty.Holding{Member: berta, Lots: lots}, To: anna, Points: 240, Reason: "sorry", Split: true}, one.head()))
	two.clock = one.clock
	two.write(two.sale(two.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 5000, nil))
	c.hear(two, 1)
	c.hear(one, 1)
	if m := c.report().member(t, anna); m.Balance != 240+10+15 { // 10 more, and the two bonuses, which have no limit
		t.Errorf("anna has %d", m.Balance)
	}
	c.inOrder()
}

// Berta could not go, for the one with whom she was to go had gone to her. She may go to another.
func TestWhoDidNotGoCanStillGo(t *testing.T) {
	c, one, two, anna, berta := twoShops(t)
	carla := c.member("6034000000000034")
	one.merge(berta, anna, nil)
	two.clock = one.clock
	two.merge(anna, berta, nil)
	two.merge(carla, berta, nil)
	c.hear(two, 1) // before it tells that anna went, berta went with anna
	c.hear(one, 1)
	r := c.report()
	wantKinds(t, r, hodb.CaseActivityRepeated)
	if m := r.member(t, carla); len(m.Numbers) != 3 {
		t.Errorf("carla is all three, and has the numbers %v", m.Numbers)
	}
	for _, id := range []loyalty.MemberID{anna, berta} {
		if m := r.member(t, id); m.Status != hodb.MemberErased || len(m.Numbers) != 0 {
			t.Errorf("%+v", m)
		}
	}
	c.inOrder()
}
