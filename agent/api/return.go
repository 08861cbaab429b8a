package api

import (
	"context"

	"loyaltill/agent"
)

// returnQuoteView is a return that explains itself.
type returnQuoteView struct {
	agent.ReturnQuote
	Why []findingView `json:"why"`
}

// returnView is a booked return with its sentences.
type returnView struct {
	agent.ReturnAnswer
	Why []findingView `json:"why"`
}

type returnQuoteIn struct {
	LaneIn
	Body agent.ReturnRequest
}

func (s *Server) quoteReturn(ctx context.Context, in *returnQuoteIn) (*reply[returnQuoteView], error) {
	q, err := s.agent.QuoteReturn(ctx, in.Lane, in.Body)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reply[returnQuoteView]{returnQuoteView{q, findings(s.agent.Voice(ctx, language(ctx)), q.Why)}}, nil
}

type returnIn struct {
	LaneIn
	Keyed
	Body agent.ReturnCommit
}

func (s *Server) takeBack(ctx context.Context, in *returnIn) (*reply[returnView], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Return(ctx, in.Lane, id, in.Body)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reply[returnView]{returnView{v, findings(s.agent.Voice(ctx, language(ctx)), v.Why)}}, nil
}
