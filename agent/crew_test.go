package agent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// atTill signs somebody in at the till and gives the token of their session.
func (s *till) atTill(number int, pin string) string {
	s.t.Helper()
	r := s.request("POST", "/v1/session", fmt.Sprintf(`{"number":%d,"pin":%q}`, number, pin))
	status, m := s.do(r)
	if status != http.StatusOK {
		s.t.Fatalf("sign in %d: %d, %v", number, status, m)
	}
	return m["token"].(string)
}

// as makes a till's call in the name of who is signed in there; nobody when session is empty.
func (s *till) as(session, method, path, body string, key loyalty.TxnID) (int, map[string]any) {
	s.t.Helper()
	r := s.request(method, path, body)
	r.Header.Set("Idempotency-Key", key.String())
	if session != "" {
		r.Header.Set("Staff-Session", session)
	}
	return s.do(r)
}

// sale is a body for the lane's sales, as quoted now.
func (s *till) sale(r agent.SaleRequest) string {
	s.t.Helper()
	c := s.quoted(r)
	return string(must[[]byte](s.t)(json.Marshal(c)))
}

func TestAnEntryNamesWhoIsSignedInAtTheTill(t *testing.T) {
	s := newTill(t)
	number, _ := s.hires("Dora", "cashier", "4714")
	session := s.atTill(number, "4714")
	if status, m := s.as(session, "POST", "/v1/lanes/1/sales", s.sale(basket(500)), newKey()); status != http.StatusCreated {
		t.Fatalf("sale: %d, %v", status, m)
	}
	if e := s.last(); e.Staff != loyalty.StaffNumber(number) || e.Cashier != "Dora" {
		t.Errorf("sale by staff %d, %q", e.Staff, e.Cashier)
	}
	if paper := s.sheet(1); !strings.Contains(paper, "Dora") || strings.Contains(paper, "ilze") {
		t.Errorf("the receipt names somebody else:\n%s", paper)
	}
	if status, m := s.as(session, "POST", "/v1/lanes/1/close", `{}`, newKey()); status != http.StatusCreated {
		t.Fatalf("close: %d, %v", status, m)
	}
	if e := s.last(); e.Kind != loyalty.KindClose || e.Staff != loyalty.StaffNumber(number) || e.Cashier != "Dora" {
		t.Errorf("%s by staff %d, %q", e.Kind, e.Staff, e.Cashier)
	}
	if status, m := s.as("", "POST", "/v1/lanes/1/sales", s.sale(basket(500)), newKey()); status != http.StatusCreated {
		t.Fatalf("a POS with cashiers of its own: %d, %v", status, m)
	}
	if e := s.last(); e.Staff != 0 || e.Cashier != "ilze" {
		t.Errorf("the POS's sale by staff %d, %q", e.Staff, e.Cashier)
	}
}

func TestASaleKeepsItsKeyWhenAnotherCashierTakesOver(t *testing.T) {
	s := newTill(t)
	dora, _ := s.hires("Dora", "cashier", "4714")
	eva, _ := s.hires("Eva", "cashier", "4715")
	key, body := newKey(), s.sale(basket(500))
	s.as(s.atTill(dora, "4714"), "POST", "/v1/lanes/1/sales", body, key)
	status, m := s.as(s.atTill(eva, "4715"), "POST", "/v1/lanes/1/sales", body, key)
	if status != http.StatusCreated || m["replayed"] != true {
		t.Errorf("the same sale again: %d, %v", status, m)
	}
	if e := s.last(); e.Cashier != "Dora" {
		t.Errorf("the sale is %s's now", e.Cashier)
	}
}

func TestWhereSigningInIsRequiredNothingIsDoneWithoutASession(t *testing.T) {
	s := newTill(t)
	s.staff.Required = true
	s.restart(s.lane)
	s = s.overHTTP()
	body := s.sale(basket(500))
	if status, m := s.as("", "POST", "/v1/lanes/1/sales", body, newKey()); status != http.StatusCreated {
		t.Fatalf("nobody works here yet: %d, %v", status, m)
	}
	number, _ := s.hires("Dora", "cashier", "4714")
	status, m := s.as("", "POST", "/v1/lanes/1/sales", s.sale(basket(500)), newKey())
	if s.refuses("sign_in_needed", status, m); status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}
	if _, m := s.ask(testToken, "GET", "/v1/status", ""); m["sign_in"] != "must" {
		t.Errorf("the till is told %v", m["sign_in"])
	}
	session := s.atTill(number, "4714")
	if status, m := s.as(session, "POST", "/v1/lanes/1/sales", s.sale(basket(500)), newKey()); status != http.StatusCreated {
		t.Errorf("signed in: %d, %v", status, m)
	}
	s.skipped.Add(int64(16 * time.Minute))
	status, m = s.as(session, "POST", "/v1/lanes/1/sales", s.sale(basket(500)), newKey())
	s.refuses("session_over", status, m)
}

