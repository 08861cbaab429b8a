package hodb

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
)

// Issuer is a key that signs card certificates, in the words of the chain's root.
type Issuer struct {
	Key       [8]byte
	Statement []byte
	Revoked   bool
}

// KnowsIssuer says whether the books have this statement, or a revocation that it cannot take back.
func (tx *Tx) KnowsIssuer(i Issuer) (bool, error) {
	var statement []byte
	var revoked bool
	err := tx.one(`SELECT statement, revoked FROM issuer WHERE key_id = $1`, i.Key[:])(&statement, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return bytes.Equal(statement, i.Statement) || revoked && !i.Revoked, err
}

// PutIssuer keeps a statement and sends it to every store. A revoked key stays revoked.
func (tx *Tx) PutIssuer(i Issuer) error {
	n, err := tx.changed(`INSERT INTO issuer (key_id, statement, revoked, since_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key_id) DO UPDATE SET statement = excluded.statement, revoked = excluded.revoked
		WHERE excluded.revoked >= issuer.revoked`, i.Key[:], i.Statement, i.Revoked, tx.now.UnixMilli())
	if err == nil && n > 0 {
		err = tx.touchFeed(TopicIssuer, 0, fmt.Sprintf("%x", i.Key))
	}
	if err != nil {
		return fmt.Errorf("keep issuing key %x: %w", i.Key, err)
	}
	return nil
}

// Issuers are all issuing keys, in the order in which they came.
func (tx *Tx) Issuers() ([]Issuer, error) {
	return collect(tx, scanIssuer, `SELECT key_id, statement, revoked FROM issuer ORDER BY since_ms, key_id`)
}

// Issuer reads one; ErrNotFound when the root never spoke of it.
func (tx *Tx) Issuer(key []byte) (Issuer, error) {
	i, err := scanIssuer(tx.one(`SELECT key_id, statement, revoked FROM issuer WHERE key_id = $1`, key))
	if errors.Is(err, sql.ErrNoRows) {
		return i, fmt.Errorf("issuing key %x: %w", key, ErrNotFound)
	}
	return i, err
}

func scanIssuer(scan func(...any) error) (i Issuer, err error) {
	var key []byte
	err = scan(&key, &i.Statement, &i.Revoked)
	copy(i.Key[:], key)
	return i, err
}

// CardsByIssuer counts the cards of each issuing key. A certificate names its key in the eight bytes behind its version.
func (tx *Tx) CardsByIssuer() (map[[8]byte]int, error) {
	counts := map[[8]byte]int{}
	_, err := collect(tx, func(scan func(...any) error) (none struct{}, err error) {
		var key []byte
		var n int
		if err = scan(&key, &n); err == nil {
			var id [8]byte
			copy(id[:], key)
			counts[id] = n
		}
		return none, err
	}, `SELECT SUBSTR(certificate, 6, 8), COUNT(*) FROM card GROUP BY 1`)
	return counts, err
}
