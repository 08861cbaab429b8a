package agent_test

import (
	"errors"
	"fmt"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// A firm buys on account and pays later: only the money gives points, and goods that come back take them
// along.
const accountProgramme = `
format: 1
programme: { id: builder, name: { en: Builder }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
earn:
  - { id: paid, per: tender, tenders: [cash, card], rate: { points: 1, per: "1.00" } }
returns: { earned: per_line, shortage: clamp }
`

// onAccount sells two lines, 60.00 and 40.00, on account.
func onAccount(s *shop) agent.SaleAnswer {
	s.t.Helper()
	r := agent.SaleRequest{Number: testNumber, Tenders: []loyalty.Tender{{Kind: loyalty.TenderAccount, Amount: 10_000}}, Lines: []loyalty.Line{
		{SKU: "1", Name: "Paint", Quantity: 1000, Amount: 6000}, {SKU: "2", Name: "Brush", Quantity: 1000, Amount: 4000}}}
	q := must[agent.Quote](s.t)(s.agent.Quote(s.t.Context(), 1, r))
	done := must[agent.SaleAnswer](s.t)(s.commit(newKey(), agent.CommitRequest{SaleRequest: r, Quote: q.ID}))
	if done.Earned != 0 {
		s.t.Fatalf("earned %d before anything was paid", done.Earned)
	}
	return done
}

func paying(sale string, amount int64) agent.PaymentRequest {
	return agent.PaymentRequest{Sale: sale, Tenders: []loyalty.Tender{{Kind: "cash", Amount: amount}}, Cashier: "ilze"}
}

func TestASaleOnAccountEarnsWhenItIsPaidInParts(t *testing.T) {
	s := newShop(t)
	s.publish(accountProgramme)
	sale := onAccount(s)
	key, part := newKey(), paying("1-1-1", 4000)
	first := must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), key, part))
	if first.Paid != 4000 || first.Left != 6000 || first.Earned != 40 || first.Number != "1-1-1" || first.Member != testMember {
		t.Errorf("answer %+v", first)
	}
	again := must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), key, part))
	if !again.Replayed || again.Seq != first.Seq || again.Left != 6000 || again.Earned != 40 {
		t.Errorf("again %+v", again)
	}
	_, err := s.agent.Pay(t.Context(), key, paying("1-1-1", 1))
	refused(t, err, agent.CodeKeyReused)
	_, err = s.agent.Pay(t.Context(), newKey(), paying("1-1-1", 6001))
	refused(t, err, agent.CodeTendersWrong)
	rest := must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), newKey(), paying(sale.Sale.String(), 6000)))
	if rest.Left != 0 || rest.Earned != 60 {
		t.Errorf("the rest %+v", rest)
	}
	if m := must[agent.Member](t)(s.agent.MemberByNumber(t.Context(), testNumber)); m.Balance != 100 {
		t.Errorf("balance %d", m.Balance)
	}
	if got := s.kinds(); got != "sale payment payment" {
		t.Errorf("the log holds %q", got)
	}
}

func TestGoodsThatComeBackTakeAlongWhatTheirPaymentEarned(t *testing.T) {
	s := newShop(t)
	s.publish(accountProgramme)
	onAccount(s)
	stale := s.returning(agent.ReturnRequest{Sale: "1-1-1", Lines: []loyalty.ReturnedLine{{Line: 0, Quantity: 1000}}})
	must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), newKey(), paying("1-1-1", 10_000)))
	_, err := s.agent.Return(t.Context(), 1, newKey(), stale) // shown before the money came
	refused(t, err, agent.CodeQuoteChanged)
	back := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(stale.ReturnRequest)))
	if back.Taken != 60 || back.Balance != 40 {
		t.Errorf("took %d, balance %d", back.Taken, back.Balance)
	}
}

