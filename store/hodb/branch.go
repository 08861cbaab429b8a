package hodb

import (
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Branch is how much of a forked store's own log head office has been shown.
type Branch struct {
	First, Last loyalty.Seq // 0: nothing
	Hash        store.Hash  // chain value at Last
}

// Branch reads the extent of a life's branch.
func (tx *Tx) Branch(h *Head) (b Branch, err error) {
	var hash []byte
	err = tx.one(`SELECT (SELECT MIN(seq) FROM branch WHERE store_id = $1 AND epoch = $2), seq, hash FROM branch
		WHERE store_id = $1 AND epoch = $2 ORDER BY seq DESC LIMIT 1`, h.Store, h.Epoch)(&b.First, &b.Last, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Branch{}, nil
	}
	if err == nil {
		b.Hash, err = store.HashFromBytes(hash)
	}
	return b, err
}

// BranchHashAt is the chain value of the branch at a number that it holds.
func (tx *Tx) BranchHashAt(h *Head, seq loyalty.Seq) (store.Hash, error) {
	var raw []byte
	err := tx.one(`SELECT hash FROM branch WHERE store_id = $1 AND epoch = $2 AND seq = $3`, h.Store, h.Epoch, seq)(&raw)
	if err != nil {
		return store.Hash{}, fmt.Errorf("branch of store %d epoch %d at %d: %w", h.Store, h.Epoch, seq, err)
	}
	return store.HashFromBytes(raw)
}

// AppendBranch keeps entries behind the branch's last.
func (tx *Tx) AppendBranch(h *Head, first loyalty.Seq, bodies [][]byte, hashes []store.Hash) error {
	for i, body := range bodies {
		err := tx.exec(`INSERT INTO branch (store_id, epoch, seq, body, hash) VALUES ($1, $2, $3, $4, $5)`,
			h.Store, h.Epoch, first+loyalty.Seq(i), body, hashes[i][:])
		if err != nil {
			return fmt.Errorf("keep branch of store %d epoch %d at %d: %w", h.Store, h.Epoch, first+loyalty.Seq(i), err)
		}
	}
	return nil
}

// EachBranch hands the branch's entries to fn in order.
func (tx *Tx) EachBranch(h *Head, fn func(Entry) error) error {
	rows, err := tx.query(`SELECT seq, body FROM branch WHERE store_id = $1 AND epoch = $2 ORDER BY seq`, h.Store, h.Epoch)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e := Entry{Key: EntryKey{Store: h.Store, Epoch: h.Epoch}}
		if err := rows.Scan(&e.Key.Seq, &e.Body); err != nil {
			return fmt.Errorf("read branch: %w", err)
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Follow says that a life goes on where both branches of an earlier one part, and settles that one's case.
func (tx *Tx) Follow(h, forked *Head, shared loyalty.Seq, note string) error {
	err := tx.exec(`UPDATE store_head SET from_epoch = $3, from_seq = $4 WHERE store_id = $1 AND epoch = $2`, h.Store, h.Epoch, forked.Epoch, shared)
	if err == nil {
		err = tx.exec(`UPDATE case_file SET state = 'settled', note = note || ' / ' || $3 WHERE store_id = $1 AND epoch = $2 AND kind = 'fork'`,
			h.Store, forked.Epoch, note)
	}
	if err != nil {
		return fmt.Errorf("decide fork of store %d epoch %d: %w", h.Store, forked.Epoch, err)
	}
	return nil
}

// Follower is the life that goes on after a forked one; ErrNotFound before a person has decided.
func (tx *Tx) Follower(id loyalty.StoreID, forked loyalty.Epoch) (*Head, error) {
	h, err := scanHead(tx.one(`SELECT `+headColumns+` FROM store_head WHERE store_id = $1 AND from_epoch = $2 AND state <> 'closed'`, id, forked))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("life after epoch %d of store %d: %w", forked, id, ErrNotFound)
	}
	return h, err
}

// TxnPosted says which entry of a store counted for a transaction first; ErrNotFound when none has.
func (tx *Tx) TxnPosted(id loyalty.StoreID, txn loyalty.TxnID) (k EntryKey, err error) {
	k.Store = id
	err = tx.one(`SELECT epoch, seq FROM posted_txn WHERE store_id = $1 AND txn_id = $2`, id, txn[:])(&k.Epoch, &k.Seq)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("transaction %v of store %d: %w", txn, id, ErrNotFound)
	}
	return k, err
}
