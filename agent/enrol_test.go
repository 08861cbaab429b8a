package agent_test

import (
	"sync"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

const consentText = `
members: {consent: {version: "2026-1", text: {en: "We keep your number and what you buy.", lv: "Mēs glabājam jūsu numuru."}}}
limits: {redeem_without_purse: 400}
`

// joinShop is a shop that makes members, with numbers for so many.
func joinShop(t *testing.T, numbers int64) *shop {
	t.Helper()
	s := newShop(t)
	s.foreign = foreignCards(t)
	s.restart(s.lane)
	s.headOffice(agentdb.Change{Programme: compiled(t, testProgramme+consentText)}, memberNumbers(1, loyalty.FirstStoreMember, numbers))
	return s
}

func memberNumbers(epoch loyalty.Epoch, first loyalty.MemberID, n int64) agentdb.Change {
	return agentdb.Change{Range: &agentdb.MemberRange{Store: 1, Epoch: epoch,
		MemberRange: loyalty.MemberRange{First: first, Last: first + loyalty.MemberID(n) - 1}}}
}

func typed(number string) agent.EnrolRequest {
	return agent.EnrolRequest{Lane: 1, Card: &agent.IdentifyRequest{Source: "keypad", Text: number}, Language: "lv", Consent: "2026-1", Cashier: "ilze"}
}

func (s *shop) enrolled() (all []*loyalty.Entry) {
	for _, e := range s.entries() {
		if e.Kind == loyalty.KindEnrol {
			all = append(all, e)
		}
	}
	return all
}

func TestACustomerJoinsOfflineAndEarnsInTheSameSale(t *testing.T) {
	s := joinShop(t, 10)
	s.put(uidCard)
	s.state(agent.CardRefused, agent.CodeMemberUnknown)
	if c := must[loyalty.Consent](t)(s.agent.Consent(t.Context())); c.Version != "2026-1" || c.Text["lv"] == "" {
		t.Fatalf("%+v", c)
	}
	key, request := newKey(), agent.EnrolRequest{Lane: 1, Language: "lv", Consent: "2026-1", Cashier: "ilze"}
	made := must[agent.EnrolAnswer](t)(s.agent.Enrol(t.Context(), key, request))
	if made.Member != loyalty.FirstStoreMember || made.Number != "UID-…E5F6" {
		t.Fatalf("%+v", made)
	}
	e := s.enrolled()[0]
	if e.Lane != 1 || e.Cashier != "ilze" || e.Enrol.Consent != "2026-1" || e.Enrol.Language != "lv" || len(e.Moves) > 0 || len(e.Enrol.Number) != 64 {
		t.Errorf("%+v", e.Enrol)
	}
	if done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000)))); done.Earned != 100 || done.Balance != 100 {
		t.Errorf("%+v", done)
	}
	again := must[agent.EnrolAnswer](t)(s.agent.Enrol(t.Context(), key, request))
	if again.Replayed = !again.Replayed; again != made || len(s.enrolled()) != 1 {
		t.Errorf("%+v", again)
	}

	s.takeOut()
	s.restart(s.lane) // and without a line to head office, the next day still
	s.put(uidCard)
	if lane := s.state(agent.CardReady, ""); lane.Member == nil || lane.Member.ID != made.Member || lane.Member.Balance != 100 || lane.Member.Language != "lv" {
		t.Errorf("%+v", lane.Member)
	}
}

func TestWhoCannotJoinIsToldWhy(t *testing.T) {
	s := joinShop(t, 2)
	enrol := func(r agent.EnrolRequest) error {
		_, err := s.agent.Enrol(t.Context(), newKey(), r)
		return err
	}
	refused(t, enrol(agent.EnrolRequest{Lane: 1, Language: "lv", Consent: "2026-1"}), agent.CodeCardNeeded)
	refused(t, enrol(typed(testNumber)), agent.CodeMemberKnown)
	old := typed("970000000012")
	old.Consent = "2025-1"
	refused(t, enrol(old), agent.CodeConsentChanged)
	speechless := typed("970000000012")
	speechless.Language = "xx"
	refused(t, enrol(speechless), agent.CodeFieldInvalid)
	refused(t, enrol(typed("4111 1111 1111 1111")), agent.CodePaymentCard)
	for _, number := range []string{"970000000012", "970000000103"} {
		if err := enrol(typed(number)); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, enrol(typed("970000000012")), agent.CodeMemberKnown)
	third := typed("970000000202")
	if r := refused(t, enrol(third), agent.CodeMemberNumbers); !r.Retryable {
		t.Error("head office will give more numbers")
	}
	s.headOffice(memberNumbers(1, loyalty.FirstStoreMember+5000, 1), memberNumbers(2, loyalty.FirstStoreMember+1000, 9)) // the second of another box
	if err := enrol(third); err != nil {
		t.Fatal(err)
	}
	var got []loyalty.MemberID
	for _, e := range s.enrolled() {
		got = append(got, e.Member-loyalty.FirstStoreMember)
	}
	if len(got) != 3 || got[0] != 0 || got[1] != 1 || got[2] != 5000 {
		t.Errorf("numbers %v", got)
	}
	s.headOffice(agentdb.Change{Programme: compiled(t, testProgramme)})
}

func TestTwoTillsMakeOneMemberOfOneNumber(t *testing.T) {
	s := joinShop(t, 10)
	var tills sync.WaitGroup
	for range 4 {
		tills.Go(func() { _, _ = s.agent.Enrol(t.Context(), newKey(), typed("970000000012")) })
	}
	tills.Wait()
	if n := len(s.enrolled()); n != 1 {
		t.Errorf("%d members", n)
	}
}
