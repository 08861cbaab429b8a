package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// IntentState says how far a debit of a card got.
type IntentState string

const (
	IntentOpen      IntentState = "open"      // DEBIT may have been sent; the card knows
	IntentDropped   IntentState = "dropped"   // the sale is no longer wanted: undo at the next tap
	IntentDone      IntentState = "done"      // the sale is in the log
	IntentCancelled IntentState = "cancelled" // the debit was undone, the cancel entry is in the log
	IntentVoid      IntentState = "void"      // the card proved that nothing happened
)

// Unlock is the secret that can undo a debit. It prints masked.
type Unlock [16]byte

// Format keeps the secret out of logs and errors, whatever the verb.
func (Unlock) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "Unlock(***)") }

// Intent is a debit that is on disk before it is sent to the card (card.md 4).
type Intent struct {
	Txn         loyalty.TxnID
	Card        loyalty.CardID
	Ctr0        uint32 // the card's counter before the debit
	Amount      loyalty.Points
	Unlock      Unlock // zero once the intent is settled
	Lane        loyalty.LaneID
	RequestHash [32]byte
	Request     []byte            // the sale as the till asked for it, JSON
	Coupons     []CouponUse       // that the sale will use up: held from here on
	Uses        []Use             // likewise
	Advance     AdvanceUse        // likewise
	GiftCards   []string          // serials of the cards that Check is told of
	Check       func(Tally) error // whether the sale still holds, inside the transaction; nil for no question. Rules as for Commit.Build
	Opened      time.Time
	State       IntentState
	UndoSent    bool // the card was asked to undo the debit
	Forgotten   bool // the card's journal has moved past it: head office decides
}

// Open says that the card has to be asked what became of the debit.
func (i Intent) Open() bool { return i.State == IntentOpen || i.State == IntentDropped }

// OpenIntent makes an intent durable before DEBIT is sent. Repeated with the same content it changes nothing; an intent
// that was void is opened again. For any other state ErrState: the card must be asked first.
func (db *DB) OpenIntent(ctx context.Context, i Intent) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		if err := holdUses(tx, &i); err != nil {
			return err
		}
		old, err := readIntent(func(dest ...any) error {
			return tx.QueryRow(selectIntent+` WHERE txn = ?`, []any{i.Txn[:]}, dest...)
		})
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.Exec(`INSERT INTO card_intent (txn, card, ctr0, amount, r, lane, request_hash, request, opened, state)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')`, i.Txn[:], i.Card[:], i.Ctr0, i.Amount, i.Unlock[:], i.Lane,
				i.RequestHash[:], i.Request, millis(tx.Now))
			return err
		case err != nil:
			return err
		case old.RequestHash != i.RequestHash || old.Card != i.Card || old.Amount != i.Amount:
			return ErrConflict
		case old.State == IntentOpen && old.Unlock == i.Unlock:
			return nil
		case old.State != IntentVoid: // also an open one with another Unlock: DEBIT may have been sent with the first
			return fmt.Errorf("intent is %s: %w", old.State, ErrState)
		}
		_, err = tx.Exec(`UPDATE card_intent SET state = 'open', r = ?, ctr0 = ?, lane = ?, opened = ?, undo_sent = 0, forgotten = 0 WHERE txn = ?`,
			i.Unlock[:], i.Ctr0, i.Lane, millis(tx.Now), i.Txn[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("open intent %s: %w", i.Txn, err)
	}
	return nil
}

// holdUses keeps from other sales what this one will use up.
func holdUses(tx *store.Tx, i *Intent) error {
	if err := claimCoupons(tx, i.Txn, i.Coupons); err != nil {
		return err
	}
	used, err := readTally(tx.Query, i.Txn, i.GiftCards)
	if err == nil && i.Advance.Points > 0 {
		err = used.readAdvance(tx.Query, i.Txn, i.Advance)
	}
	if err != nil {
		return err
	}
	if i.Check != nil {
		if err := i.Check(used); err != nil {
			return err
		}
	}
	if err := releaseHolds(tx, i.Txn); err != nil { // of an earlier try
		return err
	}
	if err := hold(tx, i.Txn, i.Uses); err != nil || i.Advance.Points == 0 {
		return err
	}
	return holdAdvance(tx, i.Txn, i.Advance, used.Advance.Since)
}

// DropIntent says that the sale of an open intent is no longer wanted.
func (db *DB) DropIntent(ctx context.Context, txn loyalty.TxnID) error {
	return db.moveIntent(ctx, txn, "drop", `UPDATE card_intent SET state = 'dropped' WHERE txn = ? AND state IN ('open', 'dropped')`)
}

