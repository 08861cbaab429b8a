package agent_test

import (
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

func waitingBasket(amount int64) agent.Basket {
	return agent.Basket{Lines: []agent.BasketLine{{Line: loyalty.Line{SKU: "1", Name: "Milk", Category: "food", Quantity: 1000, Amount: amount}}}}
}

// The basket's id is the key of the sale that it becomes: whichever tills try, it is sold once.
func TestABasketThatWaitsIsTakenByOneTillAndSoldOnce(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	changes, stop := s.agent.Listen()
	defer stop()
	id := newKey()
	pushed := waitingBasket(1000)
	pushed.Lane, pushed.Note = 1, "order 88"
	if err := s.agent.PutBasket(t.Context(), id, pushed); err != nil {
		t.Fatal(err)
	}
	for told := false; !told; {
		e, listening := <-changes
		if !listening {
			t.Fatal("nobody was told of the basket")
		}
		all, ok := e.Data.(agent.Baskets)
		told = ok && len(all.Baskets) == 1 && all.Baskets[0].ID == id && all.Baskets[0].Lane == 1 && all.Baskets[0].Total == 1000 && all.Baskets[0].Note == "order 88"
	}
	if err := s.agent.PutBasket(t.Context(), id, pushed); err != nil { // the answer was lost
		t.Fatal(err)
	}
	for range 2 { // likewise
		got := must[agent.Basket](t)(s.agent.TakeBasket(t.Context(), id, 1))
		if len(got.Lines) != 1 || got.Lines[0].Amount != 1000 || got.Lines[0].Price != nil {
			t.Errorf("took %+v", got)
		}
	}
	refused(t, s.agent.PutBasket(t.Context(), id, pushed), agent.CodeBasketTaken)
	refused(t, s.agent.DropBasket(t.Context(), id, 0), agent.CodeBasketTaken)
	if all := must[agent.Baskets](t)(s.agent.Baskets(t.Context())); len(all.Baskets) != 1 || all.Baskets[0].Taken != 1 {
		t.Errorf("after it was taken: %+v", all)
	}
	if _, err := s.commit(id, s.quoted(basket(1000))); err != nil {
		t.Fatal(err)
	}
	for told := false; !told; { // the tills hear it
		e, listening := <-changes
		if !listening {
			t.Fatal("nobody was told of the sale")
		}
		all, ok := e.Data.(agent.Baskets)
		told = ok && len(all.Baskets) == 0
	}
	_, err := s.agent.TakeBasket(t.Context(), id, 1)
	refused(t, err, agent.CodeSaleSettled)
	refused(t, s.agent.PutBasket(t.Context(), id, pushed), agent.CodeSaleSettled)
}

func TestABasketSetAsideAtOneTillIsAnothersToTake(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	id, aside := newKey(), waitingBasket(500)
	aside.By = 1
	if err := s.agent.PutBasket(t.Context(), id, aside); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.TakeBasket(t.Context(), id, 2); err != nil {
		t.Fatal(err)
	}
	_, err := s.agent.TakeBasket(t.Context(), id, 1)
	refused(t, err, agent.CodeBasketTaken)
	refused(t, s.agent.PutBasket(t.Context(), id, aside), agent.CodeBasketTaken)
	if err := s.db.DropBasket(t.Context(), id, 2); err != nil {
		t.Fatal(err)
	}
	_, err = s.agent.TakeBasket(t.Context(), id, 1)
	refused(t, err, agent.CodeBasketUnknown)
	if err := s.agent.DropBasket(t.Context(), id, 1); err != nil {
		t.Errorf("gone already: %v", err)
	}
}

func TestWhatCouldNotBeSoldIsNoBasket(t *testing.T) {
	s := newShop(t)
	s.publish(offersProgramme)
	bad := waitingBasket(1000)
	bad.Lines[0].Quantity = 0
	if err := s.agent.PutBasket(t.Context(), newKey(), bad); err == nil {
		t.Error("a line of nothing waits")
	}
	nowhere := waitingBasket(1000)
	nowhere.Lane = 77
	refused(t, s.agent.PutBasket(t.Context(), newKey(), nowhere), agent.CodeLaneUnknown)
	for range agentdb.MaxBaskets {
		if err := s.agent.PutBasket(t.Context(), newKey(), waitingBasket(1)); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, s.agent.PutBasket(t.Context(), newKey(), waitingBasket(1)), agent.CodeBasketsFull)
	if got := s.kinds(); got != "" {
		t.Errorf("the log holds %q", got)
	}
}
