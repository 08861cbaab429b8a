package agent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
)

const inAdvance = "limits: { floor: { member_day: 150, store_day: 1000, hours: 24, advance: true } }\n"

// advancing is a shop whose programme gives points in advance, with 100 points on the card and its PIN entered.
func advancing(t *testing.T, limits string) *shop {
	t.Helper()
	s := newShop(t)
	s.headOffice(agentdb.Change{Programme: compiled(t, limited(limits))})
	s.ready(100)
	return s
}

// earn sells to whoever tapped.
func (s *shop) earn(cents int64) {
	s.t.Helper()
	must[agent.SaleAnswer](s.t)(s.commit(newKey(), s.quoted(basket(cents))))
}

// upload has the uplink take all that there is: from now on head office may know.
func (s *shop) upload() {
	s.t.Helper()
	if _, err := s.db.Outgoing(s.t.Context(), 1, 1000, 1<<20); err != nil {
		s.t.Fatal(err)
	}
}

func TestPointsOfThisMorningPayHereBesideTheCardBeforeHeadOfficeHasHeardOfThem(t *testing.T) {
	s := advancing(t, inAdvance)
	s.earn(2000) // 200 points
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 220)))
	if q.Available != 250 || q.Redeem.Points != 220 || q.Advance != 120 {
		t.Fatalf("of 100 on the card and 150 a day: available %d, taken %d, in advance %d", q.Available, q.Redeem.Points, q.Advance)
	}
	done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(redeeming(1000, 220))))
	if done.Redeemed != 220 || done.Advance != 120 || done.Balance != 158 {
		t.Errorf("answer %+v", done)
	}
	s.check(0, "load sale sale")
	e := s.entries()[2]
	if a := e.Sale.Advance; a == nil || *a != (loyalty.Advance{Available: 150, Points: 120, Since: 2}) || e.Card.Amount != 100 {
		t.Errorf("the entry says %+v, the card %+v", a, e.Card)
	}
	if paper := strings.Join(strings.Fields(s.sheet(2)), " "); !strings.Contains(paper, "not on the card yet: 120") {
		t.Errorf("the receipt does not tell:\n%s", paper)
	}
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 220))); q.Available != 30 {
		t.Errorf("afterwards %d: the floor limit of the day leaves 30", q.Available)
	}
}

func TestAnEmptyPurseNeedsNoDebitButThePIN(t *testing.T) {
	s := newShop(t)
	s.headOffice(agentdb.Change{Programme: compiled(t, limited(inAdvance))})
	s.tap()
	s.earn(1000)
	request := s.quoted(redeeming(1000, 100))
	_, err := s.commit(newKey(), request)
	refused(t, err, agent.CodePINNeeded)
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	must[agent.SaleAnswer](t)(s.commit(newKey(), request))
	s.check(0, "sale sale")
	if e := s.entries()[1]; e.Card != nil || e.Sale.AdvancePoints() != 100 {
		t.Errorf("card %+v, in advance %+v", e.Card, e.Sale.Advance)
	}
}

func TestWithoutThePolicyThePurseIsAllThatCanBeSpent(t *testing.T) {
	for name, limits := range map[string]string{"no floor limits": "", "no advance": strings.Replace(inAdvance, ", advance: true", "", 1)} {
		t.Run(name, func(t *testing.T) {
			s := advancing(t, limits)
			s.earn(2000)
			if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 220))); q.Available != 100 || q.Redeem.Points != 100 || q.Advance != 0 {
				t.Errorf("available %d, taken %d, in advance %d", q.Available, q.Redeem.Points, q.Advance)
			}
			must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(redeeming(1000, 100))))
			if e := s.entries()[2]; e.Sale.Advance != nil {
				t.Errorf("the entry says %+v", e.Sale.Advance)
			}
		})
	}
}

func TestWhatWasUploadedMeanwhileIsNotGivenInAdvance(t *testing.T) {
	s := advancing(t, inAdvance)
	s.earn(2000)
	request := s.quoted(redeeming(1000, 220))
	s.upload()
	_, err := s.commit(newKey(), request)
	refused(t, err, agent.CodeQuoteChanged)
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 220))); q.Available != 100 || q.Advance != 0 {
		t.Errorf("available %d, in advance %d", q.Available, q.Advance)
	}
	s.check(100, "load sale")
}

