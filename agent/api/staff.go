package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/store/agentdb"
)

type staffOut struct {
	Staff []agent.StaffMember `json:"staff"`
}

func (s *Server) staff(ctx context.Context, _ *empty) (*reply[staffOut], error) {
	all, err := s.agent.Staff(ctx)
	return answer(ctx, s, staffOut{all}, err)
}

type addStaffIn struct {
	untold
	Keyed
	Body struct {
		agent.StaffRequest
		PIN digits `json:"pin"`
	}
	RawBody []byte
}

func (s *Server) addStaff(ctx context.Context, in *addStaffIn) (*reply[agent.StaffMember], error) {
	defer clear(in.RawBody)
	defer clear(in.Body.PIN)
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.AddStaff(ctx, callerOf(ctx).doer, id, in.Body.StaffRequest, in.Body.PIN)
	return answer(ctx, s, v, err)
}

// StaffIn is the person that a call is about.
type StaffIn struct {
	Number agentdb.StaffNumber `path:"number" minimum:"1"`
}

type changeStaffIn struct {
	untold
	StaffIn
	Body agent.StaffRequest
}

func (s *Server) changeStaff(ctx context.Context, in *changeStaffIn) (*reply[agent.StaffMember], error) {
	v, err := s.agent.ChangeStaff(ctx, callerOf(ctx).doer, in.Number, in.Body)
	return answer(ctx, s, v, err)
}

type endStaffIn struct {
	untold
	StaffIn
}

func (s *Server) endStaff(ctx context.Context, in *endStaffIn) (*reply[agent.StaffMember], error) {
	v, err := s.agent.EndStaff(ctx, callerOf(ctx).doer, in.Number)
	return answer(ctx, s, v, err)
}

type staffPINIn struct {
	untold
	StaffIn
	Body struct {
		PIN digits `json:"pin"`
	}
	RawBody []byte
}

func (s *Server) staffPIN(ctx context.Context, in *staffPINIn) (*reply[agent.StaffMember], error) {
	defer clear(in.RawBody)
	defer clear(in.Body.PIN)
	v, err := s.agent.SetStaffPIN(ctx, callerOf(ctx).doer, in.Number, in.Body.PIN)
	return answer(ctx, s, v, err)
}
