package api

import (
	"context"

	"loyaltill/agent"
)

type slipIn struct {
	LaneIn
	Keyed
	Body struct {
		Number string `json:"number,omitempty" maxLength:"40" doc:"of a card; left out: whoever stands at the till"`
	}
}

func (s *Server) slip(ctx context.Context, in *slipIn) (*reply[agent.Job], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Slip(ctx, in.Lane, id, in.Body.Number)
	return answer(ctx, s, v, err)
}

type accountIn struct {
	LaneIn
	Number string `query:"number" maxLength:"40" doc:"of a card; left out: whoever stands at the till"`
}

func (s *Server) account(ctx context.Context, in *accountIn) (*reply[agent.Account], error) {
	v, err := s.agent.Account(ctx, in.Lane, language(ctx), in.Number)
	return answer(ctx, s, v, err)
}

type lostIn struct {
	LaneIn
	Body agent.LostRequest
}

func (s *Server) lostCard(ctx context.Context, in *lostIn) (*reply[agent.LostAnswer], error) {
	v, err := s.agent.ReportLost(ctx, in.Lane, in.Body)
	return answer(ctx, s, v, err)
}

type reportIn struct {
	LaneIn
	Keyed
}

func (s *Server) reportX(ctx context.Context, in *reportIn) (*reply[agent.Job], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.ReportX(ctx, in.Lane, id)
	return answer(ctx, s, v, err)
}

func (s *Server) templates(context.Context, *empty) (*reply[[]agent.PaperTemplate], error) {
	return &reply[[]agent.PaperTemplate]{s.agent.Templates()}, nil
}

type previewIn struct{ Body agent.PreviewRequest }

func (s *Server) preview(ctx context.Context, in *previewIn) (*reply[*agent.PaperPreview], error) {
	v, err := s.agent.Preview(in.Body)
	return answer(ctx, s, v, err)
}
