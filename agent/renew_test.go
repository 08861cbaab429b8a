package agent_test

import (
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
)

func TestCardThatHasEndedIsRenewedAtTheTap(t *testing.T) {
	for name, spoil := range map[string]struct {
		plastic   cardtest.Plastic
		statement func(*card.IssuingKey)
		code      string
	}{
		"its last day is over":        {cardtest.Plastic{LastDay: 1}, nil, agent.CodeCardExpired},
		"its issuing key was revoked": {cardtest.Plastic{}, func(k *card.IssuingKey) { k.Revoked = true }, agent.CodeIssuerRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			plastic := must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
			if err := plastic.Personalise(s.issuer.Personalise(t, plastic.Request(), spoil.plastic)); err != nil {
				t.Fatal(err)
			}
			if spoil.statement != nil {
				s.headOffice(agentdb.Change{Issuer: &agentdb.Issuer{Key: must[card.KeyID](t)(card.KeyIDOf(&s.issuer.CA.PublicKey)),
					Statement: s.issuer.Statement(t, spoil.statement), Revoked: true}})
			}
			s.slot.Insert(plastic)
			s.until("refusal", func(l agent.LaneState) bool { return l.Card.Code == spoil.code })
			s.slot.Remove()
			s.until("no card", func(l agent.LaneState) bool { return l.Card.State == agent.CardNone })

			s.issuer.CA = cardtest.NewIssuer(t).CA // the next year's key
			next := &agentdb.Issuer{Key: must[card.KeyID](t)(card.KeyIDOf(&s.issuer.CA.PublicKey)), Statement: s.issuer.Statement(t, nil)}
			cert := must[*card.Certificate](t)(card.ParseCertificate(held(t, plastic)))
			renewal := s.issuer.Renewal(s.issuer.Certificate(t, cert.Key.Bytes(), cardtest.Plastic{}))
			s.headOffice(agentdb.Change{Issuer: next}, agentdb.Change{Renewal: &agentdb.Renewal{Card: loyalty.CardID{7: 1},
				Certificate: renewal.Certificate, MAC: renewal.MAC}})
			s.slot.Insert(plastic)
			s.until("the card", func(l agent.LaneState) bool { return l.Card.State == agent.CardReady })
		})
	}
}

// held reads the certificate out of a card, card.md 2.
func held(t *testing.T, c *cardsim.Card) []byte {
	t.Helper()
	if err := c.PowerOn(); err != nil {
		t.Fatal(err)
	}
	defer c.PowerOff()
	c.Process([]byte("\x00\xA4\x04\x00\x09\xF0\x4C\x59\x4C\x54\x59\x31\x00\x01\x00"))
	answer := c.Process([]byte{0x00, 0xB0, 0x81, 0x00, 0x00})
	return answer[:len(answer)-2]
}
