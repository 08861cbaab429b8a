package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

type couponIn struct {
	LaneIn
	Keyed
	Body agent.CouponRequest
}

func (s *Server) coupon(ctx context.Context, in *couponIn) (*reply[agent.CouponAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	in.Body.Cashier = cashier(ctx, in.Body.Cashier)
	v, err := s.agent.IssueCoupon(ctx, in.Lane, id, in.Body)
	return answer(ctx, s, v, err)
}

type voidIn struct {
	LaneIn
	Keyed
	Body agent.VoidRequest
}

func (s *Server) voidCoupons(ctx context.Context, in *voidIn) (*reply[agent.VoidAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	in.Body.Cashier = cashier(ctx, in.Body.Cashier)
	v, err := s.agent.VoidCoupons(ctx, in.Lane, id, in.Body)
	return answer(ctx, s, v, err)
}

type blankIn struct {
	LaneIn
	Keyed
	Body agent.BlankRequest
}

func (s *Server) giftCards(ctx context.Context, in *blankIn) (*reply[agent.BlankAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.PrintGiftCards(ctx, in.Lane, id, in.Body)
	return answer(ctx, s, v, err)
}

func (s *Server) giftCardKinds(ctx context.Context, _ *empty) (*reply[[]agent.GiftCardKind], error) {
	v, err := s.agent.GiftCardKinds(ctx, language(ctx))
	return answer(ctx, s, v, err)
}

type giftCardIn struct {
	Serial string `path:"serial" maxLength:"40"`
}

func (s *Server) giftCard(ctx context.Context, in *giftCardIn) (*reply[agent.GiftCardState], error) {
	v, err := s.agent.GiftCardBySerial(ctx, language(ctx), in.Serial)
	return answer(ctx, s, v, err)
}

type couponsIn struct {
	Below loyalty.Seq `query:"below" minimum:"0" doc:"only batches before this seq; the last one of the page before"`
	Limit int         `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type couponsOut struct {
	Batches []agent.CouponBatch `json:"batches"`
}

func (s *Server) couponBatches(ctx context.Context, in *couponsIn) (*reply[couponsOut], error) {
	all, err := s.agent.CouponBatches(ctx, in.Below, in.Limit)
	return answer(ctx, s, couponsOut{all}, err)
}

type batchIn struct {
	Seq loyalty.Seq `path:"seq" minimum:"1"`
}

type batchOut struct {
	agent.CouponBatch
	Papers []agent.CouponPaper `json:"papers"`
}

func (s *Server) couponBatch(ctx context.Context, in *batchIn) (*reply[batchOut], error) {
	b, papers, err := s.agent.CouponBatch(ctx, in.Seq)
	return answer(ctx, s, batchOut{b, papers}, err)
}

type findCouponIn struct {
	Code string `query:"code" required:"true" minLength:"1" maxLength:"1200" doc:"its serial, or the code on its paper as the scanner read it"`
}

func (s *Server) findCoupon(ctx context.Context, in *findCouponIn) (*reply[batchOut], error) {
	b, papers, err := s.agent.FindCoupon(ctx, in.Code)
	return answer(ctx, s, batchOut{b, papers}, err)
}
