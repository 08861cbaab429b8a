package agent_test

import (
	"sync"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// limitedProgramme: a campaign with 250 bonus points for this store, 5.00 off its sales in all, two mugs, one coffee coupon and
// a surprise for two.
const limitedProgramme = `
format: 1
programme: { id: limited, name: { en: Limited }, version: 3, valid_from: 2020-01-03T00:00, currency: EUR }
earn:
  - { id: base, per: amount, rate: { points: 10, per: "1.00" }, steps: proportional }
redeem: { point_value: { points: 1, value: "0.01" } }
campaigns:
  - id: summer
    budget: { points: 250, money: "5.00" }
    store_slice: [ { stores: [1], points: 250, money: "5.00" } ]
    earn: [ { id: more, bonus: 100 } ]
    discounts: [ { id: off, name: { en: Off }, gives: { amount: "2.00" } } ]
coupons:
  - { id: coffee, name: { en: Free coffee }, value: "2.00", valid_days: 30, stock: { store: 1 } }
rewards:
  - { id: mug, name: { en: Mug }, cost: 10, stock: { store: 2 } }
surprises:
  - { id: lucky, name: { en: Lucky you }, text: { en: "A free carwash is yours!" }, when: { minimum: "50.00" }, stock: { store: 2 } }
returns: { shortage: withhold }
limits: { redeem_without_purse: 1000, floor: { member_day: 1000, store_day: 1000, hours: 1 } }
expiry: { months: 12 }
`

func TestACampaignEndsWhenItsSliceIsSpentEvenOnLanesAtOnce(t *testing.T) {
	s := newShop(t)
	s.publish(limitedProgramme)
	r := basket(1000)
	r.Number = testNumber
	request := s.quoted(r) // 100 points more and 2.00 off
	var group sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		group.Go(func() { _, errs[i] = s.commit(newKey(), request) })
	}
	group.Wait()
	sold := 0
	for _, err := range errs {
		if err == nil {
			sold++
			continue
		}
		refused(t, err, agent.CodeQuoteChanged)
	}
	if sold != 2 { // the third would have 50 points and 1.00 left
		t.Fatalf("%d sales with the same quote: %v", sold, errs)
	}
	done, err := s.commit(newKey(), s.quoted(r))
	if err != nil || done.Total != 900 || done.Earned != 90+50 {
		t.Errorf("the rest: %+v, %v", done, err)
	}
	done, err = s.commit(newKey(), s.quoted(r))
	if err != nil || done.Total != 1000 || done.Earned != 100 {
		t.Errorf("after it: %+v, %v", done, err)
	}
	s.restart(s.lane)
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r)); q.Total != 1000 {
		t.Errorf("after a restart: %d", q.Total)
	}
	s.sound()
}

// sound has the ledger prove itself.
func (s *shop) sound() {
	s.t.Helper()
	report, err := s.db.Verify(s.t.Context(), nil)
	if err != nil || len(report.Findings) > 0 {
		s.t.Errorf("verify: %+v, %v", report.Findings, err)
	}
}

func TestOfTwoMugsTheThirdIsNotGiven(t *testing.T) {
	s := newShop(t)
	s.publish(limitedProgramme)
	s.fund(500)
	r := basket(1000)
	r.Number = testNumber
	r.Rewards = []loyalty.RewardAsk{{Reward: "mug"}}
	late := s.quoted(r)
	for range 2 {
		if done, err := s.commit(newKey(), s.quoted(r)); err != nil || len(done.Reductions) != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	_, err := s.commit(newKey(), late)
	refused(t, err, agent.CodeQuoteChanged)
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r))
	for _, less := range q.Reductions {
		if less.Rule == "mug" {
			t.Errorf("a third mug: %+v", q.Reductions)
		}
	}
	s.sound()
}

func TestOfOneCouponTheSecondIsNotIssued(t *testing.T) {
	s := newShop(t)
	s.publish(limitedProgramme)
	ask := agent.CouponRequest{Coupon: "coffee"}
	if _, err := s.agent.IssueCoupon(t.Context(), 1, newKey(), ask); err != nil {
		t.Fatal(err)
	}
	_, err := s.agent.IssueCoupon(t.Context(), 1, newKey(), ask)
	noSale(t, err, "coupon", loyalty.CouponGone)
	s.sound()
}

func TestASurpriseIsDrawnAtThePlaceInTheLedgerAndToldToWhoWins(t *testing.T) {
	s := newShop(t)
	s.publish(limitedProgramme)
	for n := range 3 {
		done, err := s.commit(newKey(), s.quoted(basket(6000)))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(done.Surprises); n < 2 && got != 1 || n == 2 && got != 0 {
			t.Errorf("sale %d won %+v", n, done.Surprises)
		}
		body := s.entries()[n].Sale
		if n < 2 && (body.Seed == "" || body.Seed != s.identity.DrawSeed(int64(done.Seq))) {
			t.Errorf("seed %q", body.Seed)
		}
		if n == 0 {
			s.paperSays(1, "A free carwash is yours!")
		}
	}
	if s.entries()[0].Sale.Seed == s.entries()[1].Sale.Seed {
		t.Error("two places are drawn with one seed")
	}
	s.sound()
}
