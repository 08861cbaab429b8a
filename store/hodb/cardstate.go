package hodb

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// CardState is how far the making of a card has come.
type CardState string

// Cards begin active, but for those that are personalised in a reader: what the reader says last may be lost.
const (
	CardMade    CardState = "made"     // certified; whether a card has it is not known yet
	CardActive  CardState = "active"   // it is on its card
	CardGivenUp CardState = "given_up" // never finished; blocked, should a card have it after all
)

// SetCardState says how far a card has come.
func (tx *Tx) SetCardState(id loyalty.CardID, state CardState) error {
	n, err := tx.changed(`UPDATE card SET state = $2 WHERE card_id = $1 AND state <> $2`, id[:], state)
	if err != nil || n == 0 {
		return err
	}
	c, err := tx.Card(id)
	if err == nil {
		err = tx.touchMember(c.Member)
	}
	if err != nil {
		return fmt.Errorf("card %v becomes %s: %w", id, state, err)
	}
	return nil
}

// CardState tells it; ErrNotFound when head office never certified the card.
func (tx *Tx) CardState(id loyalty.CardID) (state CardState, err error) {
	if _, err := tx.Card(id); err != nil {
		return "", err
	}
	err = tx.one(`SELECT state FROM card WHERE card_id = $1`, id[:])(&state)
	return state, err
}

// CardsOfNumber are the cards that carry a printed number and were not given up or blocked, oldest first.
func (tx *Tx) CardsOfNumber(number store.Hash) (ids []loyalty.CardID, err error) {
	return collect(tx, func(scan func(...any) error) (id loyalty.CardID, err error) {
		var raw []byte
		err = scan(&raw)
		copy(id[:], raw)
		return id, err
	}, `SELECT card_id FROM card WHERE number_hash = $1 AND state <> 'given_up'
		AND NOT EXISTS (SELECT 1 FROM hot WHERE hot.card_id = card.card_id) ORDER BY made_at, card_id`, number[:])
}
