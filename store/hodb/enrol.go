package hodb

import (
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
)

// A store is given numbers so many at a time, and more when fewer than the half are left: a store that is cut off makes as many
// members at least.
const (
	rangeSize = 1000
	rangeLow  = rangeSize / 2
)

// MemberRange is member numbers of one life of a store.
type MemberRange struct {
	Store loyalty.StoreID
	Epoch loyalty.Epoch
	loyalty.MemberRange
}

// Provide gives a life of a store numbers to make members with when too few are left. No number is given twice. They have no keys yet.
func (tx *Tx) Provide(id loyalty.StoreID, epoch loyalty.Epoch) (given loyalty.MemberRange, err error) {
	var left, last int64
	err = tx.one(`SELECT (SELECT COALESCE(SUM(last_id - first_id + 1), 0) FROM member_range WHERE store_id = $1 AND epoch = $2)
		- (SELECT COUNT(*) FROM enrolment WHERE store_id = $1 AND epoch = $2)`, id, epoch)(&left)
	if err != nil || left >= rangeLow {
		return given, err
	}
	if err := tx.one(`SELECT COALESCE(MAX(last_id), $1) FROM member_range`, int64(loyalty.FirstStoreMember)-1)(&last); err != nil {
		return given, err
	}
	err = tx.exec(`INSERT INTO member_range (first_id, last_id, store_id, epoch) VALUES ($1, $2, $3, $4)`, last+1, last+rangeSize, id, epoch)
	if err == nil {
		err = tx.touchFeed(TopicRange, id, memberKey(loyalty.MemberID(last+1)))
	}
	if err != nil {
		return given, fmt.Errorf("give store %d member numbers from %d: %w", id, last+1, err)
	}
	return loyalty.MemberRange{First: loyalty.MemberID(last + 1), Last: loyalty.MemberID(last + rangeSize)}, nil
}

// MemberRange is the range that begins with a number, or holds it; ErrNotFound when no store has it.
func (tx *Tx) MemberRange(holds loyalty.MemberID) (r MemberRange, err error) {
	err = tx.one(`SELECT store_id, epoch, first_id, last_id FROM member_range WHERE first_id <= $1 AND last_id >= $1`, holds)(
		&r.Store, &r.Epoch, &r.First, &r.Last)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("member number %d: %w", holds, ErrNotFound)
	}
	return r, err
}

// Enrol enters a member whom a store has made, under the number that the store gave. Is the card's number a member's already, the
// two are one person: the store's number is another name for that member.
func (tx *Tx) Enrol(k EntryKey, m Member, n Number) (loyalty.MemberID, error) {
	given := m.ID
	owner, err := tx.NumberOwner(n)
	if err == nil && owner == 0 {
		owner = given
		err = tx.insertMember(m, n)
	}
	if err == nil {
		err = tx.exec(`INSERT INTO enrolment (given_id, member_id, store_id, epoch) VALUES ($1, $2, $3, $4)`, given, owner, k.Store, k.Epoch)
	}
	if err == nil && owner != given {
		err = tx.touchMember(owner) // the store is told whose the number is
	}
	if err != nil {
		return 0, fmt.Errorf("enrol member %d: %w", given, err)
	}
	return owner, nil
}

// Enrolled says who it is that a store made a member under a number; 0 when none did.
func (tx *Tx) Enrolled(given loyalty.MemberID) (id loyalty.MemberID, err error) {
	err = tx.one(`SELECT member_id FROM enrolment WHERE given_id = $1`, given)(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}
