package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/store/agentdb"
)

type approvalIn struct {
	untold // Approve writes it down itself
	Keyed
	Body struct {
		Number agentdb.StaffNumber `json:"number" minimum:"1"`
		PIN    digits              `json:"pin"`
	}
	RawBody []byte
}

// approveAction has a supervisor or manager answer for what was refused under the key of the call.
func (s *Server) approveAction(ctx context.Context, in *approvalIn) (*reply[agent.Approval], error) {
	defer clear(in.RawBody)
	defer clear(in.Body.PIN)
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Approve(ctx, id, agent.SecondPerson{Number: in.Body.Number, PIN: in.Body.PIN})
	return answer(ctx, s, v, err)
}
