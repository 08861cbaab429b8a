package loyalty

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Two stores that are cut off from each other give, over any days and members, never more than the chain has where their
// slices add up to it, and no member more than a member may have, as long as the member's past is known.
func TestNoLimitIsExceededOverAnySequenceOfSales(t *testing.T) {
	p := compile(t, goodHead+`coupons:
  - {id: c, name: {en: C}, value: 1.00, valid_days: 9, stock: {total: 12, store: 6}, per_member: {day: 2, lifetime: 5}}
rewards:
  - {id: ticket, cost: 1, per_sale: 3, stock: {total: 8, store: 4}, per_member: {week: 3}}
  - {id: paper, cost: 1, per_sale: 3, gives: {coupon: c}}
issue:
  - {id: i, coupon: c, each: 1.00, times: 3}
`)
	rapid.Check(t, func(t *rapid.T) {
		here := [2]map[string]int64{{}, {}}
		pasts := [3]Past{}
		day, first := dayOf(2026, 11, 20), dayOf(2026, 11, 20)
		for n := range rapid.IntRange(1, 25).Draw(t, "sales") {
			store, who := rapid.IntRange(0, 1).Draw(t, "store"), rapid.IntRange(0, 2).Draw(t, "member")
			day += date(rapid.IntRange(0, 1).Draw(t, "days"))
			m := &MemberState{ID: MemberID(who + 1), Medium: MediumPurse, Available: 100}
			if err := p.Recall(m, &Record{Past: pasts[who]}, day.String()); err != nil {
				t.Fatal(err)
			}
			in := QuoteInput{Member: m, Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: rapid.Int64Range(0, 400).Draw(t, "amount")}}},
				Place: Place{Store: StoreID(store + 1), Lane: 1, At: day.String() + "T10:00:00.000+02:00", Day: day.String()}}
			for _, r := range []string{"ticket", "paper"} {
				if times := rapid.Int64Range(0, 3).Draw(t, r); times > 0 {
					in.Sale.Rewards = append(in.Sale.Rewards, RewardAsk{Reward: r, Times: times})
				}
				in.Stock = []Stock{{Of: "c", Here: here[store]["c"]}, {Of: "ticket", Here: here[store]["ticket"]}}
			}
			q, err := p.Quote(in)
			if err != nil {
				t.Fatal(err)
			}
			if q.Due > 0 {
				in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
			}
			e, err := p.Post(q, in, EntryHead{Store: in.Place.Store, Epoch: 1, Seq: Seq(n + 1), Txn: TxnID{15: byte(n)}, Day: in.Place.Day, At: in.Place.At, Lane: 1})
			if err != nil {
				t.Fatal(err)
			}
			here[store]["c"] += int64(len(e.IssuedCoupons()))
			if i := slices.IndexFunc(e.Sale.Given, func(g RulePoints) bool { return g.Rule == "ticket" }); i >= 0 {
				here[store]["ticket"] += int64(e.Sale.Given[i].Points)
			}
			pasts[who].Add(StepOf(&e))
		}
		if all := here[0]["c"] + here[1]["c"]; all > 12 || max(here[0]["c"], here[1]["c"]) > 6 {
			t.Fatalf("coupons %v", here)
		}
		if all := here[0]["ticket"] + here[1]["ticket"]; all > 8 || max(here[0]["ticket"], here[1]["ticket"]) > 4 {
			t.Fatalf("tickets %v", here)
		}
		for _, past := range pasts {
			for _, g := range past.Given {
				weeks := Points((day-first)/7 + 2)
				if g.Rule == "c" && g.Lifetime > 5 || g.Rule == "ticket" && g.Lifetime > 3*weeks {
					t.Fatalf("a member had %+v", g)
				}
			}
		}
	})
}

func TestACouponIssuedByHandKeepsToTheLimitsToo(t *testing.T) {
	p := compile(t, goodHead+"coupons: [{id: c, name: {en: C}, value: 1.00, valid_days: 9, stock: {store: 3}}, {id: d, name: {en: D}, value: 1.00, valid_days: 9, per_member: {year: 1}}]\n")
	ask := CouponAsk{Coupon: "c", Stock: []Stock{{Of: "c", Here: 2}}}
	_, err := p.IssueCoupon(ask, testHead(1))
	compareError(t, err, "")
	ask.Stock[0].Here = 3
	_, err = p.IssueCoupon(ask, testHead(1))
	compareError(t, err, CouponGone)
	_, err = p.IssueCoupon(CouponAsk{Coupon: "d"}, testHead(1))
	compareError(t, err, CouponNotYours)
	member := &MemberState{ID: 4, Medium: MediumNumber, History: &History{Given: []RuleSum{{Rule: "d", Year: 1}}}}
	_, err = p.IssueCoupon(CouponAsk{Coupon: "d", Member: member}, testHead(1))
	compareError(t, err, CouponGone)
}

// A coupon without effect is used up only when its kind says so, whatever stands beside it.
func TestOnlyACouponWithEffectIsUsedUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		in.Sale.Tenders = nil
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		used := map[string]int{}
		for _, r := range q.Reductions {
			if r.Serial == "" {
				continue
			}
			if used[r.Serial]++; r.Amount == 0 || used[r.Serial] > 1 {
				t.Fatalf("used up for nothing, or twice: %+v", q.Reductions)
			}
		}
	})
}
