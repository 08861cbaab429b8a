package agent_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/firmware-sim/cardsim"
)

const cardsProgramme = `
format: 1
programme: { id: cards, name: { en: Cards }, version: 4, valid_from: 2020-01-04T00:00, currency: EUR }
earn:
  - { id: base, per: amount, rate: { points: 10, per: "1.00" }, steps: proportional }
redeem: { point_value: { points: 1, value: "0.01" } }
gift_cards:
  - { id: gift, name: { en: Gift card }, from: "5.00", to: "100.00", top_up: true, expiry: { months: 12 } }
returns: { shortage: withhold }
expiry: { months: 12 }
`

// noSale checks that the rules refused something with a code.
func noSale(t testing.TB, err error, field, code string) {
	t.Helper()
	var bad *loyalty.SaleError
	if !errors.As(err, &bad) || bad.Code != code || bad.Field != field {
		t.Errorf("got %v, want %s of %s", err, code, field)
	}
}

// paperSays checks a sheet.
func (s *shop) paperSays(n int, want string) {
	s.t.Helper()
	if paper := s.sheet(n); !strings.Contains(paper, want) {
		s.t.Errorf("the receipt lacks %q:\n%s", want, paper)
	}
}

func cardLine(serial string, amount int64) agent.SaleRequest {
	return agent.SaleRequest{Lines: []loyalty.Line{{SKU: "gc", Name: "Gift card", Quantity: 1000, Amount: amount, GiftCard: &loyalty.GiftCardLine{Kind: "gift", Serial: serial}}}}
}

// payingWith is goods paid with a card, and cash for what is left.
func (s *shop) payingWith(serial string, price, part int64) agent.CommitRequest {
	s.t.Helper()
	r := basket(price)
	r.Tenders = []loyalty.Tender{{Kind: loyalty.TenderGiftCard, Amount: part, Serial: serial}}
	q := must[agent.Quote](s.t)(s.agent.Quote(s.t.Context(), 1, r))
	if price > part {
		r.Tenders = append(r.Tenders, loyalty.Tender{Kind: loyalty.TenderCash, Amount: price - part})
	}
	return agent.CommitRequest{SaleRequest: r, Quote: q.ID}
}

func TestAGiftCardIsSoldPaysInPartsAndGetsItsMoneyBack(t *testing.T) {
	s := newShop(t)
	s.publish(cardsProgramme)
	r := basket(1000)
	r.GiftCards = []agent.GiftCard{{Serial: "G1"}}
	_, err := s.agent.Quote(t.Context(), 1, r)
	noSale(t, err, "gift_cards[0].serial", loyalty.GiftCardUnknown)
	r.GiftCards, r.Tenders = nil, []loyalty.Tender{{Kind: loyalty.TenderGiftCard, Amount: 100, Serial: "G1"}}
	_, err = s.agent.Quote(t.Context(), 1, r)
	noSale(t, err, "tenders[0].serial", loyalty.GiftCardUnknown)

	done, err := s.commit(newKey(), s.quoted(cardLine("G1", 2000)))
	if err != nil || len(done.GiftCardsSold) != 1 || done.GiftCardsSold[0].Balance != 2000 {
		t.Fatalf("sold: %+v, %v", done, err)
	}
	part, err := s.commit(newKey(), s.payingWith("G1", 1500, 1200))
	if err != nil || len(part.GiftCards) != 1 || part.GiftCards[0] != (agent.GiftCardLeft{Serial: "G1", Paid: 1200, Left: 800}) {
		t.Fatalf("part: %+v, %v", part, err)
	}
	r.Tenders[0].Amount = 801
	_, err = s.agent.Quote(t.Context(), 1, r)
	noSale(t, err, "tenders[0]", loyalty.GiftCardTooLittle)
	if done, err = s.commit(newKey(), s.payingWith("G1", 800, 800)); err != nil || done.GiftCards[0].Left != 0 {
		t.Fatalf("rest: %+v, %v", done, err)
	}
	back, err := s.agent.Return(t.Context(), 1, newKey(), s.returning(agent.ReturnRequest{Sale: part.Sale.String(), All: true}))
	if err != nil || back.Refund != 1500 {
		t.Fatalf("return: %+v, %v", back, err)
	}
	s.restart(s.lane)
	r.Tenders, r.GiftCards = nil, []agent.GiftCard{{Serial: "G1"}}
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r)); len(q.GiftCards) != 1 || q.GiftCards[0].Max != 1000 || q.GiftCards[0].Left != 1200 {
		t.Errorf("on the card: %+v", q.GiftCards)
	}
	s.sound()
}

func TestOfTwoLanesThatTakeTheSameCardOneIsRefused(t *testing.T) {
	s := newShop(t)
	s.publish(cardsProgramme)
	if _, err := s.commit(newKey(), s.quoted(cardLine("G1", 1000))); err != nil {
		t.Fatal(err)
	}
	request := s.payingWith("G1", 700, 700)
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		group.Go(func() { _, errs[i] = s.commit(newKey(), request) })
	}
	group.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("both or none: %v", errs)
	}
	noSale(t, errors.Join(errs...), "tenders[0]", loyalty.GiftCardTooLittle)
	s.sound()
}

