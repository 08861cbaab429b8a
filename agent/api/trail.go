package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"loyaltill/agent"
)

// deed is a request of staff that changes something: it says what the trail keeps of it.
type deed interface{ deed() agent.Deed }

// untold marks requests of which the trail is told nothing here: they change nothing, or the agent writes the trail in one transaction
// with what it does.
type untold struct{}

func (untold) deed() agent.Deed { return agent.Deed{} }

// witnessed lets staff call a route: what changes something is written down before it is done.
func witnessed[In, Out any](s *Server, method string, handler func(context.Context, *In) (*Out, error)) func(context.Context, *In) (*Out, error) {
	if method == http.MethodGet {
		return handler
	}
	if _, ok := any(new(In)).(deed); !ok {
		panic(fmt.Sprintf("%T says nothing to the trail", new(In))) // a broken table of routes
	}
	return func(ctx context.Context, in *In) (out *Out, err error) {
		d := any(in).(deed).deed()
		c := callerOf(ctx)
		if c.till && c.doer.Number == 0 || d.What == "" {
			return handler(ctx, in)
		}
		refused := s.agent.Witness(ctx, c.doer, d, func() error {
			out, err = handler(ctx, in)
			return told(err)
		})
		if refused != nil && err == nil { // it could not be written down
			return nil, s.problem(ctx, refused)
		}
		return out, err
	}
}

// told is a problem as the refusal that it was made of.
func told(err error) error {
	if p, ok := err.(*Problem); ok {
		return &agent.Refusal{Code: p.Code}
	}
	return err
}

// TrailIn is exported because huma fills exported fields only.
type TrailIn struct{ agent.TrailFilter }

type trailOut struct {
	Acts   []agent.Act `json:"acts"`
	People []string    `json:"people" doc:"in the whole trail, to ask for"`
	Whats  []string    `json:"whats" doc:"the same of what was done"`
}

func (s *Server) trail(ctx context.Context, in *TrailIn) (*reply[trailOut], error) {
	var out trailOut
	var err error
	if out.Acts, err = s.agent.Trail(ctx, in.TrailFilter); err == nil {
		out.People, out.Whats, err = s.agent.TrailNames(ctx)
	}
	return answer(ctx, s, out, err)
}

// What the trail keeps of requests that tills and POS software make too.

func (in *couponIn) deed() agent.Deed {
	return agent.Deed{What: "coupon_issue", About: in.Body.Coupon, After: fmt.Sprint(max(in.Body.Count, 1))}
}

func (in *voidIn) deed() agent.Deed {
	about := strings.Join(in.Body.Serials, " ")
	if in.Body.Batch != 0 {
		about = fmt.Sprintf("#%d", in.Body.Batch)
	}
	return agent.Deed{What: "coupon_void", About: cut(about), After: string(in.Body.Reason)}
}

func (in *blankIn) deed() agent.Deed {
	return agent.Deed{What: "gift_card_print", About: in.Body.Kind, After: fmt.Sprint(in.Body.Count)}
}

func (in *closeIn) deed() agent.Deed  { return agent.Deed{What: "day_close", About: in.about()} }
func (in *reportIn) deed() agent.Deed { return agent.Deed{What: "day_report", About: in.about()} }

func (in *LaneIn) about() string { return fmt.Sprintf("lane %d", in.Lane) }

func (in *JobIn) about() string { return fmt.Sprintf("job %d", in.ID) }

func (in *approveIn) deed() agent.Deed { return agent.Deed{What: "job_approve", About: in.about()} }
func (in *cancelIn) deed() agent.Deed  { return agent.Deed{What: "job_cancel", About: in.about()} }
func (in *reprintIn) deed() agent.Deed { return agent.Deed{What: "job_copy", About: in.about()} }

func (in *answerIn) deed() agent.Deed {
	return agent.Deed{What: "job_answer", About: in.about(), After: map[bool]string{true: "printed", false: "not printed"}[in.Body.Printed]}
}

func (in *moveIn) deed() agent.Deed {
	return agent.Deed{What: "job_move", About: in.about(), After: fmt.Sprintf("lane %d", in.Body.Lane)}
}

// maxAbout bounds what the trail keeps of a list.
const maxAbout = 200

func cut(text string) string {
	if len(text) > maxAbout {
		return text[:maxAbout] + "…"
	}
	return text
}
