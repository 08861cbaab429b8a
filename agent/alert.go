package agent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// AlertKind is why something stands out.
type AlertKind string

const (
	AlertCardOften AlertKind = "card_often" // sales with one member's number, in an hour or on a day
	AlertOwnCard   AlertKind = "own_card"   // a member of staff rang up sales for their own card
	AlertByHand    AlertKind = "by_hand"    // points that one person gave by hand
	AlertBillTwice AlertKind = "bill_twice" // the same bill again for the same member
)

// AlertKinds are all of them.
func AlertKinds() []AlertKind {
	return []AlertKind{AlertCardOften, AlertOwnCard, AlertByHand, AlertBillTwice}
}

// Alert is something on one business day that a person should look at. It is worked out from the ledger each time; what somebody
// wrote about it is in the trail.
type Alert struct {
	ID       string           `json:"alert" doc:"kind, business day and whom it is about"`
	Kind     AlertKind        `json:"kind" enum:"card_often,own_card,by_hand,bill_twice"`
	Day      string           `json:"day"`
	Member   loyalty.MemberID `json:"member,omitempty"`
	Number   string           `json:"number,omitempty" doc:"of the member, masked"`
	Who      string           `json:"who,omitempty" doc:"of staff"`
	Count    int64            `json:"count"`
	Points   loyalty.Points   `json:"points" doc:"given by all of them"`
	Evidence []AlertEntry     `json:"evidence" doc:"the entries, oldest first"`
	Seen     *AlertSeen       `json:"seen,omitempty" doc:"absent while nobody has seen it, or more came since"`
}

// AlertEntry is an entry of the ledger that an alert rests on.
type AlertEntry struct {
	Seq     loyalty.Seq    `json:"seq"`
	At      string         `json:"at"`
	Lane    loyalty.LaneID `json:"lane,omitempty"`
	Cashier string         `json:"cashier,omitempty"`
	Points  loyalty.Points `json:"points"`
	Total   int64          `json:"total,omitempty" doc:"of a sale, minor units"`
	Reason  string         `json:"reason,omitempty" doc:"of a correction"`
}

// AlertSeen is who looked at an alert, and what they found.
type AlertSeen struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Because string    `json:"because"`
}

// Bounds of one answer.
const (
	maxAlerts   = 200
	maxEvidence = 50
)

// Alerts are what stands out at a moment, the newest day first.
func (a *Agent) Alerts(ctx context.Context, at time.Time) ([]Alert, error) {
	day, err := a.db.BusinessDay(ctx, at)
	if err != nil {
		return nil, err
	}
	last, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	since := last.AddDate(0, 0, 1-int(a.cfg.Alerts.Days)).Format(time.DateOnly)
	all := []Alert{}
	for _, look := range []func(context.Context, string) ([]Alert, error){a.busyCards, a.ownCards, a.givenByHand} {
		found, err := look(ctx, since)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(x, y Alert) int { return cmp.Or(strings.Compare(y.Day, x.Day), strings.Compare(x.ID, y.ID)) })
	all = all[:min(len(all), maxAlerts)]
	for i := range all {
		if err := a.complete(ctx, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// complete adds to an alert whose number it is about, and whether somebody has seen all of it.
func (a *Agent) complete(ctx context.Context, alert *Alert) error {
	if alert.Member != 0 {
		if m, err := a.db.Member(ctx, alert.Member); err == nil && len(m.Numbers) > 0 {
			alert.Number = m.Numbers[0].Masked
		}
	}
	act, err := a.db.AlertSeen(ctx, alert.ID)
	if act != nil && act.Before == strconv.FormatInt(alert.Count, 10) {
		alert.Seen = &AlertSeen{At: act.At, By: act.Name, Because: act.After}
	}
	return err
}

// OpenAlerts counts the alerts that nobody has seen.
func (a *Agent) OpenAlerts(ctx context.Context, at time.Time) (map[AlertKind]int64, error) {
	all, err := a.Alerts(ctx, at)
	open := map[AlertKind]int64{}
	for _, alert := range all {
		if alert.Seen == nil {
			open[alert.Kind]++
		}
	}
	return open, err
}

// SeeAlert writes down what somebody found behind an alert. Nobody does so for one about themselves.
func (a *Agent) SeeAlert(ctx context.Context, by Doer, at time.Time, id, because string) (Alert, error) {
	because = strings.TrimSpace(because)
	if because == "" || strings.ContainsFunc(because, func(c rune) bool { return c < ' ' }) {
		return Alert{}, &Refusal{Code: CodeFieldInvalid, Field: "because"}
	}
	all, err := a.Alerts(ctx, at)
	if err != nil {
		return Alert{}, err
	}
	i := slices.IndexFunc(all, func(alert Alert) bool { return alert.ID == id })
	if i < 0 {
		return Alert{}, &Refusal{Code: CodeAlertUnknown, Field: "alert"}
	}
	alert := all[i]
	if by.Number != 0 && strings.EqualFold(alert.Who, by.Name) {
		return Alert{}, refuse(CodeAlertOwn, nil)
	}
	act := by.act("alert_seen")
	act.About, act.Before, act.After = alert.ID, strconv.FormatInt(alert.Count, 10), because
	if _, err := a.db.WriteAct(ctx, act); err != nil {
		return Alert{}, refuseForNow(CodeLedgerUnavailable, err)
	}
	return alert, a.complete(ctx, &alert)
}

// newAlert is an alert that rests on entries.
func newAlert(kind AlertKind, day, about string, entries []*loyalty.Entry) Alert {
	v := Alert{ID: fmt.Sprintf("%s/%s/%s", kind, day, about), Kind: kind, Day: day, Count: int64(len(entries)), Evidence: []AlertEntry{}}
	for _, e := range entries {
		one := AlertEntry{Seq: e.Seq, At: e.At, Lane: e.Lane, Cashier: e.Cashier}
		switch {
		case e.Sale != nil:
			one.Points, one.Total = e.Sale.Earned, e.Sale.Total
		case e.Adjust != nil:
			one.Points, one.Reason = e.Adjust.Points, e.Adjust.Reason
		}
		v.Points += one.Points
		if len(v.Evidence) < maxEvidence {
			v.Evidence = append(v.Evidence, one)
		}
	}
	return v
}

// aboutMember is an alert about what was done for one member.
func aboutMember(kind AlertKind, d agentdb.MemberDay, entries []*loyalty.Entry) Alert {
	v := newAlert(kind, d.Day, strconv.FormatInt(int64(d.Member), 10), entries)
	v.Member = d.Member
	return v
}
