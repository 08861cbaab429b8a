package api

import (
	"context"

	"loyaltill/agent"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// overviewView is the store's light with sentences.
type overviewView struct {
	Light   agent.Light `json:"light" enum:"good,warn,stop"`
	Message string      `json:"message" doc:"the one sentence for the manager"`
	Parts   []partView  `json:"parts"`
}

type partView struct {
	agent.Part
	Message string `json:"message" doc:"how it does, and what to do"`
}

func (s *Server) overview(ctx context.Context, _ *empty) (*reply[overviewView], error) {
	o, err := s.agent.Overview(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reply[overviewView]{viewOverview(language(ctx), o)}, nil
}

func viewOverview(l i18n.Lang, o agent.Overview) overviewView {
	v := overviewView{Light: o.Light, Message: i18n.Text(l, "manager.light_good", nil), Parts: make([]partView, len(o.Parts))}
	for i, p := range o.Parts {
		v.Parts[i] = partView{Part: p, Message: partSentence(l, p)}
	}
	if o.Light != agent.LightGood {
		v.Message = v.Parts[0].Message
	}
	return v
}

// partSentence is what a manager reads of a part: the code's own sentence, or that all is well.
func partSentence(l i18n.Lang, p agent.Part) string {
	for _, key := range [...]string{"manager." + p.Code, "cashier." + p.Code} {
		if p.Code != "" && i18n.Has(key) {
			return i18n.Text(l, key, i18n.Args{"count": p.Count, "percent": p.Count})
		}
	}
	return i18n.Text(l, "manager.part_good", nil)
}

func (s *Server) figures(ctx context.Context, _ *empty) (*reply[agent.Figures], error) {
	v, err := s.agent.Figures(ctx, language(ctx))
	return answer(ctx, s, v, err)
}

func (s *Server) printable(ctx context.Context, _ *empty) (*reply[agent.Printable], error) {
	v, err := s.agent.Printable(ctx, language(ctx))
	return answer(ctx, s, v, err)
}

type issuePreviewIn struct {
	untold
	LaneIn
	Body agent.IssuePreviewRequest
}

func (s *Server) previewIssue(ctx context.Context, in *issuePreviewIn) (*reply[*agent.PaperPreview], error) {
	v, err := s.agent.PreviewIssue(ctx, in.Lane, in.Body)
	return answer(ctx, s, v, err)
}

type versionsOut struct {
	Versions []agent.Version `json:"versions"`
}

func (s *Server) versions(ctx context.Context, _ *empty) (*reply[versionsOut], error) {
	v, err := s.agent.Versions(ctx, language(ctx))
	return answer(ctx, s, versionsOut{v}, err)
}

type testIn struct {
	LaneIn
	Keyed
}

func (in *testIn) deed() agent.Deed { return agent.Deed{What: "test_slip", About: in.about()} }

func (s *Server) testSlip(ctx context.Context, in *testIn) (*reply[agent.Tryout], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.TestSlip(ctx, in.Lane, id, language(ctx))
	return answer(ctx, s, v, err)
}

type ticketIn struct {
	LaneIn
	Keyed
}

func (in *ticketIn) deed() agent.Deed { return agent.Deed{What: "ticket", About: in.about()} }

func (s *Server) ticket(ctx context.Context, in *ticketIn) (*reply[agent.Tryout], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Ticket(ctx, in.Lane, id, language(ctx))
	return answer(ctx, s, v, err)
}

// SecondIn is somebody who agrees by PIN.
type SecondIn struct {
	Number agentdb.StaffNumber `json:"number" minimum:"1"`
	PIN    digits              `json:"pin"`
}

// person is who agrees, nil for nobody; wipe what it was read from.
func (in *SecondIn) person() *agent.SecondPerson {
	if in == nil {
		return nil
	}
	return &agent.SecondPerson{Number: in.Number, PIN: in.PIN}
}

func (in *SecondIn) wipe() {
	if in != nil {
		clear(in.PIN)
	}
}

type adjustIn struct {
	untold
	Keyed
	Body struct {
		agent.AdjustRequest
		Second *SecondIn `json:"second,omitempty" doc:"who agrees to what is beyond one person"`
	}
	RawBody []byte
}

func (s *Server) adjust(ctx context.Context, in *adjustIn) (*reply[agent.AdjustAnswer], error) {
	defer clear(in.RawBody)
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	defer in.Body.Second.wipe()
	v, err := s.agent.Adjust(ctx, callerOf(ctx).doer, id, in.Body.AdjustRequest, in.Body.Second.person())
	return answer(ctx, s, v, err)
}
