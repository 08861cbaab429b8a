package hodb

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
)

// Idle gives the first day after one, up to another, on which points of a unit end because the last purchase is too long ago; empty
// for none.
type Idle func(unit, lastPurchase, after, to string) string

// ending is what of a lot ended by itself as a day began; below zero, what came back that had ended although it was spent.
type ending struct {
	day    string
	lot    loyalty.Lot // its life
	points loyalty.Points
}

// course takes the lots of one unit of a member through the days. Points end as the day after their last begins, before all
// that the day brings, and only once head office has begun that day: so entries and the last day begun decide what ends, not
// when either came to be known.
type course struct {
	tx     *Tx
	member loyalty.MemberID
	unit   string
	went   *Merge // by which he goes; nil: he has not gone
	idle   Idle
	begun  string // the last day that has begun
	lots   []loyalty.Lot
	day    string // reached: all that ends by it has ended, of the lots
	ended  []ending
	bought []purchase // read when first asked for
	read   bool

	after func(EntryKey) // told of every entry, when the lots are as it left them; may be nil
}

// purchase is an entry with which a member showed that he buys.
type purchase struct{ on, last string }

// follow applies effects in order, the movements of one entry together, and lets end what ends between them and after. What a
// member who goes brings along stands behind everything: it is all that he has, whenever it is told.
func (c *course) follow(effects []effect) error {
	if c.went == nil {
		return c.pass(effects)
	}
	own, brought := effects[:0:0], effects[:0:0]
	for _, e := range effects {
		if e.at.key == c.went.Place.Key {
			brought = append(brought, e)
		} else {
			own = append(own, e)
		}
	}
	if err := c.pass(own); err != nil {
		return err
	}
	return c.pass(brought)
}

// pass takes the lots through effects, and through the days after them.
func (c *course) pass(effects []effect) error {
	var moves []loyalty.Movement
	for i := range effects {
		e := &effects[i]
		if err := c.reach(e.at.day); err != nil {
			return err
		}
		moves = append(moves, e.moves(c.member)...)
		if i+1 == len(effects) || effects[i+1].at != e.at {
			c.lots = loyalty.Apply(c.lots, moves, c.member)
			moves, c.day = moves[:0], e.at.day
			if c.after != nil {
				c.after(e.at.key)
			}
		}
	}
	return c.reach(c.begun)
}

// reach lets end what ends as the days through one begin, as far as they have begun.
func (c *course) reach(day string) error {
	to := min(day, c.begun)
	if to <= c.day || len(c.lots) == 0 {
		return nil
	}
	if c.went != nil && to > c.went.Place.Day {
		if err := c.reach(c.went.Place.Day); err != nil {
			return err
		}
		c.end(to, func() []loyalty.Movement { return loyalty.Expire(c.member, c.lots, "") }) // nothing ends, but what ended too much comes back
		c.day = to
		return nil
	}
	idle, err := c.idleBy(to)
	if err != nil {
		return err
	}
	by := to
	if idle != "" {
		by = idle
	}
	c.end(by, func() []loyalty.Movement { return loyalty.Expire(c.member, c.lots, by) })
	if idle != "" {
		c.end(by, func() []loyalty.Movement { return loyalty.ExpireAll(c.member, c.lots) })
	}
	c.day = to
	return nil
}

// end applies what a step of expiry ends until there is no more: a step takes a bounded number of lots. What has a last day
// ended on the day after it, the rest as the day by which all of this ends begins.
func (c *course) end(by string, step func() []loyalty.Movement) {
	for moves := step(); len(moves) > 0; moves = step() {
		for _, m := range moves {
			e := ending{day: by, points: m.Points, lot: loyalty.Lot{ID: m.Lot, Earned: m.Earned, Expires: m.Expires, Usable: m.Usable}}
			after := m.Expires
			if m.To != loyalty.AccountExpired { // it was spent before it ended, which was told later
				e.points, after = -m.Points, c.day
			}
			if next, err := nextDay(max(after, c.day)); err == nil && after != "" && next < by {
				e.day = next
			}
			c.ended = append(c.ended, e)
		}
		c.lots = loyalty.Apply(c.lots, moves, c.member)
	}
}

func nextDay(day string) (string, error) {
	t, err := time.Parse(time.DateOnly, day)
	return t.AddDate(0, 0, 1).Format(time.DateOnly), err
}

