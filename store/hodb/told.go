package hodb

import (
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// Told is which entries of a store were the first to tell of transactions.
type Told struct {
	tx    *Tx
	store loyalty.StoreID
	first map[loyalty.TxnID]EntryKey
}

// Told reads it for transactions that are about to be told.
func (tx *Tx) Told(id loyalty.StoreID, txns []loyalty.TxnID) (*Told, error) {
	t := &Told{tx: tx, store: id, first: map[loyalty.TxnID]EntryKey{}}
	args := make([]any, len(txns))
	for i := range txns {
		args[i] = txns[i][:]
	}
	err := pieces(len(args), func(from, to int) error {
		return t.read(args[from:to])
	})
	if err != nil {
		return nil, fmt.Errorf("transactions of store %d: %w", id, err)
	}
	return t, nil
}

func (t *Told) read(txns []any) error {
	rows, err := t.tx.query(`SELECT txn_id, epoch, seq FROM posted_txn WHERE store_id = $1 AND txn_id IN `+places(2, len(txns)),
		append([]any{t.store}, txns...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var txn []byte
		key := EntryKey{Store: t.store}
		if err := rows.Scan(&txn, &key.Epoch, &key.Seq); err != nil {
			return err
		}
		t.first[loyalty.TxnID(txn)] = key
	}
	return rows.Err()
}

// Claim says whether this entry, of that moment, is the first of its store to tell a transaction; if not, first names the one that
// was. The transaction must be among those that were asked for.
func (t *Told) Claim(e *loyalty.Entry, at time.Time) (claimed bool, first EntryKey, err error) {
	if first, told := t.first[e.Txn]; told {
		return false, first, nil
	}
	t.first[e.Txn] = EntryKey{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq}
	return true, EntryKey{}, t.tx.later(insertInto("posted_txn", "store_id, txn_id, epoch, seq, kind, business_day, at_ms", ""),
		e.Store, e.Txn[:], e.Epoch, e.Seq, e.Kind, e.Day, at.UnixMilli())
}

// ClaimTxn is Claim for one entry.
func (tx *Tx) ClaimTxn(e *loyalty.Entry, at time.Time) (claimed bool, first EntryKey, err error) {
	told, err := tx.Told(e.Store, []loyalty.TxnID{e.Txn})
	if err != nil {
		return false, first, err
	}
	return told.Claim(e, at)
}
