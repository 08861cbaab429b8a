package headoffice

import (
	"context"
	"fmt"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// PartnerRow is one partner's account of one wallet over the days of a settlement. After is Before + Issued - TakenBack, and what the
// ledger's account stands at by the last day.
type PartnerRow struct {
	Partner   string         `json:"partner"`
	Wallet    string         `json:"wallet"` // points, or the id of another
	Before    loyalty.Points `json:"before"`
	Issued    loyalty.Points `json:"issued"`
	TakenBack loyalty.Points `json:"taken_back"` // with goods that came back
	Net       loyalty.Points `json:"net"`        // to be settled for these days
	After     loyalty.Points `json:"after"`
}

// PartnerReport is the settlement with every partner from one business day to another, both included.
type PartnerReport struct {
	From     string       `json:"from"`
	To       string       `json:"to"`
	Partners []PartnerRow `json:"partners"`
}

type partnersInput struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func (in *partnersInput) check() error {
	for _, d := range []struct{ field, day string }{{"from", in.From}, {"to", in.To}} {
		if _, err := time.Parse(time.DateOnly, d.day); err != nil {
			return &FieldError{d.field, "give a day such as 2026-01-31", fmt.Errorf("%.40q", d.day)}
		}
	}
	if in.To < in.From {
		return &FieldError{"to", "give a day that is not before the first", fmt.Errorf("%s is before %s", in.To, in.From)}
	}
	return nil
}

func (o *Office) partners(ctx context.Context, in partnersInput) (r PartnerReport, err error) {
	if err := in.check(); err != nil {
		return r, err
	}
	r = PartnerReport{From: in.From, To: in.To, Partners: []PartnerRow{}}
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		accounts, err := tx.PartnerAccounts(in.From, in.To)
		for _, a := range accounts {
			row := PartnerRow{Partner: strings.Split(string(a.Kind), "/")[1], Wallet: a.Unit, Before: a.Before, Issued: a.Issued, TakenBack: a.Back, Net: a.Issued - a.Back}
			row.After = row.Before + row.Net
			r.Partners = append(r.Partners, row)
		}
		return err
	})
	return r, err
}

// Partners makes the settlement with every partner.
func (m Manager) Partners(ctx context.Context, from, to string) (r PartnerReport, err error) {
	err = m.call(ctx, opPartners, partnersInput{from, to}, &r)
	return r, err
}
