package agent_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"loyaltill/agent"
)

const ownerToken = "owner6789abcdef0123456789abcdef0123456789"

// ask makes a call with a bearer token; one that changes something gets a key of its own.
func (s *till) ask(token, method, path, body string) (int, map[string]any) {
	s.t.Helper()
	if method == "POST" && body == "" {
		body = "{}"
	}
	r := s.request(method, path, body)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Idempotency-Key", uuid.Must(uuid.NewV7()).String())
	return s.do(r)
}

// hires makes somebody and signs them in; a cashier has nothing to sign in for.
func (s *till) hires(name, role, pin string) (number int, token string) {
	s.t.Helper()
	status, m := s.ask(ownerToken, "POST", "/v1/staff", fmt.Sprintf(`{"name":%q,"role":%q,"pin":%q}`, name, role, pin))
	if status != http.StatusCreated {
		s.t.Fatalf("add %s: %d, %v", name, status, m)
	}
	number = int(m["number"].(float64))
	status, m = s.signIn(number, pin)
	if role == "cashier" {
		return number, ""
	}
	if status != http.StatusOK {
		s.t.Fatalf("sign in %s: %d, %v", name, status, m)
	}
	return number, m["token"].(string)
}

func (s *till) signIn(number int, pin string) (int, map[string]any) {
	s.t.Helper()
	r := s.request("POST", "/v1/session", fmt.Sprintf(`{"number":%d,"pin":%q}`, number, pin))
	r.Header.Del("Authorization")
	return s.do(r)
}

// refuses fails unless a call was refused with a code.
func (s *till) refuses(code string, status int, answer map[string]any) {
	s.t.Helper()
	if answer["code"] != code {
		s.t.Errorf("got status %d, code %v, want %s", status, answer["code"], code)
	}
}

func TestARoleDecidesWhatAPersonMayDo(t *testing.T) {
	s := newTill(t)
	_, manager := s.hires("Anna", "manager", "4711")
	_, supervisor := s.hires("Berta", "supervisor", "4712")
	_, technician := s.hires("Carl", "technician", "4713")
	for _, c := range []struct {
		method, path, may string
	}{
		{"GET", "/v1/status", "till manager supervisor technician"},
		{"GET", "/v1/jobs/1", "till manager supervisor technician"},
		{"GET", "/v1/coupons", "till manager supervisor"},
		{"GET", "/v1/staff", "manager owner"},
		{"GET", "/v1/trail", "manager owner"},
		{"GET", "/v1/consent", "till"},
		{"GET", "/v1/session", "manager supervisor technician"},
	} {
		for who, token := range map[string]string{"till": testToken, "manager": manager, "supervisor": supervisor, "technician": technician} {
			status, answer := s.ask(token, c.method, c.path, "")
			if may := strings.Contains(c.may, who); may != (answer["code"] != "role_refused") {
				t.Errorf("%s %s by the %s: status %d, code %v", c.method, c.path, who, status, answer["code"])
			}
		}
	}
}

func TestACashierHasNothingToSignInFor(t *testing.T) {
	s := newTill(t)
	number, _ := s.hires("Dora", "cashier", "4714")
	status, answer := s.signIn(number, "4714")
	s.refuses("role_refused", status, answer)
}

