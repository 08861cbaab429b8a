package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"loyaltill/agent"
	"loyaltill/agent/staff"
	"loyaltill/internal/i18n"
)

// tokenBytes is the entropy of a bearer token that the agent makes.
const tokenBytes = 32

// LoadToken reads the bearer token, making one at the first start.
func LoadToken(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeToken(path)
	}
	if err != nil {
		return "", fmt.Errorf("read token %s: %w", path, err)
	}
	token := strings.TrimSpace(string(raw))
	if len(token) < tokenBytes {
		return "", fmt.Errorf("token file %s: the token is shorter than %d characters; delete the file to have one made", path, tokenBytes)
	}
	return token, nil
}

func makeToken(path string) (string, error) {
	b := make([]byte, tokenBytes)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make api token: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(b)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make api token: %w", err)
	}
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("make api token: %w", err)
	}
	return token, nil
}

type languageKey struct{}

// language is the one that the caller asked for, or the store's.
func language(ctx context.Context) i18n.Lang {
	l, _ := ctx.Value(languageKey{}).(i18n.Lang)
	return l
}

// guard wraps everything the agent serves: right host, no foreign page that was not let in, and for /v1 the token and JSON bodies.
func (s *Server) guard(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		newProblem(r.Context(), codeOrigin).write(w)
	}))
	known := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, code := s.whoCalls(r)
		if code != "" {
			newProblem(r.Context(), code).write(w)
			return
		}
		if changes(r) && s.agent != nil {
			end, ok := s.agent.Begin()
			if !ok {
				p := newProblem(r.Context(), agent.CodeRestarting)
				p.Retryable = true
				p.write(w)
				return
			}
			defer end()
		}
		ctx := context.WithValue(r.Context(), callerKey{}, c)
		if c.doer.Number != 0 {
			ctx = agent.By(ctx, c.doer)
		}
		r = r.WithContext(ctx)
		if c.training != nil && !ofThisStore(r.URL.Path) {
			c.training.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
	shared := s.shared(foreign.Handler(known), known)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := i18n.Match(r.Header.Get("Accept-Language"), s.language)
		r = r.WithContext(context.WithValue(r.Context(), languageKey{}, lang))
		// A name that a page on the internet had pointed at this machine (DNS rebinding) is not one of ours.
		if host, _, err := net.SplitHostPort(r.Host); err != nil || !loopback(host) {
			newProblem(r.Context(), codeOrigin).write(w)
			return
		}
		shared.ServeHTTP(w, r)
	})
}

// signInPath and pairingPath are the calls that may bring no token: they ask for one.
const signInPath = "/v1/session"

// changes says whether a restart has to wait for a call.
func changes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && strings.HasPrefix(r.URL.Path, "/v1/")
}

// asksForToken says whether a call needs none.
func asksForToken(r *http.Request) bool {
	return r.URL.Path == signInPath && r.Method == http.MethodPost || ofPairing(r.URL.Path)
}

// whoCalls says who calls, or why the request may not go on. Pages, the API's description, health and metrics are free to read on
// this machine.
func (s *Server) whoCalls(r *http.Request) (caller, string) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		return caller{}, ""
	}
	var c caller
	var code string
	if unasked := asksForToken(r); !unasked || !ofPairing(r.URL.Path) {
		if c, code = s.authorised(r); code != "" && !(unasked && code == codeTokenMissing) {
			return c, code
		}
	}
	if c.till && s.agent != nil && c.doer.Number == 0 && r.Method != http.MethodGet && !asksForToken(r) {
		if code := s.unsigned(r.Context()); code != "" {
			return c, code
		}
	}
	if r.Method == http.MethodPost || r.ContentLength > 0 {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return c, codeContentType
		}
	}
	return c, ""
}

// authorised finds whose the bearer token is.
func (s *Server) authorised(r *http.Request) (caller, string) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return caller{}, codeTokenMissing
	}
	got := sha256.Sum256([]byte(token))
	switch {
	case s.agent == nil: // a first start: nobody works here, and no page was let in
		if subtle.ConstantTimeCompare(got[:], s.token[:]) == 1 {
			return caller{till: true}, ""
		}
		return caller{}, codeTokenWrong
	case strings.HasPrefix(token, sessionPrefix):
		return s.signedIn(r.Context(), token)
	case strings.HasPrefix(token, agent.TrainingPrefix):
		return s.inTraining(r, token)
	case strings.HasPrefix(token, originPrefix):
		return s.pageToken(r, token)
	case strings.HasPrefix(token, displayPrefix):
		return caller{}, s.displayMay(r, token)
	case subtle.ConstantTimeCompare(got[:], s.token[:]) == 1:
		return s.atTill(r)
	case subtle.ConstantTimeCompare(got[:], s.owner[:]) == 1:
		return caller{doer: agent.Doer{Name: "command line", Role: staff.Manager}}, ""
	}
	return caller{}, codeTokenWrong
}

// staffHeader carries the session of who is signed in at a till, beside the till's own token.
const staffHeader = "Staff-Session"

// atTill is a till or POS, with who is signed in there.
func (s *Server) atTill(r *http.Request) (caller, string) {
	session := r.Header.Get(staffHeader)
	if session == "" {
		return caller{till: true}, ""
	}
	c, code := s.signedIn(r.Context(), session)
	c.till = true
	return c, code
}

// unsigned says why a till at which nobody is signed in may change nothing; empty: it may.
func (s *Server) unsigned(ctx context.Context) string {
	switch need, err := s.agent.SignIn(ctx); {
	case err != nil:
		s.log.Error().Err(err).Msg("staff cannot be read")
		return codeInternal
	case need == agent.SignInMust:
		return codeSignInNeeded
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
