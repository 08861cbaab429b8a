package doors

import (
	"testing"
	"time"

	"loyaltill/sync/headoffice"
)

// By the programme's policy the store in which Anna buys most has points of hers when its line is cut, and fresh ones once it has said
// what it spent of them.
func TestTheUsualStoreOfAMemberSpendsItsAllowanceByPolicyWhileItIsCutOff(t *testing.T) {
	c := newChain(t, ", allowance: {member: 200, store: 1000, share: 50, days: 30, visits: 2, hours: 48}")
	one, two := c.shop(1), c.shop(2)
	anna, number := c.member(t)
	one.link()
	two.link()
	two.mustSell(number, 200, 0)
	two.mustSell(number, 100, 0)
	one.mustSell(number, 60, 0)
	one.settle()
	two.settle()
	nextDay := func() {
		c.ahead.Add(int64(24 * time.Hour))
		must[headoffice.DayOutcome](t)(c.manager.BeginDay(t.Context(), ""))
	}
	nextDay()
	two.hears(anna, 180)
	one.cut()
	two.cut()
	if a := one.mustSell(number, 5, 100); a.Redeemed != 0 {
		t.Errorf("the other store let %d points be spent", a.Redeemed)
	}
	if a := two.mustSell(number, 5, 300); a.Redeemed != 180 {
		t.Errorf("of an allowance of 180 points %d were given", a.Redeemed)
	}
	one.link()
	two.link()
	two.hears(anna, 0)
	nextDay()
	c.noLeases()
	nextDay()
	m := c.books(t, anna)
	if m.Overdrawn || m.Leased != m.Balance/2 || m.Leased == 0 {
		t.Errorf("half of what she has is the store's to spend again: %+v", m)
	}
	two.hears(anna, m.Leased)
}
