package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Issuer is a key that signs card certificates, in the words of the chain's root. Whoever uses it checks the root's signature.
type Issuer struct {
	Key       [8]byte
	Statement []byte
	Revoked   bool
}

// Renewal is a new certificate for a card's own key (card.md 3.11).
type Renewal struct {
	Card        loyalty.CardID
	Certificate []byte
	MAC         [16]byte
}

// putIssuer keeps a statement. What revokes a key is never replaced by one that does not.
func putIssuer(tx *store.Tx, i *Issuer, epoch uint32) error {
	_, err := tx.Exec(`INSERT INTO issuer (key, statement, revoked, feed_epoch) VALUES (?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET statement = excluded.statement, revoked = excluded.revoked, feed_epoch = excluded.feed_epoch
		WHERE excluded.revoked >= issuer.revoked`, i.Key[:], i.Statement, i.Revoked, epoch)
	return err
}

func putRenewal(tx *store.Tx, r *Renewal, epoch uint32) error {
	_, err := tx.Exec(`INSERT INTO renewal (card, certificate, mac, feed_epoch) VALUES (?, ?, ?, ?)
		ON CONFLICT (card) DO UPDATE SET certificate = excluded.certificate, mac = excluded.mac, feed_epoch = excluded.feed_epoch`,
		r.Card[:], r.Certificate, r.MAC[:], epoch)
	return err
}

// IssuerStatement is what the root says of a key; nil when head office sent nothing of it.
func (db *DB) IssuerStatement(ctx context.Context, key [8]byte) (statement []byte, err error) {
	err = db.members.Read().QueryRowContext(ctx, `SELECT statement FROM issuer WHERE key = ?`, key[:]).Scan(&statement)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("issuing key: %w", err)
	}
	return statement, nil
}

// RenewalOf is the certificate that waits for a card; false when none does.
func (db *DB) RenewalOf(ctx context.Context, card loyalty.CardID) (r Renewal, waits bool, err error) {
	var mac []byte
	r.Card = card
	err = db.members.Read().QueryRowContext(ctx, `SELECT certificate, mac FROM renewal WHERE card = ?`, card[:]).Scan(&r.Certificate, &mac)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("renewal of card %v: %w", card, err)
	}
	copy(r.MAC[:], mac)
	return r, true, nil
}
