package headoffice

import (
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

const allotting = `
format: 1
programme: {id: allot, name: {en: Allot}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
redeem: {point_value: {points: 1, value: 0.01}}
limits:
  redeem_without_purse: 1000
  floor: {member_day: 250, store_day: 10000, hours: 24}
  allowance: {member: 300, store: 400, share: 50, days: 30, visits: 2, hours: 72}
`

// allowance is what of a lease the test compares.
type allowance struct {
	member loyalty.MemberID
	store  loyalty.StoreID
	points loyalty.Points
	state  hodb.LeaseState
}

func (c *centre) allowances() (all []allowance) {
	c.t.Helper()
	leases, err := c.office.listLeases(c.t.Context(), none{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, l := range leases {
		if l.Automatic {
			all = append(all, allowance{l.Member, l.Store, l.Open(), l.State})
		}
	}
	return all
}

func (c *centre) wantAllowances(when string, want ...allowance) {
	c.t.Helper()
	if got := c.allowances(); !slices.Equal(got, want) {
		c.t.Errorf("%s: %+v, want %+v", when, got, want)
	}
	c.inOrder()
}

// spends is a sale by number of which an allowance pays so many points.
func (b *box) spends(l hodb.Lease, points loyalty.Points) {
	b.t.Helper()
	m := &loyalty.MemberState{ID: l.Member, Medium: loyalty.MediumNumber, Available: points}
	e := b.sale(b.head(), m, 10000, &loyalty.Ask{Points: points})
	if e.Sale.Redeemed != points {
		b.t.Fatalf("%d of %d points were redeemed", e.Sale.Redeemed, points)
	}
	e.Sale.Lease = &loyalty.LeaseUse{Lease: l.No, Member: l.Member, Granted: l.Granted, Points: points}
	b.write(e)
}

// returns is the store's word about an allowance that head office wants back.
func (b *box) returns(l hodb.Lease, spent loyalty.Points) {
	e := b.entry(loyalty.KindLease)
	e.Lease = &loyalty.LeaseUse{Lease: l.No, Member: l.Member, Granted: l.Granted, Points: spent}
	b.write(e)
}

// leaseOf is the open allowance of a member.
func (c *centre) leaseOf(id loyalty.MemberID) hodb.Lease {
	c.t.Helper()
	leases, err := c.office.listLeases(c.t.Context(), none{})
	if err != nil {
		c.t.Fatal(err)
	}
	i := slices.IndexFunc(leases, func(l LeaseInfo) bool { return l.Member == id })
	if i < 0 {
		c.t.Fatalf("member %d has no allowance", id)
	}
	return leases[i].Lease
}

// Anna, Ben and Carl buy most in store 2, Dora nowhere twice. Nobody gets more than the floor limits let a store spend in a day, and
// all together no more than the policy's figure for a store, in the order of their numbers.
func TestThePolicyGivesTheUsualStoreAllowancesWithinItsBoundsOnBothEngines(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(allotting)
	one, two := c.enrol(1, p), c.enrol(2, p)
	one.open()
	two.open()
	anna, ben := c.member("6034000000000018"), c.member("6034000000000026")
	carl, dora := c.member("6034000000000034"), c.member("6034000000000042")
	for range 2 {
		two.sell(anna, 30000)
		two.sell(ben, 10000)
		two.sell(carl, 40000)
	}
	one.sell(anna, 1000)
	one.sell(dora, 50000)
	two.sell(dora, 50000)
	c.hear(one, 1)
	c.hear(two, 1)
	c.wantAllowances("before the day")
	if out := c.begin("2026-11-25"); out.Allowances != 3 {
		t.Errorf("the day gave %d allowances", out.Allowances)
	}
	c.wantAllowances("the first day", allowance{anna, 2, 250, "open"}, allowance{ben, 2, 100, "open"}, allowance{carl, 2, 50, "open"})
	c.begin("2026-11-25")
	c.wantAllowances("the same day again", allowance{anna, 2, 250, "open"}, allowance{ben, 2, 100, "open"}, allowance{carl, 2, 50, "open"})
}

// Anna's allowance is spent to less than its half: it is wanted back, and fresh once the store has said what it spent. Ben goes over
// to store 1. Then the policy ends, and what a person granted stays.
func TestAllowancesByPolicyAreRenewedMovedAndTakenBackOnBothEngines(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(allotting)
	one, two := c.enrol(1, p), c.enrol(2, p)
	one.open()
	two.open()
	anna, ben := c.member("6034000000000018"), c.member("6034000000000026")
	for range 2 {
		two.sell(anna, 30000)
		two.sell(ben, 10000)
	}
	c.hear(two, 1)
	c.begin("2026-11-25")
	first := c.leaseOf(anna)
	from := two.seq() + 1
	two.spends(first, 200)
	for range 3 {
		one.sell(ben, 1000)
	}
	c.hear(one, 1)
	c.hear(two, from)
	c.begin("2026-11-26")
	c.wantAllowances("spent and gone", allowance{anna, 2, 50, "reclaim"}, allowance{ben, 2, 100, "reclaim"}, allowance{ben, 1, 65, "open"})

	from = two.seq() + 1
	two.returns(first, 200)
	two.returns(c.leaseOf(ben), 0)
	c.hear(two, from)
	c.begin("2026-11-27")
	c.wantAllowances("a day later", allowance{ben, 1, 65, "open"}, allowance{anna, 2, 249, "open"})
	fresh := c.leaseOf(anna)
	c.begin("2026-11-28")
	if l := c.leaseOf(anna); l.No != fresh.No || !l.Ends.After(fresh.Ends) {
		t.Errorf("an allowance that is hardly used lasts longer: %+v, it was %+v", l, fresh)
	}

	if _, err := c.office.grantLease(t.Context(), Grant{Member: anna, Store: 1, Points: 20, Hours: 24}); err != nil {
		t.Fatal(err)
	}
	c.publishText(withoutAllowance)
	c.begin("2026-11-29")
	c.wantAllowances("the policy has ended", allowance{ben, 1, 65, "reclaim"}, allowance{anna, 2, 249, "reclaim"})
	leases, err := c.office.listLeases(t.Context(), none{})
	if err != nil || len(leases) != 3 || leases[2].State != hodb.LeaseOpen {
		t.Errorf("what a person granted: %+v, %v", leases, err)
	}
}

const withoutAllowance = `
format: 1
programme: {id: allot, name: {en: Allot}, version: 2, valid_from: 2026-11-29T00:00, currency: EUR}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
`
