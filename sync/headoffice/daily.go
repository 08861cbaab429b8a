package headoffice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// DayOutcome says what the beginning of a day changed.
type DayOutcome struct {
	Day      string         `json:"day"`
	Expired  loyalty.Points `json:"expired"`  // points of the main wallet that ended; less what came back
	Members  int            `json:"members"`  // whose points ended
	Tiers    int            `json:"tiers"`    // that moved, or whose grace began or ended
	Replaced int            `json:"replaced"` // lost cards whose points moved on
	Segments int            `json:"segments"` // members who are in others now, or usually buy others

	Allowances int `json:"allowances"` // that the policy gave, extended or wanted back
	Compacted  int `json:"compacted"`  // things taken out of the feed that have had nothing to say for a month
}

// membersAtOnce is how many members one transaction of the day's work takes.
const membersAtOnce = 500

// today is the day that has begun everywhere: that of the store farthest west. Points end, and tiers are reviewed, by one day
// for all stores. It is asked after every batch: the work grows with the zones, not with the stores.
func (o *Office) today(tx *hodb.Tx) (string, error) {
	zones, err := tx.TimeZones()
	day := tx.Now().UTC().Format(time.DateOnly)
	for i, name := range zones {
		zone, zerr := time.LoadLocation(name)
		if zerr != nil {
			return "", fmt.Errorf("time zone of a store: %w", zerr)
		}
		if here := tx.Now().In(zone).Format(time.DateOnly); i == 0 || here < day {
			day = here
		}
	}
	return day, err
}

// beginDay does the day's work once a day.
func (o *Office) beginDay(ctx context.Context) error {
	var day string
	due := false
	err := o.db.View(ctx, func(tx *hodb.Tx) (err error) {
		if day, err = o.today(tx); err != nil {
			return err
		}
		done, err := tx.DayDone()
		if err != nil {
			return err
		}
		reviewed, err := tx.Reviewed()
		due = min(done, reviewed) < day
		return err
	})
	if err != nil || !due {
		return err
	}
	out, err := o.BeginDay(ctx, day)
	if err == nil {
		o.log.Info().Str("day", day).Int64("expired", int64(out.Expired)).Int("members", out.Members).Int("tiers", out.Tiers).Msg("day begun")
	}
	return err
}

// BeginDay ends points whose last valid day is over and reviews every member's tier. Done again for the same day, or for one
// before the last, it changes nothing more.
func (o *Office) BeginDay(ctx context.Context, day string) (out DayOutcome, err error) {
	out.Day = day
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return out, &FieldError{"day", "give a day such as 2026-11-25", err}
	}
	begins, reviewed := false, ""
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		if begins, err = tx.BeginDay(day); err == nil {
			reviewed, err = tx.Reviewed()
		}
		if err == nil && begins {
			err = tx.VoidOverdue()
		}
		return err
	})
	if err != nil || !begins {
		return out, err
	}
	review := func(tx *hodb.Tx, out *DayOutcome, after loyalty.MemberID) (loyalty.MemberID, error) {
		return o.reviewSome(tx, out, reviewed, after)
	}
	for _, work := range []func(*hodb.Tx, *DayOutcome, loyalty.MemberID) (loyalty.MemberID, error){o.expireSome, o.referSome, review, o.reckonSome, o.allotSome} {
		for last, more := loyalty.MemberID(0), true; more; {
			err = o.db.Update(ctx, func(tx *hodb.Tx) error {
				last, err = work(tx, &out, last)
				more = last != 0
				return err
			})
			if err != nil {
				return out, fmt.Errorf("begin %s: %w", day, err)
			}
		}
	}
	if err := o.moveReplaced(ctx, day, &out); err != nil {
		return out, fmt.Errorf("begin %s: %w", day, err)
	}
	if out.Compacted, err = o.compactFeed(ctx, day); err != nil {
		return out, fmt.Errorf("begin %s: %w", day, err)
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error { return tx.EndDay(day, reviewed) })
	o.changed.ring()
	return out, err
}

// inForce is the version whose rules hold as a day begins; nil when none does.
func (o *Office) inForce(tx *hodb.Tx, day string) (*loyalty.Programme, error) {
	all, err := o.published(tx)
	if err != nil {
		return nil, err
	}
	return inForceOf(all, day)
}

func inForceOf(rules []*loyalty.Programme, day string) (*loyalty.Programme, error) {
	return loyalty.InForce(rules, day+"T00:00:00.000Z")
}

// expireSome ends points of the next members after one, and gives the last of them; 0 when there are no more.
func (o *Office) expireSome(tx *hodb.Tx, out *DayOutcome, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	j, err := o.judge(tx)
	if err != nil {
		return 0, err
	}
	ids, err := tx.MembersEnding(after, out.Day, loyalty.IdleSince(j.rules, out.Day), membersAtOnce)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if last = id; err == nil {
			err = j.poster.Ending(id)
		}
	}
	if err != nil {
		return 0, err
	}
	ended, err := j.flush()
	for _, e := range ended {
		out.Expired, out.Members = out.Expired+e.Points, out.Members+1
	}
	return last, err
}

// idleBy is what the rules say of members who buy nothing; nil when they say nothing.
func idleBy(rules []*loyalty.Programme) hodb.Idle {
	if !slices.ContainsFunc(rules, (*loyalty.Programme).EndsIdle) {
		return nil
	}
	return func(unit, lastPurchase, after, to string) string {
		wallet := loyalty.WalletID(unit)
		if unit == hodb.Points {
			wallet = loyalty.MainWallet
		}
		return loyalty.IdleOn(rules, wallet, lastPurchase, after, to)
	}
}

// reviewSome reviews the tiers of the next members after one, day by day since the last day reviewed, and gives the last of them; 0
// when there are no more.
func (o *Office) reviewSome(tx *hodb.Tx, out *DayOutcome, reviewed string, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	j, err := o.judge(tx)
	if err != nil || !j.ladder {
		return 0, err
	}
	ids, err := tx.MembersInTiers(after, reviewed, membersAtOnce)
	if err != nil {
		return 0, err
	}
	from := "" // all days
	if reviewed != "" {
		from = dayAfter(reviewed, 1)
	}
	for _, id := range ids {
		last = id
		j.reviewFrom(id, from)
	}
	_, err = j.flush()
	out.Tiers += len(j.moved)
	return last, err
}