func TestASaleThatWaitsForItsPurseHoldsTheGiftCard(t *testing.T) {
	s := newShop(t)
	s.publish(cardsProgramme)
	if _, err := s.commit(newKey(), s.quoted(cardLine("G1", 1000))); err != nil {
		t.Fatal(err)
	}
	s.ready(300)
	r := redeeming(1000, 300)
	r.Tenders = []loyalty.Tender{{Kind: loyalty.TenderGiftCard, Amount: 700, Serial: "G1"}}
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r))
	s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
	key := newKey()
	_, err := s.commit(key, agent.CommitRequest{SaleRequest: r, Quote: q.ID})
	refused(t, err, agent.CodeCardTapAgain)
	other := basket(1000)
	other.Number, other.GiftCards = testNumber, []agent.GiftCard{{Serial: "G1"}}
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, other)); q.GiftCards[0].Max != 300 {
		t.Errorf("meanwhile: %+v", q.GiftCards)
	}
	s.tap()
	done, err := s.agent.Sale(t.Context(), key)
	if err != nil || len(done.GiftCards) != 1 || done.GiftCards[0].Left != 300 {
		t.Errorf("after the tap: %+v, %v", done, err)
	}
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, other)); q.GiftCards[0].Max != 300 {
		t.Errorf("afterwards: %+v", q.GiftCards)
	}
	s.sound()
}

func TestACardThatWasUsedDoesNotComeBackAndOneOnAccountDoesNotPay(t *testing.T) {
	s := newShop(t)
	s.publish(cardsProgramme)
	sold, err := s.commit(newKey(), s.quoted(cardLine("G1", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	give := agent.ReturnRequest{Sale: sold.Sale.String(), All: true}
	early := s.returning(give)
	if _, err := s.commit(newKey(), s.payingWith("G1", 100, 100)); err != nil {
		t.Fatal(err)
	}
	_, err = s.agent.Return(t.Context(), 1, newKey(), early)
	noSale(t, err, "lines[0]", loyalty.GiftCardSpent)

	if sold, err = s.commit(newKey(), s.quoted(cardLine("G2", 1000))); err != nil {
		t.Fatal(err)
	}
	give.Sale = sold.Sale.String()
	if _, err := s.agent.Return(t.Context(), 1, newKey(), s.returning(give)); err != nil {
		t.Fatal(err)
	}
	later := s.quoted(cardLine("G3", 1000))
	later.Tenders[0].Kind = loyalty.TenderAccount
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, later.SaleRequest))
	later.Quote = q.ID
	if _, err := s.commit(newKey(), later); err != nil {
		t.Fatal(err)
	}
	for _, serial := range []string{"G2", "G3"} {
		r := basket(1000)
		r.Tenders = []loyalty.Tender{{Kind: loyalty.TenderGiftCard, Amount: 100, Serial: serial}}
		_, err := s.agent.Quote(t.Context(), 1, r)
		noSale(t, err, "tenders[0]", loyalty.GiftCardInactive)
	}
	s.sound()
}

func TestTheTillSeesWhatIsOnACardAndWhyItPaysNothing(t *testing.T) {
	s := newShop(t)
	s.publish(cardsProgramme)
	kinds := must[[]agent.GiftCardKind](t)(s.agent.GiftCardKinds(t.Context(), "en"))
	if len(kinds) != 1 || kinds[0].From != 500 || kinds[0].To != 10000 || !kinds[0].TopUp || kinds[0].Name != "Gift card" {
		t.Errorf("kinds %+v", kinds)
	}
	_, err := s.agent.GiftCardBySerial(t.Context(), "en", "G1")
	noSale(t, err, "serial", loyalty.GiftCardUnknown)
	if _, err := s.commit(newKey(), s.quoted(cardLine("G1", 1000))); err != nil {
		t.Fatal(err)
	}
	if c := must[agent.GiftCardState](t)(s.agent.GiftCardBySerial(t.Context(), "en", "G1")); c.Balance != 1000 || c.Code != "" || c.Expires == "" {
		t.Errorf("sold: %+v", c)
	}
	if _, err := s.commit(newKey(), s.payingWith("G1", 1000, 1000)); err != nil {
		t.Fatal(err)
	}
	if c := must[agent.GiftCardState](t)(s.agent.GiftCardBySerial(t.Context(), "en", "G1")); c.Balance != 0 || c.Code != "gift_card_too_little" {
		t.Errorf("spent: %+v", c)
	}
	later := s.quoted(cardLine("G2", 1000))
	later.Tenders[0].Kind = loyalty.TenderAccount
	later.Quote = must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, later.SaleRequest)).ID
	if _, err := s.commit(newKey(), later); err != nil {
		t.Fatal(err)
	}
	if c := must[agent.GiftCardState](t)(s.agent.GiftCardBySerial(t.Context(), "en", "G2")); c.Code != "gift_card_inactive" {
		t.Errorf("not paid: %+v", c)
	}
}
