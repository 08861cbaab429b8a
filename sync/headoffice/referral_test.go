package headoffice

import (
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// friends is a programme in which who brings a friend gets 100, once the friend has kept 10.00 of a first purchase; wait is the rest
// of its terms.
func friends(wait string) string {
	return strings.Replace(backing, "{days: 30}", "{days: 60}", 1) +
		"activities: [{id: friend, name: {en: Friend}, points: 100, cap: {year: 150}, referral: {friend: 30, minimum: 10.00" + wait + "}}]\n"
}

func friendShop(t *testing.T, text string) (c *centre, one, two *box, anna, berta loyalty.MemberID) {
	t.Helper()
	c = newCentre(t)
	p := c.publishText(text)
	one, two = c.enrol(1, p), c.enrol(2, p)
	anna, berta = c.member("6034000000000018"), c.member("6034000000000026")
	for _, b := range []*box{one, two} {
		b.open()
	}
	return c, one, two, anna, berta
}

// claim writes that one member brought another.
func (b *box) claim(friend, referrer loyalty.MemberID, proof string) loyalty.Entry {
	b.t.Helper()
	e, err := b.claimed(b.head(), friend, referrer, proof)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.write(e)
}

func (b *box) claimed(head loyalty.EntryHead, friend, referrer loyalty.MemberID, proof string) (loyalty.Entry, error) {
	return b.prog.Activity(loyalty.ActivityInput{Activity: "friend", Proof: proof,
		Member: &loyalty.MemberState{ID: friend, Medium: loyalty.MediumNumber, History: &loyalty.History{}},
		Friend: &loyalty.Person{Member: friend}, Referrer: &loyalty.Person{Member: referrer}}, head)
}

// bringing is the past of a member whom another brought.
func bringing() loyalty.Past { return loyalty.Past{Referred: "friend"} }

// buys writes a first purchase of a friend.
func (b *box) buys(friend loyalty.MemberID, pieces int64) loyalty.Entry {
	b.t.Helper()
	return b.write(b.told(b.head(), friend, pieces, bringing(), ""))
}

// Berta says in one store that Anna brought her, buys in the other, and brings the goods back to the first. Whichever store head office
// hears first, Anna is paid and pays back the same, and both stores are told.
func TestWhoBroughtAFriendIsPaidAcrossStores(t *testing.T) {
	for _, order := range []string{"in its order", "the purchase first", "the return first"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna, berta := friendShop(t, friends(""))
			one.claim(berta, anna, "")
			two.clock = one.clock
			sale := two.buys(berta, 2)
			hear := map[string]func(){
				"in its order":       func() { c.hear(one, 1); c.hear(two, 1) },
				"the purchase first": func() { c.hear(two, 1); c.hear(one, 1) },
				"the return first":   func() {},
			}[order]
			hear()
			if order != "the return first" {
				m := c.report().member(t, anna)
				if m.Balance != 100 || len(m.Referrals) != 1 || m.Referrals[0].Friend != berta || m.Referrals[0].Points != 100 ||
					m.Referrals[0].Sale != (hodb.EntryKey{Store: 2, Epoch: 1, Seq: sale.Seq}) || m.Referrals[0].Why[0].Code != loyalty.ExplainActivity {
					t.Fatalf("after the purchase: %+v", m)
				}
				if row := c.told(anna); len(row.Lots) != 1 || row.Lots[0].Remaining != 100 || row.Lots[0].ID != "0-2-2.1" || row.Lots[0].Expires == "" {
					t.Errorf("stores are told %+v", row)
				}
				if b := c.report().member(t, berta).Balance; b != 20+50+30 {
					t.Errorf("the friend has %d", b)
				}
			}
			one.clock = two.clock
			one.takeBack(sale, 2)
			if order == "the return first" {
				c.hear(one, 1)
				c.hear(two, 1)
			} else {
				c.hear(one, one.seq())
			}
			m := c.report().member(t, anna)
			if m.Balance != 0 || len(m.Referrals) != 2 || m.Referrals[1].Points != -100 {
				t.Errorf("after the return: %+v", m)
			}
			wantKinds(t, c.report())
			c.inOrder()
		})
	}
}

// What was brought back is no purchase: the next one that is kept pays.
func TestTheNextPurchasePaysAfterTheFirstCameBack(t *testing.T) {
	c, one, _, anna, berta := friendShop(t, friends(""))
	one.claim(berta, anna, "")
	one.takeBack(one.buys(berta, 2), 2)
	one.buys(berta, 3)
	c.hear(one, 1)
	m := c.report().member(t, anna)
	if got := pointsOf(m.Referrals); m.Balance != 100 || got != [3]loyalty.Points{100, -100, 100} {
		t.Errorf("%d points, %v", m.Balance, got)
	}
	wantKinds(t, c.report())
	c.inOrder()
}

func pointsOf(all []ReferralReport) (points [3]loyalty.Points) {
	for i, r := range all {
		points[i%3] = r.Points
	}
	return points
}

