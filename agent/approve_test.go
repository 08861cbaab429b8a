package agent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

const approveProgramme = `
format: 1
programme: { id: answered, name: { en: Answered }, version: 4, valid_from: 2020-01-04T00:00, currency: EUR }
earn: [{ id: base, per: amount, rate: { points: 1, per: "1.00" } }]
activities: [{ id: survey, points: 5, once: ever }]
redeem: { point_value: { points: 1, value: "0.01" } }
returns: { without_bill: lowest_price }
limits:
  cashier: { redeem: 120, refund: "15.00", adjust: 200 }
  manager: { adjust: 5000 }
`

// answered is a till whose store wants some actions answered for, with a cashier and a supervisor.
type answered struct {
	*till
	berta   int
	session string // the cashier's
}

func newAnswered(t *testing.T, approve ...string) *answered {
	of := newShop(t)
	of.staff.Approve, of.staff.Alone = approve, 1000
	of.restart(of.lane)
	of.publish(approveProgramme)
	s := &answered{till: of.overHTTP()}
	dora, _ := s.hires("Dora", "cashier", "4714")
	s.berta, _ = s.hires("Berta", "supervisor", "4712")
	s.session = s.atTill(dora, "4714")
	return s
}

func (s *answered) approve(key loyalty.TxnID) {
	s.t.Helper()
	if status, m := s.as(s.session, "POST", "/v1/approvals", fmt.Sprintf(`{"number":%d,"pin":"4712"}`, s.berta), key); status != http.StatusOK {
		s.t.Fatalf("approve: %d, %v", status, m)
	}
}

// back is a return as it is quoted now.
func (s *answered) back(r agent.ReturnRequest) string {
	s.t.Helper()
	return string(must[[]byte](s.t)(json.Marshal(s.returning(r))))
}

func (s *answered) spent(what, after string) {
	s.t.Helper()
	_, m := s.ask(ownerToken, "GET", "/v1/trail?what=override", "")
	act := m["acts"].([]any)[0].(map[string]any)
	if said, _ := act["after"].(string); act["about"] != what || act["second"] != float64(s.berta) || said != after {
		s.t.Errorf("the trail says %v, want %s %q", act, what, after)
	}
}

// What a store wants answered for is refused to a cashier, done once somebody has answered, and asked for anew the next time.
func TestWhatTheStoreWantsAnsweredForIsDoneOnceASupervisorHas(t *testing.T) {
	s := newAnswered(t, agent.ApproveReturn, agent.ApproveUnbilled, agent.ApproveVoid, agent.ApproveActivity)
	sale := func() string { return sold(s.shop).Sale.String() }
	one := []loyalty.ReturnedLine{{Line: 1, Quantity: 1000}}
	for _, c := range []struct {
		what, path, after string
		body              func() string
		kind              loyalty.Kind
	}{
		{"return", "returns", "200", func() string { return s.back(agent.ReturnRequest{Sale: sale(), Lines: one}) }, loyalty.KindReturn},
		{"unbilled", "returns", "1000", func() string {
			return s.back(agent.ReturnRequest{Unbilled: []agent.UnbilledGoods{{SKU: "1", Quantity: 1000}}})
		}, loyalty.KindReturn},
		{"void", "returns", "1400", func() string { return s.back(agent.ReturnRequest{Sale: sale(), Void: loyalty.VoidedMistyped}) }, loyalty.KindReturn},
		{"activity", "activities", "", func() string { return `{"activity":"survey","number":"` + testNumber + `"}` }, loyalty.KindActivity},
	} {
		t.Run(c.what, func(t *testing.T) {
			key, body := newKey(), c.body()
			before := len(s.entries())
			for range 2 { // asking again is no answer
				status, m := s.as(s.session, "POST", "/v1/lanes/1/"+c.path, body, key)
				if s.refuses(agent.CodeApprovalNeeded, status, m); m["approvable"] != true || status != http.StatusUnprocessableEntity {
					t.Errorf("status %d, %v", status, m)
				}
			}
			if n := len(s.entries()); n != before {
				t.Errorf("%d entries came of a refusal", n-before)
			}
			s.approve(key)
			s.spent(c.what+", lane 1", c.after)
			status, m := s.as(s.session, "POST", "/v1/lanes/1/"+c.path, body, key)
			if e := s.last(); status != http.StatusCreated || e.Kind != c.kind || e.Approver != loyalty.StaffNumber(s.berta) {
				t.Fatalf("answered for: %d, %v; %s approved by %d", status, m, e.Kind, e.Approver)
			}
			if status, m = s.as(s.session, "POST", "/v1/lanes/1/"+c.path, body, key); status != http.StatusCreated || m["replayed"] != true {
				t.Errorf("again: %d, %v", status, m)
			}
			status, m = s.as(s.session, "POST", "/v1/approvals", fmt.Sprintf(`{"number":%d,"pin":"4712"}`, s.berta), key)
			s.refuses(agent.CodeApprovalUnknown, status, m) // it is over with the action
		})
	}
}

func TestAnActivityThatGivesNothingAsksNobody(t *testing.T) {
	s := newAnswered(t, agent.ApproveActivity)
	body, key := `{"activity":"survey","number":"`+testNumber+`"}`, newKey()
	s.as(s.session, "POST", "/v1/lanes/1/activities", body, key)
	s.approve(key)
	s.as(s.session, "POST", "/v1/lanes/1/activities", body, key)
	status, m := s.as(s.session, "POST", "/v1/lanes/1/activities", body, newKey())
	s.refuses("activity_done", status, m)
}