func TestATechnicianDoesNotSell(t *testing.T) {
	s := newTill(t)
	number, _ := s.hires("Carl", "technician", "4713")
	status, m := s.do(s.request("POST", "/v1/session", fmt.Sprintf(`{"number":%d,"pin":"4713"}`, number)))
	s.refuses("role_refused", status, m)
}

// Beyond a cashier's limit a supervisor answers for one action: this request under this key, once.
func TestASupervisorAnswersForOneActionBeyondTheLimit(t *testing.T) {
	s := newTill(t)
	s.publish(limitProgramme)
	s.fund(500)
	s.tap()
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	dora, _ := s.hires("Dora", "cashier", "4714")
	berta, _ := s.hires("Berta", "supervisor", "4712")
	session, key, body := s.atTill(dora, "4714"), newKey(), s.sale(redeeming(2000, 130))
	status, m := s.as(session, "POST", "/v1/lanes/1/sales", body, key)
	if s.refuses(agent.CodeTooMuch, status, m); m["approvable"] != true {
		t.Errorf("not told that it can be answered for: %v", m)
	}
	approve := func(number int, pin string, key loyalty.TxnID) (int, map[string]any) {
		return s.as(session, "POST", "/v1/approvals", fmt.Sprintf(`{"number":%d,"pin":%q}`, number, pin), key)
	}
	for _, c := range []struct {
		what   string
		number int
		pin    string
		key    loyalty.TxnID
		code   string
	}{
		{"another action", berta, "4712", newKey(), agent.CodeApprovalUnknown},
		{"the cashier", dora, "4714", key, agent.CodeApproverRole},
		{"a wrong PIN", berta, "99999999", key, agent.CodeStaffPINWrong},
	} {
		if status, m := approve(c.number, c.pin, c.key); m["code"] != c.code {
			t.Errorf("%s: %d, %v", c.what, status, m)
		}
	}
	if status, m := approve(berta, "4712", key); status != http.StatusOK || m["name"] != "Berta" {
		t.Fatalf("approve: %d, %v", status, m)
	}
	status, m = s.as(session, "POST", "/v1/lanes/1/sales", s.sale(redeeming(2000, 140)), key)
	s.refuses(agent.CodeTooMuch, status, m) // more than was answered for
	if status, m = approve(berta, "4712", key); status != http.StatusOK {
		t.Fatalf("approve anew: %d, %v", status, m)
	}
	status, m = s.as(session, "POST", "/v1/lanes/1/sales", body, key)
	s.refuses(agent.CodeTooMuch, status, m) // it was the other one
	approve(berta, "4712", key)
	if status, m = s.as(session, "POST", "/v1/lanes/1/sales", body, key); status != http.StatusCreated {
		t.Fatalf("answered for: %d, %v", status, m)
	}
	if e := s.last(); e.Staff != loyalty.StaffNumber(dora) || e.Approver != loyalty.StaffNumber(berta) {
		t.Errorf("sale by %d, approved by %d", e.Staff, e.Approver)
	}
	status, m = s.as(session, "POST", "/v1/lanes/1/sales", s.sale(redeeming(2000, 125)), newKey())
	s.refuses(agent.CodeTooMuch, status, m) // the next one is asked for anew
	_, m = s.ask(ownerToken, "GET", "/v1/trail", "")
	act := m["acts"].([]any)[0].(map[string]any)
	if act["what"] != "override" || act["staff"] != float64(dora) || act["second"] != float64(berta) || act["about"] != "redeem, lane 1" || act["after"] != "130" {
		t.Errorf("the trail says %v", act)
	}
	if log := s.log.String(); strings.Contains(log, "99999999") {
		t.Error("a PIN is in the log")
	}
}

func TestASupervisorAtTheTillNeedsNobodyElse(t *testing.T) {
	s := newTill(t)
	s.publish(limitProgramme)
	s.fund(500)
	s.tap()
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	berta, _ := s.hires("Berta", "supervisor", "4712")
	if status, m := s.as(s.atTill(berta, "4712"), "POST", "/v1/lanes/1/sales", s.sale(redeeming(2000, 130)), newKey()); status != http.StatusCreated {
		t.Fatalf("sale: %d, %v", status, m)
	}
	if e := s.last(); e.Staff != loyalty.StaffNumber(berta) || e.Approver != 0 {
		t.Errorf("sale by %d, approved by %d", e.Staff, e.Approver)
	}
}
