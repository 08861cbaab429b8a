package headoffice

import (
	"fmt"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

const lifeProgramme = `format: 1
programme: {id: life, name: {en: Life}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
members: {transfer: {wait_days: 3}}
`

// made writes an entry of a member's life.
func (b *box) made(e loyalty.Entry, err error) loyalty.Entry {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.write(e)
}

func lifeShop(t *testing.T) (c *centre, one, two *box, anna, berta loyalty.MemberID) {
	t.Helper()
	c = newCentre(t)
	p := c.publishText(lifeProgramme)
	one, two = c.enrol(1, p), c.enrol(2, p)
	anna, berta = c.member("6034000000000018"), c.member("6034000000000026")
	one.open()
	two.open()
	return c, one, two, anna, berta
}

func brought(b *box, id loyalty.MemberID, points loyalty.Points) (loyalty.Entry, []loyalty.Lot) {
	e := b.made(loyalty.Opening(loyalty.OpeningInput{Member: id, Source: "old", Lots: []loyalty.OpeningLot{{Points: points, Expires: "2027-06-30"}}}, b.head()))
	return e, loyalty.Apply(nil, e.Moves, id)
}

func TestEveryEntryWithoutASaleIsPosted(t *testing.T) {
	c, one, _, anna, berta := lifeShop(t)
	_, lots := brought(one, anna, 500)
	hold := func() loyalty.Holding { return loyalty.Holding{Member: anna, Lots: lots} }
	then := func(e loyalty.Entry) loyalty.Entry {
		lots = loyalty.Apply(lots, e.Moves, anna)
		return e
	}
	then(one.made(one.prog.Adjust(loyalty.AdjustInput{Holding: hold(), Points: 40, Reason: "sorry"}, one.head())))
	reserved := then(one.made(loyalty.Reserve(loyalty.ReserveInput{Holding: hold(), Points: 100, Until: "2026-11-30T10:00:00.000+02:00"}, one.head())))
	given := then(one.made(one.prog.Transfer(loyalty.TransferInput{From: hold(), To: berta, Points: 50, Reason: "gift"}, one.head())))
	c.hear(one, 1)
	r := c.report()
	wantKinds(t, r)
	if m := r.member(t, anna); m.Balance != 490 || m.Lots[0].Reserved != 100 {
		t.Errorf("the giver: %+v", m)
	}
	if m := r.member(t, berta); m.Balance != 50 || m.Lots[0].Usable != "2026-11-27" {
		t.Errorf("the receiver: %+v", m)
	}
	at := one.seq() + 1
	one.made(one.prog.Reverse(loyalty.ReverseInput{Entry: &given, Reason: "wrong"}, one.head()))
	held, _ := loyalty.ReservationOf(&reserved)
	one.made(held.Settle(loyalty.SettleConfirm, one.head()))
	c.hear(one, at)
	r = c.report()
	wantKinds(t, r)
	if m := r.member(t, anna); m.Balance != 440 || m.Lots[0].Reserved != 0 {
		t.Errorf("the giver in the end: %+v", m)
	}
	if s := r.Stores[0].Accounts; r.member(t, berta).Balance != 0 || s["transferred"] != 0 || s["opening"] != -500 || s["adjusted"] != -40 || s[hodb.Redeemed] != 100 {
		t.Errorf("in the end: %v", s)
	}
	c.inOrder()
}

// A reservation ends in one store and, a minute later, in another, which does not know: what the second spends comes out of main.
func TestAReservationEndsOnce(t *testing.T) {
	type ends struct {
		first, second loyalty.SettleAs
		late          bool
	}
	const confirm, cancel = loyalty.SettleConfirm, loyalty.SettleCancel
	for as, want := range map[ends]loyalty.Points{
		{confirm, cancel, false}: 400, {confirm, cancel, true}: 400, {cancel, confirm, false}: 400, {cancel, confirm, true}: 400,
		{confirm, confirm, false}: 300, {confirm, confirm, true}: 300, {cancel, cancel, false}: 500, {cancel, cancel, true}: 500,
	} {
		t.Run(fmt.Sprintf("%s then %s, the later heard first %v", as.first, as.second, as.late), func(t *testing.T) {
			c, one, two, anna, _ := lifeShop(t)
			_, lots := brought(one, anna, 500)
			e := one.made(loyalty.Reserve(loyalty.ReserveInput{Holding: loyalty.Holding{Member: anna, Lots: lots}, Points: 100, Until: "2026-11-30T10:00:00.000+02:00"}, one.head()))
			c.hear(one, 1)
			at := one.seq() + 1
			held, _ := loyalty.ReservationOf(&e)
			one.made(held.Settle(as.first, one.head()))
			two.clock = one.clock
			two.made(held.Settle(as.second, two.head()))
			if !as.late {
				c.hear(one, at)
				c.hear(two, 1)
			} else {
				c.hear(two, 1)
				c.hear(one, at)
			}
			wantKinds(t, c.report())
			if m := c.report().member(t, anna); m.Balance != want || m.Lots[0].Reserved != 0 {
				t.Errorf("the member: %+v, want %d", m, want)
			}
			c.inOrder()
		})
	}
}

func TestABodyThatMovesPointsAnotherWayIsNotTaken(t *testing.T) {
	c, one, _, anna, berta := lifeShop(t)
	head := one.head()
	e := head.Entry(loyalty.KindReserve)
	e.Member = anna
	e.Moves = []loyalty.Movement{{From: loyalty.AccountIssued, To: loyalty.AccountMain(berta), Points: 1000, Lot: "x", Earned: head.Day}}
	one.write(e)
	c.hear(one, 1)
	r := c.report()
	wantKinds(t, r, hodb.CaseNotInterpreted)
	if m := r.member(t, berta); m.Balance != 0 || r.Stores[0].Accounts[hodb.Suspense] != 1000 {
		t.Errorf("%+v, %v", m, r.Stores[0].Accounts)
	}
	c.inOrder()
}

func TestAMemberWhoBecomesPartOfAnotherBringsEverything(t *testing.T) {
	c, one, _, anna, berta := lifeShop(t)
	_, lots := brought(one, anna, 500)
	one.made(one.prog.Merge(loyalty.MergeSide{Holding: loyalty.Holding{Member: berta}}, loyalty.MergeSide{Holding: loyalty.Holding{Member: anna, Lots: lots}}, one.head()))
	c.hear(one, 1)
	r := c.report()
	wantKinds(t, r)
	if m, gone := r.member(t, berta), r.member(t, anna); m.Balance != 500 || len(m.Numbers) != 2 || gone.Balance != 0 || gone.Status != "erased" {
		t.Errorf("stays %+v, goes %+v", m, gone)
	}
	c.inOrder()
}

const deedProgramme = `format: 1
programme: {id: deeds, name: {en: Deeds}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
activities: [{id: newsletter, name: {en: Newsletter}, points: 30}]
`

// Two stores that know nothing of each other both thank a member for the newsletter.
func TestWhatCountsOnceForAMemberIsGivenOnce(t *testing.T) {
	for _, order := range []string{"in their order", "the later first"} {
		t.Run(order, func(t *testing.T) {
			c := newCentre(t)
			p := c.publishText(deedProgramme)
			one, two := c.enrol(1, p), c.enrol(2, p)
			anna := c.member("6034000000000018")
			for _, b := range []*box{one, two} {
				b.open()
				two.clock = one.clock
				state := &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}
				b.made(p.Activity(loyalty.ActivityInput{Activity: "newsletter", Member: state}, b.head()))
			}
			if order == "in their order" {
				c.hear(one, 1)
				c.hear(two, 1)
			} else {
				c.hear(two, 1)
				c.hear(one, 1)
			}
			r := c.report()
			wantKinds(t, r, hodb.CaseActivityRepeated)
			if m := r.member(t, anna); m.Balance != 30 || r.Stores[1].Accounts[hodb.Suspense] != 30 {
				t.Errorf("%+v, %v", m, r.Stores[1].Accounts)
			}
			c.inOrder()
		})
	}
}

