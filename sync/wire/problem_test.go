package wire

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestProblemsTravelWithCodeFieldsAndRetryAfter(t *testing.T) {
	want := NewProblem(CodeGap, "entries %d to %d are missing", 3, 4)
	want.Expected, want.RetryAfter = 3, 1500*time.Millisecond
	rec := httptest.NewRecorder()
	if err := WriteProblem(rec, want); err != nil {
		t.Fatal(err)
	}
	resp := rec.Result()
	if resp.StatusCode != http.StatusConflict || resp.Header.Get("Content-Type") != TypeProblem || resp.Header.Get("Retry-After") != "2" {
		t.Errorf("answer %d %v", resp.StatusCode, resp.Header)
	}
	got := ReadProblem(resp, time.Now())
	want.RetryAfter = 2 * time.Second
	if !reflect.DeepEqual(got, want) || got.Type != "urn:loyaltill:problem:gap" {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestEveryAnswerHasAClass(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   Class
	}{
		"a proxy's bad gateway":         {502, "<html>", AgainLater},
		"a gateway's timeout":           {504, "", AgainLater},
		"a request timeout":             {408, "", AgainLater},
		"a proxy's 413":                 {413, "", Shrink},
		"a proxy that wants a password": {407, "", StopAndTell},
		"a bare 401":                    {401, "", StopAndTell},
		"a bare 403":                    {403, "", StopAndTell},
		"a bare 404":                    {404, "", StopAndTell},
		"a bare 400":                    {400, "", StopAndTell},
		"a redirect":                    {302, "", AgainLater},
		"our own damaged":               {400, `{"code":"damaged"}`, AgainNow},
		"our own fenced":                {403, `{"code":"fenced"}`, Rehandshake},
		"a code of tomorrow":            {409, `{"code":"locked"}`, Rewind},
		"a problem that is no JSON":     {503, `{"code":`, AgainLater},
	} {
		resp := &http.Response{StatusCode: tc.status, Header: http.Header{}, Body: http.NoBody}
		if strings.HasPrefix(tc.body, "{") {
			resp.Header.Set("Content-Type", TypeProblem)
		}
		resp.Body = readCloser{strings.NewReader(tc.body)}
		if got := ClassOf(ReadProblem(resp, time.Now())); got != tc.want {
			t.Errorf("%s: class %d, want %d", name, got, tc.want)
		}
	}
	if ClassOf(errors.New("connection refused")) != AgainLater {
		t.Error("the network's own errors do not pass")
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func TestRetryAfterIsReadAsSecondsOrDateAndBounded(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-3": 0, "soon": 0, "999999": MaxRetryAfter,
		"Sun, 22 Nov 2026 08:00:30 GMT": 30 * time.Second, "Sun, 22 Nov 2026 07:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestTheTableOfErrorsIsTheDocumentsAndHasNoDoubles(t *testing.T) {
	seen := map[Code]bool{}
	for _, row := range codes() {
		if seen[row.code] {
			t.Errorf("%s stands twice", row.code)
		}
		seen[row.code] = true
		if p := NewProblem(row.code, ""); p.Status != row.status || p.Title == "" || p.Class() != row.class {
			t.Errorf("%s: %+v", row.code, p)
		}
	}
}

func TestACertificateNamesOneStoreAndEpoch(t *testing.T) {
	cert := &x509.Certificate{URIs: []*url.URL{CertURI(17, 3)}}
	if cert.URIs[0].String() != "loyaltill://store/17/epoch/3" {
		t.Errorf("name %s", cert.URIs[0])
	}
	if id, epoch, err := CertStore(cert); err != nil || id != 17 || epoch != 3 {
		t.Errorf("%d, %d, %v", id, epoch, err)
	}
	for _, name := range []string{"loyaltill://store/017/epoch/3", "loyaltill://store/17/epoch/3/x", "https://store/17/epoch/3",
		"loyaltill://shop/17/epoch/3", "loyaltill://store/0/epoch/3", "loyaltill://store/17/epoch/3?a=b"} {
		u, err := url.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := CertStore(&x509.Certificate{URIs: []*url.URL{u}}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
