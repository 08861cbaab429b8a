package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

type reserveIn struct {
	Keyed
	Body agent.ReserveRequest
}

func (s *Server) reserve(ctx context.Context, in *reserveIn) (*reply[agent.ReservationAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Reserve(ctx, id, in.Body)
	return answer(ctx, s, v, err)
}

type settleIn struct {
	ID loyalty.TxnID `path:"id"`
	Keyed
	Body agent.SettleRequest
}

func (s *Server) settle(ctx context.Context, in *settleIn) (*reply[agent.SettleAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Settle(ctx, in.ID, id, in.Body)
	return answer(ctx, s, v, err)
}
