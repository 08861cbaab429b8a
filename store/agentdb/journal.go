package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// KnownCard is how far head office knows a card's journal.
type KnownCard struct {
	Card loyalty.CardID
	Ctr  uint32          // every record from 1 to here
	Open []loyalty.TxnID // the card paid for them in this store, whose log has not told of them
}

// KnownThrough is the counter through which head office knows all records of a card; 0 when it knows none.
func (db *DB) KnownThrough(ctx context.Context, card loyalty.CardID) (ctr uint32, err error) {
	err = db.members.Read().QueryRowContext(ctx, `SELECT ctr FROM known_card WHERE card = ?`, card[:]).Scan(&ctr)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("journal of card %v: %w", card, err)
	}
	return ctr, nil
}

// LastRecord is what this log holds of a card under the highest counter: the counter, 0 when there is none, and the balance
// after it.
func (db *DB) LastRecord(ctx context.Context, card loyalty.CardID) (ctr, balance uint32, err error) {
	err = db.ledger.Read().QueryRowContext(ctx, `SELECT ctr, new_balance FROM card_record WHERE card = ? ORDER BY ctr DESC LIMIT 1`, card[:]).Scan(&ctr, &balance)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fmt.Errorf("last record of card %v: %w", card, err)
	}
	return ctr, balance, nil
}

// Asked says whether head office wants to know what became of a debit of this store.
func (db *DB) Asked(ctx context.Context, txn loyalty.TxnID) (asked bool, err error) {
	err = db.members.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM open_debit WHERE txn = ?)`, txn[:]).Scan(&asked)
	if err != nil {
		return false, fmt.Errorf("debit %s: %w", txn, err)
	}
	return asked, nil
}

// Untold are those of a card's counters from through back to after, the newest first, whose records are neither in this log nor known
// to head office; at most so many.
func (db *DB) Untold(ctx context.Context, card loyalty.CardID, after, through uint32, limit int) ([]uint32, error) {
	known, err := db.KnownThrough(ctx, card)
	if err != nil {
		return nil, err
	}
	after = max(after, known)
	own, err := query(ctx, db.ledger.Read(), "card records", func(scan func(...any) error) (ctr uint32, err error) {
		err = scan(&ctr)
		return ctr, err
	}, `SELECT DISTINCT ctr FROM card_record WHERE card = ? AND ctr > ? ORDER BY ctr DESC`, card[:], after)
	if err != nil {
		return nil, err
	}
	var untold []uint32
	for ctr := through; ctr > after && len(untold) < limit; ctr-- {
		for len(own) > 0 && own[0] > ctr {
			own = own[1:]
		}
		if len(own) == 0 || own[0] != ctr {
			untold = append(untold, ctr)
		}
	}
	return untold, nil
}

// insertRecords enters what cards said in an entry under their own counters.
func insertRecords(tx *store.Tx, e *loyalty.Entry) error {
	var records []loyalty.CardRecord
	if e.Card != nil {
		records = append(records, *e.Card)
	}
	if e.Journal != nil {
		records = append(records, e.Journal.Records...)
	}
	for _, r := range records {
		_, err := tx.Exec(`INSERT INTO card_record (card, ctr, seq, type, amount, new_balance) VALUES (?, ?, ?, ?, ?, ?)`,
			r.Card[:], r.Ctr, e.Seq, r.Type, r.Amount, r.NewBalance)
		if err != nil {
			return fmt.Errorf("insert card record of entry %d: %w", e.Seq, err)
		}
	}
	return nil
}

// LastVoucher is the voucher with the highest number that head office has sent for a card; false when there is none.
func (db *DB) LastVoucher(ctx context.Context, card loyalty.CardID) (v Voucher, found bool, err error) {
	all, err := db.vouchers(ctx, card, ` WHERE card = ? ORDER BY seq DESC LIMIT 1`, card[:])
	if err != nil || len(all) == 0 {
		return v, false, err
	}
	return all[0], true, nil
}
