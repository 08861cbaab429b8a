package api

import (
	"context"

	"loyaltill/agent"
)

type alertsOut struct {
	Alerts []agent.Alert `json:"alerts"`
}

func (s *Server) alerts(ctx context.Context, _ *empty) (*reply[alertsOut], error) {
	all, err := s.agent.Alerts(ctx, s.agent.Now())
	return answer(ctx, s, alertsOut{all}, err)
}

type alertSeenIn struct {
	untold
	Body struct {
		Alert   string `json:"alert" minLength:"1" maxLength:"120"`
		Because string `json:"because" minLength:"1" maxLength:"200" doc:"what they found"`
	}
}

func (s *Server) seeAlert(ctx context.Context, in *alertSeenIn) (*reply[agent.Alert], error) {
	v, err := s.agent.SeeAlert(ctx, callerOf(ctx).doer, s.agent.Now(), in.Body.Alert, in.Body.Because)
	return answer(ctx, s, v, err)
}

type ownCardIn struct {
	untold
	StaffIn
	Body agent.OwnCardRequest
}

func (s *Server) setOwnCard(ctx context.Context, in *ownCardIn) (*reply[agent.StaffMember], error) {
	v, err := s.agent.SetOwnCard(ctx, callerOf(ctx).doer, in.Number, in.Body)
	return answer(ctx, s, v, err)
}
