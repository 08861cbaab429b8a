package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// days are how far head office has come: the last day that has begun, and the last whose work is done for every member.
type days struct{ begun, done string }

func (tx *Tx) days() (d days, err error) {
	var begun, done int64
	if err = tx.one(`SELECT value FROM counter WHERE name = 'day'`)(&begun); err == nil {
		err = tx.one(`SELECT value FROM counter WHERE name = 'day_done'`)(&done)
	}
	return days{dayOf(begun), dayOf(done)}, err
}

// DayDone is the last day whose work is done; empty for none.
func (tx *Tx) DayDone() (string, error) {
	d, err := tx.days()
	return d.done, err
}

// BeginDay says that a day has begun: from now on points have ended whose last day is before it. false says that a later one
// has.
func (tx *Tx) BeginDay(day string) (begins bool, err error) {
	n, err := tx.changed(`UPDATE counter SET value = $1 WHERE name = 'day' AND value <= $1`, dayNumber(day))
	return n > 0, err
}

// EndDay says that the work of a day is done, with reviews of every day after the one that had been reviewed as it began.
func (tx *Tx) EndDay(day, reviewed string) error {
	err := tx.exec(`UPDATE counter SET value = $1 WHERE name = 'day_done' AND value < $1`, dayNumber(day))
	if err == nil { // unless rules were published meanwhile
		err = tx.exec(`UPDATE counter SET value = $1 WHERE name = 'reviewed' AND value = $2`, dayNumber(day), dayNumber(reviewed))
	}
	return err
}

// Reviewed is the last day for which every tier has been reviewed; empty for none.
func (tx *Tx) Reviewed() (string, error) {
	var day int64
	err := tx.one(`SELECT value FROM counter WHERE name = 'reviewed'`)(&day)
	return dayOf(day), err
}

// ReviewFrom has every tier reviewed again from a day on, with the work of the next day, or of the same one done again.
func (tx *Tx) ReviewFrom(day string) error {
	return tx.exec(`UPDATE counter SET value = $1 WHERE name = 'reviewed' AND value > $1`, max(dayNumber(day)-1, 0))
}

const secondsOfDay = 24 * 60 * 60

// dayNumber counts days from 1970 on; 0 is no day.
func dayNumber(day string) int64 {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	return t.Unix() / secondsOfDay
}

func dayOf(number int64) string {
	if number == 0 {
		return ""
	}
	return time.Unix(number*secondsOfDay, 0).UTC().Format(time.DateOnly)
}

// OwnKey draws the key of the next posting of head office's own.
func (tx *Tx) OwnKey() (EntryKey, error) {
	seq, err := tx.draw("own", 1)
	return EntryKey{Epoch: 1, Seq: loyalty.Seq(seq)}, err
}

// MembersEnding are members after a number of whom something may end as a day begins: what has its last day before it, what a
// store ended although it was spent, all of who has bought nothing since the idle day; and who did something after the last day
// done, as where a day begins sooner: it may have drawn on what ends before it. At most so many.
func (tx *Tx) MembersEnding(after loyalty.MemberID, day, idle string, limit int) ([]loyalty.MemberID, error) {
	done, err := tx.DayDone()
	if err != nil {
		return nil, err
	}
	purchases := fmt.Sprintf(tx.conn.dialect().jsonNumber, "e.step", "purchases")
	return collect(tx, scanMemberID, `SELECT member_id FROM (
			SELECT member_id FROM lot WHERE remaining > reserved AND remaining > 0 AND expires_on <> '' AND expires_on < $1
			UNION SELECT member_id FROM lot WHERE remaining < 0 AND lot <> 'deficit'
			UNION SELECT member_id FROM lot WHERE $2 <> '' AND remaining > reserved AND NOT EXISTS (SELECT 1 FROM member_entry e
				WHERE e.member_id = lot.member_id AND e.business_day >= $2 AND `+purchases+` > 0)
			UNION SELECT member_id FROM member WHERE fold_day > $5) AS ending
		WHERE member_id > $3 ORDER BY member_id LIMIT $4`, day, idle, after, limit, done)
}

