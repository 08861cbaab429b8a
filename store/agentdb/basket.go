package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

const (
	// MaxBaskets bounds the bills that wait in one store.
	MaxBaskets = 50
	// BasketKept is how long one waits: goods that nobody has asked for by then are back on the shelf.
	BasketKept = 3 * 24 * time.Hour
)

// Errors that callers act on.
var (
	// ErrBasketTaken says that another till has the basket.
	ErrBasketTaken = errors.New("another till has the basket")
	// ErrBasketsFull says that MaxBaskets wait.
	ErrBasketsFull = errors.New("too many baskets wait")
	// ErrBasketSold says that the basket has become a sale.
	ErrBasketSold = errors.New("the basket is sold")
)

// Basket is a bill that nobody has paid yet.
type Basket struct {
	ID    loyalty.TxnID  // of the sale that it becomes
	Taken loyalty.LaneID // the till that has it; 0: none
	At    time.Time
	Body  []byte // the agent's; nothing here reads it
}

// unsold holds while a basket has not become a sale.
const unsold = `NOT EXISTS (SELECT 1 FROM entry WHERE txn = basket.id)`

// Baskets gives those that wait or are taken, oldest first.
func (db *DB) Baskets(ctx context.Context) ([]Basket, error) {
	return query(ctx, db.ledger.Read(), "baskets", scanBasket,
		`SELECT id, taken, at, body FROM basket WHERE at > ? AND `+unsold+` ORDER BY at, id`, millis(db.now().Add(-BasketKept)))
}

// IsBasket says whether a sale has waited as a basket.
func (db *DB) IsBasket(ctx context.Context, id loyalty.TxnID) (is bool, err error) {
	if err = db.ledger.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM basket WHERE id = ?)`, id[:]).Scan(&is); err != nil {
		err = fmt.Errorf("look for basket %s: %w", id, err)
	}
	return is, err
}

func scanBasket(scan func(...any) error) (b Basket, err error) {
	var id []byte
	var at int64
	err = scan(&id, &b.Taken, &at, &b.Body)
	copy(b.ID[:], id)
	b.At = instant(at)
	return b, err
}

// PutBasket lays a basket down for any till to take. by is the till that lays it down, which may have taken it before; 0: a POS.
// Laid down again it is what it was last.
func (db *DB) PutBasket(ctx context.Context, b Basket, by loyalty.LaneID) error {
	return db.onBasket(ctx, "put", b.ID, func(tx *store.Tx) error {
		if _, err := tx.Exec(`DELETE FROM basket WHERE at <= ? OR NOT `+unsold, millis(tx.Now.Add(-BasketKept))); err != nil {
			return err
		}
		if _, err := basketFor(tx, b.ID, by); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		var others int
		if err := tx.QueryRow(`SELECT count(*) FROM basket WHERE id <> ?`, []any{b.ID[:]}, &others); err != nil {
			return err
		}
		if others >= MaxBaskets {
			return ErrBasketsFull
		}
		_, err := tx.Exec(`INSERT INTO basket (id, at, body) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET taken = 0, at = excluded.at, body = excluded.body`, b.ID[:], millis(tx.Now), b.Body)
		return err
	})
}

// TakeBasket gives a basket to a till. The same till may ask again.
func (db *DB) TakeBasket(ctx context.Context, id loyalty.TxnID, by loyalty.LaneID) (b Basket, err error) {
	err = db.onBasket(ctx, "take", id, func(tx *store.Tx) (err error) {
		if b, err = basketFor(tx, id, by); err != nil {
			return err
		}
		b.Taken = by
		_, err = tx.Exec(`UPDATE basket SET taken = ? WHERE id = ?`, by, id[:])
		return err
	})
	return b, err
}

// DropBasket gives a basket up. One that is gone stays so.
func (db *DB) DropBasket(ctx context.Context, id loyalty.TxnID, by loyalty.LaneID) error {
	return db.onBasket(ctx, "drop", id, func(tx *store.Tx) error {
		_, err := basketFor(tx, id, by)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil {
			_, err = tx.Exec(`DELETE FROM basket WHERE id = ?`, id[:])
		}
		return err
	})
}

func (db *DB) onBasket(ctx context.Context, what string, id loyalty.TxnID, do func(*store.Tx) error) error {
	if err := db.write(ctx, do); err != nil {
		return fmt.Errorf("%s basket %s: %w", what, id, err)
	}
	return nil
}

// basketFor reads a basket for a till that wants to do something with it.
func basketFor(tx *store.Tx, id loyalty.TxnID, by loyalty.LaneID) (Basket, error) {
	var sold bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM entry WHERE txn = ?)`, []any{id[:]}, &sold); err != nil {
		return Basket{}, err
	}
	if sold {
		return Basket{}, ErrBasketSold
	}
	b, err := scanBasket(func(into ...any) error {
		return tx.QueryRow(`SELECT id, taken, at, body FROM basket WHERE id = ? AND at > ?`, []any{id[:], millis(tx.Now.Add(-BasketKept))}, into...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return b, ErrNotFound
	}
	if err == nil && b.Taken != 0 && b.Taken != by {
		err = ErrBasketTaken
	}
	return b, err
}
