package agent_test

import (
	"errors"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

const creditProgramme = `
format: 1
programme: { id: station, name: { en: Station }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
wallets: [{ id: credit, name: { en: Credit }, unit: money, redeem: {} }]
earn:
  - { id: back, wallet: credit, per: amount, rate: { value: "0.10", per: "1.00" } }
`

// What one sale gives in credit pays a part of the next; the card's PIN guards it.
func TestCreditIsEarnedAndPaysTheNextSale(t *testing.T) {
	s := newShop(t)
	s.publish(creditProgramme)
	s.ready(0)
	first := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, basket(2000)))
	if len(first.Wallets) != 1 || first.Wallets[0].Earned != 200 {
		t.Fatalf("wallets %+v", first.Wallets)
	}
	if _, err := s.commit(newKey(), s.quoted(basket(2000))); err != nil {
		t.Fatal(err)
	}
	r := basket(1000)
	r.Wallets = []loyalty.WalletAsk{{Wallet: "credit", Ask: loyalty.Ask{All: true}}}
	s.takeOut()
	s.tap()
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r)); !q.PINNeeded {
		t.Error("the till does not ask for the PIN")
	}
	_, err := s.commit(newKey(), s.quoted(r))
	refused(t, err, agent.CodePINNeeded)
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	done, err := s.commit(newKey(), s.quoted(r))
	if err != nil || done.ToPay != 800 {
		t.Fatalf("answer %+v, %v", done, err)
	}
	sold := s.entries()
	last := sold[len(sold)-1]
	if w := last.Sale.Wallets; len(w) != 1 || w[0].Redeemed != 200 || w[0].Earned != 80 || w[0].Balance != 80 {
		t.Errorf("the entry says %+v", w)
	}
	back, err := s.agent.Return(t.Context(), 1, newKey(), s.returning(agent.ReturnRequest{Sale: last.Txn.String(), All: true}))
	if err != nil || back.Refund != 800 {
		t.Fatalf("return %+v, %v", back, err)
	}
	sold = s.entries()
	if w := sold[len(sold)-1].Return.Wallets; len(w) != 1 || w[0].Taken != 80 || w[0].Back != 200 {
		t.Errorf("the return says %+v", w)
	}
	r.Wallets[0].Wallet = "gold"
	var bad *loyalty.SaleError
	if _, err := s.agent.Quote(t.Context(), 1, r); !errors.As(err, &bad) || bad.Code != loyalty.SaleWallet {
		t.Errorf("got %v", err)
	}
}
