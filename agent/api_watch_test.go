package agent_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// page reads what needs no token.
func (s *till) page(path string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.server.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.server.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestCallsAreCountedByRouteAndOutcome(t *testing.T) {
	s := newTill(t)
	s.do(s.request("POST", "/v1/lanes/1/quote", goodBasket))
	s.do(s.request("POST", "/v1/lanes/77/quote", goodBasket))
	s.do(s.request("POST", "/v1/lanes/1/quote", `{"lines":3}`))
	bare := s.request("POST", "/v1/lanes/1/quote", goodBasket)
	bare.Header.Del("Authorization")
	s.do(bare)
	_, text := s.page("/metrics")
	for _, want := range []string{
		`loyaltill_api_calls_total{call="POST /v1/lanes/{lane}/quote",code="ok"} 1`,
		`loyaltill_api_calls_total{call="POST /v1/lanes/{lane}/quote",code="lane_unknown"} 1`,
		`loyaltill_api_calls_total{call="POST /v1/lanes/{lane}/quote",code="field_invalid"} 1`,
		`loyaltill_api_calls_total{call="refused",code="token_missing"} 1`,
		`loyaltill_quote_seconds_count 3`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestAStoreThatCanSellIsReady(t *testing.T) {
	s := newTill(t)
	if status, body := s.page("/readyz"); status != 200 || !strings.Contains(body, `"ready":true`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := s.page("/healthz"); status != 200 {
		t.Errorf("%d %s", status, body)
	}
}

func TestAStoreWithoutItsLedgerSaysSo(t *testing.T) {
	s := newTill(t)
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	status, body := s.page("/readyz")
	var answer struct {
		Ready   bool
		Reasons []struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if status != 503 || answer.Ready || len(answer.Reasons) == 0 || answer.Reasons[0].Code != "ledger_unavailable" || answer.Reasons[0].Message == "" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := s.page("/healthz"); status != 200 {
		t.Errorf("healthz: %d; the process lives", status)
	}
}

func TestACallsNameIsItsOwnOnlyWhenItIsAUUID(t *testing.T) {
	s := newTill(t)
	for given, taken := range map[string]bool{"0193f2a0-1111-7000-8000-000000000001": true, "6034000000000018": false, "": false} {
		req := s.request("POST", "/v1/lanes/1/quote", goodBasket)
		req.Header.Set("X-Request-Id", given)
		resp, err := s.server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("X-Request-Id"); (got == given) != taken || got == "" {
			t.Errorf("given %q, called %q", given, got)
		}
	}
}
