package agent_test

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// sold is a bill of two lines that a member has paid: 10.00 and 4.00, 140 points.
func sold(s *shop) agent.SaleAnswer {
	s.t.Helper()
	r := basket(1000)
	r.Lines = append(r.Lines, loyalty.Line{SKU: "2", Name: "Jam", Category: "food", Quantity: 2000, Amount: 400})
	r.Number = testNumber
	return must[agent.SaleAnswer](s.t)(s.commit(newKey(), s.quoted(r)))
}

func (s *shop) returning(r agent.ReturnRequest) agent.ReturnCommit {
	s.t.Helper()
	q := must[agent.ReturnQuote](s.t)(s.agent.QuoteReturn(s.t.Context(), 1, r))
	return agent.ReturnCommit{ReturnRequest: r, Quote: q.ID}
}

func TestGoodsComeBackOnceHoweverOftenTheKeyIsSent(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	sale := sold(s)
	look := must[agent.ReturnQuote](t)(s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: "1-1-1"}))
	if look.ID != "" || len(look.Lines) != 2 || look.Lines[1].Name != "Jam" || look.Lines[1].Left != 2000 || look.Balance != 140 {
		t.Errorf("the sale: %+v", look)
	}
	request := s.returning(agent.ReturnRequest{Sale: sale.Sale.String(), Lines: []loyalty.ReturnedLine{{Line: 1, Quantity: 1000}}, Cashier: "ilze"})
	key := newKey()
	first, err := s.agent.Return(t.Context(), 1, key, request)
	if err != nil || first.Refund != 200 || first.Taken != 20 || first.Balance != 120 || first.Number != "1-1-1" {
		t.Fatalf("answer %+v, %v", first, err)
	}
	again, err := s.agent.Return(t.Context(), 1, key, request)
	if err != nil || !again.Replayed || again.Seq != first.Seq || again.Refund != 200 || again.Balance != 120 {
		t.Errorf("again %+v, %v", again, err)
	}
	_, err = s.agent.Return(t.Context(), 1, newKey(), request) // shown before the first came back
	refused(t, err, agent.CodeQuoteChanged)
	other := request
	other.Cashier = "anna"
	_, err = s.agent.Return(t.Context(), 1, key, other)
	refused(t, err, agent.CodeKeyReused)

	rest := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(agent.ReturnRequest{Sale: "1-1-1", All: true})))
	if rest.Refund != 1200 || rest.Taken != 120 || rest.Balance != 0 {
		t.Errorf("the rest: %+v", rest)
	}
	if _, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: "1-1-1", All: true}); err == nil {
		t.Error("nothing was left, and it came back")
	}
	s.sheet(1)
	slip := strings.Join(strings.Fields(s.sheet(2)), " ")
	for _, want := range []string{"RETURN", "From receipt 1-1-1", "Jam 2.00", "REFUND €2.00", "Points taken back: 20", "Points balance 120", "Customer’s signature"} {
		if !strings.Contains(slip, want) {
			t.Errorf("the slip lacks %q:\n%s", want, slip)
		}
	}
	closed := must[agent.CloseAnswer](t)(s.agent.CloseDay(t.Context(), 1, newKey(), "ilze"))
	want := loyalty.ReturnTotals{Count: 2, Money: 1400, Refund: 1400, Taken: 140}
	if got := closed.Totals.Returned; got == nil || *got != want {
		t.Errorf("totals %+v", got)
	}
	if got := s.kinds(); got != "sale return return close" {
		t.Errorf("the log holds %q", got)
	}
}

func TestPointsThatAreGoneAreSettledAsTheProgrammeSays(t *testing.T) {
	for shortage, want := range map[string]agent.ReturnFigures{
		"clamp":    {Money: 1400, Refund: 1400, Owed: 140, Taken: 40, Short: 100},
		"negative": {Money: 1400, Refund: 1400, Owed: 140, Taken: 140},
		"withhold": {Money: 1400, Withheld: 100, Refund: 1300, Owed: 140, Taken: 40, Short: 100},
	} {
		t.Run(shortage, func(t *testing.T) {
			s := newShop(t)
			s.publish(strings.Replace(offersProgramme, "shortage: withhold", "shortage: "+shortage, 1))
			sale := sold(s)
			spend := basket(101)
			spend.Number, spend.Redeem = testNumber, &loyalty.Ask{Points: 100}
			if _, err := s.commit(newKey(), s.quoted(spend)); err != nil {
				t.Fatal(err)
			}
			q := must[agent.ReturnQuote](t)(s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: sale.Sale.String(), All: true}))
			got := q.ReturnFigures
			got.Why = nil
			if got.Money != want.Money || got.Withheld != want.Withheld || got.Refund != want.Refund || got.Owed != want.Owed || got.Taken != want.Taken || got.Short != want.Short {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if string(q.Shortage) != shortage {
				t.Errorf("policy %s", q.Shortage)
			}
		})
	}
}

