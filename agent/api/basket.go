package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// BasketIn is the basket that a call is about.
type BasketIn struct {
	ID loyalty.TxnID `path:"id" doc:"UUID made before the first try; the sale that the basket becomes has it"`
}

func (s *Server) baskets(ctx context.Context, _ *empty) (*reply[agent.Baskets], error) {
	v, err := s.agent.Baskets(ctx)
	return answer(ctx, s, v, err)
}

type putBasketIn struct {
	BasketIn
	Body agent.Basket
}

func (s *Server) putBasket(ctx context.Context, in *putBasketIn) (*reply[empty], error) {
	return answer(ctx, s, empty{}, s.agent.PutBasket(ctx, in.ID, in.Body))
}

type takeBasketIn struct {
	BasketIn
	Body struct {
		Lane loyalty.LaneID `json:"lane" minimum:"1" doc:"the till that takes it"`
	}
}

func (s *Server) takeBasket(ctx context.Context, in *takeBasketIn) (*reply[agent.Basket], error) {
	v, err := s.agent.TakeBasket(ctx, in.ID, in.Body.Lane)
	return answer(ctx, s, v, err)
}

type dropBasketIn struct {
	BasketIn
	Lane loyalty.LaneID `query:"lane" doc:"the till that has it; left out by a POS"`
}

func (s *Server) dropBasket(ctx context.Context, in *dropBasketIn) (*reply[empty], error) {
	return answer(ctx, s, empty{}, s.agent.DropBasket(ctx, in.ID, in.Lane))
}
