package hodb

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"loyaltill/agent/loyalty"
)

// memory is a member's past as it is kept: absent until somebody asks, since adding it up may mean reading every entry.
type memory struct {
	known bool
	past  loyalty.Past
	text  string // as it stands in the register
}

// encode is the past as it is to be written, days before one joined; what was not touched is written as it was.
func (m *memory) encode(apart string) (string, error) {
	if !m.known {
		return m.text, nil
	}
	m.past.Join(apart)
	doc, err := json.Marshal(&m.past)
	return string(doc), err
}

// MemberEntry is one entry that counts for a member, with what it adds to the past.
type MemberEntry struct {
	Key  EntryKey
	Step loyalty.PastStep // empty until the entry is judged

	at foldKey
}

// Place is where an entry stands among a member's.
type Place struct {
	Day string
	At  time.Time
	Key EntryKey
}

// Before says whether a place comes before another.
func (p Place) Before(o Place) bool { return p.fold().compare(o.fold()) < 0 }

func (k foldKey) place() Place { return Place{Day: k.day, At: time.UnixMilli(k.atMS), Key: k.key} }

func (p Place) fold() foldKey { return foldKey{p.Day, p.At.UnixMilli(), p.Key} }

// Past is the sum of the member's steps, as far as they were told.
func (p *Poster) Past(m *Member) (*loyalty.Past, error) {
	if m.past.known {
		return &m.past.past, nil
	}
	past, err := p.tx.readPast(m)
	if err != nil {
		return nil, err
	}
	m.past.past, m.past.known = past, true
	return &m.past.past, nil
}

// readPast decodes what is kept, or adds the steps up.
func (tx *Tx) readPast(m *Member) (past loyalty.Past, err error) {
	if m.past.text != "" {
		err = json.Unmarshal([]byte(m.past.text), &past)
		return past, err
	}
	return tx.PastByDay(m.ID)
}

// recallPasts decodes what is kept, on as many processors as there are.
func recallPasts(members []*Member) error {
	readers := min(runtime.GOMAXPROCS(0), 1+len(members)/fewPasts)
	faults := make([]error, readers)
	var reading sync.WaitGroup
	for reader := range readers {
		reading.Go(func() {
			for i := reader; i < len(members); i += readers {
				m := &members[i].past
				if m.text == "" { // to be added up, if anybody asks
					continue
				}
				if err := json.Unmarshal([]byte(m.text), &m.past); err != nil {
					faults[reader] = fmt.Errorf("past of member %d: %w", members[i].ID, err)
					return
				}
				m.known = true
			}
		})
	}
	reading.Wait()
	return errors.Join(faults...)
}

// fewPasts are read sooner than another processor has begun.
const fewPasts = 64

// PastByDay adds a member's steps up, each day apart: for windows that begin long before his newest entry, as those of another.
func (tx *Tx) PastByDay(id loyalty.MemberID) (past loyalty.Past, err error) {
	entries, err := tx.MemberEntries(id)
	for _, e := range entries {
		past.Add(e.Step)
	}
	return past, err
}

// Record is what stores may be told of a member's past.
func (tx *Tx) Record(m *Member) (r loyalty.Record, err error) {
	r = loyalty.Record{Segments: m.Segments, Attributes: m.Attributes, Personal: m.Personal, Birthday: m.Birthday, Joined: m.Joined}
	r.Past, err = tx.readPast(m)
	return r, err
}

// Late says whether the member has an entry already that stands after this one.
func (m *Member) Late(at Place) bool { return at.fold().compare(m.newest) < 0 }

// Remember enters an entry among the member's, with what it adds to the past.
func (p *Poster) Remember(m *Member, at Place, step loyalty.PastStep) error {
	past, err := p.Past(m)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(&step)
	if err != nil {
		return err
	}
	if err := p.tx.later(insertInto("member_entry", "member_id, business_day, at_ms, store_id, epoch, seq, step", ""),
		m.ID, at.Day, at.At.UnixMilli(), at.Key.Store, at.Key.Epoch, at.Key.Seq, string(doc)); err != nil {
		return fmt.Errorf("remember %v for member %d: %w", at.Key, m.ID, err)
	}
	past.Add(step)
	m.remembered = true
	newest := at.fold().compare(m.newest) > 0
	if m.revised = m.revised || !newest || at.Day < p.days.begun; newest {
		m.newest = at.fold()
	}
	return nil
}

// Correct replaces what an entry adds to the past. The past is added up again when it is next asked for.
func (p *Poster) Correct(m *Member, e MemberEntry, step loyalty.PastStep) error {
	doc, err := json.Marshal(&step)
	if err != nil {
		return err
	}
	m.past, m.remembered, m.revised = memory{}, true, true
	at := e.at
	return p.tx.exec(`UPDATE member_entry SET step = $7 WHERE member_id = $1 AND business_day = $2 AND at_ms = $3 AND store_id = $4
		AND epoch = $5 AND seq = $6`, m.ID, at.day, at.atMS, at.key.Store, at.key.Epoch, at.key.Seq, string(doc))
}

// FirstDay is the day of a member's first entry; empty when he has none.
func (tx *Tx) FirstDay(id loyalty.MemberID) (day string, err error) {
	err = tx.one(`SELECT COALESCE(MIN(business_day), '') FROM member_entry WHERE member_id = $1`, id)(&day)
	return day, err
}

