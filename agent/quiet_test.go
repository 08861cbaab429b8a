package agent_test

import (
	"net/http"
	"testing"

	"loyaltill/agent"
)

// A restart disturbs nobody: it waits for the customer, and once it has begun nothing is changed any more.
func TestARestartWaitsForTheCustomerAndThenStopsChanges(t *testing.T) {
	s := newTill(t)
	if status, answer := s.ask(testToken, "POST", "/v1/lanes/1/member", `{"text":"6034000000000018"}`); status != http.StatusOK {
		t.Fatal(status, answer)
	}
	if busy := s.agent.Rest(); busy == nil || busy.Code != agent.CodeBusySale || busy.Lane != 1 {
		t.Errorf("with a member at the till: %+v", busy)
	}
	end, ok := s.agent.Begin()
	if _, err := s.agent.Forget(1); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if busy := s.agent.Rest(); busy == nil {
		t.Error("a call was under way")
	}
	end()
	if busy := s.agent.Rest(); busy != nil {
		t.Errorf("with nobody there: %+v", busy)
	}
	if status, answer := s.ask(testToken, "POST", "/v1/lanes/1/member", `{"text":"6034000000000018"}`); status != http.StatusServiceUnavailable || answer["code"] != agent.CodeRestarting || answer["retryable"] != true {
		t.Errorf("a change while it restarts: %d, %v", status, answer)
	}
	if status, _ := s.ask(testToken, "GET", "/v1/lanes/1", ""); status != http.StatusOK {
		t.Errorf("a look while it restarts: %d", status)
	}
}
