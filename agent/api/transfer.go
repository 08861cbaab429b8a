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

type transferTermsIn struct {
	LaneIn
	Number string `query:"number" maxLength:"23" doc:"of who would give; absent: whoever stands at the till"`
}

func (s *Server) transferTerms(ctx context.Context, in *transferTermsIn) (*reply[agent.TransferTerms], error) {
	v, err := s.agent.TransferTerms(ctx, in.Lane, in.Number)
	return answer(ctx, s, v, err)
}

func (s *Server) transferred(ctx context.Context, in *saleIn) (*reply[agent.TransferAnswer], error) {
	v, err := s.agent.Transferred(ctx, in.ID)
	return answer(ctx, s, v, err)
}

type mergeQuoteIn struct {
	LaneIn
	Body agent.MergeRequest
}

func (s *Server) quoteMerge(ctx context.Context, in *mergeQuoteIn) (*reply[agent.MergeQuote], error) {
	v, err := s.agent.QuoteMerge(ctx, in.Lane, language(ctx), in.Body)
	return answer(ctx, s, v, err)
}

type mergeIn struct {
	LaneIn
	Keyed
	Body agent.MergeCommit
}

func (s *Server) merge(ctx context.Context, in *mergeIn) (*reply[agent.MergeAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Merge(ctx, in.Lane, id, in.Body)
	return answer(ctx, s, v, err)
}
