package agent_test

import (
	"crypto/rand"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

// clone is a card with a genuine card's certificate and a key of its own.
func (s *shop) clone() *cardsim.Card {
	s.t.Helper()
	real := must[*cardsim.Card](s.t)(cardsim.Create(rand.Reader))
	clone := must[*cardsim.Card](s.t)(cardsim.Create(rand.Reader))
	if err := clone.PersonaliseClone(s.issuer.Personalise(s.t, real.Request(), cardtest.Plastic{})); err != nil {
		s.t.Fatal(err)
	}
	return clone
}

// holdUp holds a card to the reader until it is refused, having taken out the one before.
func (s *shop) holdUp(c *cardsim.Card, code string) {
	s.t.Helper()
	s.takeOut()
	s.slot.Insert(c)
	s.until("refusal", func(l agent.LaneState) bool { return l.Card.Code == code })
}

// suspects are the entries that tell head office of refused cards.
func (s *shop) suspects() (all []*loyalty.Entry) {
	for _, e := range s.entries() {
		if e.Kind == loyalty.KindSuspect {
			all = append(all, e)
		}
	}
	return all
}

func TestCounterfeitCardIsToldToHeadOfficeOnceADay(t *testing.T) {
	s := newShop(t)
	clone := s.clone()
	for range 3 {
		s.holdUp(clone, agent.CodeCardCounterfeit)
	}
	told := s.suspects()
	if len(told) != 1 {
		t.Fatalf("%d entries, want 1", len(told))
	}
	e := told[0]
	if e.Lane != 1 || e.Suspect.Card != (loyalty.CardID{7: 1}) || len(e.Suspect.Certificate) != 16 || e.Suspect.Reason != agent.CodeCardCounterfeit || len(e.Moves) > 0 {
		t.Errorf("%+v", e.Suspect)
	}
}

func TestWhoHoldsUpOneFalseCardAfterTheOtherDoesNotFillTheLedger(t *testing.T) {
	s := newShop(t)
	for range 25 {
		s.holdUp(s.clone(), agent.CodeCardCounterfeit)
	}
	if n := len(s.suspects()); n != 20 {
		t.Errorf("%d entries, want 20", n)
	}
}
