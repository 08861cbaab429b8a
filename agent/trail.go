package agent

import (
	"context"
	"errors"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// Deed is what somebody asks for by hand, in the few words that the trail keeps: never a PIN, never a whole card number.
type Deed struct {
	What  string // stable; the pages have a text for it
	About string
	After string
}

// Act is a row of the trail.
type Act struct {
	ID      int64               `json:"id"`
	At      time.Time           `json:"at"`
	Staff   agentdb.StaffNumber `json:"staff" doc:"0: at the command line of this machine"`
	Name    string              `json:"name" doc:"as it was then"`
	Second  agentdb.StaffNumber `json:"second,omitempty" doc:"who agreed to it"`
	What    string              `json:"what"`
	About   string              `json:"about,omitempty"`
	Before  string              `json:"before,omitempty"`
	After   string              `json:"after,omitempty"`
	Refused string              `json:"refused,omitempty" doc:"code of why it came to nothing"`
}

// maxActs bounds one page of the trail.
const maxActs = 200

// TrailFilter is which acts are asked for; what is left out asks for all.
type TrailFilter struct {
	Below  int64  `query:"below" minimum:"0" doc:"only acts before this id; the last one of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Person string `query:"person" maxLength:"40" doc:"by name, as it was then"`
	What   string `query:"what" maxLength:"40"`
	Day    string `query:"day" maxLength:"10" doc:"of the store's calendar, 2026-11-23"`
}

// Trail is what was done by hand, newest first.
func (a *Agent) Trail(ctx context.Context, f TrailFilter) ([]Act, error) {
	which := agentdb.ActFilter{Below: f.Below, Person: f.Person, What: f.What, Limit: min(max(f.Limit, 1), maxActs)}
	if f.Day != "" {
		begins, err := time.ParseInLocation(time.DateOnly, f.Day, a.identity.Calendar().Location)
		if err != nil {
			return nil, &Refusal{Code: CodeFieldInvalid, Field: "day", cause: err}
		}
		which.From, which.Until = begins, begins.AddDate(0, 0, 1)
	}
	rows, err := a.db.Acts(ctx, which)
	if err != nil {
		return nil, err
	}
	acts := make([]Act, len(rows))
	for i, r := range rows {
		acts[i] = Act(r)
	}
	return acts, nil
}

// TrailNames are the people and the kinds of acts that the trail has.
func (a *Agent) TrailNames(ctx context.Context) (people, whats []string, err error) {
	return a.db.ActNames(ctx)
}

// Witness writes down what somebody is about to do and then has it done; a refusal is written down behind it. Nothing is done that
// cannot be written down.
func (a *Agent) Witness(ctx context.Context, by Doer, d Deed, do func() error) error {
	act := by.act(d.What)
	act.About, act.After = d.About, d.After
	return a.witness(ctx, act, do)
}

func (a *Agent) witness(ctx context.Context, act agentdb.Act, do func() error) error {
	id, err := a.db.WriteAct(ctx, act)
	if err != nil {
		return refuseForNow(CodeLedgerUnavailable, err)
	}
	if err = do(); err == nil {
		return nil
	}
	code := "internal"
	var sale *loyalty.SaleError
	if r := RefusalOf(err); r != nil {
		code = r.Code
	} else if errors.As(err, &sale) {
		code = sale.Code
	}
	if told := a.db.RefuseAct(context.WithoutCancel(ctx), id, code); told != nil {
		a.log.Error().Err(told).Int64("act", id).Msg("end of an act cannot be written down")
	}
	return err
}

// Now is the agent's clock.
func (a *Agent) Now() time.Time { return a.now() }
