package agent_test

import (
	"crypto/rand"
	"testing"

	"loyaltill/agent"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

// choose has the member type a new PIN twice.
func (s *shop) choose(digits string) error {
	s.t.Helper()
	fresh, again := must[*card.PIN](s.t)(card.NewPIN([]byte(digits))), must[*card.PIN](s.t)(card.NewPIN([]byte(digits)))
	_, err := s.agent.ChoosePIN(s.t.Context(), 1, fresh, again)
	return err
}

func TestMemberChoosesTheFirstPINAtTheTill(t *testing.T) {
	s := newShop(t)
	s.card = must[*cardsim.Card](t)(cardsim.Create(rand.Reader))
	if err := s.card.Personalise(s.issuer.Personalise(t, s.card.Request(), cardtest.Plastic{PIN: "-", Number: testNumber})); err != nil {
		t.Fatal(err)
	}
	s.tap()
	refused(t, s.pin("2580"), agent.CodePINNotSet)
	if err := s.choose("2580"); err != nil {
		t.Fatal(err)
	}
	if lane := must[agent.LaneState](t)(s.agent.Lane(1)); lane.Member == nil || !lane.Member.PIN.Verified {
		t.Errorf("the member cannot pay at once: %+v", lane.Member)
	}
	refused(t, s.choose("1470"), agent.CodePINSet)
}
