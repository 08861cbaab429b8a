package api

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"

	"loyaltill/agent"
	"loyaltill/store/agentdb"
)

// practice are the routes of lanes in training, each with an agent of its own behind them.
type practice struct {
	mu  sync.Mutex
	all map[*agent.Agent]http.Handler
}

// handler gives the routes of a training, and forgets those of trainings that are over.
func (p *practice) handler(of *agent.Agent, make func() http.Handler, goes func(*agent.Agent) bool) http.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h, known := p.all[of]; known {
		return h
	}
	for other := range p.all {
		if !goes(other) {
			delete(p.all, other)
		}
	}
	if p.all == nil {
		p.all = map[*agent.Agent]http.Handler{}
	}
	p.all[of] = make()
	return p.all[of]
}

// inTraining is a till that calls with the token of its training.
func (s *Server) inTraining(r *http.Request, token string) (caller, string) {
	of, known := s.agent.InTraining(token, func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 })
	if !known {
		return caller{}, codeTrainingOver
	}
	c, code := s.atTill(r)
	c.training = s.practice.handler(of, func() http.Handler { return s.practiceRoutes(of) }, s.agent.Trains)
	return c, code
}

// practiceRoutes is the whole API once more, for the agent of a training. Who calls was looked at before.
func (s *Server) practiceRoutes(of *agent.Agent) http.Handler {
	p := newServer(of, Options{Language: s.language, Version: s.version}, s.log)
	mux, api := p.open("Loyaltill training")
	p.routes(api)
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) { newProblem(r.Context(), codeNotFound).write(w) })
	return routed(mux.ServeMux)
}

// ofThisStore says whether a call is the store's own also when it comes from a lane in training: who is signed in, and the training itself.
func ofThisStore(path string) bool {
	return path == signInPath || strings.HasPrefix(path, "/v1/lanes/") && strings.HasSuffix(path, "/training")
}

type trainIn struct {
	untold
	LaneIn
	Body struct {
		agent.TrainingRequest
		Number agentdb.StaffNumber `json:"number,omitempty" doc:"of the supervisor or manager who begins it, when nobody with the right is signed in"`
		PIN    digits              `json:"pin,omitempty" doc:"theirs"`
	}
	RawBody []byte
}

func (s *Server) train(ctx context.Context, in *trainIn) (*reply[agent.Training], error) {
	defer clear(in.RawBody)
	defer clear(in.Body.PIN)
	var proof *agent.SecondPerson
	if in.Body.Number != 0 {
		proof = &agent.SecondPerson{Number: in.Body.Number, PIN: in.Body.PIN}
	}
	by, err := s.agent.Trainer(ctx, in.Lane, proof)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	v, err := s.agent.Train(ctx, in.Lane, by, in.Body.TrainingRequest)
	if !callerOf(ctx).till {
		v.Token = ""
	}
	return answer(ctx, s, v, err)
}

func (s *Server) training(ctx context.Context, in *LaneIn) (*reply[agent.Training], error) {
	v, err := s.agent.TrainingOf(in.Lane)
	return answer(ctx, s, v, err)
}

type endTrainingIn struct {
	untold
	LaneIn
}

func (s *Server) endTraining(ctx context.Context, in *endTrainingIn) (*reply[laneView], error) {
	v, err := s.agent.EndTraining(ctx, in.Lane)
	return answer(ctx, s, view(language(ctx), v), err)
}

func (s *Server) practiceCards(ctx context.Context, in *LaneIn) (*reply[[]agent.PracticeCard], error) {
	v, err := s.agent.PracticeCards(ctx, in.Lane)
	return answer(ctx, s, v, err)
}

type practiceCardIn struct {
	LaneIn
	Body struct {
		Card int `json:"card" minimum:"0" doc:"of GET …/practice-cards; 0 takes out what is in the reader"`
	}
}

func (s *Server) practiceCard(ctx context.Context, in *practiceCardIn) (*reply[laneView], error) {
	v, err := s.agent.PutPracticeCard(ctx, in.Lane, in.Body.Card)
	return answer(ctx, s, view(language(ctx), v), err)
}

func (s *Server) jobPicture(ctx context.Context, in *JobIn) (*reply[agent.JobPicture], error) {
	v, err := s.agent.JobPicture(ctx, in.ID)
	return answer(ctx, s, v, err)
}
