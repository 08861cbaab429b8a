package agent_test

import (
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

func TestALostCardIsRefusedHereAtOnceAndWhatHeadOfficeSaysHoldsAfterwards(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	report := agent.LostRequest{Number: testNumber, Cashier: "ilze"}
	_, err := s.agent.ReportLost(t.Context(), 1, report)
	refused(t, err, agent.CodeCardHere)
	s.takeOut()
	done := must[agent.LostAnswer](t)(s.agent.ReportLost(t.Context(), 1, report))
	if done.Cards != 1 || done.Member != testMember {
		t.Errorf("answer %+v", done)
	}
	if again := must[agent.LostAnswer](t)(s.agent.ReportLost(t.Context(), 1, report)); again.Cards != 0 {
		t.Errorf("told again: %+v", again)
	}
	e := s.last()
	if e.Kind != loyalty.KindSuspect || e.Suspect.Reason != loyalty.SuspectLost || e.Suspect.Card != (loyalty.CardID{7: 1}) || e.Cashier != "ilze" {
		t.Errorf("entry %+v", e)
	}
	s.restart(s.lane)
	s.slot.Insert(s.card)
	if lane := s.until("refusal", func(l agent.LaneState) bool { return l.Card.State == agent.CardRefused }); lane.Card.Code != agent.CodeCardBlocked {
		t.Errorf("refused as %s", lane.Card.Code)
	}
	s.takeOut()
	s.headOffice(agentdb.Change{Watermark: &agentdb.Watermark{Store: e.Store, Epoch: e.Epoch, Seq: s.last().Seq}}) // it was found: the card is on no list
	s.tap()
}

func TestWhoHasNoCardOfTheChainHasNoneToLose(t *testing.T) {
	s := newShop(t)
	s.withFriend()
	_, err := s.agent.ReportLost(t.Context(), 1, agent.LostRequest{Number: otherNumber})
	refused(t, err, agent.CodeMemberNoCard)
	_, err = s.agent.ReportLost(t.Context(), 1, agent.LostRequest{})
	refused(t, err, agent.CodeCardNeeded)
	if got := s.kinds(); got != "" {
		t.Errorf("the log holds %q", got)
	}
}

// The screen tells what the slip tells, in the cashier's language.
func TestTheTillShowsHowAMemberStands(t *testing.T) {
	s := newShop(t)
	s.publish(climbingProgramme)
	_, err := s.agent.Account(t.Context(), 1, "en", "")
	refused(t, err, agent.CodeCardNeeded)
	r := basket(1200)
	r.Number = testNumber
	if _, err := s.commit(newKey(), s.quoted(r)); err != nil {
		t.Fatal(err)
	}
	v := must[agent.Account](t)(s.agent.Account(t.Context(), 1, "en", testNumber))
	if v.Balance != 12 || v.Cards != 1 || len(v.Stamps) != 1 || len(v.Progress) == 0 || v.ActiveUntil == "" || v.AsOf.IsZero() {
		t.Errorf("account %+v", v)
	}
	if v.Number == testNumber {
		t.Error("the whole number is shown")
	}
}
