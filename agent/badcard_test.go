package agent_test

import (
	"testing"

	"loyaltill/agent"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

// TestNothingMovesWithACardOrALineThatIsWrong brings every false card and every spoilt answer of the tap: each is told by its
// code, no member is shown, no points move, and what points to a crime is kept for head office.
func TestNothingMovesWithACardOrALineThatIsWrong(t *testing.T) {
	state := func(state cardsim.State) func(*shop, *cardsim.Card) *cardsim.Card {
		return func(s *shop, c *cardsim.Card) *cardsim.Card {
			if err := c.Put(state, zeroes{}); err != nil {
				s.t.Fatal(err)
			}
			return c
		}
	}
	line := func(fault cardsim.Fault) func(*shop, *cardsim.Card) *cardsim.Card {
		return func(s *shop, c *cardsim.Card) *cardsim.Card {
			fault.Sticky = true
			if err := s.slot.Contacts.SetFault(fault); err != nil {
				s.t.Fatal(err)
			}
			return c
		}
	}
	const keyAgree, selecting = 0x88, 0xA4
	for name, c := range map[string]struct {
		spoil    func(*shop, *cardsim.Card) *cardsim.Card
		code     string
		evidence bool
	}{
		"signed by a key of its own":   {state(cardsim.Counterfeit), agent.CodeCardWrongIssuer, false},
		"signature is wrong":           {state(cardsim.Forged), agent.CodeCardCounterfeit, true},
		"copied without its key":       {func(s *shop, _ *cardsim.Card) *cardsim.Card { return s.clone() }, agent.CodeCardCounterfeit, true},
		"terminated":                   {state(cardsim.Terminated), agent.CodeCardTerminated, false},
		"not LYL1's answer to SELECT":  {line(cardsim.Fault{Kind: cardsim.Truncated, Bytes: 9, INS: selecting}), agent.CodeCardUnknown, false},
		"answer to SELECT over-long":   {line(cardsim.Fault{Kind: cardsim.OverLong, Bytes: 300, INS: selecting}), agent.CodeCardUnreadable, false},
		"answer to KEY AGREE cut":      {line(cardsim.Fault{Kind: cardsim.Truncated, Bytes: 9, INS: keyAgree}), agent.CodeCardUnreadable, false},
		"answer to KEY AGREE too long": {line(cardsim.Fault{Kind: cardsim.OverLong, Bytes: 300, INS: keyAgree}), agent.CodeCardUnreadable, false},
		"MAC of KEY AGREE wrong":       {line(cardsim.Fault{Kind: cardsim.BitFlip, Bit: 300, INS: keyAgree}), agent.CodeCardCounterfeit, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			plastic := must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
			if err := plastic.Personalise(s.issuer.Personalise(t, plastic.Request(), cardtest.Plastic{})); err != nil {
				t.Fatal(err)
			}
			s.slot.Insert(c.spoil(s, plastic))
			lane := s.until("refusal", func(l agent.LaneState) bool { return l.Card.State == agent.CardRefused })
			if lane.Card.Code != c.code || lane.Member != nil {
				t.Errorf("card %+v, member %v, want %s", lane.Card, lane.Member, c.code)
			}
			if told := len(s.suspects()); told > 0 != c.evidence || len(s.entries()) != told {
				t.Errorf("%d entries for head office, %d in all", told, len(s.entries()))
			}
		})
	}
}