func TestOnlyWhatTheStoreListsIsAskedFor(t *testing.T) {
	s := newAnswered(t, agent.ApproveVoid)
	sale := sold(s.shop).Sale.String()
	one := s.back(agent.ReturnRequest{Sale: sale, Lines: []loyalty.ReturnedLine{{Line: 1, Quantity: 1000}}})
	if status, m := s.as(s.session, "POST", "/v1/lanes/1/returns", one, newKey()); status != http.StatusCreated {
		t.Errorf("goods back: %d, %v", status, m)
	}
	status, m := s.as("", "POST", "/v1/lanes/1/returns", s.back(agent.ReturnRequest{Sale: sold(s.shop).Sale.String(), Void: loyalty.VoidedMistyped}), newKey())
	s.refuses(agent.CodeApprovalNeeded, status, m) // POS software counts as a cashier
	body := s.back(agent.ReturnRequest{Sale: sold(s.shop).Sale.String(), Void: loyalty.VoidedMistyped})
	if status, m := s.as(s.atTill(s.berta, "4712"), "POST", "/v1/lanes/1/returns", body, newKey()); status != http.StatusCreated {
		t.Errorf("a supervisor at the till: %d, %v", status, m)
	}
}

// Beyond the programme's limit for money a return is answered for like a sale beyond its points.
func TestAReturnBeyondTheLimitIsAnsweredFor(t *testing.T) {
	s := newAnswered(t)
	sale := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(2000))))
	key, body := newKey(), s.back(agent.ReturnRequest{Sale: sale.Sale.String(), All: true})
	status, m := s.as(s.session, "POST", "/v1/lanes/1/returns", body, key)
	if s.refuses(agent.CodeTooMuch, status, m); m["approvable"] != true {
		t.Errorf("not told that it can be answered for: %v", m)
	}
	s.approve(key)
	s.spent("return, lane 1", "2000")
	status, m = s.as(s.session, "POST", "/v1/lanes/1/returns", s.back(agent.ReturnRequest{Sale: sale.Sale.String(), Void: loyalty.VoidedMistyped}), key)
	s.refuses(agent.CodeTooMuch, status, m) // another request under the key
	s.approve(key)
	status, m = s.as(s.session, "POST", "/v1/lanes/1/returns", body, key)
	s.refuses(agent.CodeTooMuch, status, m) // it was the other one that was answered for
	s.approve(key)
	if status, m = s.as(s.session, "POST", "/v1/lanes/1/returns", body, key); status != http.StatusCreated {
		t.Errorf("answered for: %d, %v", status, m)
	}
}

// An approval is kept in memory: after a restart the action is refused, and asked for, once more.
func TestARestartForgetsAnApproval(t *testing.T) {
	s := newAnswered(t, agent.ApproveVoid)
	key, body := newKey(), s.back(agent.ReturnRequest{Sale: sold(s.shop).Sale.String(), Void: loyalty.VoidedMistyped})
	s.as("", "POST", "/v1/lanes/1/returns", body, key)
	s.approve(key)
	s.shop.restart(s.lane)
	s.till = s.overHTTP()
	status, m := s.as("", "POST", "/v1/lanes/1/returns", body, key)
	s.refuses(agent.CodeApprovalNeeded, status, m)
	s.session = ""
	s.approve(key)
	if status, m = s.as("", "POST", "/v1/lanes/1/returns", body, key); status != http.StatusCreated {
		t.Errorf("asked for once more: %d, %v", status, m)
	}
}

// A correction beyond what one person may do can be agreed to in the call itself or by answering for it; one of the two is a manager.
func TestACorrectionIsAnsweredForByAManager(t *testing.T) {
	s := newAnswered(t)
	anna, _ := s.hires("Anna", "manager", "4711")
	_, m := s.signIn(s.berta, "4712")
	desk, _ := m["token"].(string)
	adjust := func(key loyalty.TxnID, points int) (int, map[string]any) {
		r := s.request("POST", "/v1/adjustments", fmt.Sprintf(`{"lane":1,"number":%q,"points":%d,"reason":"goodwill"}`, testNumber, points))
		r.Header.Set("Authorization", "Bearer "+desk)
		r.Header.Set("Idempotency-Key", key.String())
		return s.do(r)
	}
	for points, code := range map[int]string{300: agent.CodeTooMuch, 1500: agent.CodeSecondNeeded} {
		key := newKey()
		status, m := adjust(key, points)
		if s.refuses(code, status, m); m["approvable"] != true {
			t.Errorf("%d points: %v", points, m)
		}
		status, m = s.as(s.session, "POST", "/v1/approvals", fmt.Sprintf(`{"number":%d,"pin":"4712"}`, s.berta), key)
		s.refuses(agent.CodeApproverRole, status, m) // oneself
		if status, m = s.as(s.session, "POST", "/v1/approvals", fmt.Sprintf(`{"number":%d,"pin":"4711"}`, anna), key); status != http.StatusOK {
			t.Fatalf("approve: %d, %v", status, m)
		}
		if status, m = adjust(key, points); status != http.StatusCreated {
			t.Fatalf("%d points answered for: %d, %v", points, status, m)
		}
		if e := s.last(); e.Kind != loyalty.KindAdjust || e.Approver != loyalty.StaffNumber(anna) {
			t.Errorf("%s approved by %d", e.Kind, e.Approver)
		}
	}
}