func TestWhatWasPaidOrIsNotKnownIsNotPaid(t *testing.T) {
	s := newShop(t)
	s.publish(accountProgramme)
	must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000)))) // paid at once
	_, err := s.agent.Pay(t.Context(), newKey(), paying("1-1-1", 1))
	refused(t, err, agent.CodeTendersWrong)
	_, err = s.agent.Pay(t.Context(), newKey(), paying("1-1-7", 1))
	refused(t, err, agent.CodeSaleUnknown)
	bill := loyalty.Returnable{Store: 9, Epoch: 2, Seq: 77, Day: "2026-11-20", Programme: "", Currency: "EUR", ToPay: 900,
		Lines: []loyalty.ReturnableLine{{Quantity: 3000, Price: 900}}}
	code := must[string](t)(bill.Code(s.identity.PaperKey(9)))
	_, err = s.agent.Pay(t.Context(), newKey(), paying(code, 900))
	refused(t, err, agent.CodeSaleElsewhere)
	var bad *loyalty.SaleError
	r := paying("1-1-1", 1)
	r.Tenders[0].Kind = loyalty.TenderAccount
	if _, err = s.agent.Pay(t.Context(), newKey(), r); !errors.As(err, &bad) || bad.Code != loyalty.SaleTender {
		t.Errorf("got %v", err)
	}
	if got := s.kinds(); got != "sale" {
		t.Errorf("the log holds %q", got)
	}
}

func TestThePaymentOfASaleOnAccountOverTheAPI(t *testing.T) {
	s := newTill(t)
	s.publish(accountProgramme)
	onAccount(s.shop)
	call := func(body string) (int, map[string]any) {
		r := s.request("POST", "/v1/payments", body)
		r.Header.Set("Idempotency-Key", newKey().String())
		return s.do(r)
	}
	status, answer := call(`{"sale":"1-1-1","tenders":[{"kind":"card","amount":10000}]}`)
	if status != 201 || answer["earned"] != 100.0 || answer["left"] != 0.0 {
		t.Errorf("status %d: %v", status, answer)
	}
	if status, answer = call(`{"sale":"1-1-1","tenders":[{"kind":"card","amount":1}]}`); status != 422 || answer["code"] != "tenders_wrong" {
		t.Errorf("status %d: %v", status, answer)
	}
}

func TestMoneyForGoodsThatHaveComeBackEarnsNothing(t *testing.T) {
	s := newShop(t)
	s.publish(accountProgramme)
	onAccount(s)
	paint := agent.ReturnRequest{Sale: "1-1-1", Lines: []loyalty.ReturnedLine{{Line: 0, Quantity: 1000}}}
	must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(paint)))
	kept := must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), newKey(), paying("1-1-1", 4000)))
	if kept.Earned != 40 || kept.Left != 6000 {
		t.Errorf("for what was kept %+v", kept)
	}
	gone := must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), newKey(), paying("1-1-1", 6000)))
	if gone.Earned != 0 || gone.Left != 0 {
		t.Errorf("for what came back %+v", gone)
	}
	back := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(agent.ReturnRequest{Sale: "1-1-1", All: true})))
	if back.Taken != 40 || back.Balance != 0 {
		t.Errorf("took %d, balance %d", back.Taken, back.Balance)
	}
}

func TestTheDayCountsWhatCameInForSalesOnAccount(t *testing.T) {
	s := newShop(t)
	s.publish(accountProgramme)
	onAccount(s)
	r := paying("1-1-1", 2500)
	r.Tenders = append(r.Tenders, loyalty.Tender{Kind: loyalty.TenderCard, Amount: 1000})
	must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), newKey(), r))
	first := must[agent.CloseAnswer](t)(s.agent.CloseDay(t.Context(), 1, newKey(), "ilze")).Totals
	if got := fmt.Sprint(first.Tenders); got != "[{account 1 10000} {card 1 1000} {cash 1 2500}]" || first.Total != 10_000 || first.Sales != 1 {
		t.Errorf("the day of the sale: %s, %+v", got, first)
	}
	must[agent.PaymentAnswer](t)(s.agent.Pay(t.Context(), newKey(), paying("1-1-1", 6500)))
	next := must[agent.CloseAnswer](t)(s.agent.CloseDay(t.Context(), 1, newKey(), "ilze")).Totals
	if got := fmt.Sprint(next.Tenders); got != "[{cash 1 6500}]" || next.Total != 0 || next.Currency != "EUR" {
		t.Errorf("the day after: %s, %+v", got, next)
	}
}
