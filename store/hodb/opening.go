package hodb

import (
	"fmt"

	"loyaltill/agent/loyalty"
)

// BroughtAlong is how many points the transaction of an opening gave a member, whoever told it; false when nobody did.
func (tx *Tx) BroughtAlong(txn loyalty.TxnID, id loyalty.MemberID) (points loyalty.Points, was bool, err error) {
	err = tx.one(`SELECT CAST(COALESCE(SUM(l.amount), 0) AS BIGINT), COUNT(*) > 0 FROM posted_txn p
		LEFT JOIN leg l ON l.owner_id = $2 AND l.store_id = p.store_id AND l.epoch = p.epoch AND l.seq = p.seq
		WHERE p.txn_id = $1 AND p.store_id IN (SELECT 0 UNION ALL SELECT store_id FROM store)`, txn[:], MemberOwner(id))(&points, &was)
	if err != nil {
		return 0, false, fmt.Errorf("opening of member %d: %w", id, err)
	}
	return points, was, nil
}

// Imported says whether head office itself posted a transaction.
func (tx *Tx) Imported(txn loyalty.TxnID) (ours bool, err error) {
	err = tx.one(`SELECT EXISTS (SELECT 1 FROM posted_txn WHERE store_id = 0 AND txn_id = $1)`, txn[:])(&ours)
	return ours, err
}
