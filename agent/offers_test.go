package agent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// offersProgramme: 10 points for 1.00; a mug for 100 points and 5.00 off for 400; goods can be brought back.
const offersProgramme = `
format: 1
programme: { id: offers, name: { en: Offers }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
earn:
  - { id: base, per: amount, rate: { points: 10, per: "1.00" }, steps: proportional }
redeem: { point_value: { points: 1, value: "0.01" } }
rewards:
  - { id: five-off, name: { en: Five off }, cost: 400, gives: { amount: "5.00" } }
  - { id: mug, name: { en: Mug }, cost: 100, gives: { amount: "2.00" } }
coupons:
  - { id: coffee, name: { en: Free coffee }, value: "2.00", valid_days: 30 }
returns: { shortage: withhold }
limits: { redeem_without_purse: 1000, floor: { member_day: 1000, store_day: 1000, hours: 1 } }
expiry: { months: 12 }
`

// publish lets another programme come into force.
func (s *shop) publish(doc string) {
	s.t.Helper()
	s.headOffice(agentdb.Change{Programme: compiled(s.t, doc)})
}

func TestARewardIsTakenAndPaidFromTheCard(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	s.ready(300)
	r := basket(1000)
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r))
	if r := q.Rewards; len(r) != 2 || r[0].Reward != "five-off" || r[0].CanHave || r[0].Missing != 100 || r[1].Reward != "mug" || !r[1].CanHave {
		t.Errorf("rewards %+v", r)
	}
	if len(q.Holds) != 1 || q.Holds[0].Points != 300 {
		t.Errorf("holds %+v", q.Holds)
	}
	r.Rewards = []loyalty.RewardAsk{{Reward: "mug"}}
	done, err := s.commit(newKey(), s.quoted(r))
	if err != nil {
		t.Fatal(err)
	}
	// 10.00 - 2.00 = 8.00 earns 80; 300 - 100 + 80.
	if done.Total != 800 || done.RewardPoints != 100 || done.Balance != 280 || done.Reduced != 200 {
		t.Errorf("answer %+v", done)
	}
	s.check(200, "load sale")
}

func TestACouponOfThisStoreIsTakenOnce(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	issued, err := s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: "coffee"})
	if err != nil {
		t.Fatal(err)
	}
	r := basket(1000)
	r.Coupons = []agent.Coupon{{Code: issued.Serial}}
	key, request := newKey(), s.quoted(r)
	done, err := s.commit(key, request)
	if err != nil || done.Total != 800 || len(done.Reductions) != 1 || done.Reductions[0].Serial != issued.Serial {
		t.Fatalf("answer %+v, %v", done, err)
	}
	if again, err := s.commit(key, request); err != nil || !again.Replayed || again.Total != 800 {
		t.Errorf("the same key: %+v, %v", again, err)
	}
	_, err = s.agent.Quote(t.Context(), 1, r)
	noCoupon(t, err, loyalty.CouponUsed)
	_, err = s.commit(newKey(), request)
	noCoupon(t, err, loyalty.CouponUsed)
	r.Coupons = []agent.Coupon{{Code: "1-NOBODYS"}}
	_, err = s.agent.Quote(t.Context(), 1, r)
	noCoupon(t, err, loyalty.CouponUnreadable)
	if got := s.kinds(); got != "coupon sale" {
		t.Errorf("the log holds %q", got)
	}
}

// noCoupon checks that the first coupon of a bill was refused with a code.
func noCoupon(t *testing.T, err error, code string) {
	t.Helper()
	var bad *loyalty.SaleError
	if !errors.As(err, &bad) || bad.Code != code || bad.Field != "coupons[0]" {
		t.Errorf("got %v, want %s of coupons[0]", err, code)
	}
}

func TestACouponOfAnotherStoreIsCheckedWithoutALineToIt(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	today := time.Now().Format(time.DateOnly)
	coupon := loyalty.CouponCode{Issuer: 9, ShownCoupon: loyalty.ShownCoupon{Coupon: "coffee", Serial: "9-ABC", ValidFrom: today, ValidTo: "2099-12-31", Uses: 2}}
	r := basket(1000)
	r.Coupons = []agent.Coupon{{Code: must[string](t)(coupon.Sign(s.identity.PaperKey(9)))}}
	for range 2 {
		if done, err := s.commit(newKey(), s.quoted(r)); err != nil || done.Total != 800 {
			t.Fatalf("answer %+v, %v", done, err)
		}
	}
	_, err := s.agent.Quote(t.Context(), 1, r)
	noCoupon(t, err, loyalty.CouponUsed)
	r.Coupons = []agent.Coupon{{Code: must[string](t)(coupon.Sign(s.identity.PaperKey(8)))}}
	_, err = s.agent.Quote(t.Context(), 1, r)
	noCoupon(t, err, loyalty.CouponForged)
	coupon.Member = 77
	r.Coupons = []agent.Coupon{{Code: must[string](t)(coupon.Sign(s.identity.PaperKey(9)))}}
	_, err = s.agent.Quote(t.Context(), 1, r)
	noCoupon(t, err, loyalty.CouponUsed)
}

func TestACouponWithoutEffectIsKept(t *testing.T) {
	s := newShop(t)
	s.publish(strings.Replace(offersProgramme, `valid_days: 30`, `valid_days: 30, when: { minimum: "50.00" }`, 1))
	issued, err := s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: "coffee"})
	if err != nil {
		t.Fatal(err)
	}
	for _, amount := range []int64{1000, 6000} {
		r := basket(amount)
		r.Coupons = []agent.Coupon{{Code: issued.Serial}}
		done, err := s.commit(newKey(), s.quoted(r))
		if err != nil || (amount == 6000) != (done.Total == 5800) {
			t.Errorf("answer %+v, %v", done, err)
		}
	}
}

func TestACouponForTheNextVisitComesWithTheReceiptAndIsTakenThen(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme + `issue: [{ id: next-visit, coupon: coffee, when: { minimum: "20.00" } }]
`)
	request := s.quoted(basket(2500))
	if _, err := s.commit(newKey(), request); err != nil {
		t.Fatal(err)
	}
	s.sheet(1)
	issued := s.entries()[0].IssuedCoupons()
	if len(issued) != 1 {
		t.Fatalf("issued %+v", issued)
	}
	if paper := s.sheet(2); !strings.Contains(paper, issued[0].Serial) || !strings.Contains(paper, "LC1:") {
		t.Errorf("the coupon:\n%s", paper)
	}
	r := basket(1000)
	r.Coupons = []agent.Coupon{{Code: issued[0].Serial}}
	if done, err := s.commit(newKey(), s.quoted(r)); err != nil || done.Total != 800 {
		t.Errorf("answer %+v, %v", done, err)
	}
}
