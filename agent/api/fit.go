package api

import (
	"context"
	"fmt"
	"strings"

	"loyaltill/agent"
	"loyaltill/agent/setup"
	"loyaltill/internal/i18n"
)

// fitView is what is plugged in and whose it is, with sentences.
type fitView struct {
	setup.Fit
	Readers string `json:"reader_message,omitempty" doc:"why no readers can be seen, and what to do"`
	Waits   string `json:"restart_message,omitempty" doc:"what the restart waits for, and what to do"`
}

func (s *Server) viewFit(ctx context.Context) (*reply[fitView], error) {
	if s.tills == nil {
		return nil, newProblem(ctx, codeNotFound)
	}
	fit, err := s.tills.Look(ctx, language(ctx))
	v := fitView{Fit: fit}
	if fit.Trouble != "" {
		v.Readers = i18n.Text(language(ctx), "cashier."+string(fit.Trouble), nil)
	}
	if b := fit.Restart.Busy; b != nil {
		v.Waits = i18n.Text(language(ctx), "manager."+b.Code, i18n.Args{"lane": b.Name})
	}
	return answer(ctx, s, v, err)
}

func (s *Server) fit(ctx context.Context, _ *empty) (*reply[fitView], error) { return s.viewFit(ctx) }

type fitLanesIn struct{ lanesIn }

func (in *fitLanesIn) deed() agent.Deed {
	var said []string
	for _, l := range in.Body.Lanes {
		said = append(said, fmt.Sprintf("%d %s: %s, %s", l.Number, l.Name, l.Reader, l.Printer.Device))
	}
	return agent.Deed{What: "tills_change", After: cut(strings.Join(said, "; "))}
}

func (s *Server) fitLanes(ctx context.Context, in *fitLanesIn) (*reply[fitView], error) {
	if s.tills == nil {
		return nil, newProblem(ctx, codeNotFound)
	}
	if err := s.tills.Save(in.Body.Lanes); err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.viewFit(ctx)
}

type fitSlipIn struct {
	Body agent.LaneConfig
}

func (in *fitSlipIn) deed() agent.Deed {
	return agent.Deed{What: "test_slip", About: in.Body.Printer.Device}
}

func (s *Server) fitSlip(ctx context.Context, in *fitSlipIn) (*reply[slipOut], error) {
	if s.tills == nil {
		return nil, newProblem(ctx, codeNotFound)
	}
	slip, err := s.tills.TestSlip(ctx, language(ctx), in.Body)
	return viewSlip(ctx, s, slip, err)
}

type commissionIn struct {
	LaneIn
	Body struct {
		Job     int64  `json:"job" minimum:"1" doc:"the ticket's"`
		Answers []bool `json:"answers" minItems:"1" maxItems:"64" doc:"one for each question, in their order"`
	}
}

func (in *commissionIn) deed() agent.Deed {
	yes := 0
	for _, a := range in.Body.Answers {
		if a {
			yes++
		}
	}
	return agent.Deed{What: "commission", About: in.about(), After: fmt.Sprintf("%d of %d", yes, len(in.Body.Answers))}
}

func (s *Server) commission(ctx context.Context, in *commissionIn) (*reply[fitView], error) {
	if s.tills == nil {
		return nil, newProblem(ctx, codeNotFound)
	}
	if err := s.tills.Commission(ctx, callerOf(ctx).doer, in.Lane, in.Body.Job, in.Body.Answers); err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.viewFit(ctx)
}
