package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// activityView is a booked activity with its sentences.
type activityView struct {
	agent.ActivityAnswer
	Why []findingView `json:"why"`
}

type activitiesIn struct {
	Lane   loyalty.LaneID `query:"lane" doc:"where the member stands, to see what they have done"`
	Number string         `query:"number" maxLength:"23" doc:"of the member, likewise"`
}

func (s *Server) activities(ctx context.Context, in *activitiesIn) (*reply[[]agent.Activity], error) {
	v, err := s.agent.Activities(ctx, language(ctx), in.Lane, in.Number)
	return answer(ctx, s, v, err)
}

type activityIn struct {
	LaneIn
	Keyed
	Body agent.ActivityRequest
}

func (s *Server) activity(ctx context.Context, in *activityIn) (*reply[activityView], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Do(ctx, in.Lane, id, in.Body)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reply[activityView]{activityView{v, findings(s.agent.Voice(ctx, language(ctx)), v.Why)}}, nil
}
