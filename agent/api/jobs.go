package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

type jobsIn struct {
	Lane   loyalty.LaneID `query:"lane" doc:"of this lane only"`
	Class  string         `query:"class" enum:"receipt,coupon,report,drawer" doc:"of this class only"`
	State  []string       `query:"state" enum:"queued,sending,flushed,confirmed,uncertain,interrupted,expired,cancelled,superseded" doc:"in these states only, separated by commas"`
	Before int64          `query:"before" minimum:"1" doc:"older than this job: the next page"`
	Limit  int            `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Server) jobs(ctx context.Context, in *jobsIn) (*reply[[]agent.Job], error) {
	v, err := s.agent.Jobs(ctx, agent.JobFilter{Lane: in.Lane, Class: in.Class, States: in.State, Before: in.Before, Limit: in.Limit})
	return answer(ctx, s, v, err)
}

// JobIn is the job that a call is about.
type JobIn struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) job(ctx context.Context, in *JobIn) (*reply[agent.Job], error) {
	v, err := s.agent.Job(ctx, in.ID)
	return answer(ctx, s, v, err)
}

type reprintIn struct {
	JobIn
	Keyed
	Body struct {
		Lane loyalty.LaneID `json:"lane,omitempty" doc:"print it there; absent: where it was"`
	}
}

func (s *Server) reprint(ctx context.Context, in *reprintIn) (*reply[agent.Job], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Reprint(ctx, in.ID, id, in.Body.Lane)
	return answer(ctx, s, v, err)
}

type answerIn struct {
	JobIn
	Keyed
	Body struct {
		Printed bool `json:"printed" doc:"what a person saw: true, it is on paper; false, it is not, and a copy shall follow"`
	}
}

func (s *Server) answerJob(ctx context.Context, in *answerIn) (*reply[agent.Job], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.AnswerJob(ctx, in.ID, id, in.Body.Printed)
	return answer(ctx, s, v, err)
}

type approveIn struct{ JobIn }

func (s *Server) approveJob(ctx context.Context, in *approveIn) (*reply[agent.Job], error) {
	v, err := s.agent.ApproveJob(ctx, in.ID)
	return answer(ctx, s, v, err)
}

type cancelIn struct{ JobIn }

func (s *Server) cancelJob(ctx context.Context, in *cancelIn) (*reply[agent.Job], error) {
	v, err := s.agent.CancelJob(ctx, in.ID)
	return answer(ctx, s, v, err)
}

type moveIn struct {
	JobIn
	Body struct {
		Lane loyalty.LaneID `json:"lane" doc:"whose printer takes it"`
	}
}

func (s *Server) moveJob(ctx context.Context, in *moveIn) (*reply[agent.Job], error) {
	v, err := s.agent.MoveJob(ctx, in.ID, in.Body.Lane)
	return answer(ctx, s, v, err)
}

type drawerIn struct {
	LaneIn
	Keyed
}

func (s *Server) drawer(ctx context.Context, in *drawerIn) (*reply[agent.Job], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.OpenDrawer(ctx, in.Lane, id)
	return answer(ctx, s, v, err)
}
