package agent_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"loyaltill/agent/api"
	"loyaltill/internal/i18n"
)

const testToken = "0123456789abcdef0123456789abcdef0123456789"

// till is the shop's API over HTTP.
type till struct {
	*shop
	server *httptest.Server
}

func newTill(t *testing.T) *till {
	t.Helper()
	return newShop(t).overHTTP()
}

func (s *shop) overHTTP() *till {
	handler := api.New(s.agent, api.Options{Token: testToken, Owner: ownerToken, Language: i18n.English, Version: "test"}, zerolog.New(s.log))
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	return &till{shop: s, server: server}
}

// request builds a call that is in order; tests then spoil it.
func (s *till) request(method, path, body string) *http.Request {
	s.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, r)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testToken)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func (s *till) do(req *http.Request) (int, map[string]any) {
	s.t.Helper()
	resp, err := s.server.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode >= 300 && resp.Header.Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("%s %s: status %d as %s", req.Method, req.URL.Path, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		s.t.Errorf("%s %s: status %d: %s", req.Method, req.URL.Path, resp.StatusCode, body)
	}
	return resp.StatusCode, answer
}

const goodBasket = `{"lines":[{"sku":"1","name":"Milk","quantity":1000,"amount":300}]}`

func TestBadCallsAreRefusedWithACodeAndChangeNothing(t *testing.T) {
	s := newTill(t)
	spoil := func(f func(*http.Request)) func(*http.Request) { return f }
	none := spoil(func(*http.Request) {})
	key := newKey().String()
	keyed := spoil(func(r *http.Request) { r.Header.Set("Idempotency-Key", key) })
	for name, c := range map[string]struct {
		method, path, body string
		spoil              func(*http.Request)
		status             int
		code               string
	}{
		"no token":             {"GET", "/v1/status", "", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "token_missing"},
		"wrong token":          {"GET", "/v1/status", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401, "token_wrong"},
		"another host's name":  {"GET", "/v1/status", "", func(r *http.Request) { r.Host = "evil.example:80" }, 403, "origin_refused"},
		"from another page":    {"POST", "/v1/lanes/1/quote", goodBasket, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403, "origin_refused"},
		"not JSON by its type": {"POST", "/v1/lanes/1/quote", goodBasket, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415, "content_type"},
		"no type at all":       {"POST", "/v1/lanes/1/quote", goodBasket, func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "content_type"},
		"malformed JSON":       {"POST", "/v1/lanes/1/quote", `{"lines":[`, none, 400, "bad_request"},
		"bytes after the JSON": {"POST", "/v1/lanes/1/quote", goodBasket + "{}", none, 400, "bad_request"},
		"unknown field":        {"POST", "/v1/lanes/1/quote", `{"lines":[],"colour":1}`, none, 422, "field_invalid"},
		"wrong type":           {"POST", "/v1/lanes/1/quote", `{"lines":[{"sku":"1","quantity":"one","amount":1}]}`, none, 422, "field_invalid"},
		"a reward of nobody":   {"POST", "/v1/lanes/1/quote", `{"lines":[{"sku":"1","quantity":1000,"amount":1}],"rewards":[{"reward":"none"}]}`, none, 422, "field_invalid"},
		"a coupon of nobody":   {"POST", "/v1/lanes/1/quote", `{"lines":[{"sku":"1","quantity":1000,"amount":1}],"coupons":[{"code":"none"}]}`, none, 422, "coupon_unreadable"},
		"empty basket":         {"POST", "/v1/lanes/1/quote", `{"lines":[]}`, none, 422, "field_invalid"},
		"negative amount":      {"POST", "/v1/lanes/1/quote", `{"lines":[{"sku":"1","quantity":1000,"amount":-1}]}`, none, 422, "field_invalid"},
		"body too large":       {"POST", "/v1/lanes/1/quote", `{"cashier":"` + strings.Repeat("x", 300<<10) + `"}`, none, 413, "body_too_large"},
		"unknown lane":         {"GET", "/v1/lanes/9", "", none, 404, "lane_unknown"},
		"unknown page":         {"GET", "/v1/nothing", "", none, 404, "not_found"},
		"unknown sale":         {"GET", "/v1/sales/" + key, "", none, 404, "sale_unknown"},
		"no key":               {"POST", "/v1/lanes/1/sales", goodCommit(), none, 400, "key_missing"},
		"key that is no UUID":  {"POST", "/v1/lanes/1/sales", goodCommit(), func(r *http.Request) { r.Header.Set("Idempotency-Key", "7") }, 400, "key_invalid"},
		"a quote never given":  {"POST", "/v1/lanes/1/sales", goodCommit(), keyed, 409, "quote_changed"},
		"a PIN of letters":     {"POST", "/v1/lanes/1/pin", `{"pin":"abcd"}`, none, 422, "pin_format"},
		"a PIN without a card": {"POST", "/v1/lanes/1/pin", `{"pin":"4711"}`, none, 409, "card_needed"},
		"unknown number":       {"GET", "/v1/members?number=6034000000000099", "", none, 404, "member_unknown"},
		"number too short":     {"GET", "/v1/members?number=1", "", none, 422, "field_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			req := s.request(c.method, c.path, c.body)
			c.spoil(req)
			status, answer := s.do(req)
			if status != c.status || answer["code"] != c.code {
				t.Errorf("got %d %v, want %d %s: %v", status, answer["code"], c.status, c.code, answer)
			}
			if answer["message"] == "" || answer["type"] != "urn:loyaltill:problem:"+c.code {
				t.Errorf("problem %v", answer)
			}
		})
	}
	if got := s.kinds(); got != "" {
		t.Errorf("the log holds %q", got)
	}
	if strings.Contains(s.log.String(), "6034000000000099") {
		t.Error("a card number reached the log")
	}
}