// MemberEntries lists a member's entries in the order in which they count.
func (tx *Tx) MemberEntries(id loyalty.MemberID) ([]MemberEntry, error) {
	return collect(tx, func(scan func(...any) error) (e MemberEntry, err error) {
		var step string
		k := &e.Key
		if err = scan(&e.at.day, &e.at.atMS, &k.Store, &k.Epoch, &k.Seq, &step); err == nil {
			e.at.key, err = *k, json.Unmarshal([]byte(step), &e.Step)
		}
		return e, err
	}, `SELECT business_day, at_ms, store_id, epoch, seq, step FROM member_entry WHERE member_id = $1
		ORDER BY business_day, at_ms, store_id, epoch, seq`, id)
}

// Day is the business day of the entry.
func (e *MemberEntry) Day() string { return e.at.day }

// Place is where the entry stands.
func (e *MemberEntry) Place() Place { return e.at.place() }

// Before says whether the entry stands before a place.
func (e *MemberEntry) Before(at Place) bool { return e.at.compare(at.fold()) < 0 }

// ForgetPasts makes every past be added up again when it is next asked for: what was joined may have to stand apart.
func (tx *Tx) ForgetPasts() error { return tx.exec(`UPDATE member SET past = ''`) }

// MemberSum is what one entry gave a member, or took, in one unit.
type MemberSum struct {
	Key    EntryKey
	Points loyalty.Points

	at foldKey
}

// MemberSums lists what entries gave a member and took in one unit, and what ended, in the order in which it counts.
func (tx *Tx) MemberSums(id loyalty.MemberID, unit string) ([]MemberSum, error) {
	return collect(tx, func(scan func(...any) error) (s MemberSum, err error) {
		k := &s.Key
		err = scan(&s.at.day, &s.at.atMS, &k.Store, &k.Epoch, &k.Seq, &s.Points)
		s.at.key = *k
		return s, err
	}, `SELECT business_day, at_ms, store_id, epoch, seq, CAST(SUM(amount) AS BIGINT) FROM leg WHERE owner_id = $1 AND unit = $2
		GROUP BY business_day, at_ms, store_id, epoch, seq ORDER BY business_day, at_ms, store_id, epoch, seq`, MemberOwner(id), unit)
}

// GivenInBatch is what the entries of a log gave a member beside the card before one of them, from a place on, but only those that came
// in the same batch.
func (tx *Tx) GivenInBatch(id loyalty.MemberID, before EntryKey, from loyalty.Seq) (given loyalty.Points, err error) {
	err = tx.one(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM leg
		WHERE owner_id = $1 AND store_id = $2 AND epoch = $3 AND seq >= $4 AND seq < $5 AND kind = $6 AND unit = $7
			AND seq >= (SELECT MAX(first_seq) FROM batch WHERE store_id = $2 AND epoch = $3 AND first_seq <= $5)`,
		MemberOwner(id), before.Store, before.Epoch, from, before.Seq, Main, Points)(&given)
	if err != nil {
		return 0, fmt.Errorf("what a batch gave member %d before %v: %w", id, before, err)
	}
	return given, nil
}

// Before says whether it stands before an entry.
func (s *MemberSum) Before(e *MemberEntry) bool { return s.at.compare(e.at) < 0 }

// Held is what a member holds of the main wallet, this batch included.
func (p *Poster) Held(id loyalty.MemberID) (held loyalty.Points, err error) {
	err = p.tx.one(`SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM account WHERE owner_id = $1 AND unit = $2`, MemberOwner(id), Points)(&held)
	for _, e := range p.fresh[id] {
		if e.unit == Points {
			held += e.amount
		}
	}
	return held, err
}

// ExpiredOf is how many points of some lots of a member had expired before a place.
func (tx *Tx) ExpiredOf(id loyalty.MemberID, lots []loyalty.LotID, at Place) (expired loyalty.Points, err error) {
	f := at.fold()
	for _, lot := range lots {
		var n loyalty.Points
		err := tx.one(`SELECT CAST(COALESCE(-SUM(amount), 0) AS BIGINT) FROM leg WHERE owner_id = $1 AND lot = $2 AND reason = 'expire'
			AND (business_day, at_ms, store_id, epoch, seq) < ($3, $4, $5, $6, $7)`, MemberOwner(id), lot,
			f.day, f.atMS, f.key.Store, f.key.Epoch, f.key.Seq)(&n)
		if err != nil {
			return 0, fmt.Errorf("expired points of member %d: %w", id, err)
		}
		expired += n
	}
	return expired, nil
}

// TierOn is the tier that a member had on a day: the last that head office gave by then, else the member's own.
func (tx *Tx) TierOn(m *Member, day string) (tier string, err error) {
	if !m.moved {
		return m.Tier, nil
	}
	err = tx.one(`SELECT tier FROM tier_move WHERE member_id = $1 AND from_day <= $2 ORDER BY from_day DESC LIMIT 1`, m.ID, day)(&tier)
	if errors.Is(err, sql.ErrNoRows) {
		return m.Tier, nil
	}
	return tier, err
}