func TestWrongPINsWaitLongerEachTimeAndARestartForgetsNothing(t *testing.T) {
	s := newTill(t)
	number, _ := s.hires("Anna", "manager", "4711")
	for range 2 {
		status, answer := s.signIn(number, "9999")
		s.refuses("staff_pin_wrong", status, answer)
		if answer["wait_seconds"] != nil {
			t.Errorf("a first slip has to wait: %v", answer)
		}
	}
	status, answer := s.signIn(number, "9999")
	if s.refuses("staff_pin_wrong", status, answer); answer["wait_seconds"] != 5.0 {
		t.Errorf("third wrong PIN: %v", answer)
	}
	s.restart()
	s = s.overHTTP()
	status, answer = s.signIn(number, "4711")
	if s.refuses("staff_wait", status, answer); answer["wait_seconds"] == nil || status != http.StatusTooManyRequests {
		t.Errorf("the right PIN too early: %d, %v", status, answer)
	}
	s.skipped.Add(int64(6 * time.Second))
	status, answer = s.signIn(number, "9999")
	if s.refuses("staff_pin_wrong", status, answer); answer["wait_seconds"] != 15.0 {
		t.Errorf("fourth wrong PIN: %v", answer)
	}
	s.skipped.Add(int64(16 * time.Second))
	if status, answer = s.signIn(number, "4711"); status != http.StatusOK {
		t.Fatalf("the right PIN in time: %d, %v", status, answer)
	}
	status, answer = s.signIn(number, "9999")
	if s.refuses("staff_pin_wrong", status, answer); answer["wait_seconds"] != nil {
		t.Errorf("the right PIN did not begin anew: %v", answer)
	}
}

func TestASessionEndsWithTimeWithTheRoleAndWithTheRestart(t *testing.T) {
	s := newTill(t)
	_, boss := s.hires("Anna", "manager", "4711")
	number, token := s.hires("Berta", "supervisor", "4712")
	path := fmt.Sprintf("/v1/staff/%d", number)
	if status, m := s.ask(boss, "PUT", path, `{"name":"Berta","role":"technician"}`); status != 200 || m["role"] != "technician" {
		t.Fatalf("change: %d, %v", status, m)
	}
	status, answer := s.ask(token, "GET", "/v1/status", "")
	s.refuses("session_over", status, answer)

	_, answer = s.signIn(number, "4712")
	token = answer["token"].(string)
	s.skipped.Add(int64(16 * time.Minute))
	status, answer = s.ask(token, "GET", "/v1/status", "")
	s.refuses("session_over", status, answer)

	_, answer = s.signIn(number, "4712")
	token = answer["token"].(string)
	if status, answer = s.ask(token, "DELETE", "/v1/session", ""); status != 200 {
		t.Errorf("sign out: %d, %v", status, answer)
	}
	status, answer = s.ask(token, "GET", "/v1/status", "")
	s.refuses("session_over", status, answer)

	_, answer = s.signIn(number, "4712")
	token = answer["token"].(string)
	again := s.overHTTP() // another server knows no session of the first
	status, answer = again.ask(token, "GET", "/v1/status", "")
	s.refuses("session_over", status, answer)
}

func TestForeignPagesAndForgedHostsCannotSignIn(t *testing.T) {
	s := newTill(t)
	number, _ := s.hires("Anna", "manager", "4711")
	for what, spoil := range map[string]func(*http.Request){
		"another site":        func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another port":        func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"a name of the world": func(r *http.Request) { r.Host = "till.example:8787" },
		"a foreign origin":    func(r *http.Request) { r.Header.Set("Origin", "https://example.com") },
	} {
		r := s.request("POST", "/v1/session", fmt.Sprintf(`{"number":%d,"pin":"4711"}`, number))
		spoil(r)
		if status, answer := s.do(r); answer["code"] != "origin_refused" {
			t.Errorf("%s: status %d, %v", what, status, answer)
		}
	}
}

