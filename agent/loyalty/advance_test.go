package loyalty

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const advancing = goodHead + `earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
redeem: {point_value: {points: 100, value: 1.00}, step: 10}
rewards:
  - {id: cake, name: {en: Cake}, cost: 30, gives: {amount: 0.50}}
limits:
  floor: {member_day: 1000, store_day: 1000, hours: 24, advance: true}
`

// inAdvance is a bill of 20.00 of a member with a purse, and lots beside it.
func inAdvance(available, advance Points, ask *Ask) QuoteInput {
	lots := []Lot{{ID: "1-1-1.1", Remaining: available, Earned: "2026-11-01", Expires: "2027-01-31"}, {ID: "1-1-9.1", Remaining: advance, Earned: "2026-11-24"}}
	return QuoteInput{Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: 2000}}, Redeem: ask}, Place: testPlace,
		Member: &MemberState{ID: 42, Medium: MediumPurse, Available: available, Advance: advance,
			Lots: slices.DeleteFunc(lots, func(l Lot) bool { return l.Remaining == 0 })}}
}

// posted is the sale of a quote, paid in cash.
func posted(t interface{ Fatal(...any) }, p *Programme, in QuoteInput) (Quote, Entry) {
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	if q.Due > 0 {
		in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
	}
	e, err := p.Post(q, in, testHead(12))
	if err != nil {
		t.Fatal(err)
	}
	return q, e
}

func TestThePursePaysFirstAndPointsInAdvanceTheRest(t *testing.T) {
	p := compile(t, advancing)
	for _, row := range []struct {
		what               string
		available, advance Points
		ask                *Ask
		cake               bool
		debit, inAdvance   Points
	}{
		{"the purse is enough", 300, 200, &Ask{Points: 300}, false, 300, 0},
		{"both pay", 300, 200, &Ask{Points: 450}, false, 300, 150},
		{"all that there is", 300, 200, &Ask{All: true}, false, 300, 200},
		{"no more than there is", 300, 200, &Ask{Points: 900}, false, 300, 200},
		{"the step holds for both together", 305, 200, &Ask{All: true}, false, 305, 195},
		{"an empty purse", 0, 200, &Ask{All: true}, false, 0, 200},
		{"a reward in advance", 0, 40, nil, true, 0, 30},
		{"a reward and the bill", 100, 100, &Ask{All: true}, true, 100, 100},
		{"nothing is asked", 300, 200, nil, false, 0, 0},
		{"nothing in advance", 300, 0, &Ask{All: true}, false, 300, 0},
	} {
		t.Run(row.what, func(t *testing.T) {
			in := inAdvance(row.available, row.advance, row.ask)
			if row.cake {
				in.Sale.Rewards = []RewardAsk{{Reward: "cake"}}
			}
			q, e := posted(t, p, in)
			if q.Debit() != row.debit || q.Advance != row.inAdvance {
				t.Fatalf("the purse pays %d and %d are in advance, want %d and %d", q.Debit(), q.Advance, row.debit, row.inAdvance)
			}
			card, main := taken(e.Moves, Movement{From: AccountCard(42), To: AccountRedeemed}), taken(e.Moves, Movement{From: AccountMain(42), To: AccountRedeemed})
			if Points(card) != row.debit || Points(main) != row.inAdvance {
				t.Errorf("moved %d from the card and %d beside it", card, main)
			}
			told := slices.ContainsFunc(e.Sale.Why, func(f Finding) bool { return f.Code == ExplainAdvance && f.Base == int64(row.inAdvance) })
			if told != (row.inAdvance > 0) || (e.Sale.Advance != nil) != (row.advance > 0) || e.Sale.AdvancePoints() != row.inAdvance {
				t.Errorf("the entry says %+v and %+v", e.Sale.Advance, e.Sale.Why)
			}
		})
	}
}

func TestHeadOfficeJudgesAnAdvanceByItsOwnProgrammeAndProof(t *testing.T) {
	p := compile(t, advancing)
	_, e := posted(t, p, inAdvance(300, 200, &Ask{Points: 450}))
	e.Sale.Advance.Since = 11
	if ours, found, err := p.Requote(&e, "", 300); err != nil || len(found) > 0 || ours.Sale.AdvancePoints() != 150 {
		t.Fatalf("an honest sale: %+v, %v", found, err)
	}
	sale := *e.Sale
	sale.Advance = &Advance{Available: 100, Points: 150, Since: 11}
	less := e
	less.Sale = &sale
	ours, found, err := p.Requote(&less, "", 300)
	if err != nil || ours.Sale.Redeemed != 400 || ours.Sale.AdvancePoints() != 100 {
		t.Errorf("less is proved: %+v, %v", ours.Sale, err)
	}
	if !slices.ContainsFunc(found, func(d Difference) bool { return d.Field == "advance" && d.Store == 150 && d.HeadOffice == 100 }) {
		t.Errorf("found %+v", found)
	}
}

