package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"loyaltill/agent"
)

// originPrefix tells a token of a page of another server from the store's own.
const originPrefix = "page_"

// pairingPath is where a page of another server asks to be let in: all that it may call before.
const pairingPath = "/v1/pairings"

func ofPairing(path string) bool {
	return path == pairingPath || strings.HasPrefix(path, pairingPath+"/")
}

// What a page of another server may do once it was let in: what tills may, and be told the answer.
const (
	corsMethods = "GET, POST, PUT, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, Accept-Language, Staff-Session"
	corsSeconds = "600"
)

// shared lets pages of other servers call that a person let in, or that ask to be. To any other the answer says nothing to the
// browser, which then keeps it from the page; what would change something is refused by next.
func (s *Server) shared(own http.Handler, foreign http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || ownOrigin(origin, r.Host) || !strings.HasPrefix(r.URL.Path, "/v1/") {
			own.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Origin")
		if !s.mayCall(r.Context(), origin, r.URL.Path) {
			own.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", origin)
		if r.Method != http.MethodOptions {
			foreign.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", corsMethods)
		h.Set("Access-Control-Allow-Headers", corsHeaders)
		h.Set("Access-Control-Max-Age", corsSeconds)
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			h.Set("Access-Control-Allow-Private-Network", "true")
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// ownOrigin says whether a page is the agent's own.
func ownOrigin(origin, host string) bool {
	return origin == "http://"+host || origin == "https://"+host
}

// mayCall says whether a page of that server may make a call at all; whose token it brings is looked at behind it.
func (s *Server) mayCall(ctx context.Context, origin, path string) bool {
	if !properOrigin(origin) {
		return false
	}
	if ofPairing(path) || path == signInPath { // people sign in on the agent's own pages alone
		return ofPairing(path)
	}
	if s.agent == nil {
		return false // a first start answers its own page alone
	}
	allowed, err := s.agent.OriginAllowed(ctx, origin)
	if err != nil {
		s.log.Error().Err(err).Msg("origins cannot be read")
	}
	return allowed && err == nil
}

// maxOrigin bounds the name of a server.
const maxOrigin = 300

// properOrigin takes what a person can recognise: a server with a name, nothing opaque, nothing else in it.
func properOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && len(origin) <= maxOrigin && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && origin == u.Scheme+"://"+u.Host
}

// pageToken says whose a token of a page of another server is: the page's own, called from there.
func (s *Server) pageToken(r *http.Request, token string) (caller, string) {
	proved, err := s.agent.OriginProved(r.Context(), r.Header.Get("Origin"), token)
	switch {
	case err != nil:
		s.log.Error().Err(err).Msg("origins cannot be read")
		return caller{}, agent.CodeLedgerUnavailable
	case !proved:
		return caller{}, codeTokenWrong
	}
	return s.atTill(r)
}
