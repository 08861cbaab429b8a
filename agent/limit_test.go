package agent_test

import (
	"testing"

	"loyaltill/agent"
	"loyaltill/store/agentdb"
)

const limitProgramme = `
format: 1
programme: { id: watched, name: { en: Watched }, version: 3, valid_from: 2020-01-03T00:00, currency: EUR }
earn: [{ id: base, per: amount, rate: { points: 1, per: "1.00" } }]
activities: [{ id: survey, points: 5, once: always }]
redeem: { point_value: { points: 1, value: "0.01" } }
returns: { earned: per_line }
limits:
  redeem_without_purse: 1000
  floor: { member_day: 1000, store_day: 1000, hours: 24 }
  redeem_without_pin: 50
  cashier: { redeem: 120, refund: "15.00" }
  velocity: [{ of: sale, hour: 3 }, { of: activity, day: 1 }]
`

// What a till may do at once, without the PIN and how often for one member is the programme's word; what is refused leaves nothing.
func TestWhatIsBeyondALimitIsRefusedAtTheTill(t *testing.T) {
	s := newShop(t)
	s.publish(limitProgramme)
	s.fund(500)
	s.tap()
	_, err := s.commit(newKey(), s.quoted(redeeming(1000, 60)))
	refused(t, err, agent.CodePINNeeded)
	s.takeOut()
	s.headOffice(agentdb.Change{Member: s.member(700)}) // 200 of them beside the card
	byNumber := redeeming(1000, 60)
	byNumber.Number = testNumber
	_, err = s.commit(newKey(), s.quoted(byNumber))
	refused(t, err, agent.CodeCardNeeded)
	s.tap()
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	_, err = s.commit(newKey(), s.quoted(redeeming(1000, 130)))
	refused(t, err, agent.CodeTooMuch)
	s.check(500, "load")
	if _, err := s.commit(newKey(), s.quoted(redeeming(2000, 110))); err != nil {
		t.Fatal(err)
	}
	back := s.returning(agent.ReturnRequest{Sale: s.last().Txn.String(), All: true})
	_, err = s.agent.Return(t.Context(), 1, newKey(), back)
	refused(t, err, agent.CodeTooMuch)

	sell := basket(100)
	sell.Number = testNumber
	for range 2 {
		if _, err := s.commit(newKey(), s.quoted(sell)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.commit(newKey(), s.quoted(sell))
	refused(t, err, agent.CodeTooOften)
	survey := agent.ActivityRequest{Activity: "survey", Number: testNumber}
	if _, err := s.agent.Do(t.Context(), 1, newKey(), survey); err != nil {
		t.Fatal(err)
	}
	_, err = s.agent.Do(t.Context(), 1, newKey(), survey)
	refused(t, err, agent.CodeTooOften)
}
