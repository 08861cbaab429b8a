package agent_test

import (
	"sync"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// meanwhileProgramme has everything that another sale can change under a doubtful one: a tier, a cap, stamps and a wallet.
const meanwhileProgramme = `
format: 1
programme: { id: busy, name: { en: Busy }, version: 3, valid_from: 2020-01-03T00:00, currency: EUR }
wallets: [{ id: credit, name: { en: Credit }, unit: money, redeem: {} }]
tiers: [{ id: plain, name: { en: Plain } }, { id: gold, name: { en: Gold }, from: "25.00" }]
ladder: { by: spend, over: rolling, months: 12 }
earn:
  - { id: base, per: amount, rate: { points: 1, per: "1.00" }, cap: { day: 25 } }
  - { id: golden, bonus: 40, when: { tiers: [gold] } }
  - { id: first, bonus: 5, when: { purchase: 1 } }
  - { id: back, wallet: credit, per: amount, rate: { value: "0.10", per: "1.00" } }
stamps: [{ id: bills, name: { en: Bills }, per: sale, buy: 2, points: 15 }]
redeem: { point_value: { points: 1, value: "0.01" } }
`

// The card is torn out after it has paid, the member buys by number, and the card comes back: the sale is what it is after the other one.
func TestASaleFinishedLaterCountsWhatTheMemberDidMeanwhile(t *testing.T) {
	s := newShop(t)
	s.publish(meanwhileProgramme)
	s.ready(300)
	key := s.torn() // 10.00, of which 2.00 in points
	other := basket(2600)
	other.Number = testNumber
	if _, err := s.commit(newKey(), s.quoted(other)); err != nil {
		t.Fatal(err)
	}
	s.tap()
	done, err := s.agent.Sale(t.Context(), key)
	if err != nil || done.Redeemed != 200 {
		t.Fatalf("%+v, %v", done, err)
	}
	late := s.last().Sale
	if late.Earned != 40+15 {
		t.Errorf("gold is reached, the card full, the day's cap used up and a purchase made before: the sale gives %d, %+v", late.Earned, late.Why)
	}
	if w := late.Wallets; len(w) != 1 || w[0].Balance != 260+80 {
		t.Errorf("the wallet holds %+v", w)
	}
	s.headOfficeAgrees(meanwhileProgramme)
}

// Two tills sell to one member at the same moment: whichever comes second counts the first.
func TestTwoTillsAtOnceCountOneAnother(t *testing.T) {
	s := newShop(t)
	s.publish(meanwhileProgramme)
	r := basket(2600)
	r.Number = testNumber
	request := s.quoted(r)
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.commit(newKey(), request) })
	}
	wg.Wait()
	sold := 0
	for _, err := range errs {
		if err == nil {
			sold++
			continue
		}
		refused(t, err, agent.CodeQuoteChanged) // it would have been shown less
	}
	if sold != 1 {
		t.Errorf("%d of four sales were the first purchase", sold)
	}
	s.headOfficeAgrees(meanwhileProgramme)
}

func (s *shop) last() *loyalty.Entry {
	s.t.Helper()
	all := s.entries()
	return all[len(all)-1]
}

// headOfficeAgrees judges every sale of the test's member again from the ones before it.
func (s *shop) headOfficeAgrees(document string) {
	s.t.Helper()
	p := must[*loyalty.Programme](s.t)(loyalty.Compile([]byte(document)))
	record, lots := loyalty.Record{}, []loyalty.Lot{}
	for _, e := range s.entries() {
		if e.Sale == nil {
			continue
		}
		state := loyalty.MemberState{ID: e.Member, Lots: lots}
		if err := p.Recall(&state, &record, e.Day); err != nil {
			s.t.Fatal(err)
		}
		body := *e.Sale
		body.History, body.Standing = state.History, state.Standing
		told := *e
		told.Sale = &body
		ours, found, err := p.Requote(&told, "", e.Sale.Available)
		if err != nil || len(found) > 0 {
			s.t.Errorf("head office finds in entry %d %v, %v", e.Seq, found, err)
		}
		record.Add(loyalty.StepOf(&ours))
		lots = loyalty.Apply(lots, ours.Moves, e.Member)
	}
}
