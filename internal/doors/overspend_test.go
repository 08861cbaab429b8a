package doors

import (
	"errors"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/drawn"
	"loyaltill/sync/headoffice"
)

// TestMain keeps the property short where nobody asks for more: each check is a story of some thirty steps on real disks.
func TestMain(m *testing.M) {
	drawn.Same(6)
	os.Exit(m.Run())
}

// twoStores is a member who goes to two stores while lines are cut, boxes start anew and allowances come and go.
type twoStores struct {
	chain         *chain
	shops         []*shop
	anna          loyalty.MemberID
	number        string
	earned, spent loyalty.Points // by the answers of the tills
}

func (w *twoStores) shop(t *rapid.T) *shop { return rapid.SampledFrom(w.shops).Draw(t, "store") }

func (w *twoStores) sell(t *rapid.T) { w.buys(t, 0) }

func (w *twoStores) redeem(t *rapid.T) {
	w.buys(t, loyalty.Points(rapid.Int64Range(1, 200).Draw(t, "points")))
}

func (w *twoStores) buys(t *rapid.T, points loyalty.Points) {
	answer, err := w.shop(t).sells(w.number, rapid.Int64Range(1, 60).Draw(t, "euros"), points)
	var refusal *agent.Refusal
	if errors.As(err, &refusal) && refusal.Code == agent.CodePointsElsewhere {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	w.earned += answer.Earned
	w.spent += answer.Redeemed
}

func (w *twoStores) loseAQuestion(t *rapid.T) {
	w.shop(t).lose = rapid.SampledFrom([]string{"question", "answer"}).Draw(t, "lost")
}

func (w *twoStores) grant(t *rapid.T) {
	id := loyalty.StoreID(rapid.IntRange(1, len(w.shops)).Draw(t, "store"))
	_, err := w.chain.manager.GrantLease(w.chain.t.Context(), headoffice.Grant{Member: w.anna, Store: id,
		Points: loyalty.Points(rapid.Int64Range(1, 100).Draw(t, "points")), Hours: rapid.Int64Range(1, 9).Draw(t, "hours")})
	var field *headoffice.FieldError
	if err != nil && !errors.As(err, &field) {
		t.Fatal(err)
	}
}

func (w *twoStores) reclaim(t *rapid.T) {
	all := must[[]headoffice.LeaseInfo](w.chain.t)(w.chain.manager.Leases(w.chain.t.Context()))
	if len(all) > 0 {
		lease := rapid.SampledFrom(all).Draw(t, "lease")
		_, err := w.chain.manager.ReclaimLease(w.chain.t.Context(), headoffice.Reclaim{Lease: lease.No})
		var field *headoffice.FieldError // it may end between the two
		if err != nil && !errors.As(err, &field) {
			t.Fatal(err)
		}
	}
}

func (w *twoStores) hoursPass(t *rapid.T) {
	w.chain.ahead.Add(rapid.Int64Range(1, 4).Draw(t, "hours") * int64(time.Hour))
}

func (w *twoStores) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"sell": w.sell, "redeem": w.redeem, "redeem again": w.redeem, "grant": w.grant, "reclaim": w.reclaim, "hours pass": w.hoursPass,
		"lose": w.loseAQuestion, "cut": func(t *rapid.T) { w.shop(t).cut() }, "restore": func(t *rapid.T) { w.shop(t).link() },
		"reboot": func(t *rapid.T) { w.shop(t).reboot() },
		"": func(t *rapid.T) {
			if w.spent > w.earned {
				t.Fatalf("%d points are spent of %d", w.spent, w.earned)
			}
		},
	}
}

func TestTwoStoresNeverSpendAMembersPointsTwice(t *testing.T) {
	c := newChain(t, "")
	shops := []*shop{c.shop(1), c.shop(2)}
	for _, s := range shops {
		s.link()
	}
	rapid.Check(t, func(r *rapid.T) {
		w := &twoStores{chain: c, shops: shops}
		w.anna, w.number = c.member(t)
		for _, s := range shops {
			s.lose = ""
			s.cut()
			s.link()
		}
		r.Repeat(w.actions())
		for _, s := range shops {
			s.cut()
			s.link()
		}
		m := c.books(t, w.anna)
		if m.Balance != w.earned-w.spent || m.Main+m.Leased != m.Balance || m.Main < 0 || m.Leased < 0 || m.Overdrawn {
			r.Fatalf("%d points earned, %d spent: %+v", w.earned, w.spent, m)
		}
	})
}

func TestOfTwoConnectedStoresOneGetsThePointsAndTheOtherIsToldWhatIsLeft(t *testing.T) {
	c := newChain(t, "")
	one, two := c.shop(1), c.shop(2)
	anna, number := c.member(t)
	one.link()
	one.mustSell(number, 300, 0)
	one.settle()
	two.link()
	two.mustSell(number, 1, 0)
	two.settle()
	slow := two.up
	two.up = nil // what happens at the other till is not heard of here
	two.unlink()
	one.mustSell(number, 5, 250)
	two.up = slow
	_, err := two.sells(number, 5, 200)
	var refusal *agent.Refusal
	if !errors.As(err, &refusal) || refusal.Code != agent.CodePointsElsewhere {
		t.Errorf("200 of 56 points: %v", err)
	}
	if a := two.mustSell(number, 5, 50); a.Redeemed != 50 {
		t.Errorf("of 56 points 50 are wanted, and %d were given", a.Redeemed)
	}
	two.up, two.unlink = nil, func() {}
	two.link()
	one.settle()
	if m := c.books(t, anna); m.Balance < 0 || m.Overdrawn {
		t.Errorf("%+v", m)
	}
}

func TestALostAnswerCostsNobodyPoints(t *testing.T) {
	for _, lost := range []string{"question", "answer"} {
		c := newChain(t, "")
		one := c.shop(1)
		anna, number := c.member(t)
		one.link()
		one.mustSell(number, 300, 0)
		one.settle()
		one.unlink() // or it might hear of head office before it asks again
		one.lose = lost
		if a := one.mustSell(number, 5, 100); a.Redeemed != 0 {
			t.Errorf("the %s was lost: nothing may be spent as long as nobody answers, and %d points were", lost, a.Redeemed)
		}
		one.up, one.unlink = nil, func() {}
		one.link() // the store is told something new, so it counts as in reach
		if a := one.mustSell(number, 5, 300); a.Redeemed != 300 {
			t.Errorf("the %s was lost: later %d of 300 points were given", lost, a.Redeemed)
		}
		one.settle()
		if m := c.books(t, anna); m.Overdrawn || m.Main != m.Balance {
			t.Errorf("%+v", m)
		}
	}
}
