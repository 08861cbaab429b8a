package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// AlertsConfig is from when on something stands out (docs/manager.md). 0 switches a figure off.
type AlertsConfig struct {
	Days         int64 `toml:"days"`           // business days that are looked at, the running one included
	CardHour     int64 `toml:"card_hour"`      // sales for one member within an hour
	CardDay      int64 `toml:"card_day"`       // and on a business day
	OwnCard      int64 `toml:"own_card"`       // sales that one of staff rang up for their own card on a business day
	ByHand       int64 `toml:"by_hand"`        // corrections upwards of one person on a business day
	ByHandPoints int64 `toml:"by_hand_points"` // and points that they gave
	BillTwice    int64 `toml:"bill_twice"`     // least total of a bill that comes again for the same member on a business day, minor units
}

// maxAlertDays bounds how far back is looked.
const maxAlertDays = 31

func (c *AlertsConfig) check() (problems []string) {
	if c.Days < 1 || c.Days > maxAlertDays {
		problems = append(problems, fmt.Sprintf("alerts.days: %d is not 1 to %d", c.Days, maxAlertDays))
	}
	for _, f := range []struct {
		key string
		n   int64
	}{
		{"card_hour", c.CardHour}, {"card_day", c.CardDay}, {"own_card", c.OwnCard}, {"by_hand", c.ByHand}, {"by_hand_points", c.ByHandPoints}, {"bill_twice", c.BillTwice},
	} {
		if f.n < 0 {
			problems = append(problems, fmt.Sprintf("alerts.%s: %d is below zero; write 0 to switch it off", f.key, f.n))
		}
	}
	return problems
}

// busyCards finds members for whom much was sold, and bills that came again.
func (a *Agent) busyCards(ctx context.Context, since string) ([]Alert, error) {
	const again = 2
	days, err := a.db.MemberDays(ctx, loyalty.KindSale, since, again)
	if err != nil {
		return nil, err
	}
	cfg, all := a.cfg.Alerts, []Alert(nil)
	for _, d := range days {
		sales, err := a.db.EntriesOn(ctx, loyalty.KindSale, d)
		if err != nil {
			return nil, err
		}
		if reached(len(sales), cfg.CardDay) || reached(inAnHour(sales), cfg.CardHour) {
			all = append(all, aboutMember(AlertCardOften, d, sales))
		}
		if bills := sameBills(sales, cfg.BillTwice); len(bills) > 0 {
			all = append(all, aboutMember(AlertBillTwice, d, bills))
		}
	}
	return all, nil
}

// reached says whether a figure is at its limit; there is none at 0.
func reached(n int, limit int64) bool { return limit > 0 && int64(n) >= limit }

// inAnHour is the most entries that lie within sixty minutes.
func inAnHour(entries []*loyalty.Entry) (most int) {
	var times []time.Time
	for _, e := range entries {
		if at, err := time.Parse(time.RFC3339, e.At); err == nil {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare) // a clock may have been set back
	first := 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Hour {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// sameBills are the sales whose bill another of them has too: articles, quantities and amounts in the same order.
func sameBills(sales []*loyalty.Entry, least int64) (same []*loyalty.Entry) {
	if least == 0 {
		return nil
	}
	bills := map[string][]*loyalty.Entry{}
	for _, e := range sales {
		if e.Sale.Total < least {
			continue
		}
		var bill strings.Builder
		for i := range e.Sale.Lines {
			l := &e.Sale.Lines[i]
			fmt.Fprintf(&bill, "%q %d %d\n", l.SKU, l.Quantity, l.Amount)
		}
		bills[bill.String()] = append(bills[bill.String()], e)
	}
	for _, of := range bills {
		if len(of) > 1 {
			same = append(same, of...)
		}
	}
	slices.SortFunc(same, func(x, y *loyalty.Entry) int { return int(x.Seq - y.Seq) })
	return same
}

// ownCards finds sales that members of staff rang up for themselves.
func (a *Agent) ownCards(ctx context.Context, since string) ([]Alert, error) {
	if a.cfg.Alerts.OwnCard == 0 {
		return nil, nil
	}
	cards, err := a.db.StaffCards(ctx)
	if err != nil || len(cards) == 0 {
		return nil, err
	}
	people, err := a.db.AllStaff(ctx)
	if err != nil {
		return nil, err
	}
	days, err := a.db.OwnCardDays(ctx, since)
	if err != nil {
		return nil, err
	}
	var all []Alert
	for _, d := range days {
		sales, err := a.db.EntriesOn(ctx, loyalty.KindSale, d)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			if cards[p.Number] != d.Member {
				continue
			}
			own := slices.DeleteFunc(slices.Clone(sales), func(e *loyalty.Entry) bool { return !rungUpBy(e, p) })
			if reached(len(own), a.cfg.Alerts.OwnCard) {
				alert := aboutMember(AlertOwnCard, d, own)
				alert.Who = p.Name
				all = append(all, alert)
			}
		}
	}
	return all, nil
}

// rungUpBy says whether the cashier of an entry is one of staff, by name or number.
func rungUpBy(e *loyalty.Entry, p agentdb.Staff) bool {
	return strings.EqualFold(e.Cashier, p.Name) || e.Cashier == fmt.Sprint(p.Number)
}

// givenByHand finds who gave many points by corrections.
func (a *Agent) givenByHand(ctx context.Context, since string) ([]Alert, error) {
	days, err := a.db.MemberDays(ctx, loyalty.KindAdjust, since, 1)
	if err != nil {
		return nil, err
	}
	type person struct{ day, name string }
	gave := map[person][]*loyalty.Entry{}
	for _, d := range days {
		entries, err := a.db.EntriesOn(ctx, loyalty.KindAdjust, d)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Adjust != nil && e.Adjust.Points > 0 {
				who := person{d.Day, e.Cashier}
				gave[who] = append(gave[who], e)
			}
		}
	}
	cfg, all := a.cfg.Alerts, []Alert(nil)
	for who, entries := range gave {
		slices.SortFunc(entries, func(x, y *loyalty.Entry) int { return int(x.Seq - y.Seq) })
		alert := newAlert(AlertByHand, who.day, who.name, entries)
		if alert.Who = who.name; reached(len(entries), cfg.ByHand) || reached(int(alert.Points), cfg.ByHandPoints) {
			all = append(all, alert)
		}
	}
	return all, nil
}

// OwnCardRequest says which card is somebody's own.
type OwnCardRequest struct {
	Number string `json:"number,omitempty" maxLength:"23" doc:"of the card; left out: none"`
}

// SetOwnCard notes which member somebody of staff is, so that what they ring up for themselves can be seen. The number is not kept.
func (a *Agent) SetOwnCard(ctx context.Context, by Doer, n agentdb.StaffNumber, r OwnCardRequest) (StaffMember, error) {
	act := by.act("staff_card")
	act.About = fmt.Sprint(n)
	var member loyalty.MemberID
	if r.Number != "" {
		who, err := a.whoFor(ctx, nil, r.Number)
		if err != nil {
			return StaffMember{}, err
		}
		member, act.After = who.member, who.number
	}
	if err := a.db.SetStaffCard(ctx, n, member, act); err != nil {
		return StaffMember{}, staffRefusal(err)
	}
	m, err := a.StaffMember(ctx, n)
	m.OwnCard = member != 0
	return m, err
}