// A card is torn away after it has paid its part. At the next tap the sale goes through, unless the points for the other part were
// uploaded meanwhile: then the card gets its own back.
func TestATornCardWithAnAdvanceComesBack(t *testing.T) {
	for _, row := range []struct {
		what   string
		upload bool
		purse  uint32
		kinds  string
	}{
		{"before the upload", false, 0, "load sale sale"},
		{"after it", true, 100, "load sale cancel journal"},
	} {
		t.Run(row.what, func(t *testing.T) {
			s := advancing(t, inAdvance)
			s.earn(2000)
			key, request := newKey(), s.quoted(redeeming(1000, 220))
			s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
			_, err := s.commit(key, request)
			refused(t, err, agent.CodeCardTapAgain)
			if row.upload {
				s.upload()
			}
			s.restart(s.lane)
			s.tap()
			s.check(row.purse, row.kinds)
			if last := s.entries()[2]; last.Sale != nil && last.Sale.AdvancePoints() != 120 {
				t.Errorf("in advance %+v", last.Sale.Advance)
			}
		})
	}
}

func TestAnUploadWhileTheCardPaysGivesTheCardItsPointsBack(t *testing.T) {
	s := advancing(t, inAdvance)
	s.earn(2000)
	request := s.quoted(redeeming(1000, 220))
	s.fault(cardsim.Fault{Kind: cardsim.Slow, INS: insDebit, DelayMS: 60_000, Sticky: true}) // until it is cleared
	answered := make(chan error, 1)
	go func() {
		_, err := s.commit(newKey(), request)
		answered <- err
	}()
	s.untilIntent()
	s.upload()
	s.slot.Contacts.ClearFault()
	refused(t, <-answered, agent.CodeAdvanceGone)
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 220))); q.Available != 100 {
		t.Errorf("available %d", q.Available)
	}
	s.check(100, "load sale cancel")
}

// untilIntent waits until a sale asks its card to pay.
func (s *shop) untilIntent() {
	s.t.Helper()
	deadline := time.Now().Add(wait)
	for len(s.debits()) == 0 {
		if time.Now().After(deadline) {
			s.t.Fatal("no sale asks its card")
		}
	}
}

// What a member owes, because another store's sale came to be known, is not given in advance.
func TestWhatAMemberOwesIsNotGivenInAdvance(t *testing.T) {
	s := advancing(t, inAdvance)
	s.earn(1200)
	m := s.member(40) // head office: 40 in all, while the card still has 100
	s.headOffice(agentdb.Change{Member: m})
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 220))); q.Available != 160 {
		t.Errorf("100 on the card, 120 given here, 60 owed: available %d", q.Available)
	}
}

func TestTwoSalesNeverTakeTheSamePointsInAdvance(t *testing.T) {
	s := advancing(t, strings.Replace(inAdvance, "150", "1000", 1))
	s.earn(1000)
	first, second := s.quoted(redeeming(2000, 150)), s.quoted(redeeming(2000, 200))
	must[agent.SaleAnswer](t)(s.commit(newKey(), first))
	_, err := s.commit(newKey(), second)
	refused(t, err, agent.CodeQuoteChanged)
	if all := s.entries(); slices.ContainsFunc(all[3:], func(e *loyalty.Entry) bool { return e.Kind == loyalty.KindSale }) {
		t.Errorf("the log holds %s", s.kinds())
	}
}

// A sale at another till waits for its card, which is the member's second.
func TestWhatAnotherSaleHoldsIsNotGivenInAdvance(t *testing.T) {
	s := advancing(t, strings.Replace(inAdvance, "150", "1000", 1))
	s.earn(2000)
	day := s.identity.Calendar().BusinessDay(time.Now())
	if err := s.db.OpenIntent(t.Context(), agentdb.Intent{Txn: newKey(), Card: loyalty.CardID{7: 2}, Amount: 10, Unlock: agentdb.Unlock{1}, Lane: 2,
		Request: []byte("{}"), Advance: agentdb.AdvanceUse{Member: testMember, Day: day, Points: 120}}); err != nil {
		t.Fatal(err)
	}
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 220))); q.Available != 180 {
		t.Errorf("100 on the card, 200 given here, 120 held: available %d", q.Available)
	}
}
