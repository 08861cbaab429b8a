package api

import (
	"context"

	"loyaltill/agent"
)

// paymentView is a payment with its sentences.
type paymentView struct {
	agent.PaymentAnswer
	Why []findingView `json:"why"`
}

type paymentIn struct {
	Keyed
	Body agent.PaymentRequest
}

func (s *Server) pay(ctx context.Context, in *paymentIn) (*reply[paymentView], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Pay(ctx, id, in.Body)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reply[paymentView]{paymentView{v, findings(s.agent.Voice(ctx, language(ctx)), v.Why)}}, nil
}