func TestStaffAreKeptTidy(t *testing.T) {
	s := newTill(t)
	one, boss := s.hires("Anna", "manager", "4711")
	two, _ := s.hires("Berta", "cashier", "4712")
	for _, c := range []struct {
		what, method, path, body, code string
	}{
		{"a second Anna", "POST", "/v1/staff", `{"name":"Anna","role":"cashier","pin":"4713"}`, agent.CodeStaffName},
		{"an easy PIN", "POST", "/v1/staff", `{"name":"Eva","role":"cashier","pin":"1234"}`, agent.CodeStaffPINEasy},
		{"a short PIN", "POST", "/v1/staff", `{"name":"Eva","role":"cashier","pin":"12"}`, agent.CodePINFormat},
		{"no name", "POST", "/v1/staff", `{"name":"  ","role":"cashier","pin":"4713"}`, agent.CodeFieldInvalid},
		{"a role that there is not", "POST", "/v1/staff", `{"name":"Eva","role":"owner","pin":"4713"}`, agent.CodeFieldInvalid},
		{"the last manager goes", "DELETE", fmt.Sprintf("/v1/staff/%d", one), "", agent.CodeStaffLast},
		{"the last manager becomes a cashier", "PUT", fmt.Sprintf("/v1/staff/%d", one), `{"name":"Anna","role":"cashier"}`, agent.CodeStaffLast},
		{"nobody's number", "PUT", "/v1/staff/99/pin", `{"pin":"4713"}`, agent.CodeStaffUnknown},
	} {
		if status, answer := s.ask(boss, c.method, c.path, c.body); answer["code"] != c.code {
			t.Errorf("%s: status %d, %v, want %s", c.what, status, answer["code"], c.code)
		}
	}
	if status, m := s.ask(boss, "DELETE", fmt.Sprintf("/v1/staff/%d", two), ""); status != 200 || m["ended"] == nil {
		t.Errorf("Berta leaves: %d, %v", status, m)
	}
	status, answer := s.signIn(two, "4712")
	s.refuses("staff_pin_wrong", status, answer)
}

func TestTheTrailTellsWhoDidWhatAndKeepsNoPIN(t *testing.T) {
	s := newTill(t)
	number, boss := s.hires("Anna", "manager", "4711")
	s.ask(boss, "POST", "/v1/staff", `{"name":"Berta","role":"cashier","language":"lv","pin":"4712"}`)
	s.ask(boss, "PUT", "/v1/staff/2", `{"name":"Berta B","role":"supervisor"}`)
	s.ask(boss, "PUT", "/v1/staff/2/pin", `{"pin":"471299"}`)
	s.ask(boss, "POST", "/v1/jobs/77/cancel", "")
	_, answer := s.ask(boss, "GET", "/v1/trail", "")
	var got []string
	for _, a := range answer["acts"].([]any) {
		row := a.(map[string]any)
		text := func(key string) string { v, _ := row[key].(string); return v }
		got = append(got, strings.Join([]string{fmt.Sprint(row["staff"]), text("name"), text("what"), text("about"), text("before"), text("after"), text("refused")}, "|"))
	}
	want := []string{
		fmt.Sprintf("%d|Anna|job_cancel|job 77|||job_unknown", number),
		"1|Anna|staff_pin|2|Berta B, supervisor|Berta B, supervisor|",
		"1|Anna|staff_change|2|Berta, cashier, lv|Berta B, supervisor|",
		"1|Anna|staff_add|2||Berta, cashier, lv|",
		"0|command line|staff_add|1||Anna, manager|",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if log := s.log.String(); strings.Contains(log, "471299") {
		t.Error("a PIN is in the log")
	}
}

// Without support's key nobody could open the file, and a cashier or supervisor has no business with it.
func TestAFileForSupportNeedsItsKeyAndTheRight(t *testing.T) {
	s := newTill(t)
	_, technician := s.hires("Tom", "technician", "4711")
	_, supervisor := s.hires("Berta", "supervisor", "4712")
	_, boss := s.hires("Anna", "manager", "4713")
	for _, c := range []struct{ what, token, code string }{
		{"a technician", technician, agent.CodeSupportUnset}, {"a manager", boss, agent.CodeSupportUnset},
		{"a supervisor", supervisor, "role_refused"}, {"a till", testToken, "role_refused"},
	} {
		if status, answer := s.ask(c.token, "POST", "/v1/bundle", ""); answer["code"] != c.code {
			t.Errorf("%s: %d, %v, want %s", c.what, status, answer, c.code)
		}
	}
}
