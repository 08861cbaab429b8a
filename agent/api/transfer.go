package api

import (
	"context"

	"loyaltill/agent"
)

type transferQuoteIn struct {
	LaneIn
	Body agent.TransferRequest
}

func (s *Server) quoteTransfer(ctx context.Context, in *transferQuoteIn) (*reply[agent.TransferQuote], error) {
	v, err := s.agent.QuoteTransfer(ctx, in.Lane, in.Body)
	return answer(ctx, s, v, err)
}

type transferIn struct {
	LaneIn
	Keyed
	Body agent.TransferCommit
}

func (s *Server) transfer(ctx context.Context, in *transferIn) (*reply[agent.TransferAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Transfer(ctx, in.Lane, id, in.Body)
	return answer(ctx, s, v, err)
}
