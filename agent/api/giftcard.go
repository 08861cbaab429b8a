package api

import (
	"context"

	"loyaltill/agent"
)

// GiftCardsIn is exported because huma fills exported fields only.
type GiftCardsIn struct{ agent.GiftCardFilter }

type giftCardsOut struct {
	Cards []agent.GiftCardView `json:"cards"`
}

func (s *Server) giftCardsSold(ctx context.Context, in *GiftCardsIn) (*reply[giftCardsOut], error) {
	all, err := s.agent.GiftCards(ctx, in.GiftCardFilter)
	return answer(ctx, s, giftCardsOut{all}, err)
}

type giftCardVoidIn struct {
	untold
	LaneIn
	Keyed
	Body struct {
		agent.GiftCardVoid
		Second *SecondIn `json:"second,omitempty" doc:"who agrees to what is beyond one person"`
	}
	RawBody []byte
}

func (s *Server) voidGiftCard(ctx context.Context, in *giftCardVoidIn) (*reply[agent.GiftCardView], error) {
	defer clear(in.RawBody)
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	defer in.Body.Second.wipe()
	v, err := s.agent.VoidGiftCard(ctx, callerOf(ctx).doer, in.Lane, id, in.Body.GiftCardVoid, in.Body.Second.person())
	return answer(ctx, s, v, err)
}
