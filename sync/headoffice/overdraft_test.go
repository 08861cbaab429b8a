package headoffice

import (
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// spentTwice is Anna, who has 300 points and spends 200 in each of two stores that hear of nobody. A third store gave her 200 before
// that and tells it last.
type spentTwice struct {
	*centre
	one, two, three *box
	anna            loyalty.MemberID
}

func newSpentTwice(t *testing.T, floor string) *spentTwice {
	t.Helper()
	c := newCentre(t)
	p := c.publishText(strings.Replace(risking, "hours: 24", "hours: 24"+floor, 1))
	s := &spentTwice{centre: c, one: c.enrol(1, p), two: c.enrol(2, p), three: c.enrol(3, p)}
	for _, b := range []*box{s.one, s.two, s.three} {
		b.open()
	}
	s.anna = c.member("6034000000000018")
	s.three.sell(s.anna, 20000)
	s.one.sell(s.anna, 30000)
	c.hear(s.one, 1)
	s.one.away(s.anna, 300)
	s.two.away(s.anna, 300)
	return s
}

// tell has the two stores tell what they did, in either order.
func (s *spentTwice) tell(secondFirst bool) {
	if secondFirst {
		s.hear(s.two, 1)
	}
	s.hear(s.one, 2)
	if !secondFirst {
		s.hear(s.two, 1)
	}
}

func (s *spentTwice) overdrafts() OverdraftReport {
	s.t.Helper()
	r, err := s.office.overdraftReport(s.t.Context(), none{})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *spentTwice) wantOverdrafts(want OverdraftReport) {
	s.t.Helper()
	if got := s.overdrafts(); got.All != want.All || !slices.Equal(got.Stores, want.Stores) {
		s.t.Errorf("overdrafts %+v, want %+v", got, want)
	}
	s.inOrder()
}

// Where the programme has the chain bear it, Anna owes nothing, each store is charged what it let her spend that she did not have, and
// when it turns out that she had it, nothing is left of that. Whoever tells first.
func TestTheChainBearsWhatWasSpentTwiceAndChargesTheStoreOnBothEngines(t *testing.T) {
	for _, secondFirst := range []bool{false, true} {
		s := newSpentTwice(t, ", bears: chain")
		s.tell(secondFirst)
		s.wantOverdrafts(OverdraftReport{All: OverdraftRow{Sales: 2, Points: 98, Borne: 98, Redeems: 4, PerMillion: 500_000}, Stores: []OverdraftRow{
			{Store: 1, Sales: 1, Points: 49, Borne: 49, Redeems: 2, PerMillion: 500_000}, {Store: 2, Sales: 1, Points: 49, Borne: 49, Redeems: 2, PerMillion: 500_000}}})
		r := s.report()
		m := r.member(t, s.anna)
		if m.Overdrawn || m.Balance < 0 || loyalty.Deficit(m.Lots) != 0 || len(m.Overspent) > 0 {
			t.Errorf("she owes nothing: %+v", m)
		}
		for i, store := range r.Stores[:2] {
			if store.Accounts[hodb.Overdrawn] != -49 {
				t.Errorf("store %d is charged %d", i+1, store.Accounts[hodb.Overdrawn])
			}
		}
		if !slices.Equal(r.kinds(), []hodb.CaseKind{hodb.CaseOverdrawn, hodb.CaseOverdrawn}) || r.Cases[0].Note != "lane 1: 49 points that member 1 did not have; the chain bears them" {
			t.Errorf("cases %+v", r.Cases)
		}

		s.hear(s.three, 1)
		s.wantOverdrafts(OverdraftReport{All: OverdraftRow{Redeems: 4}, Stores: []OverdraftRow{{Store: 1, Redeems: 2}, {Store: 2, Redeems: 2}}})
		r = s.report()
		if m := r.member(t, s.anna); m.Balance < 100 || m.Overdrawn {
			t.Errorf("she had the points all the time: %+v", m)
		}
		if len(r.Cases) > 0 || r.Stores[0].Accounts[hodb.Overdrawn]+r.Stores[1].Accounts[hodb.Overdrawn] != 0 {
			t.Errorf("cases %+v, accounts %+v", r.Cases, r.Accounts)
		}
	}
}

// Where the member bears it, it stays his deficit; where the programme says so his cards are blocked, until a person has settled
// every case.
func TestWhoSpendsPointsTwiceIsBlockedUntilTheCasesAreSettledOnBothEngines(t *testing.T) {
	s := newSpentTwice(t, ", block: true")
	card := s.forgeCard(s.anna, "6034000000000018")
	s.tell(false)
	s.wantOverdrafts(OverdraftReport{All: OverdraftRow{Sales: 2, Points: 98, Redeems: 4, PerMillion: 500_000}, Stores: []OverdraftRow{
		{Store: 1, Sales: 1, Points: 49, Redeems: 2, PerMillion: 500_000}, {Store: 2, Sales: 1, Points: 49, Redeems: 2, PerMillion: 500_000}}})
	blocked := func() string {
		t.Helper()
		m := s.report().member(t, s.anna)
		if loyalty.Deficit(m.Lots) == 0 {
			t.Errorf("the deficit has disappeared: %+v", m)
		}
		i := slices.IndexFunc(m.Cards, func(c CardReport) bool { return c.ID == card.id })
		return m.Cards[i].Blocked
	}
	for _, store := range []loyalty.StoreID{1, 2} {
		if why := blocked(); why != reasonOverdrawn {
			t.Errorf("before case 1 of store %d is settled: blocked %q", store, why)
		}
		if _, err := s.office.settleCase(t.Context(), settleInput{store, 1, "she came by"}); err != nil {
			t.Fatal(err)
		}
	}
	if why := blocked(); why != "" {
		t.Errorf("all cases are settled: blocked %q", why)
	}
	s.inOrder()
}
