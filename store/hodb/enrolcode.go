package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// EnrolCode is the code with which a store's next box enrols itself.
type EnrolCode struct {
	Store   loyalty.StoreID
	Name    string // the letters by which it is found
	Digest  store.Hash
	Offer   []byte // JSON
	Expires time.Time
	Tries   int // left

	Key    []byte // digest of the key of the box that used it, nil before
	Answer []byte // JSON: what that box was told
}

// PutEnrolCode keeps a new code; the one that the store had before is over.
func (tx *Tx) PutEnrolCode(c EnrolCode) error {
	err := tx.DropEnrolCode(c.Store)
	if err == nil {
		err = tx.exec(`INSERT INTO enrol_code (store_id, name, digest, offer, expires_at, tries_left) VALUES ($1, $2, $3, $4, $5, $6)`,
			c.Store, c.Name, c.Digest[:], string(c.Offer), c.Expires.UnixMilli(), c.Tries)
	}
	if err != nil {
		return fmt.Errorf("keep code of store %d: %w", c.Store, err)
	}
	return nil
}

// DropEnrolCode ends a store's code, if it has one.
func (tx *Tx) DropEnrolCode(id loyalty.StoreID) error {
	return tx.exec(`DELETE FROM enrol_code WHERE store_id = $1`, id)
}

// EnrolCode finds a code by its name; ErrNotFound when there is none.
func (tx *Tx) EnrolCode(name string) (EnrolCode, error) {
	c := EnrolCode{Name: name}
	var digest []byte
	var offer string
	var answer sql.NullString
	var expires int64
	err := tx.one(`SELECT store_id, digest, offer, expires_at, tries_left, key_digest, answer FROM enrol_code WHERE name = $1`, name)(
		&c.Store, &digest, &offer, &expires, &c.Tries, &c.Key, &answer)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("code: %w", ErrNotFound)
	}
	if err == nil {
		c.Digest, err = store.HashFromBytes(digest)
	}
	if err != nil {
		return c, fmt.Errorf("read code: %w", err)
	}
	c.Offer, c.Answer, c.Expires = []byte(offer), []byte(answer.String), time.UnixMilli(expires)
	return c, nil
}

// MissEnrolCode counts a wrong try.
func (tx *Tx) MissEnrolCode(c EnrolCode) error {
	return tx.exec(`UPDATE enrol_code SET tries_left = tries_left - 1 WHERE store_id = $1 AND tries_left > 0`, c.Store)
}

// UseEnrolCode writes down who used a code and what they were told.
func (tx *Tx) UseEnrolCode(c EnrolCode) error {
	return tx.exec(`UPDATE enrol_code SET key_digest = $2, answer = $3 WHERE store_id = $1`, c.Store, c.Key, string(c.Answer))
}

// Revoke ends every life of a store and refuses the certificates of those that were not over yet. It gives these.
func (tx *Tx) Revoke(id loyalty.StoreID, reason string) ([]*Head, error) {
	living, err := tx.Living(id)
	if err == nil {
		err = tx.DropEnrolCode(id)
	}
	for _, h := range living {
		if err == nil {
			err = tx.exec(`INSERT INTO revoked (store_id, epoch, reason, revoked_at) VALUES ($1, $2, $3, $4)`, id, h.Epoch, reason, tx.now.UnixMilli())
		}
		if err == nil {
			err = tx.exec(`UPDATE store_head SET state = 'closed' WHERE store_id = $1 AND epoch = $2`, id, h.Epoch)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("revoke store %d: %w", id, err)
	}
	return living, nil
}

// Revoked says why the certificates of a life are refused; empty when they are not.
func (tx *Tx) Revoked(id loyalty.StoreID, epoch loyalty.Epoch) (reason string, err error) {
	err = tx.one(`SELECT reason FROM revoked WHERE store_id = $1 AND epoch = $2`, id, epoch)(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reason, err
}

// Living reads the lives of a store that are not closed.
func (tx *Tx) Living(id loyalty.StoreID) ([]*Head, error) {
	return collect(tx, scanHead, `SELECT `+headColumns+` FROM store_head WHERE store_id = $1 AND state <> 'closed' ORDER BY epoch`, id)
}
