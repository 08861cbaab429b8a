package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// headerRequest names a call. A caller's own name is taken when it is a UUID: nothing else of a caller's choice reaches the log.
const headerRequest = "X-Request-Id"

// codeOK is the outcome of a call that was not refused.
const codeOK = "ok"

type tracedKey struct{}

// traced is what is told of a call when it has been answered.
type traced struct {
	call string // a row of the table of routes, never the path itself
	code string
}

// refusedWith notes the code of the answer that is being made.
func refusedWith(ctx context.Context, code string) {
	if t, ok := ctx.Value(tracedKey{}).(*traced); ok {
		t.code = code
	}
}

// routed notes which row of the table of routes a call was for.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r)
		if t, ok := r.Context().Value(tracedKey{}).(*traced); ok {
			t.call = r.Pattern
		}
	})
}

// trace names each call of the API, counts it, takes its time, and logs it with its outcome.
func (s *Server) trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/") {
			next.ServeHTTP(w, r)
			return
		}
		id := rand.Text()
		if given, err := loyalty.ParseTxnID(r.Header.Get(headerRequest)); err == nil {
			id = given.String()
		}
		w.Header().Set(headerRequest, id)
		t := &traced{call: callRefused, code: codeOK}
		r = r.WithContext(agent.WithRequest(context.WithValue(r.Context(), tracedKey{}, t), id))
		start := time.Now()
		next.ServeHTTP(w, r)
		s.answered(r, *t, id, time.Since(start))
	})
}

// Calls whose time is a figure of its own, and those that were refused before any row was looked for.
const (
	callQuote   = "POST /v1/lanes/{lane}/quote"
	callCommit  = "POST /v1/lanes/{lane}/sales"
	callRefused = "refused"
)

func (s *Server) answered(r *http.Request, t traced, id string, took time.Duration) {
	s.metrics.Called(t.call, t.code)
	switch t.call {
	case callQuote:
		s.metrics.Quoted(took)
	case callCommit:
		s.metrics.Sold(took)
	}
	line := s.log.Info()
	if r.Method == http.MethodGet {
		line = s.log.Debug() // pages ask all the time
	}
	if sale, err := loyalty.ParseTxnID(r.Header.Get(headerKey)); err == nil {
		line.Stringer("sale", sale)
	}
	line.Str("request", id).Str("call", t.call).Str("code", t.code).Dur("took", took).Msg("call answered")
}
