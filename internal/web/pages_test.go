package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"loyaltill/internal/i18n"
)

func ask(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Pages().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// loaded is what the page names: scripts, styles and pictures.
var loaded = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

func assetsOf(t *testing.T, page []byte) []string {
	t.Helper()
	var found []string
	for _, m := range loaded.FindAllSubmatch(page, -1) {
		found = append(found, string(m[1]))
	}
	if len(found) == 0 {
		t.Fatal("the page loads nothing")
	}
	return found
}

func TestTheRootLeadsToTheTill(t *testing.T) {
	for _, from := range []string{"/", "/till"} {
		r := ask(t, "GET", from)
		if r.StatusCode != http.StatusFound || r.Header.Get("Location") != "/till/" {
			t.Errorf("%s: got %d to %q", from, r.StatusCode, r.Header.Get("Location"))
		}
	}
}

func TestThePageIsNeverKeptAndItsFilesAlways(t *testing.T) {
	page := ask(t, "GET", "/till/")
	if page.StatusCode != http.StatusOK || page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("page: %d, %v", page.StatusCode, page.Header)
	}
	kinds := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	for _, a := range assetsOf(t, body(t, page)) {
		r := ask(t, "GET", a)
		if r.StatusCode != http.StatusOK || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, cache %q", a, r.StatusCode, r.Header.Get("Cache-Control"))
		}
		if got, want := r.Header.Get("Content-Type"), kinds[a[strings.LastIndex(a, "."):]]; got != want {
			t.Errorf("%s: type %q, want %q", a, got, want)
		}
		again := ask(t, "GET", a, "If-None-Match", r.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s asked again: %d", a, again.StatusCode)
		}
	}
}

func TestThePageHasNothingInlineAndNothingFromElsewhere(t *testing.T) {
	page := body(t, ask(t, "GET", "/till/"))
	for _, bad := range []string{"<style", " style=", " onload=", "javascript:", "//"} {
		if bytes.Contains(page, []byte(bad)) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if inline := regexp.MustCompile(`<script[^>]*>[^<]`).Find(page); inline != nil {
		t.Errorf("inline script %q", inline)
	}
}

func TestEveryAnswerIsGuardedEvenAnError(t *testing.T) {
	for _, target := range []string{"/till/", "/till/i18n/lv.json", "/", "/nothing"} {
		h := ask(t, "GET", target).Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy lacks %s", target, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%s: policy is open: %s", target, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", target, h)
		}
	}
}

func TestEveryLanguageHasItsTexts(t *testing.T) {
	for _, l := range i18n.Langs() {
		r := ask(t, "GET", "/till/i18n/"+string(l)+".json")
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d, %q", l, r.StatusCode, r.Header.Get("Content-Type"))
		}
		var texts map[string]any
		if err := json.Unmarshal(body(t, r), &texts); err != nil || texts["till.title"] == nil {
			t.Errorf("%s: no texts, %v", l, err)
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	for _, target := range []string{
		"/till/index.html", "/till/i18n/", "/till/i18n/de.json", "/assets/", "/assets", "/dist/till/index.html", "/till/../till.go",
		"/assets/%2e%2e/till/index.html", "/till//", "/favicon.ico",
	} {
		r := ask(t, "GET", target)
		if r.StatusCode == http.StatusOK {
			t.Errorf("%s was served: %.60q", target, body(t, r))
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	if r := ask(t, "HEAD", "/till/"); r.StatusCode != http.StatusOK || len(body(t, r)) != 0 {
		t.Errorf("HEAD: %d", r.StatusCode)
	}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		if r := ask(t, method, "/till/"); r.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, r.StatusCode)
		}
	}
}

// shellBudget is what the till may load before it can be used, gzipped.
const shellBudget = 40 << 10

func TestTheShellStaysSmall(t *testing.T) {
	page := body(t, ask(t, "GET", "/till/"))
	total := zipped(t, page)
	for _, a := range assetsOf(t, page) {
		n := zipped(t, body(t, ask(t, "GET", a)))
		t.Logf("%6d %s", n, a)
		total += n
	}
	if total > shellBudget {
		t.Errorf("the shell has %d bytes gzipped, the budget is %d", total, shellBudget)
	}
	t.Logf("%6d in all", total)
}

// displayBudget is the same for the customer's display.
const displayBudget = 24 << 10

func TestTheDisplayIsFarSmallerAndSaysNothingOfOtherPages(t *testing.T) {
	page := body(t, ask(t, "GET", "/display/"))
	total := zipped(t, page)
	for _, a := range assetsOf(t, page) {
		total += zipped(t, body(t, ask(t, "GET", a)))
	}
	if total > displayBudget {
		t.Errorf("the display has %d bytes gzipped, the budget is %d", total, displayBudget)
	}
	for _, l := range i18n.Langs() {
		var texts map[string]any
		if err := json.Unmarshal(body(t, ask(t, "GET", "/display/i18n/"+string(l)+".json")), &texts); err != nil || texts["display.title"] == nil {
			t.Errorf("%s: no texts, %v", l, err)
		}
		for key := range texts {
			if !strings.HasPrefix(key, "display.") {
				t.Errorf("%s: %s is not the display's", l, key)
			}
		}
	}
	if r := ask(t, "GET", "/display?lane=2&lang=fa"); r.StatusCode != http.StatusFound || r.Header.Get("Location") != "/display/?lane=2&lang=fa" {
		t.Errorf("without the slash: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
}

func zipped(t *testing.T, b []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
