package agent_test

import (
	"net/http"
	"testing"
	"time"
)

const webTill = "https://till.example"

// from makes a call as a page of another server does.
func (s *till) from(origin, token, method, path, body string) (int, map[string]any) {
	s.t.Helper()
	r := s.request(method, path, body)
	r.Header.Set("Origin", origin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Del("Authorization")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return s.do(r)
}

// asks has a page ask to be let in; it gives the id to ask by and the code that the page shows.
func (s *till) asks(origin string) (id, code string) {
	s.t.Helper()
	status, answer := s.from(origin, "", "POST", "/v1/pairings", "{}")
	if status != 201 {
		s.t.Fatalf("ask: %d, %v", status, answer)
	}
	return answer["pairing"].(string), answer["code"].(string)
}

func TestAWebTillIsLetInByWhoSeesItsCodeAndSentAwayAgain(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	id, code := s.asks(webTill)
	if _, answer := s.from(webTill, "", "GET", "/v1/pairings/"+id, ""); answer["state"] != "waiting" || answer["token"] != nil {
		t.Fatalf("before anybody answered: %v", answer)
	}
	status, answer := s.ask(boss, "POST", "/v1/origins", `{"origin":"`+webTill+`","code":"`+wrongCode(code)+`","allow":true}`)
	s.refuses("pairing_over", status, answer)
	if status, answer := s.ask(boss, "POST", "/v1/origins", `{"origin":"`+webTill+`","code":"`+code+`","allow":true}`); status != 200 {
		t.Fatalf("let in: %d, %v", status, answer)
	}
	_, answer = s.from(webTill, "", "GET", "/v1/pairings/"+id, "")
	token, _ := answer["token"].(string)
	if answer["state"] != "allowed" || token == "" {
		t.Fatalf("once let in: %v", answer)
	}
	status, answer = s.from(webTill, "", "GET", "/v1/pairings/"+id, "")
	s.refuses("pairing_over", status, answer) // the token is told once

	if status, answer := s.from(webTill, token, "POST", "/v1/lanes/1/quote", goodBasket); status != 200 {
		t.Errorf("a quote from there: %d, %v", status, answer)
	}
	status, answer = s.from("https://evil.example", token, "POST", "/v1/lanes/1/quote", goodBasket)
	s.refuses("origin_refused", status, answer)
	status, answer = s.ask(token, "GET", "/v1/status", "") // a program that has found the token
	s.refuses("token_wrong", status, answer)
	status, answer = s.from(webTill, token, "GET", "/v1/staff", "")
	s.refuses("role_refused", status, answer)
	status, answer = s.from(webTill, "", "POST", "/v1/session", `{"number":1,"pin":"4711"}`)
	s.refuses("origin_refused", status, answer)

	if status, answer := s.ask(boss, "DELETE", "/v1/origins?origin="+webTill, ""); status != 200 {
		t.Fatalf("let in no more: %d, %v", status, answer)
	}
	status, answer = s.from(webTill, token, "POST", "/v1/lanes/1/quote", goodBasket)
	s.refuses("origin_refused", status, answer)
	status, answer = s.ask(boss, "DELETE", "/v1/origins?origin="+webTill, "")
	s.refuses("origin_unknown", status, answer)
	_, answer = s.ask(boss, "GET", "/v1/trail", "")
	var told []any
	for _, a := range answer["acts"].([]any) {
		told = append(told, a.(map[string]any)["what"])
	}
	if len(told) < 4 || told[0] != "origin_end" || told[1] != "origin_end" || told[2] != "origin_allow" {
		t.Errorf("the trail says %v", told)
	}
}

func wrongCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestAQuestionOfAWebTillEndsByItselfAndByNo(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	id, code := s.asks(webTill)
	if status, answer := s.ask(boss, "POST", "/v1/origins", `{"origin":"`+webTill+`","code":"`+code+`","allow":false}`); status != 200 {
		t.Fatalf("refuse: %d, %v", status, answer)
	}
	status, answer := s.from(webTill, "", "GET", "/v1/pairings/"+id, "")
	s.refuses("pairing_over", status, answer)
	id, _ = s.asks(webTill)
	s.skipped.Add(int64(6 * time.Minute))
	status, answer = s.from(webTill, "", "GET", "/v1/pairings/"+id, "")
	s.refuses("pairing_over", status, answer)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		s.asks("https://" + name + ".example")
	}
	status, answer = s.from(webTill, "", "POST", "/v1/pairings", "{}")
	s.refuses("pairing_busy", status, answer)
	for _, bad := range []string{"null", "file://", "https://till.example/page", "chrome-extension://abc"} {
		status, answer = s.from(bad, "", "POST", "/v1/pairings", "{}")
		s.refuses("origin_refused", status, answer)
	}
}

// Only to pages that were let in does the agent tell the browser that they may read its answers.
func TestTheBrowserIsToldWhoMayCall(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	_, code := s.asks(webTill)
	s.ask(boss, "POST", "/v1/origins", `{"origin":"`+webTill+`","code":"`+code+`","allow":true}`)
	for _, c := range []struct {
		what, origin, path string
		told               bool
	}{
		{"a page that was let in", webTill, "/v1/lanes/1/sales", true},
		{"another page", "https://evil.example", "/v1/lanes/1/sales", false},
		{"another page that asks to be let in", "https://evil.example", "/v1/pairings", true},
		{"the sign-in of staff", webTill, "/v1/session", false},
	} {
		r := s.request(http.MethodOptions, c.path, "")
		r.Header.Del("Authorization")
		r.Header.Set("Origin", c.origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		allowed := resp.Header.Get("Access-Control-Allow-Origin")
		if (allowed == c.origin) != c.told || allowed == "*" || (resp.StatusCode == http.StatusNoContent) != c.told {
			t.Errorf("%s: status %d, told %q", c.what, resp.StatusCode, allowed)
		}
	}
}
