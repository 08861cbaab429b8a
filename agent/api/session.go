package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/staff"
	"loyaltill/store/agentdb"
)

// Sessions of staff live in memory: after a restart everybody signs in again.
const (
	sessionIdle   = 15 * time.Minute // without a call
	sessionLife   = 12 * time.Hour
	maxSessions   = 64       // the one that was idle longest gives way
	sessionPrefix = "staff_" // tells a session that is over from a wrong token
)

// session is somebody who has shown their PIN.
type session struct {
	number  agentdb.StaffNumber
	version int64 // of their row: another role or PIN ends the session
	began   time.Time
	used    time.Time
}

// sessions are all of them, by the hash of their tokens.
type sessions struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]session
}

func (s *sessions) begin(who agent.StaffMember, now time.Time) string {
	token := sessionPrefix + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[[sha256.Size]byte]session{}
	}
	for len(s.all) >= maxSessions {
		s.dropIdlest()
	}
	s.all[sha256.Sum256([]byte(token))] = session{number: who.Number, version: who.Version, began: now, used: now}
	return token
}

func (s *sessions) dropIdlest() {
	var idlest [sha256.Size]byte
	var used time.Time
	for token, one := range s.all {
		if used.IsZero() || one.used.Before(used) {
			idlest, used = token, one.used
		}
	}
	delete(s.all, idlest)
}

// find gives the session of a token and counts the call as use.
func (s *sessions) find(token string, now time.Time) (session, bool) {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.all[key]
	if !known {
		return one, false
	}
	if now.Sub(one.used) > sessionIdle || now.Sub(one.began) > sessionLife || now.Before(one.began) {
		delete(s.all, key)
		return one, false
	}
	one.used = now
	s.all[key] = one
	return one, true
}

func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(token)))
}

// caller is who calls: a till or POS by the store's token, staff by a session, or whoever has this machine.
type caller struct {
	till     bool
	training http.Handler // of a lane in training; nil: what is done counts
	doer     agent.Doer   // of staff, also at a till, and of the machine's owner
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// access is who may call a route.
type access struct {
	all   bool // also who has shown nothing
	staff bool // whoever is signed in
	till  bool
	right staff.Right // of staff; empty: none may
	setup bool        // of a first start, by the token of its page
}

// Who may call: tills and POS software, staff with a right, or both.
func anybody() access                   { return access{all: true} }
func signedIn() access                  { return access{staff: true} }
func tills() access                     { return access{till: true} }
func settingUp() access                 { return access{till: true, setup: true} }
func those(right staff.Right) access    { return access{right: right} }
func tillsAnd(right staff.Right) access { return access{till: true, right: right} }
func (w access) allows(c caller) bool {
	if w.staff {
		return c.doer.Number != 0
	}
	if w.all || c.till {
		return w.all || w.till
	}
	return w.right != "" && c.doer.May(w.right)
}

func (w access) String() string {
	if w.all {
		return "For anybody at this machine."
	}
	if w.staff {
		return "For whoever is signed in."
	}
	if w.setup {
		return "For the setup page, by the token in its address, until the store has a configuration and is paired."
	}
	var who []string
	if w.till {
		who = append(who, "tills and POS software")
	}
	if w.right != "" {
		who = append(who, fmt.Sprintf("staff with the right %q", w.right))
	}
	return "For " + strings.Join(who, ", and ") + "."
}

// signedIn finds who a session's token belongs to, as they are now.
func (s *Server) signedIn(ctx context.Context, token string) (caller, string) {
	one, known := s.sessions.find(token, s.agent.Now())
	if !known {
		return caller{}, codeSessionOver
	}
	who, err := s.agent.StaffMember(ctx, one.number)
	if err != nil || who.Version != one.version || !who.Works() {
		s.sessions.end(token)
		return caller{}, codeSessionOver
	}
	return caller{doer: agent.Doer{Number: who.Number, Name: who.Name, Role: who.Role}}, ""
}

type signInIn struct {
	Body struct {
		Number agentdb.StaffNumber `json:"number" minimum:"1"`
		PIN    digits              `json:"pin"`
	}
	RawBody []byte
}

// sessionView is somebody who is signed in.
type sessionView struct {
	Token  string            `json:"token,omitempty" doc:"bearer token of the calls that follow"`
	Staff  agent.StaffMember `json:"staff"`
	Rights []staff.Right     `json:"rights"`
}

func (s *Server) signIn(ctx context.Context, in *signInIn) (*reply[sessionView], error) {
	defer clear(in.RawBody)
	defer clear(in.Body.PIN)
	who, err := s.agent.ProvePIN(ctx, in.Body.Number, in.Body.PIN)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	need := staff.Look
	if callerOf(ctx).till {
		need = staff.Sell
	}
	if !who.Role.May(need) {
		return nil, newProblem(ctx, codeRoleRefused)
	}
	return &reply[sessionView]{sessionView{Token: s.sessions.begin(who, s.agent.Now()), Staff: who, Rights: who.Role.Rights()}}, nil
}

func (s *Server) whoAmI(ctx context.Context, _ *empty) (*reply[sessionView], error) {
	who, err := s.agent.StaffMember(ctx, callerOf(ctx).doer.Number)
	return answer(ctx, s, sessionView{Staff: who, Rights: who.Role.Rights()}, err)
}

type signOutIn struct {
	untold
	Authorization string `header:"Authorization" hidden:"true"`
}

func (s *Server) signOut(_ context.Context, in *signOutIn) (*reply[empty], error) {
	s.sessions.end(strings.TrimPrefix(in.Authorization, "Bearer "))
	return &reply[empty]{}, nil
}

// checked has a route refuse who may not call it.
func checked[In, Out any](s *Server, who access, method string, handler func(context.Context, *In) (*Out, error)) func(context.Context, *In) (*Out, error) {
	if who.right != "" {
		handler = witnessed(s, method, handler)
	}
	return func(ctx context.Context, in *In) (*Out, error) {
		if !who.allows(callerOf(ctx)) {
			return nil, newProblem(ctx, codeRoleRefused)
		}
		return handler(ctx, in)
	}
}

// cashier is who stands in an entry: whoever is signed in, else the name that a till sends.
func cashier(ctx context.Context, given string) string {
	if c := callerOf(ctx); !c.till && c.doer.Number != 0 {
		return c.doer.Name
	}
	return given
}
