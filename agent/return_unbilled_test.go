package agent_test

import (
	"errors"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// Nobody at the till names the price: it is the lowest at which this store sold the article lately.
func TestGoodsWithoutABillComeBackAtTheLowestPriceOfTheStore(t *testing.T) {
	s := newShop(t)
	s.publish(strings.Replace(offersProgramme, "shortage: withhold", "shortage: withhold, without_bill: lowest_price", 1))
	for _, price := range []int64{300, 250, 320} {
		r := basket(price)
		r.Lines[0].SKU, r.Lines[0].Name = "4750001", "Jam"
		if _, err := s.commit(newKey(), s.quoted(r)); err != nil {
			t.Fatal(err)
		}
	}
	request := agent.ReturnRequest{Unbilled: []agent.UnbilledGoods{{SKU: "4750001", Quantity: 2000}}}
	q := must[agent.ReturnQuote](t)(s.agent.QuoteReturn(t.Context(), 1, request))
	if q.Refund != 500 || q.Taken != 0 || q.Number != "" || len(q.Lines) != 1 || q.Lines[0].Name != "Jam" || q.Lines[0].Price != 500 {
		t.Errorf("quote %+v", q)
	}
	key := newKey()
	for _, replayed := range []bool{false, true} {
		done := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, key, agent.ReturnCommit{ReturnRequest: request, Quote: q.ID}))
		if done.Refund != 500 || done.Replayed != replayed || done.Number != "" {
			t.Errorf("answer %+v", done)
		}
	}
	for range 3 {
		s.sheet(1)
	}
	if slip := strings.Join(strings.Fields(s.sheet(4)), " "); !strings.Contains(slip, "No čeka -, -") || !strings.Contains(slip, "ATMAKSA 5,00 €") {
		t.Errorf("the slip:\n%s", slip)
	}
	_, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Unbilled: []agent.UnbilledGoods{{SKU: "nobody's", Quantity: 1000}}})
	refused(t, err, agent.CodeGoodsUnknown)
	request.Sale = "1-1-1"
	_, err = s.agent.QuoteReturn(t.Context(), 1, request)
	refused(t, err, agent.CodeFieldInvalid)
}

func TestNothingComesBackWithoutABillUnlessTheProgrammeSaysSo(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	sold(s)
	_, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Unbilled: []agent.UnbilledGoods{{SKU: "2", Quantity: 1000}}})
	var bad *loyalty.SaleError
	if !errors.As(err, &bad) || bad.Code != loyalty.ReturnNoBill {
		t.Errorf("got %v", err)
	}
}

func TestAVoidUndoesAWholeSaleOfTheDayAndSaysWhy(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	sale := sold(s)
	request := agent.ReturnRequest{Sale: sale.Sale.String(), Void: loyalty.VoidedTwice}
	done := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(request)))
	if done.Refund != 1400 || done.Taken != 140 || done.Balance != 0 || done.Void != loyalty.VoidedTwice {
		t.Errorf("answer %+v", done)
	}
	s.sheet(1)
	if slip := s.sheet(2); !strings.Contains(slip, "VOID: rung up twice") {
		t.Errorf("the slip:\n%s", slip)
	}
	_, err := s.agent.QuoteReturn(t.Context(), 1, request)
	refused(t, err, agent.CodeVoidLate)

	later := sold(s)
	if _, err := s.agent.CloseDay(t.Context(), 1, newKey(), ""); err != nil {
		t.Fatal(err)
	}
	_, err = s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: later.Sale.String(), Void: loyalty.VoidedTwice})
	refused(t, err, agent.CodeVoidLate)
	if _, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: later.Sale.String(), All: true}); err != nil {
		t.Errorf("its goods may still come back: %v", err)
	}
}
