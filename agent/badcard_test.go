package agent_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

const insSelect, insRead, insKeyAgree cardsim.HexByte = 0xA4, 0xB0, 0x88 // card.md 2, 3.1

// spoiled makes of a store and its member's card, which holds 300 points and was tapped here before, what comes to the till.
type spoiled func(*shop) *cardsim.Card

func put(state cardsim.State) spoiled {
	return func(s *shop) *cardsim.Card {
		if err := s.card.Put(state, zeroes{}); err != nil {
			s.t.Fatal(err)
		}
		return s.card
	}
}

// issued is a card that head office made as the change says.
func issued(plastic cardtest.Plastic) spoiled {
	return func(s *shop) *cardsim.Card {
		c := must[*cardsim.Card](s.t)(cardsim.Create(zeroes{}))
		if err := c.Personalise(s.issuer.Personalise(s.t, c.Request(), plastic)); err != nil {
			s.t.Fatal(err)
		}
		return c
	}
}

// line leaves the card alone and damages what comes from it.
func line(fault cardsim.Fault) spoiled {
	return func(s *shop) *cardsim.Card {
		fault.Sticky = true
		s.fault(fault)
		return s.card
	}
}

// fork copies the card with its keys, and goes on with the card in one of them.
func fork(goOn func(*shop)) spoiled {
	return func(s *shop) *cardsim.Card {
		copied := must[*cardsim.Card](s.t)(s.card.Copy(cardsim.Fork, zeroes{}))
		goOn(s)
		return copied
	}
}

// offCurve has a certificate whose key is no point of the curve.
func offCurve(s *shop) *cardsim.Card {
	c := must[*cardsim.Card](s.t)(cardsim.Create(zeroes{}))
	var file map[string]any
	if err := json.Unmarshal(s.issuer.Personalise(s.t, c.Request(), cardtest.Plastic{}), &file); err != nil {
		s.t.Fatal(err)
	}
	const lastOfKey = 2 * (3 + 10 + 10 + 2 + 65) // digits up to its end, card.md 1
	digits := []byte(file["certificate"].(string))
	digits[lastOfKey-1] = "1032547698badcfe"[bytes.IndexByte([]byte("0123456789abcdef"), digits[lastOfKey-1])]
	file["certificate"] = string(digits)
	if err := c.PersonaliseClone(must[[]byte](s.t)(json.Marshal(file))); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func hot(s *shop) *cardsim.Card {
	s.headOffice(agentdb.Change{Hot: &agentdb.Hot{Card: loyalty.CardID{7: 1}, Blocked: true, Reason: "stolen"}})
	return s.card
}

func issuerRevoked(s *shop) *cardsim.Card {
	key := must[card.KeyID](s.t)(card.KeyIDOf(&s.issuer.CA.PublicKey))
	revoked := s.issuer.Statement(s.t, func(k *card.IssuingKey) { k.Revoked = true })
	s.headOffice(agentdb.Change{Issuer: &agentdb.Issuer{Key: key, Statement: revoked, Revoked: true}})
	return s.card
}

// pays takes 100 points from the card at the till.
func pays(s *shop) {
	s.tap()
	if err := s.pin("4711"); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.commit(newKey(), s.quoted(redeeming(1000, 100))); err != nil {
		s.t.Fatal(err)
	}
}

// TestNothingMovesWithACardOrALineThatIsWrong brings every false card and every spoilt answer of the tap: each is told by its
// code, which has a sentence; no member is shown, no points move, and what points to a crime is kept for head office.
func TestNothingMovesWithACardOrALineThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		spoil    spoiled
		code     string
		evidence bool
	}{
		"certificate by a key of its own":        {put(cardsim.Counterfeit), agent.CodeCardWrongIssuer, true},
		"certificate of our key, not its":        {put(cardsim.Forged), agent.CodeCardCounterfeit, true},
		"certificate with an off-curve point":    {offCurve, agent.CodeCardCounterfeit, true},
		"certificate copied onto another key":    {(*shop).clone, agent.CodeCardCounterfeit, true},
		"revoked: on the hot list":               {hot, agent.CodeCardBlocked, true},
		"revoked: its issuing key":               {issuerRevoked, agent.CodeIssuerRevoked, true},
		"expired":                                {issued(cardtest.Plastic{LastDay: 1}), agent.CodeCardExpired, true},
		"copied with its key, one of them paid":  {fork(pays), agent.CodeCardCopied, true},
		"copied with its key, head office knows": {fork(func(s *shop) { s.knows(5) }), agent.CodeCardCopied, true},
		"terminated":                             {put(cardsim.Terminated), agent.CodeCardTerminated, true},
		"answer to SELECT cut":                   {line(cardsim.Fault{Kind: cardsim.Truncated, Bytes: 9, INS: insSelect}), agent.CodeCardAnswerCut, true},
		"answer to SELECT cut to its beginning":  {line(cardsim.Fault{Kind: cardsim.Truncated, Bytes: 57, INS: insSelect}), agent.CodeCardAnswerCut, true},
		"answer to SELECT over-long":             {line(cardsim.Fault{Kind: cardsim.OverLong, Bytes: 300, INS: insSelect}), agent.CodeCardAnswerLong, true},
		"answer to KEY AGREE cut":                {line(cardsim.Fault{Kind: cardsim.Truncated, Bytes: 9, INS: insKeyAgree}), agent.CodeCardAnswerCut, true},
		"answer to KEY AGREE over-long":          {line(cardsim.Fault{Kind: cardsim.OverLong, Bytes: 300, INS: insKeyAgree}), agent.CodeCardAnswerLong, true},
		"MAC of KEY AGREE wrong":                 {line(cardsim.Fault{Kind: cardsim.BitFlip, Bit: 300, INS: insKeyAgree}), agent.CodeCardCounterfeit, true},
		"no answer to reset":                     {line(cardsim.Fault{Kind: cardsim.BadATR, Variant: cardsim.ATREmpty}), agent.CodeCardMute, true},
		"answer to reset cut":                    {line(cardsim.Fault{Kind: cardsim.BadATR, Variant: cardsim.ATRTruncated}), agent.CodeCardMute, true},
		"check byte of answer to reset wrong":    {line(cardsim.Fault{Kind: cardsim.BadATR, Variant: cardsim.ATRChecksum}), agent.CodeCardMute, true},
		"answer to reset is garbage":             {line(cardsim.Fault{Kind: cardsim.BadATR, Variant: cardsim.ATRGarbage}), agent.CodeCardMute, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.fund(300)
			s.tap()
			s.takeOut()
			spoilt := c.spoil(s)
			s.takeOut()
			before := s.entries()
			s.slot.Insert(spoilt)
			lane := s.until("refusal", func(l agent.LaneState) bool { return l.Card.State == agent.CardRefused })
			if lane.Card.Code != c.code || lane.Member != nil {
				t.Errorf("card %+v, member %v, want %s\n%s", lane.Card, lane.Member, c.code, s.log)
			}
			if i18n.Text("en", "cashier."+lane.Card.Code, nil) == "cashier."+lane.Card.Code {
				t.Errorf("no sentence for %s", lane.Card.Code)
			}
			more := s.entries()[len(before):]
			if told := len(s.suspects()); told > 0 != c.evidence || len(more) != told {
				t.Errorf("%d entries for head office, %d in all", told, len(more))
			}
			if q, err := s.agent.Quote(t.Context(), 1, redeeming(1000, 100)); err == nil && q.Redeem.Points > 0 {
				t.Errorf("the till may take %d points of a refused card", q.Redeem.Points)
			}
		})
	}
}
