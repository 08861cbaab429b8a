package doors

import (
	"errors"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
)

// books checks that head office's sums and all that can be recomputed are right, and gives what it holds of a member.
func (c *chain) books(t testing.TB, id loyalty.MemberID) headoffice.MemberReport {
	t.Helper()
	c.sums(t)
	r := must[headoffice.Report](t)(c.manager.Report(t.Context()))
	if r.Sum != 0 || len(r.Cases)+len(r.Differences)+len(r.Suspense) > 0 {
		t.Errorf("sum %d, cases %+v, differences %+v, suspense %+v", r.Sum, r.Cases, r.Differences, r.Suspense)
	}
	for _, m := range r.Members {
		if m.ID == id {
			return m
		}
	}
	t.Fatalf("member %d is not in the report", id)
	return headoffice.MemberReport{}
}

// sums checks what can be recomputed.
func (c *chain) sums(t testing.TB) {
	t.Helper()
	for _, f := range must[[]hodb.Finding](t)(c.manager.Verify(t.Context())) {
		t.Errorf("verify: %s: %s: %s", f.Check, f.Where, f.Problem)
	}
}

func (c *chain) grant(t testing.TB, g headoffice.Grant) headoffice.LeaseInfo {
	t.Helper()
	return must[headoffice.LeaseInfo](t)(c.manager.GrantLease(t.Context(), g))
}

func (s *shop) mustSell(number string, euros int64, points loyalty.Points) agent.SaleAnswer {
	s.t.Helper()
	return must[agent.SaleAnswer](s.t)(s.sells(number, euros, points))
}

// hears waits until a store may spend so much of a member's points without asking.
func (s *shop) hears(id loyalty.MemberID, points loyalty.Points) {
	s.t.Helper()
	s.until("the store hears of the allowance", func() bool {
		left, err := s.db.Lease(s.t.Context(), id)
		return err == nil && left.Left == points
	})
}

func TestACutOffStoreSpendsItsAllowanceAndNothingElse(t *testing.T) {
	c := newChain(t, "")
	one, two := c.shop(1), c.shop(2)
	anna, number := c.member(t)
	one.link()
	two.link()
	one.mustSell(number, 300, 0)
	one.settle()
	lease := c.grant(t, headoffice.Grant{Member: anna, Store: 2, Points: 120, Hours: 24})
	two.hears(anna, 120)
	one.until("the other store hears that points are set aside", func() bool {
		q, err := one.agent.Quote(t.Context(), 1, agent.SaleRequest{Lines: bread(1), Number: number})
		return err == nil && q.Available == 180
	})
	one.cut()
	two.cut()

	if a := one.mustSell(number, 50, 300); a.Redeemed != 0 {
		t.Errorf("without an allowance the store let %d points be spent", a.Redeemed)
	}
	if a := two.mustSell(number, 50, 100); a.Redeemed != 100 {
		t.Errorf("of an allowance of 120 points 100 were wanted and %d given", a.Redeemed)
	}
	if a := two.mustSell(number, 50, 100); a.Redeemed != 20 {
		t.Errorf("of the 20 points that were left %d were given", a.Redeemed)
	}
	two.reboot()
	two.link()
	one.link()
	m := c.books(t, anna)
	if m.Leased != 0 || m.Main != m.Balance || m.Overdrawn {
		t.Errorf("120 of 120 points of the allowance are spent: %+v", m)
	}
	must[headoffice.LeaseInfo](t)(c.manager.ReclaimLease(t.Context(), headoffice.Reclaim{Lease: lease.No}))
	c.noLeases()
	c.books(t, anna)
}

// noLeases waits until every allowance has ended.
func (c *chain) noLeases() {
	c.t.Helper()
	s := shop{t: c.t}
	s.until("all allowances end", func() bool {
		return len(must[[]headoffice.LeaseInfo](c.t)(c.manager.Leases(c.t.Context()))) == 0
	})
}

func TestAnAllowanceLapsesWithTheAgentAndHoldsAgainOnceHeadOfficeConfirmsIt(t *testing.T) {
	c := newChain(t, "")
	one := c.shop(1)
	anna, number := c.member(t)
	one.link()
	one.mustSell(number, 300, 0)
	one.settle()
	c.grant(t, headoffice.Grant{Member: anna, Store: 1, Points: 200, Hours: 24})
	one.hears(anna, 200)
	one.cut()
	if a := one.mustSell(number, 5, 50); a.Redeemed != 50 {
		t.Errorf("%d points were given, want 50", a.Redeemed)
	}
	one.reboot()
	if a := one.mustSell(number, 5, 50); a.Redeemed != 0 {
		t.Errorf("after a start nothing says how long the box was off, and %d points were given", a.Redeemed)
	}
	one.link()
	one.hears(anna, 150)
	c.ahead.Add(int64(24 * time.Hour))
	one.cut()
	if a := one.mustSell(number, 5, 50); a.Redeemed != 0 {
		t.Errorf("a day later %d points were given", a.Redeemed)
	}
	one.link()
	c.noLeases()
	if m := c.books(t, anna); m.Leased != 0 || m.Main != m.Balance {
		t.Errorf("what was left came not back: %+v", m)
	}
}

func TestOnlyAClosedLogsAllowanceIsWrittenOffAndOnlyAfterItsTimeAndTheGuard(t *testing.T) {
	c := newChain(t, "")
	one := c.shop(1)
	anna, number := c.member(t)
	one.link()
	one.mustSell(number, 100, 0)
	one.settle()
	lease := c.grant(t, headoffice.Grant{Member: anna, Store: 1, Points: 100, Hours: 10})
	one.hears(anna, 100)
	one.cut()
	refused := func(why string) {
		t.Helper()
		_, err := c.manager.ReclaimLease(t.Context(), headoffice.Reclaim{Lease: lease.No, WrittenOff: true})
		var field *headoffice.FieldError
		if !errors.As(err, &field) || field.Field != "written-off" {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("the log is open")
	c.shop(1) // the box is replaced: its log is closed
	c.ahead.Add(int64(10 * time.Hour))
	refused("the time is over, the guard is not")
	c.ahead.Add(int64(time.Hour))
	must[headoffice.LeaseInfo](t)(c.manager.ReclaimLease(t.Context(), headoffice.Reclaim{Lease: lease.No, WrittenOff: true}))
	c.sums(t)
	for _, m := range must[headoffice.Report](t)(c.manager.Report(t.Context())).Members { // a case says that the old log's tail may be lost
		if m.ID == anna && (m.Leased != 0 || m.Main != 100) {
			t.Errorf("the points did not come back: %+v", m)
		}
	}
}
