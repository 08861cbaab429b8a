package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

type enrolIn struct {
	Keyed
	Body agent.EnrolRequest
}

func (s *Server) enrol(ctx context.Context, in *enrolIn) (*reply[agent.EnrolAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Enrol(ctx, id, in.Body)
	return answer(ctx, s, v, err)
}

func (s *Server) consent(ctx context.Context, _ *empty) (*reply[loyalty.Consent], error) {
	v, err := s.agent.Consent(ctx)
	return answer(ctx, s, v, err)
}