func scanMemberID(scan func(...any) error) (id loyalty.MemberID, err error) {
	err = scan(&id)
	return id, err
}

// MembersInTiers are members after a number who did something or have a tier, and have not gone by a day; at most so many.
func (tx *Tx) MembersInTiers(after loyalty.MemberID, day string, limit int) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT member_id FROM member WHERE member_id > $1 AND (fold_day <> '' OR tier <> '')
		AND (status <> 'erased' OR EXISTS (SELECT 1 FROM member_merge g WHERE g.gone_id = member.member_id AND g.business_day > $2))
		ORDER BY member_id LIMIT $3`, after, day, limit)
}

// TierState is a member's tier before a day, with what a review has to remember.
func (tx *Tx) TierState(m *Member, day string) (s loyalty.TierState, err error) {
	err = tx.one(`SELECT tier, since, short_since, stepped_on FROM tier_move WHERE member_id = $1 AND from_day < $2 ORDER BY from_day DESC LIMIT 1`,
		m.ID, day)(&s.Tier, &s.Since, &s.ShortSince, &s.SteppedOn)
	if errors.Is(err, sql.ErrNoRows) {
		return loyalty.TierState{Tier: m.Tier}, nil
	}
	return s, err
}

// TierMove gives a member a tier, or begins or ends its grace, from a day on.
type TierMove struct {
	From   string
	State  loyalty.TierState
	Reason string
}

// TierMoves are those of a member from a day on, in order.
func (tx *Tx) TierMoves(id loyalty.MemberID, from string) ([]TierMove, error) {
	return collect(tx, func(scan func(...any) error) (m TierMove, err error) {
		s := &m.State
		err = scan(&m.From, &s.Tier, &s.Since, &s.ShortSince, &s.SteppedOn, &m.Reason)
		return m, err
	}, `SELECT from_day, tier, since, short_since, stepped_on, reason FROM tier_move WHERE member_id = $1 AND from_day >= $2 ORDER BY from_day`, id, from)
}

// ReplaceTiers makes a member's tier move as it is given from a day on, and says from which day it moves otherwise than before; empty
// for none.
func (tx *Tx) ReplaceTiers(m *Member, from string, moves []TierMove) (changed string, err error) {
	had, err := tx.TierMoves(m.ID, from)
	if err != nil {
		return "", err
	}
	same := 0
	for same < min(len(had), len(moves)) && had[same] == moves[same] {
		same++
	}
	for _, rest := range [][]TierMove{had[same:], moves[same:]} {
		if len(rest) > 0 && (changed == "" || rest[0].From < changed) {
			changed = rest[0].From
		}
	}
	if changed == "" {
		return "", nil
	}
	err = tx.exec(`DELETE FROM tier_move WHERE member_id = $1 AND from_day >= $2`, m.ID, changed)
	for _, move := range moves[same:] {
		if s := move.State; err == nil {
			err = tx.exec(`INSERT INTO tier_move (member_id, from_day, tier, since, short_since, stepped_on, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				m.ID, move.From, s.Tier, s.Since, s.ShortSince, s.SteppedOn, move.Reason)
		}
	}
	if err == nil {
		err = tx.touchMember(m.ID)
	}
	if err != nil {
		return "", fmt.Errorf("tier of member %d: %w", m.ID, err)
	}
	m.moved = true
	return changed, nil
}

// HadTier says whether a tier was the member's on a day, or on one of the days before it from a day on: a store may not have
// heard of the newest yet.
func (tx *Tx) HadTier(m *Member, tier, from, day string) (had bool, err error) {
	if !m.moved {
		return tier == m.Tier, nil
	}
	was, err := tx.TierOn(m, from)
	if err != nil || was == tier {
		return err == nil, err
	}
	err = tx.one(`SELECT EXISTS (SELECT 1 FROM tier_move WHERE member_id = $1 AND tier = $2 AND from_day BETWEEN $3 AND $4)`,
		m.ID, tier, from, day)(&had)
	return had, err
}
