package agentdb

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// cards is gift cards by serial. Those that no entry of this store sold are not among them: what they hold is not known here.
type cards map[string]*loyalty.GiftCardState

// add does to the cards what an entry did.
func (c cards) add(e *loyalty.Entry) {
	if e.Sale != nil {
		for _, s := range e.Sale.GiftCardsSold {
			c.sold(&s)
		}
	}
	for _, m := range e.Moves {
		if card := c[cardOf(m.From)]; card != nil {
			card.Balance -= int64(m.Points)
			if e.Sale != nil && m.To == loyalty.AccountGiftCardsRedeemed {
				card.Uses++
			}
		}
		if card := c[cardOf(m.To)]; card != nil {
			card.Balance += int64(m.Points)
		}
	}
	if b := e.GiftCard; b != nil && c[b.Serial] != nil {
		card := c[b.Serial]
		switch b.Action {
		case loyalty.GiftCardActivate:
			card.Active, card.Expires, card.Holder = true, b.Expires, b.Holder
		case loyalty.GiftCardVoid:
			card.Active = false
		}
	}
	if e.Return == nil {
		return
	}
	for _, back := range e.Return.GiftCards { // the goods that came back were the card
		if card := c[back.Serial]; card != nil && card.Balance == 0 {
			card.Active = false
		}
	}
}

// sold puts a card among those known; what is on it, the movements say.
func (c cards) sold(s *loyalty.GiftCardSold) {
	card := c[s.Serial]
	if card == nil {
		card = &loyalty.GiftCardState{Serial: s.Serial, Kind: s.Kind}
		c[s.Serial] = card
	}
	if !s.Waits {
		card.Active, card.Expires, card.Holder = true, s.Expires, s.Holder
	}
}

// cardOf is the serial in an account; empty for other accounts.
func cardOf(account string) string {
	if serial, is := strings.CutPrefix(account, loyalty.AccountGiftCard("")); is {
		return serial
	}
	return ""
}

// touched is the serials of all cards that an entry may change.
func touched(e *loyalty.Entry) []string {
	var serials []string
	if e.Sale != nil {
		for _, s := range e.Sale.GiftCardsSold {
			serials = append(serials, s.Serial)
		}
	}
	for _, m := range e.Moves {
		serials = append(serials, cardOf(m.From), cardOf(m.To))
	}
	if e.GiftCard != nil {
		serials = append(serials, e.GiftCard.Serial)
	}
	if e.Return != nil {
		for _, c := range e.Return.GiftCards {
			serials = append(serials, c.Serial)
		}
	}
	slices.Sort(serials)
	return slices.DeleteFunc(slices.Compact(serials), func(s string) bool { return s == "" })
}

// countCards keeps the cards up to date with an entry.
func countCards(tx *store.Tx, e *loyalty.Entry) error {
	serials := touched(e)
	if len(serials) == 0 {
		return nil
	}
	known := cards{}
	for _, serial := range serials {
		card, err := readCard(tx.Query, serial)
		if err != nil {
			return err
		}
		if card != nil {
			known[serial] = card
		}
	}
	known.add(e)
	for _, card := range known {
		if err := putCard(tx, card); err != nil {
			return err
		}
	}
	return nil
}

func putCard(tx *store.Tx, c *loyalty.GiftCardState) error {
	_, err := tx.Exec(`INSERT INTO gift_card (serial, kind, balance, active, expires, holder, uses) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (serial) DO UPDATE SET balance = excluded.balance, active = excluded.active, expires = excluded.expires,
			holder = excluded.holder, uses = excluded.uses`, c.Serial, c.Kind, c.Balance, c.Active, c.Expires, c.Holder, c.Uses)
	if err != nil {
		return fmt.Errorf("keep gift card %s: %w", c.Serial, err)
	}
	return nil
}

const selectCard = `SELECT serial, kind, balance, active, expires, holder, uses FROM gift_card`

func scanCard(scan func(...any) error) (*loyalty.GiftCardState, error) {
	var c loyalty.GiftCardState
	err := scan(&c.Serial, &c.Kind, &c.Balance, &c.Active, &c.Expires, &c.Holder, &c.Uses)
	return &c, err
}

// readCard is a card as the entries left it; nil when this store did not sell it.
func readCard(look lookup, serial string) (*loyalty.GiftCardState, error) {
	var card *loyalty.GiftCardState
	rows, err := look(selectCard+` WHERE serial = ?`, serial)
	if err == nil {
		defer rows.Close()
		if rows.Next() {
			card, err = scanCard(rows.Scan)
		}
		err = errors.Join(err, rows.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("read gift card %s: %w", serial, err)
	}
	return card, nil
}

// readCards is the cards of this store among these, less what other sales hold of them.
func readCards(look lookup, txn loyalty.TxnID, serials []string) ([]loyalty.GiftCardState, error) {
	var all []loyalty.GiftCardState
	for _, serial := range serials {
		card, err := readCard(look, serial)
		if err != nil {
			return nil, err
		}
		if card == nil {
			continue
		}
		err = eachUse(look, func(u Use) {
			card.Balance -= u.N
			card.Uses++
		}, `SELECT what, of, n FROM hold WHERE what = 'card' AND of = ? AND txn <> ?`, serial, txn[:])
		if err != nil {
			return nil, err
		}
		all = append(all, *card)
	}
	return all, nil
}

// allCards is every card, for Verify.
func allCards(rows *sql.Rows) (cards, error) {
	defer rows.Close()
	all := cards{}
	for rows.Next() {
		c, err := scanCard(rows.Scan)
		if err != nil {
			return nil, err
		}
		all[c.Serial] = c
	}
	return all, rows.Err()
}
