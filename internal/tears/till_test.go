package tears

import (
	"context"
	"errors"
	"slices"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

const (
	numberAmount = 700 // cents that a member without a card pays

	attempts  = 4 // how often a customer presents the card before he walks away
	laneLimit = time.Minute
)

// hears waits until a lane says that its card has come to one of the states, be it for a moment.
func (l *life) hears(n loyalty.LaneID, phases ...agent.CardPhase) agent.CardPhase {
	l.rig.t.Helper()
	limit := time.NewTimer(laneLimit)
	defer limit.Stop()
	for {
		select {
		case e := <-l.changes:
			if state, ok := e.Data.(agent.LaneState); ok && state.Lane == n && slices.Contains(phases, state.Card.State) {
				return state.Card.State
			}
		case <-limit.C:
			l.rig.t.Fatalf("lane %d does not come to %v: %+v", n, phases, l.agent.Lanes())
		}
	}
}

// forget skips what lanes were before.
func (l *life) forget() {
	for {
		select {
		case <-l.changes:
		default:
			return
		}
	}
}

// tap presents the card at a lane; false when that came to nothing.
func (l *life) tap(n loyalty.LaneID) bool {
	t := l.rig.t
	t.Helper()
	l.away(n)
	l.forget()
	in, err := l.card.insert(context.Background(), l.rig.links[n])
	check(t, err)
	l.in = in
	return l.hears(n, agent.CardReady, agent.CardRefused) == agent.CardReady
}

// away takes the card out of whatever reader it is in and waits until lane n has seen an empty reader.
func (l *life) away(n loyalty.LaneID) {
	l.takeOut()
	// What the lane says may be of earlier; that it is empty lasts.
	for must[agent.LaneState](l.rig.t)(l.agent.Lane(n)).Card.State != agent.CardNone {
		l.hears(n, agent.CardNone)
	}
}

// pin enters the PIN; false when the card has gone.
func (l *life) pin(n loyalty.LaneID) bool {
	t := l.rig.t
	t.Helper()
	for _, lastTry := range []bool{false, true} {
		pin := must[*card.PIN](t)(card.NewPIN([]byte(cardPIN)))
		_, err := l.agent.EnterPIN(t.Context(), n, pin, lastTry)
		if code(err) != agent.CodePINLastTry { // torn entries have cost tries
			if err != nil && !slices.Contains([]string{agent.CodeCardTapAgain, agent.CodeCardSessionStale, agent.CodeCardUnproved, agent.CodeCardNeeded}, code(err)) {
				t.Errorf("PIN: %v", err)
			}
			return err == nil
		}
	}
	return false
}

// code is a refusal's; empty for no error.
func code(err error) string {
	var r *agent.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	if err != nil {
		return "no refusal: " + err.Error()
	}
	return ""
}

// pay has the till sell: tap, PIN, quote, commit, and the same again while the card has to come back. Who has none gives his number.
func (l *life) pay(i int) {
	for range attempts {
		s := &l.w.sales[i]
		if s.settled() {
			return
		}
		shown := s.number != "" || l.tap(s.lane) && l.pin(s.lane)
		if !shown || s.request == nil && !l.quote(i) {
			continue
		}
		answer, err := l.agent.Commit(l.rig.t.Context(), s.lane, s.txn, *s.request)
		l.note(0, afterCommit)
		l.told(i, answer, err)
	}
}

// quote asks for the price; a customer whose card holds too little goes.
func (l *life) quote(i int) bool {
	s := l.w.sales[i]
	sell := s.basket()
	quote, err := l.agent.Quote(l.rig.t.Context(), s.lane, sell)
	if err != nil {
		l.rig.t.Errorf("quote: %v", err)
		return false
	}
	if s.points > 0 && quote.Redeem.Points != s.points {
		l.change(i, func(s *sale) { s.refused = "too few points" })
		return false
	}
	sell.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: quote.ToPay}}
	l.change(i, func(s *sale) { s.request = &agent.CommitRequest{SaleRequest: sell, Quote: quote.ID} })
	return true
}

// basket is what is bought: half of it for points, or for money alone.
func (s *sale) basket() agent.SaleRequest {
	if s.number != "" {
		sell := basket(numberAmount)
		sell.Number = s.number
		return sell
	}
	sell := basket(int64(s.points) * 2)
	sell.Redeem = &loyalty.Ask{Points: s.points}
	return sell
}

// told takes the agent's answer down at the till.
func (l *life) told(i int, answer agent.SaleAnswer, err error) {
	switch c := code(err); c {
	case "":
		answer.Replayed = false
		l.change(i, func(s *sale) { s.answer = &answer })
	case agent.CodeCardTapAgain, agent.CodeCardSessionStale, agent.CodeCardUnproved, agent.CodeCardNeeded, agent.CodePINNeeded:
	default:
		l.change(i, func(s *sale) { s.refused = c })
	}
}

// drop has the till give the sale up.
func (l *life) drop(i int) {
	l.change(i, func(s *sale) { s.unwanted = true })
	s := l.w.sales[i]
	if s.settled() || s.request == nil {
		return
	}
	switch c := code(l.agent.DropSale(l.rig.t.Context(), s.txn)); c {
	case "":
		l.change(i, func(s *sale) { s.dropped = true })
	case agent.CodeSaleSettled:
		answer, err := l.agent.Sale(l.rig.t.Context(), s.txn)
		l.told(i, answer, err)
	default:
		l.change(i, func(s *sale) { s.refused = c })
	}
}

// change writes down what a till has learned.
func (l *life) change(i int, f func(*sale)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.w.sales[i])
}
