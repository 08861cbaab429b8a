package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/commission"
	"loyaltill/devices/printer"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// Commissioned is what somebody saw on the newest ticket of a lane's printer.
type Commissioned struct {
	Lane    loyalty.LaneID      `json:"lane"`
	At      time.Time           `json:"at"`
	Staff   agentdb.StaffNumber `json:"staff" doc:"0: at the command line of this machine"`
	Name    string              `json:"name" doc:"of who answered, as it was then"`
	Model   string              `json:"model,omitempty" doc:"as the printer names itself"`
	Given   string              `json:"given" doc:"the profile before"`
	Profile string              `json:"profile" doc:"id and hash of the one after"`
	Answers []TicketAnswer      `json:"answers"`
}

// TicketAnswer is what was said to one question.
type TicketAnswer struct {
	Text string `json:"text" doc:"what was looked at"`
	Yes  bool   `json:"yes"`
}

// ticketText words a question ("ask") or what it is about ("saw").
func ticketText(lang i18n.Lang, kind string, about commission.About, of string) string {
	return i18n.Text(lang, "manager."+kind+"_"+string(about), i18n.Args{"of": of})
}

// LastCommissioned tells of each lane's printer what was seen on its newest ticket.
func (a *Agent) LastCommissioned(ctx context.Context, lang i18n.Lang) ([]Commissioned, error) {
	rows, err := a.db.LastCommissioned(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Commissioned, len(rows))
	for i, r := range rows {
		all[i] = Commissioned{Lane: r.Lane, At: r.At, Staff: r.Staff, Name: r.Name, Model: r.Model, Given: r.Given, Profile: r.Profile}
		for _, answer := range r.Answers {
			all[i].Answers = append(all[i].Answers, TicketAnswer{Text: ticketText(lang, "saw", commission.About(answer.About), answer.Of), Yes: answer.Yes})
		}
	}
	return all, nil
}

// Fitted is a printer's profile after the answers to its ticket, and what is to be kept of them.
type Fitted struct {
	Profile *escpos.Profile
	kept    agentdb.Commissioned
}

// FitPrinter makes the profile of a lane's printer of the answers to the ticket that it printed; nothing is kept yet.
func (a *Agent) FitPrinter(ctx context.Context, n loyalty.LaneID, ticket int64, yes []bool) (Fitted, error) {
	q, err := a.queueOf(n)
	if err != nil {
		return Fitted{}, err
	}
	job, p, err := a.ticketOf(ctx, q, ticket)
	if err != nil {
		return Fitted{}, err
	}
	if _, err := a.db.CommissionedBy(ctx, job.Key); !errors.Is(err, agentdb.ErrNotFound) {
		if err == nil {
			err = refuse(CodeTicketUnprinted, nil)
		}
		return Fitted{}, err
	}
	asked := p.ticket(q.profile)
	if len(yes) != len(asked.Questions) {
		return Fitted{}, &Refusal{Code: CodeFieldInvalid, Field: "answers"}
	}
	st := q.printer.Status()
	heard := commission.Heard{
		Model: st.Model, Answers: p.Heard, ASB: st.Heard.ASB, Cleared: st.Heard.Cleared, Baud: st.Baud,
		Printed: job.Level == printer.LevelPrinted.String(), Processed: job.Level == printer.LevelProcessed.String(),
	}
	profile, err := asked.Apply(heard, yes)
	if err != nil {
		return Fitted{}, err
	}
	kept := agentdb.Commissioned{Lane: n, Ticket: job.Key, Model: st.Model, Given: q.profile.ID}
	for i, question := range asked.Questions {
		kept.Answers = append(kept.Answers, agentdb.TicketAnswer{About: string(question.About), Of: question.Of, Yes: yes[i]})
	}
	return Fitted{Profile: profile, kept: kept}, nil
}

// ticketOf is a commissioning ticket that this printer has printed, or sent on its way as far as it can tell.
func (a *Agent) ticketOf(ctx context.Context, q *queue, id int64) (agentdb.Job, *tryout, error) {
	job, err := a.db.Job(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return job, nil, refuse(CodeTicketUnprinted, err)
	}
	if err != nil {
		return job, nil, err
	}
	var p paper
	if err := json.Unmarshal(job.Doc, &p); err != nil {
		return job, nil, fmt.Errorf("read job %d: %w", id, err)
	}
	if job.Printer != q.name || p.Tryout == nil || !p.Tryout.Ticket || job.State != agentdb.JobConfirmed {
		return job, nil, refuse(CodeTicketUnprinted, nil)
	}
	return job, p.Tryout, nil
}

// KeepFitting writes down who answered, and what.
func (a *Agent) KeepFitting(ctx context.Context, by Doer, f Fitted) error {
	f.kept.Staff, f.kept.Name, f.kept.Profile = by.Number, by.Name, f.Profile.Revision()
	return a.db.Commission(ctx, f.kept)
}
