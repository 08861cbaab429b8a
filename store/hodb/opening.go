package hodb

import (
	"fmt"

	"loyaltill/agent/loyalty"
)

// BroughtAlong is what the transaction of an opening gave a member, whoever told it, by unit and by account of stamps; nil when
// nobody did.
func (tx *Tx) BroughtAlong(txn loyalty.TxnID, id loyalty.MemberID) (map[string]loyalty.Points, error) {
	type sum struct {
		of     string
		amount loyalty.Points
	}
	const told = ` FROM posted_txn p LEFT JOIN leg l ON l.owner_id IN ($2, $3) AND l.store_id = p.store_id AND l.epoch = p.epoch AND l.seq = p.seq
		AND (l.owner_id = $2 OR l.kind LIKE $4) WHERE p.txn_id = $1 AND p.store_id IN (SELECT 0 UNION ALL SELECT store_id FROM store)`
	sums, err := collect(tx, func(scan func(...any) error) (s sum, err error) {
		err = scan(&s.of, &s.amount)
		return s, err
	}, `SELECT COALESCE(CASE WHEN l.owner_id = $2 THEN l.unit ELSE l.kind END, ''), CAST(COALESCE(SUM(l.amount), 0) AS BIGINT)`+told+` GROUP BY 1`,
		txn[:], MemberOwner(id), HeadOffice, loyalty.AccountStamps("%", id))
	if err != nil {
		return nil, fmt.Errorf("opening of member %d: %w", id, err)
	}
	var brought map[string]loyalty.Points
	for _, s := range sums {
		if brought == nil {
			brought = map[string]loyalty.Points{}
		}
		if s.amount != 0 {
			brought[s.of] = s.amount
		}
	}
	return brought, nil
}

// Imported says whether head office itself posted a transaction.
func (tx *Tx) Imported(txn loyalty.TxnID) (ours bool, err error) {
	err = tx.one(`SELECT EXISTS (SELECT 1 FROM posted_txn WHERE store_id = 0 AND txn_id = $1)`, txn[:])(&ours)
	return ours, err
}
