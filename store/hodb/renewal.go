package hodb

import (
	"fmt"

	"loyaltill/agent/loyalty"
)

// LivingCards are the next cards after one that are active and neither blocked nor ended.
func (tx *Tx) LivingCards(after loyalty.CardID, limit int) ([]Card, error) {
	return collect(tx, scanCard, `SELECT `+cardColumns+` FROM card WHERE card_id > $1 AND state = 'active' AND ended = 0
		AND NOT EXISTS (SELECT 1 FROM hot WHERE hot.card_id = card.card_id) ORDER BY card_id LIMIT $2`, after[:], limit)
}

// Renew gives a card another certificate, which stores hand over.
func (tx *Tx) Renew(id loyalty.CardID, certificate []byte) error {
	err := tx.exec(`UPDATE card SET certificate = $2 WHERE card_id = $1`, id[:], certificate)
	if err == nil {
		err = tx.exec(`INSERT INTO renewal (card_id, made_at) VALUES ($1, $2) ON CONFLICT (card_id) DO UPDATE SET made_at = excluded.made_at`,
			id[:], tx.now.UnixMilli())
	}
	if err == nil {
		err = tx.touchFeed(TopicRenewal, 0, id.String())
	}
	if err != nil {
		return fmt.Errorf("renew card %v: %w", id, err)
	}
	return nil
}

// CardsAfter are the next cards after one, of one member or of all (0).
func (tx *Tx) CardsAfter(after loyalty.CardID, member loyalty.MemberID, limit int) ([]Card, error) {
	return collect(tx, scanCard, `SELECT `+cardColumns+` FROM card WHERE card_id > $1 AND ($2 = 0 OR member_id = $2)
		ORDER BY card_id LIMIT $3`, after[:], member, limit)
}