// idleBy is the first day after the one reached, up to another, on which the member had bought nothing for too long.
func (c *course) idleBy(to string) (string, error) {
	if c.idle == nil {
		return "", nil
	}
	if err := c.readPurchases(); err != nil {
		return "", err
	}
	after, last := c.day, ""
	for _, b := range append(slices.Clip(c.bought), purchase{on: to}) { // a purchase counts from the day after it
		if end := min(b.on, to); last != "" && after < end {
			if day := c.idle(c.unit, last, after, end); day != "" {
				return day, nil
			}
			after = end
		}
		last = max(last, b.last)
	}
	return "", nil
}

func (c *course) readPurchases() error {
	if c.read {
		return nil
	}
	entries, err := c.tx.MemberEntries(c.member)
	for _, e := range entries {
		b := purchase{on: e.at.day}
		if e.Step.Purchases > 0 {
			b.last = e.Step.Day
		}
		if e.Step.Merged != nil {
			b.last = max(b.last, e.Step.Merged.Last)
		}
		if b.last != "" {
			c.bought = append(c.bought, b)
		}
	}
	c.read = err == nil
	return err
}

// Ended is what newly ended of a member's points, or came back; also that another's late entry changed what he held.
type Ended struct {
	Member loyalty.MemberID
	Points loyalty.Points // of the main wallet; less what came back
	From   Place          // the beginning of the first day concerned; or, before it, another's entry that gave or took late
	Before bool           // entries of the member stand after it

	through string // the last day concerned
}

// end posts what ended, lot by lot, as head office's own entry of the day; it is no effect for the lots to follow again.
func (p *Poster) end(m *Member, unit string, ended []ending, out *Ended) error {
	slices.SortStableFunc(ended, func(a, b ending) int { return strings.Compare(a.day, b.day) })
	for len(ended) > 0 {
		n := 1
		for n < len(ended) && ended[n].day == ended[0].day {
			n++
		}
		key, err := p.tx.OwnKey()
		if err != nil {
			return err
		}
		post := Posting{Key: key, Day: ended[0].day, At: time.UnixMilli(0)}
		const reason = string(loyalty.KindExpire)
		for _, e := range ended[:n] {
			post.Legs = append(post.Legs,
				Leg{Owner: MemberOwner(m.ID), Kind: Main, Unit: unit, Amount: -e.points, Reason: reason, Lot: e.lot.ID, Earned: e.lot.Earned, Expires: e.lot.Expires, Usable: e.lot.Usable},
				Leg{Owner: HeadOffice, Kind: Expired, Unit: unit, Amount: e.points, Reason: reason})
			if unit == Points {
				out.Points += e.points
			}
		}
		if err := p.write(post, 0); err != nil {
			return err
		}
		if out.From.Day == "" || post.Day < out.From.Day {
			out.From = Place{Day: post.Day, At: post.At}
		}
		out.through = max(out.through, post.Day)
		ended = ended[n:]
	}
	return nil
}

// unposted leaves of what ended what is not posted yet, and takes back what is posted and did not end.
func (tx *Tx) unposted(id loyalty.MemberID, unit string, ended []ending) ([]ending, error) {
	posted, err := collect(tx, func(scan func(...any) error) (e ending, err error) {
		l := &e.lot
		err = scan(&e.day, &l.ID, &e.points, &l.Earned, &l.Expires, &l.Usable)
		return e, err
	}, `SELECT business_day, lot, CAST(SUM(amount) AS BIGINT), MAX(earned_on), MAX(expires_on), MAX(usable_on) FROM leg
		WHERE owner_id = $1 AND unit = $2 AND store_id = 0 AND reason = 'expire' GROUP BY business_day, lot HAVING SUM(amount) <> 0`,
		MemberOwner(id), unit) // of the member's account: below zero for what ended
	if err != nil {
		return nil, fmt.Errorf("what ended of member %d: %w", id, err)
	}
	var sums []ending
	for _, e := range slices.Concat(ended, posted) {
		i := slices.IndexFunc(sums, func(o ending) bool { return o.day == e.day && o.lot.ID == e.lot.ID })
		if i < 0 {
			sums = append(sums, e)
			continue
		}
		sums[i].points += e.points
	}
	return slices.DeleteFunc(sums, func(e ending) bool { return e.points == 0 }), nil
}