// VoidIntent says that the card proved that the debit never happened.
func (db *DB) VoidIntent(ctx context.Context, txn loyalty.TxnID) error {
	return db.moveIntent(ctx, txn, "void",
		`UPDATE card_intent SET state = 'void', r = NULL WHERE txn = ? AND state IN ('open', 'dropped', 'void')`)
}

func (db *DB) moveIntent(ctx context.Context, txn loyalty.TxnID, what, update string) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec(update, txn[:])
		if err != nil {
			return err
		}
		switch n, err := res.RowsAffected(); {
		case err != nil:
			return err
		case n == 1:
			return errors.Join(releaseCoupons(tx, txn), releaseHolds(tx, txn))
		}
		var n int
		if err := tx.QueryRow(`SELECT count(*) FROM card_intent WHERE txn = ?`, []any{txn[:]}, &n); err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		return ErrState
	})
	if err != nil {
		return fmt.Errorf("%s intent %s: %w", what, txn, err)
	}
	return nil
}

// settleIntent ends the intent of an entry in the entry's own transaction and forgets its secret.
func settleIntent(tx *store.Tx, txn loyalty.TxnID, state IntentState, seq loyalty.Seq) error {
	switch state {
	case "":
		return nil
	case IntentDone, IntentCancelled:
	default:
		return fmt.Errorf("settle intent as %s: %w", state, ErrState)
	}
	res, err := tx.Exec(`UPDATE card_intent SET state = ?, r = NULL, seq = ? WHERE txn = ? AND state IN ('open', 'dropped')`,
		string(state), seq, txn[:])
	if err != nil {
		return fmt.Errorf("settle intent: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("settle intent as %s: %w", state, ErrState), err)
	}
	if err := releaseHolds(tx, txn); err != nil {
		return err
	}
	if state == IntentCancelled {
		return releaseCoupons(tx, txn)
	}
	return nil
}

// MarkUndoSent notes, before the card is asked, that the debit of a dropped sale may be undone from now on. ErrState: it is no
// longer for this store to undo.
func (db *DB) MarkUndoSent(ctx context.Context, txn loyalty.TxnID) error {
	return db.markIntent(ctx, txn, `UPDATE card_intent SET undo_sent = 1 WHERE txn = ? AND state = 'dropped'`)
}

// MarkForgotten notes that the card no longer can tell what became of the debit.
func (db *DB) MarkForgotten(ctx context.Context, txn loyalty.TxnID) error {
	return db.markIntent(ctx, txn, `UPDATE card_intent SET forgotten = 1 WHERE txn = ? AND state IN ('open', 'dropped')`)
}

func (db *DB) markIntent(ctx context.Context, txn loyalty.TxnID, update string) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec(update, txn[:])
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrState, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark intent %s: %w", txn, err)
	}
	return nil
}

const selectIntent = `SELECT txn, card, ctr0, amount, r, lane, request_hash, request, opened, state, undo_sent, forgotten FROM card_intent`

func readIntent(scan func(...any) error) (Intent, error) {
	var i Intent
	var txn, card, r, hash []byte
	var opened int64
	err := scan(&txn, &card, &i.Ctr0, &i.Amount, &r, &i.Lane, &hash, &i.Request, &opened, &i.State, &i.UndoSent, &i.Forgotten)
	copy(i.Txn[:], txn)
	copy(i.Card[:], card)
	copy(i.Unlock[:], r)
	copy(i.RequestHash[:], hash)
	i.Opened = instant(opened)
	return i, err
}

// Intent gives the intent of a transaction in whatever state; ErrNotFound when there is none.
func (db *DB) Intent(ctx context.Context, txn loyalty.TxnID) (Intent, error) {
	i, err := readIntent(db.ledger.Read().QueryRowContext(ctx, selectIntent+` WHERE txn = ?`, txn[:]).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Intent{}, fmt.Errorf("intent %s: %w", txn, err)
	}
	return i, nil
}

// Intents gives the open and dropped intents of a card, oldest first.
func (db *DB) Intents(ctx context.Context, card loyalty.CardID) ([]Intent, error) {
	return query(ctx, db.ledger.Read(), "intents", readIntent,
		selectIntent+` WHERE card = ? AND state IN ('open', 'dropped') ORDER BY opened, txn`, card[:])
}

// OpenIntents gives those of every card, oldest first.
func (db *DB) OpenIntents(ctx context.Context, limit int) ([]Intent, error) {
	return query(ctx, db.ledger.Read(), "intents", readIntent,
		selectIntent+` WHERE state IN ('open', 'dropped') ORDER BY opened, txn LIMIT ?`, limit)
}
