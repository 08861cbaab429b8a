package hodb

import (
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// PutKeys keeps the keys of members who follow one another, wrapped. There are none yet.
func (tx *Tx) PutKeys(of loyalty.MemberRange, wrapped []byte) error {
	err := tx.exec(`INSERT INTO member_key (first_id, last_id, wrapped) VALUES ($1, $2, $3)`, of.First, of.Last, wrapped)
	if err != nil {
		return fmt.Errorf("keys of members from %d: %w", of.First, err)
	}
	return nil
}

// Keys are the keys of a range that a store was given; none when it has none.
func (tx *Tx) Keys(first loyalty.MemberID) (wrapped []byte, err error) {
	err = tx.one(`SELECT wrapped FROM member_key WHERE first_id = $1`, first)(&wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return wrapped, err
}

// Key is the wrapped key of a member; none when he has none.
func (tx *Tx) Key(id loyalty.MemberID) (wrapped []byte, err error) {
	var last loyalty.MemberID
	err = tx.one(`SELECT last_id, substr(wrapped, CAST(1 + 60 * ($1 - first_id) AS INTEGER), 60) FROM member_key WHERE first_id <= $1
		ORDER BY first_id DESC LIMIT 1`, id)(&last, &wrapped)
	if errors.Is(err, sql.ErrNoRows) || err == nil && last < id {
		return nil, nil
	}
	return wrapped, err
}

// destroyKey makes zeros of a member's key.
func (tx *Tx) destroyKey(id loyalty.MemberID) error {
	var first, last loyalty.MemberID
	var wrapped []byte
	err := tx.one(`SELECT first_id, last_id, wrapped FROM member_key WHERE first_id <= $1 ORDER BY first_id DESC LIMIT 1`, id)(&first, &last, &wrapped)
	if errors.Is(err, sql.ErrNoRows) || err == nil && last < id {
		return nil
	}
	if err != nil {
		return err
	}
	clear(wrapped[store.WrappedKeyBytes*(id-first):][:store.WrappedKeyBytes])
	if err := tx.exec(`UPDATE member_key SET wrapped = $2 WHERE first_id = $1`, first, wrapped); err != nil || id < loyalty.FirstStoreMember {
		return err
	}
	return tx.TouchRange(id)
}

// TouchRange sends the range that holds a number to its store once more.
func (tx *Tx) TouchRange(holds loyalty.MemberID) error {
	r, err := tx.MemberRange(holds)
	if err != nil {
		return err
	}
	return tx.touchFeed(TopicRange, r.Store, memberKey(r.First))
}

// SetBirthday keeps a member's birthday, sealed.
func (tx *Tx) SetBirthday(id loyalty.MemberID, sealed string) error {
	return tx.exec(`UPDATE member SET birthday = $2 WHERE member_id = $1`, id, sealed)
}

// Keyed tells whether everybody has a key.
func (tx *Tx) Keyed() (done bool, err error) {
	err = tx.one(`SELECT value <> 0 FROM counter WHERE name = 'keyed'`)(&done)
	return done, err
}

// SetKeyed notes that everybody has a key, and will have.
func (tx *Tx) SetKeyed() error { return tx.exec(`UPDATE counter SET value = 1 WHERE name = 'keyed'`) }

// WithoutKeys are members and ranges that came before there were keys; at most so many.
func (tx *Tx) WithoutKeys(limit int) ([]loyalty.MemberRange, error) {
	return collect(tx, func(scan func(...any) error) (r loyalty.MemberRange, err error) {
		err = scan(&r.First, &r.Last)
		return r, err
	}, `SELECT member_id, member_id FROM member WHERE member_id < $1 AND NOT EXISTS (SELECT 1 FROM member_key k WHERE k.first_id = member_id)
		UNION ALL SELECT first_id, last_id FROM member_range r WHERE NOT EXISTS (SELECT 1 FROM member_key k WHERE k.first_id = r.first_id)
		ORDER BY 1 LIMIT $2`, loyalty.FirstStoreMember, limit)
}

// Erasure is a person who was erased.
type Erasure struct {
	Member loyalty.MemberID
	Reason string
}

// Erase destroys a member's key and all that says who the member was. Entries, accounts and lots stay under the number, which is nobody's
// from now on. One who was erased stays so: nothing changes then, and done is false.
func (tx *Tx) Erase(e Erasure) (done bool, err error) {
	n, err := tx.changed(`INSERT INTO erasure (member_id, reason, erased_at) VALUES ($1, $2, $3) ON CONFLICT (member_id) DO NOTHING`,
		e.Member, e.Reason, tx.now.UnixMilli())
	if err == nil && n > 0 {
		err = tx.erase(e.Member)
	}
	if err != nil {
		return false, fmt.Errorf("erase member %d: %w", e.Member, err)
	}
	return n > 0, nil
}

func (tx *Tx) erase(id loyalty.MemberID) error {
	switch _, err := tx.Member(id); {
	case errors.Is(err, ErrNotFound): // of restored books, whose entry is still to come
		return tx.destroyKey(id)
	case err != nil:
		return err
	}
	cards, err := tx.Cards(id)
	if err != nil {
		return err
	}
	for _, c := range cards {
		if err := tx.BlockCard(c.ID, store.HotErased); err != nil {
			return err
		}
	}
	names, err := tx.namesOf(id)
	if err != nil {
		return err
	}
	for _, name := range append(names, id) {
		if err := tx.destroyKey(name); err != nil {
			return err
		}
	}
	if err := tx.forgetNumbers(id); err != nil {
		return err
	}
	for _, text := range []string{`DELETE FROM snapshot_part`, `DELETE FROM snapshot`} { // they have his row; the next one has not
		if err := tx.exec(text); err != nil {
			return err
		}
	}
	if err := tx.exec(`DELETE FROM proof WHERE member_id = $1`, id); err != nil {
		return err
	}
	err = tx.exec(`UPDATE member SET status = 'erased', birthday = '', joined_on = '', segments = '[]', attributes = '[]', personal = '[]' WHERE member_id = $1`, id)
	if err == nil {
		err = tx.touchMember(id)
	}
	return err
}

// namesOf are the numbers that stores gave a member who was another's already.
func (tx *Tx) namesOf(id loyalty.MemberID) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT given_id FROM enrolment WHERE member_id = $1 AND given_id <> $1`, id)
}

// forgetNumbers takes a member's printed numbers out. Cards need one: they get a value that is the hash of none.
func (tx *Tx) forgetNumbers(id loyalty.MemberID) error {
	none := store.Hash{}.Next([]byte(fmt.Sprintf("erased %d", id)))
	err := tx.exec(`INSERT INTO number (number_hash, member_id, mask, registered_id) VALUES ($1, $2, '', $2)`, none[:], id)
	if err == nil {
		err = tx.exec(`UPDATE card SET number_hash = $2 WHERE number_hash IN (SELECT number_hash FROM number WHERE registered_id = $1 OR member_id = $1)`, id, none[:])
	}
	if err == nil {
		err = tx.exec(`UPDATE replacement SET number_hash = $2 WHERE member_id = $1`, id, none[:])
	}
	if err == nil {
		err = tx.exec(`DELETE FROM number WHERE (registered_id = $1 OR member_id = $1) AND number_hash <> $2`, id, none[:])
	}
	return err
}

// Erasures lists everybody who was erased.
func (tx *Tx) Erasures() ([]Erasure, error) {
	return collect(tx, func(scan func(...any) error) (e Erasure, err error) {
		err = scan(&e.Member, &e.Reason)
		return e, err
	}, `SELECT member_id, reason FROM erasure ORDER BY member_id`)
}
