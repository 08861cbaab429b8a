package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"loyaltill/agent"
)

// A page that asks to be let in waits in memory, and not for long.
const (
	pairingLife = 5 * time.Minute
	maxPairings = 8
	codeDigits  = 6
)

// pairing is a web page of another server that asks to be let in. The page shows its code; so does the manager page, and a person who
// sees both the same lets it in.
type pairing struct {
	id     string // the page's alone
	origin string
	code   string
	until  time.Time
	token  string // once it was let in, until the page has fetched it
}

// pairings are those that wait, oldest first.
type pairings struct {
	mu  sync.Mutex
	all []pairing
}

// begin lets a page ask; what the same server asked before is forgotten. False: too many ask.
func (p *pairings) begin(origin string, now time.Time) (pairing, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, func(one pairing) bool { return one.origin == origin || !now.Before(one.until) })
	if len(p.all) >= maxPairings {
		return pairing{}, false
	}
	one := pairing{id: rand.Text(), origin: origin, code: newCode(), until: now.Add(pairingLife)}
	p.all = append(p.all, one)
	return one, true
}

func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails on the systems that the agent runs on
	}
	return fmt.Sprintf("%0*d", codeDigits, n)
}

// waiting are those that nobody has answered.
func (p *pairings) waiting(now time.Time) []pairing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.all), func(one pairing) bool { return one.token != "" || !now.Before(one.until) })
}

// answered gives a page its token, or forgets it when that is empty. False: no such page asks with that code.
func (p *pairings) answered(origin, code, token string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.all, func(one pairing) bool {
		return one.origin == origin && one.code == code && one.token == "" && now.Before(one.until)
	})
	switch {
	case i < 0:
		return false
	case token == "":
		p.all = slices.Delete(p.all, i, i+1)
	default:
		p.all[i].token = token
	}
	return true
}

// fetch is how a page's question stands; a token is given once. False: it is over.
func (p *pairings) fetch(id, origin string, now time.Time) (pairing, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.all, func(one pairing) bool { return one.id == id && one.origin == origin && now.Before(one.until) })
	if i < 0 {
		return pairing{}, false
	}
	one := p.all[i]
	if one.token != "" {
		p.all = slices.Delete(p.all, i, i+1)
	}
	return one, true
}

// OriginIn is the page that calls.
type OriginIn struct {
	Origin string `header:"Origin" required:"true" doc:"of the page; the browser sets it"`
}

// pairingView is how a page's question stands.
type pairingView struct {
	Pairing string    `json:"pairing" doc:"id to ask by"`
	State   string    `json:"state" enum:"waiting,allowed"`
	Code    string    `json:"code,omitempty" doc:"for the page to show, until it was answered"`
	Until   time.Time `json:"until"`
	Token   string    `json:"token,omitempty" doc:"bearer token of the calls that follow, told once; it works from this origin alone"`
}

func (s *Server) beginPairing(ctx context.Context, in *OriginIn) (*reply[pairingView], error) {
	one, ok := s.pairings.begin(in.Origin, s.agent.Now())
	if !ok {
		return nil, newProblem(ctx, codePairingBusy)
	}
	return &reply[pairingView]{pairingView{Pairing: one.id, State: "waiting", Code: one.code, Until: one.until}}, nil
}

type pairingStateIn struct {
	OriginIn
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) pairing(ctx context.Context, in *pairingStateIn) (*reply[pairingView], error) {
	one, ok := s.pairings.fetch(in.ID, in.Origin, s.agent.Now())
	if !ok {
		return nil, newProblem(ctx, codePairingOver)
	}
	v := pairingView{Pairing: one.id, State: "waiting", Code: one.code, Until: one.until}
	if one.token != "" {
		v.State, v.Code, v.Token = "allowed", "", one.token
	}
	return &reply[pairingView]{v}, nil
}

// askingView is a page that a person is to let in, or not.
type askingView struct {
	Origin string    `json:"origin"`
	Code   string    `json:"code" doc:"the page shows the same"`
	Until  time.Time `json:"until"`
}

type originsOut struct {
	Allowed []agent.Origin `json:"allowed"`
	Asking  []askingView   `json:"asking"`
}

func (s *Server) origins(ctx context.Context, _ *empty) (*reply[originsOut], error) {
	allowed, err := s.agent.Origins(ctx)
	asking := []askingView{}
	for _, one := range s.pairings.waiting(s.agent.Now()) {
		asking = append(asking, askingView{one.origin, one.code, one.until})
	}
	return answer(ctx, s, originsOut{allowed, asking}, err)
}

type allowOriginIn struct {
	Body struct {
		Origin string `json:"origin" maxLength:"300"`
		Code   string `json:"code" maxLength:"6" doc:"as the page shows it"`
		Allow  bool   `json:"allow" doc:"false: it is not let in"`
	}
}

func (in *allowOriginIn) deed() agent.Deed {
	return agent.Deed{What: map[bool]string{true: "origin_allow", false: "origin_refuse"}[in.Body.Allow], About: in.Body.Origin}
}

func (s *Server) answerOrigin(ctx context.Context, in *allowOriginIn) (*reply[empty], error) {
	token := ""
	if in.Body.Allow {
		token = originPrefix + rand.Text()
		waiting := s.pairings.waiting(s.agent.Now())
		if !slices.ContainsFunc(waiting, func(one pairing) bool { return one.origin == in.Body.Origin && one.code == in.Body.Code }) {
			return nil, newProblem(ctx, codePairingOver)
		}
		if err := s.agent.AllowOrigin(ctx, callerOf(ctx).doer, in.Body.Origin, token); err != nil {
			return nil, s.problem(ctx, err)
		}
	}
	if !s.pairings.answered(in.Body.Origin, in.Body.Code, token, s.agent.Now()) {
		return nil, newProblem(ctx, codePairingOver)
	}
	return &reply[empty]{}, nil
}

type endOriginIn struct {
	Origin string `query:"origin" required:"true" maxLength:"300"`
}

func (in *endOriginIn) deed() agent.Deed {
	return agent.Deed{What: "origin_end", About: in.Origin}
}

func (s *Server) endOrigin(ctx context.Context, in *endOriginIn) (*reply[empty], error) {
	return answer(ctx, s, empty{}, s.agent.EndOrigin(ctx, in.Origin))
}