func TestABillOfAnotherStoreIsTakenBack(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	bill := loyalty.Returnable{Store: 9, Epoch: 2, Seq: 77, Day: "2026-11-20", Programme: strings.Repeat("ab", 32), Currency: "EUR", ToPay: 900,
		Lines: []loyalty.ReturnableLine{{Quantity: 3000, Price: 900}}}
	code := must[string](t)(bill.Code(s.identity.PaperKey(9)))
	request := s.returning(agent.ReturnRequest{Sale: code, Lines: []loyalty.ReturnedLine{{Line: 0, Quantity: 1000}}})
	done := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), request))
	if done.Refund != 300 || done.Number != "9-2-77" {
		t.Errorf("answer %+v", done)
	}
	look := must[agent.ReturnQuote](t)(s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: code}))
	if look.Lines[0].Left != 2000 {
		t.Errorf("left %d", look.Lines[0].Left)
	}
	if slip := s.sheet(1); !strings.Contains(slip, "9-2-77") {
		t.Errorf("the slip:\n%s", slip)
	}
	forged := must[string](t)(bill.Code(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))))
	_, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: forged})
	refused(t, err, agent.CodeBillUnreadable)
	for _, nobodys := range []string{"1-1-1", "9-2-77", newKey().String(), "milk"} {
		_, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: nobodys})
		refused(t, err, agent.CodeSaleUnknown)
	}
}

// A backup was restored and sold on: under one number of the earlier life stood a sale that head office has, and one that this log told
// again once the fork was decided.
func TestABillOfEitherBranchOfAForkGetsItsOwnSaleBack(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	sold(s)
	p, was := must[*loyalty.Programme](t)(loyalty.Compile([]byte(offersProgramme))), loyalty.EntryRef{Store: 1, Epoch: 7, Seq: 44}
	again := must[agentdb.Committed](t)(s.db.Append(t.Context(), agentdb.Commit{Txn: newKey(), Build: func(h loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
		in := loyalty.QuoteInput{Place: loyalty.Place{Store: h.Store, Lane: 1, At: h.At, Day: h.Day}, Sale: loyalty.Sale{Lines: basket(500).Lines,
			Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 500}}}}
		h.Lane = 1
		q, err := p.Quote(in)
		if err != nil {
			return loyalty.Entry{}, err
		}
		e, err := p.Post(q, in, h)
		e.Was = &was
		return e, err
	}}))
	kept := must[loyalty.Returnable](t)(loyalty.ReturnableOf(&again.Entry))
	kept.Epoch, kept.Seq = was.Epoch, was.Seq // as its bill was printed
	lost := kept
	lost.ToPay, lost.Lines = 900, []loyalty.ReturnableLine{{Quantity: 3000, Price: 900}}
	for number, bill := range map[string]loyalty.Returnable{"1-1-2": kept, "1-7-44": lost} {
		code := must[string](t)(bill.Code(s.identity.PaperKey(1)))
		done := must[agent.ReturnAnswer](t)(s.agent.Return(t.Context(), 1, newKey(), s.returning(agent.ReturnRequest{Sale: code, All: true})))
		if done.Refund != bill.ToPay || done.Number != number {
			t.Errorf("bill of %d cents: %+v", bill.ToPay, done)
		}
		if _, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: code, All: true}); err == nil {
			t.Errorf("bill of %d cents: it came back twice", bill.ToPay)
		}
	}
	_, err := s.agent.QuoteReturn(t.Context(), 1, agent.ReturnRequest{Sale: "1-7-44"}) // which of the two, the number alone does not say
	refused(t, err, agent.CodeSaleUnknown)
}
