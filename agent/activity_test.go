package agent_test

import (
	"errors"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

const activityProgramme = `
format: 1
programme: { id: friends, name: { en: Friends }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
earn:
  - { id: base, per: amount, rate: { points: 1, per: "1.00" } }
activities:
  - { id: newsletter, name: { en: Newsletter, lv: Jaunumi }, points: 50, once: ever, proof: email }
  - { id: visit, name: { en: Visit }, points: 5, once: day }
  - { id: friend, name: { en: Friend }, points: 100, referral: { friend: 30, minimum: "10.00" } }
`

const otherNumber = "6034000000000026"

// withFriend sends a second member, who has no card.
func (s *shop) withFriend() {
	s.t.Helper()
	s.headOffice(agentdb.Change{Member: &agentdb.Member{ID: testMember + 1, Status: agentdb.MemberActive, Language: "en",
		Numbers: []agentdb.Number{{HMAC: s.identity.NumberHMAC(otherNumber), Masked: "6034…0026"}}}})
}

func faulty(t *testing.T, err error, code string) {
	t.Helper()
	var bad *loyalty.SaleError
	if !errors.As(err, &bad) || bad.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestAnActivityGivesItsPointsOnceAndItsProofCountsOnce(t *testing.T) {
	s := newShop(t)
	s.publish(activityProgramme)
	s.withFriend()
	key, request := newKey(), agent.ActivityRequest{Activity: "newsletter", Proof: "Anna@Example.com", Number: testNumber, Cashier: "ilze"}
	first := must[agent.ActivityAnswer](t)(s.agent.Do(t.Context(), 1, key, request))
	if first.Points != 50 || first.Member != testMember || len(first.Why) == 0 {
		t.Errorf("answer %+v", first)
	}
	again := must[agent.ActivityAnswer](t)(s.agent.Do(t.Context(), 1, key, request))
	if !again.Replayed || again.Seq != first.Seq || again.Points != 50 {
		t.Errorf("again %+v", again)
	}
	other := request
	other.Proof = "else@example.com"
	_, err := s.agent.Do(t.Context(), 1, key, other)
	refused(t, err, agent.CodeKeyReused)
	_, err = s.agent.Do(t.Context(), 1, newKey(), other)
	faulty(t, err, loyalty.ActivityDone)
	other.Number, other.Proof = otherNumber, " anna@example.com "
	_, err = s.agent.Do(t.Context(), 1, newKey(), other)
	faulty(t, err, loyalty.ActivityUsed)
	other.Proof = "anna"
	_, err = s.agent.Do(t.Context(), 1, newKey(), other)
	faulty(t, err, loyalty.ActivityProof)
	_, err = s.agent.Do(t.Context(), 1, newKey(), agent.ActivityRequest{Activity: "visit"})
	refused(t, err, agent.CodeCardNeeded)
	if m := must[agent.Member](t)(s.agent.MemberByNumber(t.Context(), testNumber)); m.Balance != 50 {
		t.Errorf("balance %d", m.Balance)
	}
	if got := s.kinds(); got != "activity" {
		t.Errorf("the log holds %q", got)
	}
	if body := s.entries()[0]; strings.Contains(body.Activity.Proof, "@") || strings.Contains(s.log.String(), "example.com") {
		t.Error("the proof was kept as it was typed")
	}
}

func TestTheTillSeesWhatTheMemberHasDone(t *testing.T) {
	s := newTill(t)
	s.publish(activityProgramme)
	r := s.request("POST", "/v1/lanes/1/activities", `{"activity":"visit","number":"`+testNumber+`"}`)
	r.Header.Set("Idempotency-Key", newKey().String())
	if status, answer := s.do(r); status != 201 || answer["points"] != 5.0 {
		t.Errorf("status %d: %v", status, answer)
	}
	all := must[[]agent.Activity](t)(s.agent.Activities(t.Context(), "lv", 0, testNumber))
	if len(all) != 3 || all[0].Name != "Jaunumi" || all[0].Proof != "email" || all[0].Done || !all[1].Done || !all[2].Referral {
		t.Errorf("the list: %+v", all)
	}
	r = s.request("POST", "/v1/lanes/1/activities", `{"activity":"visit","number":"`+testNumber+`"}`)
	r.Header.Set("Idempotency-Key", newKey().String())
	if status, answer := s.do(r); status != 422 || answer["code"] != "activity_done" {
		t.Errorf("status %d: %v", status, answer)
	}
}

func TestWhoBroughtAFriendIsNotedAndTheFriendsPointsComeWithTheFirstPurchase(t *testing.T) {
	s := newShop(t)
	s.publish(activityProgramme)
	s.withFriend()
	bring := agent.ActivityRequest{Activity: "friend", Number: otherNumber, Referrer: otherNumber}
	_, err := s.agent.Do(t.Context(), 1, newKey(), bring)
	faulty(t, err, loyalty.ReferralSelf)
	bring.Referrer = "6034000000000034"
	_, err = s.agent.Do(t.Context(), 1, newKey(), bring)
	refused(t, err, agent.CodeReferralUnknown)
	bring.Referrer = testNumber
	done := must[agent.ActivityAnswer](t)(s.agent.Do(t.Context(), 1, newKey(), bring))
	if done.Points != 0 || s.entries()[0].Activity.Referrer != testMember {
		t.Errorf("answer %+v", done)
	}
	buy := basket(1000)
	buy.Number = otherNumber
	if sale := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(buy))); sale.Earned != 40 { // 10 and 30 of the referral
		t.Errorf("the friend earned %d", sale.Earned)
	}
	_, err = s.agent.Do(t.Context(), 1, newKey(), bring)
	faulty(t, err, loyalty.ActivityDone)
}

const feedbackProgramme = `
format: 1
programme: { id: ask, name: { en: Ask }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
earn: [{ id: base, per: amount, rate: { points: 1, per: "1.00" } }]
activities: [{ id: visit, name: { en: Your visit }, points: 5, once: day, question: { en: How was it? } }]
`

func TestAfterASaleItsMemberIsAskedOnceAndTheAnswerIsBooked(t *testing.T) {
	s := newShop(t)
	s.publish(feedbackProgramme)
	nobodys := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
	if ask := s.agent.Feedback(t.Context(), nobodys.Sale, "en"); ask != nil {
		t.Errorf("nobody is asked %+v", ask)
	}
	r := basket(1000)
	r.Number = testNumber
	sale := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(r)))
	if ask := s.agent.Feedback(t.Context(), sale.Sale, "en"); ask == nil || ask.Activity != "visit" || ask.Text != "How was it?" || ask.Points != 5 {
		t.Fatalf("asked %+v", ask)
	}
	say := agent.ActivityRequest{Activity: "visit", Sale: sale.Sale.String(), Answer: 6}
	_, err := s.agent.Do(t.Context(), 1, newKey(), say)
	faulty(t, err, loyalty.ActivityAnswer)
	say.Answer, say.Sale = 4, nobodys.Sale.String()
	_, err = s.agent.Do(t.Context(), 1, newKey(), say)
	refused(t, err, agent.CodeSaleUnknown)
	say.Sale = sale.Sale.String()
	if done := must[agent.ActivityAnswer](t)(s.agent.Do(t.Context(), 1, newKey(), say)); done.Points != 5 || done.Member != testMember {
		t.Errorf("answer %+v", done)
	}
	if b := s.last().Activity; b.Answer != 4 {
		t.Errorf("booked %+v", b)
	}
	if ask := s.agent.Feedback(t.Context(), sale.Sale, "en"); ask != nil {
		t.Errorf("asked again: %+v", ask)
	}
}
