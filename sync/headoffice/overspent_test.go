package headoffice

import (
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

const risking = `
format: 1
programme: {id: risk, name: {en: Risk}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
redeem: {point_value: {points: 100, value: 1.00}}
limits: {redeem_without_purse: 150, floor: {member_day: 200, store_day: 1000, hours: 24}}
`

// away writes sales by number of a store that head office is out of reach of and that knows of so many points: as often as it
// lets the member spend anything.
func (b *box) away(member loyalty.MemberID, has loyalty.Points) (spent loyalty.Points) {
	b.t.Helper()
	for {
		head := b.head()
		m := &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber, Available: has - spent, Floor: b.prog.Floor(loyalty.Away{ByMember: spent, ByStore: spent})}
		if m.CanSpend() == 0 {
			return spent
		}
		e := b.write(b.sale(head, m, 200, &loyalty.Ask{All: true}))
		spent += e.Sale.Redeemed
	}
}

// Anna has 300 points and no card. Two stores that hear of nobody let her spend them twice, each to its limit of the day. Whoever
// is told of first, the books show what is owed and where it comes from, and what she earns next fills it.
func TestWhatTwoStoresLetAMemberOverspendIsBoundedShownAndEarnedBack(t *testing.T) {
	for _, secondFirst := range []bool{false, true} {
		c := newCentre(t)
		p := c.publishText(risking)
		one, two := c.enrol(1, p), c.enrol(2, p)
		anna := c.member("6034000000000018")
		one.open()
		two.open()
		one.sell(anna, 30000)
		c.hear(one, 1)

		if first, second := one.away(anna, 300), two.away(anna, 300); first != 200 || second != 200 {
			t.Fatalf("the stores let %d and %d be spent, want 200 each", first, second)
		}
		if secondFirst {
			c.hear(two, 1)
			c.hear(one, 2)
		} else {
			c.hear(one, 2)
			c.hear(two, 1)
		}
		r := c.report()
		m := r.member(t, anna)
		earned := m.Balance - (300 - 400) // by the sales themselves
		if !m.Overdrawn || m.Balance >= 0 || -m.Balance > 100 || loyalty.Deficit(m.Lots) != -m.Balance {
			t.Fatalf("400 of 300 points are spent, %d earned: %+v", earned, m)
		}
		if want := []OverspentReport{{2, 1, 2, 49}, {1, 1, 3, 49}}; !slices.Equal(m.Overspent, want) {
			t.Errorf("what is owed comes from %+v, want %+v", m.Overspent, want)
		}
		if !slices.Equal(r.kinds(), []hodb.CaseKind{hodb.CaseOverdrawn, hodb.CaseOverdrawn}) || len(r.Differences)+len(r.Suspense) > 0 {
			t.Errorf("sales within the limits left %+v %+v %+v", r.Cases, r.Differences, r.Suspense)
		}
		c.inOrder()

		from := one.seq() + 1
		one.sell(anna, 4000)
		c.hear(one, from)
		if m := c.report().member(t, anna); m.Balance != earned-100+40 || !slices.Equal(m.Overspent, []OverspentReport{{2, 1, 2, 9}, {1, 1, 3, 49}}) {
			t.Errorf("after 40 points: %+v", m)
		}
		from = one.seq() + 1
		one.sell(anna, 10000)
		c.hear(one, from)
		m = c.report().member(t, anna)
		if m.Balance != earned-100+140 || m.Overdrawn || len(m.Overspent) > 0 || slices.ContainsFunc(m.Lots, func(l loyalty.Lot) bool { return l.Remaining < 0 }) {
			t.Errorf("after 100 more: %+v", m)
		}
		c.inOrder()
	}
}
