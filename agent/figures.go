package agent

import (
	"context"
	"errors"
	"maps"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// Figures is the business day so far and the days before it.
type Figures struct {
	Day    string             `json:"day"`
	Totals *loyalty.CloseBody `json:"totals,omitempty" doc:"as the X report has them; absent while nothing has happened"`
	Flows  []Flow             `json:"flows" doc:"what lots moved, counted apart from the totals"`
	Closed []ClosedDay        `json:"closed" doc:"newest first"`
}

// Flow is what the day did with one wallet for one reason: issued, redeemed, expired, adjusted and so on.
type Flow struct {
	Wallet loyalty.WalletID `json:"wallet,omitempty" doc:"absent: the points"`
	Name   string           `json:"name,omitempty"`
	Money  bool             `json:"money,omitempty" doc:"minor units"`
	Why    string           `json:"why"`
	Gave   loyalty.Points   `json:"gave,omitempty"`
	Took   loyalty.Points   `json:"took,omitempty"`
}

// ClosedDay is a business day that has its Z report.
type ClosedDay struct {
	Day    string            `json:"day"`
	Seq    loyalty.Seq       `json:"seq"`
	Totals loyalty.CloseBody `json:"totals"`
}

// daysShown bounds the closed days of one answer.
const daysShown = 31

// Figures counts the running day.
func (a *Agent) Figures(ctx context.Context, lang i18n.Lang) (Figures, error) {
	totals, day, err := a.db.RunningDay(ctx)
	if errors.Is(err, agentdb.ErrEmptyDay) {
		day, err = a.db.BusinessDay(ctx, a.now())
	}
	if err != nil {
		return Figures{}, err
	}
	f := Figures{Day: day, Totals: totals, Flows: []Flow{}, Closed: []ClosedDay{}}
	flows, err := a.db.RunningFlows(ctx)
	if err != nil {
		return Figures{}, err
	}
	p, err := a.programmeAt(ctx, a.now())
	if err != nil && RefusalOf(err) == nil { // without a programme wallets have no names
		return Figures{}, err
	}
	for _, flow := range flows {
		f.Flows = append(f.Flows, flowsOf(flow, p, lang)...)
	}
	closed, err := a.db.ClosedDays(ctx, daysShown)
	for _, d := range closed {
		f.Closed = append(f.Closed, ClosedDay(d))
	}
	return f, err
}

func flowsOf(flow agentdb.Flow, p *loyalty.Programme, lang i18n.Lang) []Flow {
	both := maps.Clone(flow.Gave)
	maps.Copy(both, flow.Took)
	var all []Flow
	for _, why := range slices.Sorted(maps.Keys(both)) {
		one := Flow{Wallet: flow.Wallet, Why: why, Gave: flow.Gave[why], Took: flow.Took[why]}
		if p != nil && flow.Wallet != loyalty.MainWallet {
			one.Name, one.Money = p.NameOf(loyalty.ArgWallet, string(flow.Wallet), string(lang)), p.IsMoney(flow.Wallet)
		}
		all = append(all, one)
	}
	return all
}
