package agent

import (
	"context"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/commission"
	"loyaltill/devices/printer"
	"loyaltill/internal/i18n"
)

// tryout is a paper that shows what a printer can do.
type tryout struct {
	Lang   i18n.Lang `json:"lang"`
	Store  string    `json:"store"`
	Lane   string    `json:"lane"`
	At     string    `json:"at"`
	Ticket bool      `json:"ticket,omitempty"` // the samples of commissioning instead of a slip
	Heard  bool      `json:"heard,omitempty"`  // with Ticket: the printer answers
}

// Tryout is a test paper that is being printed.
type Tryout struct {
	Job       Job        `json:"job"`
	Questions []Question `json:"questions,omitempty" doc:"of a commissioning ticket: what to look for on it"`
}

// Question is put to whoever has the ticket in their hand.
type Question struct {
	Number int    `json:"number" doc:"as on the ticket"`
	Text   string `json:"text" doc:"to be answered by yes or no"`
	Expect string `json:"expect,omitempty" doc:"what the sample reads"`
}

// TestSlip prints a slip with the letters of every language.
func (a *Agent) TestSlip(ctx context.Context, n loyalty.LaneID, key loyalty.TxnID, lang i18n.Lang) (Tryout, error) {
	job, err := a.printed(ctx, n, key.String()+"/test", func(l *lane) (paper, error) {
		return paper{Tryout: a.tryout(l, lang)}, nil
	})
	return Tryout{Job: job}, err
}

// Ticket prints the samples by which a printer is commissioned, and says what to look for.
func (a *Agent) Ticket(ctx context.Context, n loyalty.LaneID, key loyalty.TxnID, lang i18n.Lang) (Tryout, error) {
	q, err := a.queueOf(n)
	if err != nil {
		return Tryout{}, err
	}
	t := tryout{Ticket: true, Heard: q.answers()}
	job, err := a.printed(ctx, n, key.String()+"/ticket", func(*lane) (paper, error) { return paper{Tryout: &t}, nil })
	if err != nil {
		return Tryout{}, err
	}
	out := Tryout{Job: job}
	for _, question := range t.ticket(q.profile).Questions {
		out.Questions = append(out.Questions, Question{Number: question.Number, Text: ticketText(lang, "ask", question.About, question.Of), Expect: question.Expect})
	}
	return out, nil
}

// answers says whether the printer has been heard.
func (q *queue) answers() bool {
	st := q.printer.Status()
	return st.Link == printer.LinkUp && st.Level != printer.LevelOneWay
}

func (a *Agent) tryout(l *lane, lang i18n.Lang) *tryout {
	return &tryout{Lang: lang, Store: a.identity.Name, Lane: l.cfg.Name, At: a.identity.Calendar().Local(a.now())}
}

func (t *tryout) ticket(profile *escpos.Profile) *commission.Ticket {
	return commission.New(profile, commission.Heard{Answers: t.Heard})
}

// lay gives the document and the profile that it is to be printed by.
func (t *tryout) lay(profile *escpos.Profile) (*escpos.Document, *escpos.Profile) {
	if t.Ticket {
		ticket := t.ticket(profile)
		return ticket.Document, ticket.Profile
	}
	return TestSlipDocument(t.Lang, t.Store, t.Lane, localTime(t.At)), profile
}

// TestSlipDocument is a slip with the letters of every language; told are sentences that stand above them.
func TestSlipDocument(lang i18n.Lang, store, lane string, at time.Time, told ...string) *escpos.Document {
	d := &escpos.Document{Lang: string(lang)}
	d.Text(escpos.Center, escpos.Style{Bold: true, Height: 2}, i18n.Text(lang, "receipt.test_title", nil))
	d.Text(escpos.Center, escpos.Style{}, store)
	d.Text(escpos.Center, escpos.Style{}, fmt.Sprintf("%s  %s", lane, i18n.DateTime(lang, at)))
	for _, sentence := range told {
		d.Text(escpos.Start, escpos.Style{}, sentence)
	}
	d.Rule('-')
	for _, l := range i18n.Langs() {
		d.Text(escpos.Start, escpos.Style{}, i18n.Text(l, "receipt.test_line", nil))
	}
	d.Rule('-')
	d.Text(escpos.Center, escpos.Style{}, i18n.Text(lang, "receipt.test_ask", nil))
	d.Cut()
	return d
}