func TestOnlyAPurseGetsPointsInAdvanceAndOnlyWhereTheProgrammeHasIt(t *testing.T) {
	off := compile(t, goodHead+"redeem: {point_value: {points: 100, value: 1.00}}\nlimits: {floor: {member_day: 1000, store_day: 1000, hours: 24}}\n")
	_, err := off.Quote(inAdvance(300, 200, nil))
	compareError(t, err, SaleRange)
	in := inAdvance(300, 200, nil)
	in.Member.Medium = MediumNumber
	_, err = compile(t, advancing).Quote(in)
	compareError(t, err, SaleRange)
	in.Member.Medium, in.Member.Advance = MediumPurse, -1
	_, err = compile(t, advancing).Quote(in)
	compareError(t, err, SaleRange)
}

func TestWhatIsDrawnIsPaidOnceByThePurseOrInAdvance(t *testing.T) {
	p := compile(t, advancing)
	rapid.Check(t, func(t *rapid.T) {
		in := inAdvance(Points(rapid.Int64Range(0, 500).Draw(t, "purse")), Points(rapid.Int64Range(0, 500).Draw(t, "advance")), nil)
		if points := rapid.Int64Range(0, 1200).Draw(t, "asked"); points > 0 {
			in.Sale.Redeem = &Ask{Points: Points(points)}
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "lots") {
			in.Member.Lots = append(in.Member.Lots, Lot{ID: lotID(1, 1, Seq(20+i), 1), Remaining: 70, Earned: "2026-11-02"})
		}
		q, e := posted(t, p, in)
		card, main := taken(e.Moves, Movement{From: AccountCard(42), To: AccountRedeemed}), taken(e.Moves, Movement{From: AccountMain(42), To: AccountRedeemed})
		if Points(card) != q.Debit() || Points(main) != q.Advance || q.Debit() > in.Member.Available || q.Advance > in.Member.Advance {
			t.Fatalf("%d of %d on the card, %d of %d in advance; moved %d and %d", q.Debit(), in.Member.Available, q.Advance, in.Member.Advance, card, main)
		}
		if q.Advance > 0 && q.Debit() < in.Member.Available {
			t.Fatalf("%d in advance while the purse pays %d of %d", q.Advance, q.Debit(), in.Member.Available)
		}
		if _, found, err := p.Requote(&e, "", in.Member.Available); err != nil || len(found) > 0 {
			t.Fatalf("head office finds %+v, %v", found, err)
		}
	})
}

func TestOnlyWhatWasGivenHereAndCanBeSpentCountsAsEarnedHere(t *testing.T) {
	main := AccountMain(42)
	for _, row := range []struct {
		what string
		move Movement
		net  Points
		gave bool
	}{
		{"a sale's points", Movement{From: AccountIssued, To: main, Points: 80}, 80, true},
		{"a partner's", Movement{From: "partner/bank/issued", To: main, Points: 80}, 80, true},
		{"not to be spent yet", Movement{From: AccountIssued, To: main, Points: 80, Usable: "2026-11-25"}, 0, false},
		{"over", Movement{From: AccountIssued, To: main, Points: 80, Expires: "2026-11-23"}, 0, false},
		{"from another member", Movement{From: AccountTransferred, To: main, Points: 80}, 0, false},
		{"from an older system, which every store may tell", Movement{From: AccountOpening, To: main, Points: 80}, 0, false},
		{"given back for goods", Movement{From: AccountRedeemed, To: main, Points: 80}, 0, false},
		{"another member's", Movement{From: AccountIssued, To: AccountMain(43), Points: 80}, 0, false},
		{"taken from the card", Movement{From: AccountCard(42), To: AccountRedeemed, Points: 80}, 0, false},
		{"taken beside it, however old", Movement{From: main, To: AccountRedeemed, Points: 80, Expires: "2020-01-01"}, -80, false},
		{"set aside", Movement{From: main, To: AccountReserved(42), Points: 80}, -80, false},
	} {
		if net, gave := EarnedHere([]Movement{row.move}, 42, "2026-11-24"); net != row.net || gave != row.gave {
			t.Errorf("%s: %d, %v; want %d, %v", row.what, net, gave, row.net, row.gave)
		}
	}
}
