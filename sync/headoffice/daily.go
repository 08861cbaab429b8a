package headoffice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// DayOutcome says what the beginning of a day changed.
type DayOutcome struct {
	Day     string         `json:"day"`
	Expired loyalty.Points `json:"expired"` // points of the main wallet that ended; less what came back
	Members int            `json:"members"` // whose points ended
	Tiers   int            `json:"tiers"`   // that moved, or whose grace began or ended
}

// membersAtOnce is how many members one transaction of the day's work takes.
const membersAtOnce = 500

const secondsOfDay = 24 * 60 * 60

// today is the day that has begun everywhere: that of the store farthest west. Points end, and tiers are reviewed, by one day
// for all stores.
func (o *Office) today(tx *hodb.Tx) (string, error) {
	stores, err := tx.Stores()
	day := tx.Now().UTC().Format(time.DateOnly)
	for i, s := range stores {
		zone, zerr := time.LoadLocation(s.TimeZone)
		if zerr != nil {
			return "", fmt.Errorf("store %d: %w", s.ID, zerr)
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
		begun, err := tx.DayBegun()
		due = begun < dayNumber(day)
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

func dayNumber(day string) int64 {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	return t.Unix() / secondsOfDay
}

// BeginDay ends points whose last valid day is over and reviews every member's tier. Done again for the same day it changes
// nothing more.
func (o *Office) BeginDay(ctx context.Context, day string) (out DayOutcome, err error) {
	out.Day = day
	if dayNumber(day) == 0 {
		return out, &FieldError{"day", "give a day such as 2026-11-25", fmt.Errorf("%q", day)}
	}
	for _, work := range []func(*hodb.Tx, *DayOutcome, loyalty.MemberID) (loyalty.MemberID, error){o.expireSome, o.reviewSome} {
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
	err = o.db.Update(ctx, func(tx *hodb.Tx) error { return tx.BeginDay(dayNumber(day)) })
	o.changed.ring()
	return out, err
}

// inForce is the version whose rules hold as a day begins; nil when none does.
func (o *Office) inForce(tx *hodb.Tx, day string) (*loyalty.Programme, error) {
	all, err := o.published(tx)
	if err != nil {
		return nil, err
	}
	return loyalty.InForce(all, day+"T00:00:00.000Z")
}

// expireSome ends points of the next members after one, and gives the last of them; 0 when there are no more.
func (o *Office) expireSome(tx *hodb.Tx, out *DayOutcome, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	p, err := o.inForce(tx, out.Day)
	if err != nil {
		return 0, err
	}
	idle := ""
	if p != nil {
		if idle, err = p.IdleBefore(out.Day); err != nil {
			return 0, err
		}
	}
	ids, err := tx.MembersEnding(after, out.Day, idle, membersAtOnce)
	if err != nil {
		return 0, err
	}
	j := &judge{office: o, tx: tx, poster: tx.NewPoster()}
	rules, err := o.published(tx)
	if err != nil {
		return 0, err
	}
	j.poster.Apart = func(day string) string { return apart(rules, day) }
	for _, id := range ids {
		last = id
		if err := j.expire(p, id, out); err != nil {
			return 0, fmt.Errorf("expire points of member %d: %w", id, err)
		}
	}
	carded, err := j.poster.Flush()
	for _, id := range carded {
		if err == nil {
			err = o.makeVouchers(tx, id)
		}
	}
	return last, err
}

// expire writes head office's own posting: the first thing of the day, so that whatever the day brings stands after it.
func (j *judge) expire(p *loyalty.Programme, id loyalty.MemberID, out *DayOutcome) error {
	member, err := j.poster.Member(id)
	if err != nil || member == nil {
		return err
	}
	past, err := j.poster.Past(member)
	if err != nil {
		return err
	}
	units, err := j.tx.Units(id)
	if err != nil {
		return err
	}
	var moves []loyalty.Movement
	for _, unit := range units {
		lots, err := j.tx.Lots(id, unit)
		if err != nil {
			return err
		}
		ended, err := ending(p, member.ID, unit, lots, past.Last, out.Day)
		if err == nil && unit == hodb.Points {
			ended, err = j.offCards(id, ended)
		}
		if err != nil {
			return err
		}
		moves = append(moves, ended...)
	}
	if len(moves) == 0 {
		return nil
	}
	key, err := j.tx.OwnKey()
	if err != nil {
		return err
	}
	const reason = string(loyalty.KindExpire)
	claims, err := j.claimsOf(moves, 0, reason)
	if err != nil {
		return err
	}
	legs := append(j.legsOf(moves, 0, reason), claims...)
	for _, leg := range legs {
		if leg.Owner == hodb.HeadOffice && leg.Unit == hodb.Points {
			out.Expired += leg.Amount
		}
	}
	out.Members++
	return j.poster.Post(hodb.Posting{Key: key, Day: out.Day, At: time.UnixMilli(0), Legs: legs})
}

// offCards leaves out what is on cards: head office cannot take it from there, so it ends once it is off the card.
func (j *judge) offCards(id loyalty.MemberID, moves []loyalty.Movement) ([]loyalty.Movement, error) {
	free, _, err := j.tx.Balances(id)
	if err != nil {
		return nil, err
	}
	var out []loyalty.Movement
	for _, m := range moves {
		if m.To == loyalty.AccountExpired {
			m.Points = min(m.Points, max(free, 0))
			free -= m.Points
		}
		if m.Points > 0 {
			out = append(out, m)
		}
	}
	return out, nil
}

// ending is what of the lots of one unit ends: by their last day, and by inactivity.
func ending(p *loyalty.Programme, id loyalty.MemberID, unit string, lots []loyalty.Lot, last, day string) ([]loyalty.Movement, error) {
	wallet := loyalty.WalletID(unit)
	if unit == hodb.Points {
		wallet = loyalty.MainWallet
	}
	moves := loyalty.ExpireWallet(id, wallet, lots, day)
	if p == nil || last == "" {
		return moves, nil
	}
	idle, err := p.ExpireInactiveWallet(id, wallet, loyalty.ApplyWallet(lots, moves, id, wallet), last, day)
	var unknown *loyalty.SaleError
	if errors.As(err, &unknown) { // a wallet that the programme has no more
		return moves, nil
	}
	return append(moves, idle...), err
}

// reviewSome reviews the tiers of the next members after one, and gives the last of them; 0 when there are no more.
func (o *Office) reviewSome(tx *hodb.Tx, out *DayOutcome, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	p, err := o.inForce(tx, out.Day)
	if err != nil || p == nil || !p.HasLadder() {
		return 0, err
	}
	ids, err := tx.MembersInTiers(after, membersAtOnce)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		last = id
		moved, err := review(tx, p, id, out.Day)
		if err != nil {
			return 0, fmt.Errorf("review tier of member %d: %w", id, err)
		}
		if moved {
			out.Tiers++
		}
	}
	return last, nil
}

// review moves one member by all that counts through the day before.
func review(tx *hodb.Tx, p *loyalty.Programme, id loyalty.MemberID, day string) (moved bool, err error) {
	m, err := tx.Member(id)
	if err != nil {
		return false, err
	}
	state, err := tx.TierState(m)
	if err != nil {
		return false, err
	}
	record, err := tx.Record(m)
	if err != nil {
		return false, err
	}
	in, err := p.ReviewOf(state, &record.Past, day)
	if err != nil {
		return false, err
	}
	r, err := p.ReviewTier(in)
	if err != nil || r.State == state {
		return false, err
	}
	return true, tx.MoveTier(id, day, r.State, r.Why.Code)
}
