package api

import (
	"context"

	"loyaltill/agent"
)

// activityView is a booked activity with its sentences.
type activityView struct {
	agent.ActivityAnswer
	Why []findingView `json:"why"`
}

type activitiesIn struct {
	Number string `query:"number" maxLength:"23" doc:"of the member, to see what they have done"`
}

func (s *Server) activities(ctx context.Context, in *activitiesIn) (*reply[[]agent.Activity], error) {
	v, err := s.agent.Activities(ctx, language(ctx), in.Number)
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
