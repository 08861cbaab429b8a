package hodb

import (
	"encoding/json"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
)

// AudienceKind says what a rule works out of members.
type AudienceKind string

const (
	AudienceSegment  AudienceKind = "segment"  // who is in it
	AudiencePersonal AudienceKind = "personal" // a member's own articles
)

// AudienceRule is one rule, in the words of who made it.
type AudienceRule struct {
	ID   string
	Rule []byte
}

// AudienceRules lists the rules of a kind by their ids.
func (tx *Tx) AudienceRules(kind AudienceKind) ([]AudienceRule, error) {
	return collect(tx, func(scan func(...any) error) (r AudienceRule, err error) {
		err = scan(&r.ID, &r.Rule)
		return r, err
	}, `SELECT id, rule FROM audience WHERE kind = $1 ORDER BY id`, kind)
}

// PutAudience enters a rule, in place of the one with this id.
func (tx *Tx) PutAudience(kind AudienceKind, r AudienceRule) error {
	return tx.exec(`INSERT INTO audience (kind, id, rule) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET rule = excluded.rule`,
		kind, r.ID, string(r.Rule))
}

// DropAudience takes a rule out; false when there was none.
func (tx *Tx) DropAudience(kind AudienceKind, id string) (bool, error) {
	n, err := tx.changed(`DELETE FROM audience WHERE kind = $1 AND id = $2`, kind, id)
	return n > 0, err
}

// SetAudience makes the segments and own articles of a member what they are now, and tells the stores when that is another.
func (tx *Tx) SetAudience(m *Member, segments, personal []string) (changed bool, err error) {
	if slices.Equal(m.Segments, segments) && slices.Equal(m.Personal, personal) {
		return false, nil
	}
	if err := tx.putLists(m.ID, `segments`, segments); err != nil {
		return false, err
	}
	return true, tx.putLists(m.ID, `personal`, personal)
}

// SetAttributes makes a member's attributes what was entered: city=riga, rising.
func (tx *Tx) SetAttributes(id loyalty.MemberID, attributes []string) error {
	return tx.putLists(id, `attributes`, attributes)
}

func (tx *Tx) putLists(id loyalty.MemberID, column string, list []string) error {
	if list == nil {
		list = []string{}
	}
	doc, err := json.Marshal(list)
	if err == nil {
		err = tx.exec(`UPDATE member SET `+column+` = $2 WHERE member_id = $1`, id, string(doc))
	}
	if err == nil {
		err = tx.touchMember(id)
	}
	if err != nil {
		return fmt.Errorf("%s of member %d: %w", column, id, err)
	}
	return nil
}

// MembersAfter lists active members after a number; at most so many.
func (tx *Tx) MembersAfter(after loyalty.MemberID, limit int) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT member_id FROM member WHERE member_id > $1 AND status = 'active' ORDER BY member_id LIMIT $2`, after, limit)
}

// MemberBodies hands over what stores told of a member's sales and returns from one day to another, in the order in which they count.
func (tx *Tx) MemberBodies(id loyalty.MemberID, from, to string) ([][]byte, error) {
	return collect(tx, func(scan func(...any) error) (body []byte, err error) {
		err = scan(&body)
		return body, err
	}, `SELECT e.body FROM member_entry m JOIN entry e ON e.store_id = m.store_id AND e.epoch = m.epoch AND e.seq = m.seq
		WHERE m.member_id = $1 AND m.business_day BETWEEN $2 AND $3 ORDER BY m.business_day, m.at_ms, m.store_id, m.epoch, m.seq`, id, from, to)
}
