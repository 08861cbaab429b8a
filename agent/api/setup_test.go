package api

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/setup"
	"loyaltill/internal/i18n"
)

func firstStart(t *testing.T) (*Server, string) {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "loyaltill.toml")
	s, needed, err := setup.Begin(setup.Options{Config: config, Listen: "127.0.0.1:8787", Ports: folder, Log: zerolog.Nop(), Now: time.Now})
	if err != nil || !needed {
		t.Fatal(needed, err)
	}
	till := func() (string, error) { return "", nil }
	return NewSetup(s, Options{Token: "setup-token", Language: i18n.English}, till, zerolog.Nop()), config
}

func TestASetupAnswersItsOwnPageAlone(t *testing.T) {
	s, _ := firstStart(t)
	for _, c := range []struct {
		what, host, token, origin, path string
		want                            int
	}{
		{"the page", "127.0.0.1:8787", "setup-token", "", "/v1/setup", 200},
		{"without the token", "127.0.0.1:8787", "", "", "/v1/setup", 401},
		{"with another token", "127.0.0.1:8787", "till-token", "", "/v1/setup", 401},
		{"with a session of staff", "127.0.0.1:8787", "staff_x", "", "/v1/setup", 401},
		{"under a name of the internet", "hq.example.org:8787", "setup-token", "", "/v1/setup", 403},
		{"a call of a store", "127.0.0.1:8787", "setup-token", "", "/v1/lanes", 404},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		r.Host = c.host
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.what, w.Code, w.Body, c.want)
		}
	}
	for site, want := range map[string]int{"same-origin": 422, "cross-site": 403} { // 422: a store has a lane
		r := httptest.NewRequest("POST", "/v1/setup/lanes", strings.NewReader(`{"lanes":[]}`))
		r.Host = "127.0.0.1:8787"
		r.Header.Set("Authorization", "Bearer setup-token")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", map[string]string{"same-origin": "http://127.0.0.1:8787", "cross-site": "https://evil.example"}[site])
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != want {
			t.Errorf("a call from a page that is %s: %d %s, want %d", site, w.Code, w.Body, want)
		}
	}
}
