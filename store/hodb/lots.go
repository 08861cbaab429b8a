package hodb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
)

// foldKey is an entry's place in a member's canonical order.
type foldKey struct {
	day  string
	atMS int64
	key  EntryKey
}

func (a foldKey) compare(b foldKey) int {
	return cmp.Or(strings.Compare(a.day, b.day), cmp.Compare(a.atMS, b.atMS), cmp.Compare(a.key.Store, b.key.Store),
		cmp.Compare(a.key.Epoch, b.key.Epoch), cmp.Compare(a.key.Seq, b.key.Seq))
}

// effect is what the legs of one entry do to one lot of a member.
type effect struct {
	at                      foldKey
	unit                    string
	amount                  loyalty.Points // over all accounts of the member
	reserved                loyalty.Points // of the account for what is set aside
	expiry                  bool
	settled                 bool // of an entry that was posted before: its legs have to be read together
	foreign                 bool // of another member's entry
	lot                     loyalty.LotID
	earned, expires, usable string
}

// compare puts effects in the order in which they count: by unit, by entry, and of one entry what is taken before what is given,
// by lot, whatever order its legs were written in. What is taken of no lot comes after the others, what is given, for a deficit, before them.
func (e *effect) compare(o *effect) int {
	noLot := b2i(e.lot == "") - b2i(o.lot == "")
	if e.amount > 0 {
		noLot = -noLot
	}
	return cmp.Or(strings.Compare(e.unit, o.unit), e.at.compare(o.at), b2i(e.amount > 0)-b2i(o.amount > 0), noLot, cmp.Compare(e.lot, o.lot))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// add takes one leg in.
func (e *effect) add(l *Leg) {
	e.amount += l.Amount
	if l.Kind == Reserved {
		e.reserved += l.Amount
	}
	e.expiry = e.expiry || l.Reason == string(loyalty.KindExpire)
	e.earned, e.expires, e.usable = max(e.earned, l.Earned), max(e.expires, l.Expires), max(e.usable, l.Usable)
}

// moves is the effect as the rules see it: points set aside or freed, then points that come or go.
func (e *effect) moves(id loyalty.MemberID) []loyalty.Movement {
	var moves []loyalty.Movement
	move := func(from, to string, points loyalty.Points) {
		if points < 0 {
			from, to, points = to, from, -points
		}
		if points > 0 {
			moves = append(moves, loyalty.Movement{From: from, To: to, Points: points, Lot: e.lot, Earned: e.earned, Expires: e.expires, Usable: e.usable})
		}
	}
	main, other := loyalty.AccountMain(id), loyalty.AccountIssued
	if e.expiry {
		other = loyalty.AccountExpired
	}
	move(main, loyalty.AccountReserved(id), e.reserved)
	move(other, main, e.amount)
	return moves
}

// foldMember brings lots and past up to date. Entries newer than everything folded so far are applied on top; with a late
// one among them the lots are folded again from the beginning, so the order of arrival changes nothing.
func (p *Poster) foldMember(m *Member, fresh []effect) (out Ended, err error) {
	slices.SortStableFunc(fresh, func(a, b effect) int { return a.compare(&b) })
	newest := m.newest
	var units []string
	m.revised = m.revised && p.Idle != nil // when he bought decides what ended
	var went *Merge
	if m.Status != MemberActive {
		if went, err = p.tx.Went(m.ID); err != nil {
			return out, err
		}
	}
	m.refold = m.refold || went != nil
	if m.ending || m.revised || m.refold {
		if units, err = p.tx.Units(m.ID); err != nil {
			return out, err
		}
	}
	byUnit := map[string][]effect{}
	for _, e := range fresh {
		if byUnit[e.unit] = append(byUnit[e.unit], e); !slices.Contains(units, e.unit) {
			units = append(units, e.unit)
		}
		if e.at.compare(newest) > 0 {
			newest = e.at
		}
	}
	out.Member = m.ID
	for _, unit := range units {
		if err := p.foldLots(m, unit, went, byUnit[unit], &out); err != nil {
			return out, err
		}
	}
	for _, e := range fresh { // what another gave late changes what was held from then on
		if at := e.at.place(); e.foreign && e.at.compare(newest) < 0 && (out.From.Day == "" || at.Before(out.From)) {
			out.From = at
		}
	}
	out.Before = out.From.fold().compare(newest) < 0
	if last := (foldKey{day: out.through}); last.compare(newest) > 0 { // what comes before it is late
		newest = last
	}
	m.newest, m.fold = newest, newest
	return out, p.writeFold(m)
}

// writeFold keeps how far a member is folded, and the past.
func (p *Poster) writeFold(m *Member) error {
	apart := lastDay
	if p.Apart != nil {
		apart = p.Apart(m.newest.day)
	}
	past, err := m.past.encode(apart)
	if err != nil {
		return fmt.Errorf("past of member %d: %w", m.ID, err)
	}
	n := m.newest
	return p.tx.later(foldRows(), m.ID, n.day, n.atMS, n.key.Store, n.key.Epoch, n.key.Seq, past)
}

func foldRows() bulk {
	return bulk{table: "member", verb: "UPDATE", head: ` member SET fold_day = v.column2, fold_at_ms = v.column3, fold_store = v.column4, fold_epoch = v.column5,
		fold_seq = v.column6, past = v.column7 FROM (VALUES `, types: []string{"BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT"},
		tail: `) AS v WHERE member.member_id = v.column1`}
}

// foldLots brings the lots of one unit up to date, and posts what ended.
func (p *Poster) foldLots(m *Member, unit string, went *Merge, fresh []effect, out *Ended) error {
	late := m.revised || m.refold || len(fresh) > 0 && (fresh[0].at.compare(m.fold) <= 0 || p.days.done < p.days.begun) || m.ending && m.fold.day > p.days.done ||
		slices.ContainsFunc(fresh, func(e effect) bool { return e.settled })
	c := course{tx: p.tx, member: m.ID, unit: unit, went: went, idle: p.Idle, begun: p.days.begun, day: max(m.fold.day, p.days.done)}
	var have []loyalty.Lot
	var err error
	if late || m.ending || m.overdrawn || !onlyEarn(fresh) { // else the new lots stand beside the old ones, unseen
		if have, err = p.tx.Lots(m.ID, unit); err != nil {
			return err
		}
		c.lots = have
	}
	if late {
		if fresh, err = p.tx.effects(m.ID, unit); err != nil {
			return err
		}
		c.lots, c.day = nil, ""
	}
	owed := loyalty.Deficit(c.lots)
	m.overspent = m.overspent || unit == Points && late && m.overdrafts
	c.after = func(EntryKey) {
		now := loyalty.Deficit(c.lots)
		m.overspent = m.overspent || unit == Points && now > owed
		owed = now
	}
	if err := c.follow(fresh); err != nil {
		return err
	}
	ended := c.ended
	if late {
		if ended, err = p.tx.unposted(m.ID, unit, ended); err != nil {
			return err
		}
	}
	if err := p.end(m, unit, ended, out); err != nil {
		return err
	}
	m.overdrawn = m.overdrawn || slices.ContainsFunc(c.lots, func(l loyalty.Lot) bool { return l.Remaining < 0 })
	return p.tx.replaceLots(m.ID, unit, have, c.lots)
}

// onlyEarn tells whether nothing is taken from the member, and nothing set aside.
func onlyEarn(effects []effect) bool {
	return !slices.ContainsFunc(effects, func(e effect) bool { return e.amount < 0 || e.reserved != 0 })
}

// effects reads everything that was ever posted to a member in one unit, in canonical order; what was settled later counts
// where its entry stands, and what it took back entirely not at all. Head office's own moves between the member's accounts
// (store 0) leave the lots as they are, and what ended follows from the rest.
func (tx *Tx) effects(id loyalty.MemberID, unit string) ([]effect, error) {
	return tx.effectsBut(id, unit, `'voucher', 'expire'`)
}

// effectsBut leaves out what head office moved by itself for some reasons.
func (tx *Tx) effectsBut(id loyalty.MemberID, unit, reasons string) ([]effect, error) {
	all, err := collect(tx, func(scan func(...any) error) (e effect, err error) {
		e.unit = unit
		err = scan(&e.at.day, &e.at.atMS, &e.at.key.Store, &e.at.key.Epoch, &e.at.key.Seq,
			&e.amount, &e.reserved, &e.expiry, &e.lot, &e.earned, &e.expires, &e.usable)
		return e, err
	}, `WITH net AS (SELECT business_day, at_ms, store_id, epoch, seq, kind, lot, earned_on, expires_on, usable_on,
				SUM(amount) AS amount, MAX(CASE reason WHEN 'expire' THEN 1 ELSE 0 END) AS expiry FROM leg
			WHERE owner_id = $1 AND unit = $2 AND NOT (store_id = 0 AND reason IN (`+reasons+`))
			GROUP BY business_day, at_ms, store_id, epoch, seq, kind, lot, earned_on, expires_on, usable_on HAVING SUM(amount) <> 0)
		SELECT business_day, at_ms, store_id, epoch, seq, CAST(SUM(amount) AS BIGINT),
			CAST(SUM(CASE kind WHEN 'reserved' THEN amount ELSE 0 END) AS BIGINT), MAX(expiry),
			lot, MAX(earned_on), MAX(expires_on), MAX(usable_on) FROM net
		GROUP BY business_day, at_ms, store_id, epoch, seq, lot HAVING SUM(amount) <> 0 OR SUM(CASE kind WHEN 'reserved' THEN amount ELSE 0 END) <> 0`, MemberOwner(id), unit)
	slices.SortFunc(all, func(a, b effect) int { return a.compare(&b) })
	return all, err
}

// UnitLots is a member's lots of one unit.
type UnitLots struct {
	Unit string
	Lots []loyalty.Lot
}

// LotsWithout is the lots of a member in every unit as they would be without some entries, this batch included, and as if no day
// after one had begun.
func (p *Poster) LotsWithout(id loyalty.MemberID, keys []EntryKey, day string) ([]UnitLots, error) {
	units, err := collect(p.tx, func(scan func(...any) error) (u UnitLots, err error) {
		err = scan(&u.Unit)
		return u, err
	}, `SELECT DISTINCT unit FROM leg WHERE owner_id = $1 ORDER BY unit`, MemberOwner(id))
	for i := range units {
		if err != nil {
			break
		}
		var effects []effect
		if effects, err = p.tx.effects(id, units[i].Unit); err != nil {
			break
		}
		c := course{tx: p.tx, member: id, unit: units[i].Unit, idle: p.Idle, begun: day}
		err = c.follow(slices.DeleteFunc(effects, func(e effect) bool { return slices.Contains(keys, e.at.key) }))
		units[i].Lots = c.lots
	}
	return units, err
}

// CardWithout is what a member would have on cards and in vouchers without some entries, this batch included.
func (tx *Tx) CardWithout(id loyalty.MemberID, keys []EntryKey) (held loyalty.Points, err error) {
	const onCard = `SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM leg WHERE owner_id = $1 AND kind = 'card' AND unit = $2`
	err = tx.one(onCard, MemberOwner(id), Points)(&held)
	for _, k := range keys {
		var moved loyalty.Points
		if err == nil {
			err = tx.one(onCard+` AND store_id = $3 AND epoch = $4 AND seq = $5`, MemberOwner(id), Points, k.Store, k.Epoch, k.Seq)(&moved)
		}
		held -= moved
	}
	return held, err
}

// Lots are a member's open lots of a unit in the order in which they will be drawn.
func (tx *Tx) Lots(id loyalty.MemberID, unit string) ([]loyalty.Lot, error) {
	lots, err := collect(tx, func(scan func(...any) error) (l loyalty.Lot, err error) {
		err = scan(&l.ID, &l.Remaining, &l.Earned, &l.Expires, &l.Usable, &l.Reserved)
		return l, err
	}, `SELECT lot, remaining, earned_on, expires_on, usable_on, reserved FROM lot WHERE member_id = $1 AND unit = $2`, id, unit)
	if err != nil {
		return nil, fmt.Errorf("lots of member %d: %w", id, err)
	}
	loyalty.SortLots(lots)
	return lots, nil
}

func lotRows() bulk {
	return insertInto("lot", "member_id, unit, lot, remaining, earned_on, expires_on, usable_on, reserved",
		` ON CONFLICT (member_id, unit, lot) DO UPDATE SET remaining = excluded.remaining, earned_on = excluded.earned_on,
			expires_on = excluded.expires_on, usable_on = excluded.usable_on, reserved = excluded.reserved`)
}

// replaceLots writes what changed.
func (tx *Tx) replaceLots(id loyalty.MemberID, unit string, have, want []loyalty.Lot) error {
	old := make(map[loyalty.LotID]loyalty.Lot, len(have))
	for _, l := range have {
		old[l.ID] = l
	}
	for _, l := range want {
		if old[l.ID] != l {
			err := tx.later(lotRows(), id, unit, l.ID, l.Remaining, l.Earned, l.Expires, l.Usable, l.Reserved)
			if err != nil {
				return fmt.Errorf("lot %s of member %d: %w", l.ID, id, err)
			}
		}
		delete(old, l.ID)
	}
	for gone := range old {
		if err := tx.exec(`DELETE FROM lot WHERE member_id = $1 AND unit = $2 AND lot = $3`, id, unit, gone); err != nil {
			return fmt.Errorf("lot %s of member %d: %w", gone, id, err)
		}
	}
	return nil
}