// The goods must have been kept for fourteen days, whatever day the stores tell it on.
func TestWhoBroughtAFriendWaitsUntilTheGoodsAreKept(t *testing.T) {
	c, one, two, anna, berta := friendShop(t, friends(", wait_days: 14"))
	one.claim(berta, anna, "")
	sale := one.buys(berta, 2)
	c.hear(one, 1)
	c.begin("2026-12-07")
	if m := c.report().member(t, anna); m.Balance != 0 || m.Referrals != nil {
		t.Fatalf("a day too soon: %+v", m)
	}
	c.begin("2026-12-08")
	if m := c.report().member(t, anna); m.Balance != 100 || m.Referrals[0].Day != "2026-12-08" {
		t.Fatalf("in time: %+v", m)
	}
	two.clock = one.clock
	two.takeBack(sale, 2) // of the day of the sale, told late
	c.hear(two, 1)
	if m := c.report().member(t, anna); m.Balance != 0 || m.Referrals != nil {
		t.Errorf("it was never due: %+v", m)
	}
	c.inOrder()
}

// Nobody is paid for himself: not the same member, not one who is the same person by then, not one with the same phone; and a proof
// counts for one friend.
func TestNobodyIsPaidForHimself(t *testing.T) {
	text := strings.Replace(friends(""), "points: 100, cap", "points: 100, proof: phone, cap", 1)
	phone, err := loyalty.HashProof([]byte("key"), "phone", "+371 2000000")
	if err != nil {
		t.Fatal(err)
	}
	other, err := loyalty.HashProof([]byte("key"), "phone", "+371 2000001")
	if err != nil {
		t.Fatal(err)
	}
	for name, tell := range map[string]func(one, two *box, anna, berta, carla loyalty.MemberID){
		"one member before the payment, told late": func(one, two *box, anna, berta, _ loyalty.MemberID) {
			two.merge(berta, anna, nil)
			one.clock = two.clock
			one.claim(berta, anna, phone)
			one.buys(berta, 2)
		},
		"the referrer gave the same phone": func(one, two *box, anna, berta, carla loyalty.MemberID) {
			two.claim(anna, carla, phone)
			one.clock = two.clock
			one.claim(berta, anna, phone)
			one.buys(berta, 2)
		},
		"the phone was another friend's": func(one, two *box, anna, berta, carla loyalty.MemberID) {
			two.claim(carla, berta, phone)
			one.clock = two.clock
			one.claim(berta, anna, phone)
			one.buys(berta, 2)
		},
	} {
		for _, late := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				c, one, two, anna, berta := friendShop(t, text)
				carla := c.member("6034000000000034")
				tell(one, two, anna, berta, carla)
				first, second := two, one
				if late {
					first, second = one, two
				}
				c.hear(first, 1)
				c.hear(second, 1)
				if r := c.report().member(t, anna).Referrals; r != nil {
					t.Errorf("paid: %+v", r)
				}
				c.inOrder()
			})
		}
	}
	c, one, _, anna, berta := friendShop(t, text)
	one.claim(berta, anna, other)
	one.buys(berta, 2)
	c.hear(one, 1)
	if m := c.report().member(t, anna); m.Balance != 100 {
		t.Errorf("with a phone of her own: %+v", m)
	}
}

// Anna has a chip card: what she gets for Berta comes to it by voucher, and a cap of the programme holds for all whom she brings.
func TestWhatAFriendGivesReachesTheCardWithinItsCap(t *testing.T) {
	c, one, _, anna, berta := friendShop(t, friends(""))
	carla := c.member("6034000000000034")
	c.forgeCard(anna, "6034000000000018")
	for _, friend := range []loyalty.MemberID{berta, carla} {
		one.claim(friend, anna, "")
		one.buys(friend, 2)
	}
	c.hear(one, 1)
	m := c.report().member(t, anna)
	sum := loyalty.Points(0)
	for _, v := range m.Vouchers {
		sum += v.Amount
	}
	if m.Balance != 150 || m.OnCard != 150 || sum != 150 || m.Referrals[1].Points != 50 {
		t.Errorf("%+v", m)
	}
	c.inOrder()
}

// A store pays nobody: that is head office's alone.
func TestAStoreThatPaysAReferrerIsNotBelieved(t *testing.T) {
	c, one, _, anna, berta := friendShop(t, friends(""))
	claim, sale := one.claim(berta, anna, ""), one.buys(berta, 2)
	e, err := one.prog.PayReferral(loyalty.ReferralInput{Claim: &claim, Sale: &sale,
		Referrer: &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber, History: &loyalty.History{}}}, one.head())
	one.made(e, err)
	c.hear(one, 1)
	r := c.report()
	if m := r.member(t, anna); m.Balance != 100 {
		t.Errorf("%+v", m)
	}
	wantKinds(t, r, hodb.CaseNotInterpreted)
	c.inOrder()
}
