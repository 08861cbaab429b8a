package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// insertLost keeps that a card was reported as lost.
func insertLost(tx *store.Tx, e *loyalty.Entry) error {
	if e.Suspect == nil || e.Suspect.Reason != loyalty.SuspectLost {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO lost (card, seq) VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET seq = excluded.seq`, e.Suspect.Card[:], e.Seq)
	if err != nil {
		return fmt.Errorf("insert lost card of entry %d: %w", e.Seq, err)
	}
	return nil
}

// lost says whether a card was reported here as lost and head office has not heard of it: from then on its hot list says what is to
// become of the card.
func (db *DB) lost(ctx context.Context, card loyalty.CardID) (bool, error) {
	var seq, posted loyalty.Seq
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT seq FROM lost WHERE card = ?`, card[:]).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		err = db.members.Read().QueryRowContext(ctx, `SELECT watermark FROM feed_pos`).Scan(&posted)
	}
	if err != nil {
		return false, fmt.Errorf("lost cards: %w", err)
	}
	return seq > posted, nil
}