func goodCommit() string {
	return `{"lines":[{"sku":"1","quantity":1000,"amount":300}],"tenders":[{"kind":"cash","amount":300}],"quote":"` + strings.Repeat("0", 64) + `"}`
}

func TestAProblemSpeaksTheLanguageAskedFor(t *testing.T) {
	s := newTill(t)
	messages := map[string]bool{}
	for _, lang := range i18n.Langs() {
		req := s.request("GET", "/v1/lanes/9", "")
		req.Header.Set("Accept-Language", string(lang))
		_, answer := s.do(req)
		messages[answer["message"].(string)] = true
	}
	if len(messages) != len(i18n.Langs()) {
		t.Errorf("%d languages gave %d messages: %v", len(i18n.Langs()), len(messages), messages)
	}
}

func TestEveryCodeOfARefusalHasASentence(t *testing.T) {
	for _, code := range api.Codes() {
		if !i18n.Has("cashier." + code) {
			t.Errorf("no text for code %s", code)
		}
	}
}

func TestTheIntegrationPageNamesEveryCode(t *testing.T) {
	page := string(must[[]byte](t)(os.ReadFile("../docs/pos-integration.md")))
	var texts map[string]any
	if err := json.Unmarshal(must[[]byte](t)(i18n.CatalogJSON(i18n.English)), &texts); err != nil {
		t.Fatal(err)
	}
	codes := api.Codes()
	for key := range texts {
		code := strings.TrimPrefix(key, "cashier.")
		if strings.HasPrefix(code, "reader_") || strings.HasPrefix(code, "printer_") || strings.HasPrefix(code, "card_") {
			codes = append(codes, code)
		}
	}
	for _, code := range codes {
		if !strings.Contains(page, "`"+code+"`") {
			t.Errorf("docs/pos-integration.md does not name %s", code)
		}
	}
}

func TestAListenerHearsTheCardCome(t *testing.T) {
	s := newTill(t)
	resp, err := s.server.Client().Do(s.request("GET", "/v1/events", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func(want string) {
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended before %q: %v", want, lines.Err())
	}
	next(`"card":{"state":"none"`)
	s.slot.Insert(s.card)
	next(`"card":{"state":"ready"`)
	s.slot.Remove()
	next(`"card":{"state":"none"`)
}

func TestTheDescriptionNamesEveryCall(t *testing.T) {
	s := newTill(t)
	status, answer := s.do(s.request("GET", "/openapi.json", ""))
	if status != 200 || answer["openapi"] != "3.1.0" {
		t.Fatalf("status %d, openapi %v", status, answer["openapi"])
	}
	paths := answer["paths"].(map[string]any)
	for _, path := range []string{"/v1/status", "/v1/events", "/v1/lanes/{lane}/sales", "/v1/lanes/{lane}/pin", "/v1/members", "/v1/jobs/{id}/reprint"} {
		if paths[path] == nil {
			t.Errorf("%s is not described", path)
		}
	}
}

func TestTokenIsMadeOnceAndKept(t *testing.T) {
	path := t.TempDir() + "/folder/token"
	first := must[string](t)(api.LoadToken(path))
	if again := must[string](t)(api.LoadToken(path)); again != first || len(first) < 32 {
		t.Errorf("first %q, again %q", first, again)
	}
}

func TestEditorsGetTheSchemaOfProgrammesWithoutAToken(t *testing.T) {
	s := newTill(t)
	request := s.request("GET", "/programme.schema.json", "")
	request.Header.Del("Authorization")
	status, answer := s.do(request)
	if status != 200 || answer["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("status %d, schema %v", status, answer["$schema"])
	}
}