func TestASaleOfACardSpendsWhatWasSetAsideWithoutItsProof(t *testing.T) {
	for name, claimed := range map[string]loyalty.Points{"as much": 300, "more than was set aside": 400} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t)
			p := c.publishText(lifeProgramme + "redeem: {point_value: {points: 1, value: 0.01}}\n")
			b, anna := c.enrol(1, p), c.member("6034000000000018")
			b.open()
			_, lots := brought(b, anna, 500)
			made := b.made(loyalty.Reserve(loyalty.ReserveInput{Holding: loyalty.Holding{Member: anna, Lots: lots}, Points: 300, Until: "2026-11-30T10:00:00.000+02:00"}, b.head()))
			held, _ := loyalty.ReservationOf(&made)
			head := b.head()
			in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "1", Quantity: 1000, Amount: 1000}}, Redeem: &loyalty.Ask{Points: 250},
				Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 750}}}, Place: loyalty.Place{Store: head.Store, Lane: 1, At: head.At, Day: head.Day},
				Member: &loyalty.MemberState{ID: anna, Medium: loyalty.MediumPurse, Lots: loyalty.Apply(lots, made.Moves, anna), Reserved: &held}}
			q, err := p.Quote(in)
			if err != nil {
				t.Fatal(err)
			}
			e, err := p.Post(q, in, head)
			if err != nil {
				t.Fatal(err)
			}
			e.Sale.Confirms.Points = claimed
			b.made(e, nil)
			c.hear(b, 1)
			if claimed != held.Points {
				wantKinds(t, c.report(), hodb.CaseDifference)
				return
			}
			r := c.report()
			wantKinds(t, r)
			if m := r.member(t, anna); m.Balance != 250+q.Earned {
				t.Errorf("%+v", m)
			}
			c.inOrder()
		})
	}
}
