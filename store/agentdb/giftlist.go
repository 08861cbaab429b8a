package agentdb

import (
	"context"

	"loyaltill/agent/loyalty"
)

// GiftCardFilter is which gift cards are asked for; what is empty asks for all.
type GiftCardFilter struct {
	Serial string // the card itself
	Kind   string
	State  GiftCardUse
	After  string // the last serial of the page before
	Limit  int
}

// GiftCardUse is how a gift card of this store stands.
type GiftCardUse string

const (
	GiftCardLive  GiftCardUse = "live"  // something is on it
	GiftCardSpent GiftCardUse = "spent" // nothing is left
	GiftCardOff   GiftCardUse = "off"   // out of use: void, or not paid for yet
)

// GiftCards lists what this store sold, by serial.
func (db *DB) GiftCards(ctx context.Context, f GiftCardFilter) ([]loyalty.GiftCardState, error) {
	return query(ctx, db.ledger.Read(), "gift cards", func(scan func(...any) error) (loyalty.GiftCardState, error) {
		c, err := scanCard(scan)
		return *c, err
	}, selectCard+` WHERE serial > ?1 AND (?2 = '' OR serial = ?2) AND (?3 = '' OR kind = ?3)
		AND (?4 = '' OR ?4 = iif(active = 0, 'off', iif(balance > 0, 'live', 'spent'))) ORDER BY serial LIMIT ?5`, f.After, f.Serial, f.Kind, f.State, f.Limit)
}
