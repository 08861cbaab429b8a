package hodb

import (
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
)

// Proof is a card's record whose TXMAC head office has checked, and the entry that showed it.
type Proof struct {
	Record loyalty.CardRecord
	MAC    [8]byte
	Shown  EntryKey
	Counts bool // the entry is the record's own; else it only carries it, as evidence
}

// Kept says what became of a proof.
type Kept struct {
	New     bool       // head office did not know the record
	Counted bool       // some entry counts it
	By      EntryKey   // that one, else the one that showed it first
	Rivals  []EntryKey // entries that showed another record for the same counter of the same card
}

// AddProof keeps a checked record, whichever store shows it and how often. One entry counts it: the first that may.
func (tx *Tx) AddProof(p Proof) (k Kept, err error) {
	r := p.Record
	n, err := tx.changed(`INSERT INTO card_record (card_id, ctr, txmac, type, txn_id, amount, new_balance, made_in, counted, store_id, epoch, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (card_id, ctr, txmac) DO NOTHING`,
		r.Card[:], r.Ctr, p.MAC[:], r.Type, r.Txn[:], r.Amount, r.NewBalance, r.Store, p.Counts, p.Shown.Store, p.Shown.Epoch, p.Shown.Seq)
	if err == nil && n == 0 {
		return k, tx.provedAgain(p, &k)
	}
	k = Kept{New: true, Counted: p.Counts, By: p.Shown}
	if err == nil {
		k.Rivals, err = collect(tx, scanKey, `SELECT store_id, epoch, seq FROM card_record
			WHERE card_id = $1 AND ctr = $2 AND txmac <> $3 ORDER BY store_id, epoch, seq`, r.Card[:], r.Ctr, p.MAC[:])
	}
	if err == nil {
		err = tx.advance(r.Card)
	}
	if err != nil {
		return k, fmt.Errorf("keep record %d of card %v: %w", r.Ctr, r.Card, err)
	}
	return k, nil
}

func scanKey(scan func(...any) error) (k EntryKey, err error) {
	err = scan(&k.Store, &k.Epoch, &k.Seq)
	return k, err
}

// provedAgain says who counts a known record. One that was only carried so far is counted by the entry that may.
func (tx *Tx) provedAgain(p Proof, k *Kept) error {
	r := p.Record
	err := tx.one(`SELECT counted, store_id, epoch, seq FROM card_record WHERE card_id = $1 AND ctr = $2 AND txmac = $3`,
		r.Card[:], r.Ctr, p.MAC[:])(&k.Counted, &k.By.Store, &k.By.Epoch, &k.By.Seq)
	if err != nil || k.Counted || !p.Counts {
		return err
	}
	k.Counted, k.By = true, p.Shown
	return tx.exec(`UPDATE card_record SET counted = 1, store_id = $4, epoch = $5, seq = $6 WHERE card_id = $1 AND ctr = $2 AND txmac = $3`,
		r.Card[:], r.Ctr, p.MAC[:], p.Shown.Store, p.Shown.Epoch, p.Shown.Seq)
}

// advance moves the counter through which all of a card's records are known, and tells the stores what is known by now.
func (tx *Tx) advance(card loyalty.CardID) error {
	for moved := int64(1); moved > 0; { // ends at the first gap
		var err error
		if moved, err = tx.changed(`UPDATE card SET known_ctr = known_ctr + 1 WHERE card_id = $1
			AND EXISTS (SELECT 1 FROM card_record r WHERE r.card_id = $1 AND r.ctr = card.known_ctr + 1)`, card[:]); err != nil {
			return err
		}
	}
	var member loyalty.MemberID
	if err := tx.one(`SELECT member_id FROM card WHERE card_id = $1`, card[:])(&member); err != nil {
		return err
	}
	return tx.touchMember(member)
}

// Record is what head office keeps of a card's record.
type Record struct {
	Card       loyalty.CardID
	Ctr        uint32
	Type       uint8
	Txn        loyalty.TxnID
	Amount     int32
	NewBalance uint32
	MadeIn     loyalty.StoreID
	Counted    bool // by By; else By only showed it
	By         EntryKey
}

const recordColumns = `ctr, type, txn_id, amount, new_balance, made_in, counted, store_id, epoch, seq`

func recordOf(card loyalty.CardID) func(scan func(...any) error) (Record, error) {
	return func(scan func(...any) error) (r Record, err error) {
		var txn []byte
		r.Card = card
		err = scan(&r.Ctr, &r.Type, &txn, &r.Amount, &r.NewBalance, &r.MadeIn, &r.Counted, &r.By.Store, &r.By.Epoch, &r.By.Seq)
		copy(r.Txn[:], txn)
		return r, err
	}
}

// RecordsOf are a card's records of one transaction, in the card's order.
func (tx *Tx) RecordsOf(card loyalty.CardID, txn loyalty.TxnID) ([]Record, error) {
	return collect(tx, recordOf(card), `SELECT `+recordColumns+` FROM card_record WHERE card_id = $1 AND txn_id = $2 ORDER BY ctr, txmac`,
		card[:], txn[:])
}

// RecordsAt are a card's records under one counter: more than one of a cloned card.
func (tx *Tx) RecordsAt(card loyalty.CardID, ctr uint32) ([]Record, error) {
	return collect(tx, recordOf(card), `SELECT `+recordColumns+` FROM card_record WHERE card_id = $1 AND ctr = $2 ORDER BY txmac`, card[:], ctr)
}

// Records are all of a card's, in the card's order.
func (tx *Tx) Records(card loyalty.CardID) ([]Record, error) {
	return collect(tx, recordOf(card), `SELECT `+recordColumns+` FROM card_record WHERE card_id = $1 ORDER BY ctr, txmac`, card[:])
}

// EntryOfTxn finds the entry by which a store told a transaction; false when it has not.
func (tx *Tx) EntryOfTxn(store loyalty.StoreID, txn loyalty.TxnID) (k EntryKey, kind loyalty.Kind, found bool, err error) {
	k.Store = store
	err = tx.one(`SELECT epoch, seq, kind FROM posted_txn WHERE store_id = $1 AND txn_id = $2`, store, txn[:])(&k.Epoch, &k.Seq, &kind)
	if errors.Is(err, sql.ErrNoRows) {
		return k, "", false, nil
	}
	return k, kind, err == nil, err
}

// OpenDebits are transactions for which a card of a member paid in a store whose own log has not told of it. The store is asked
// what became of them.
func (tx *Tx) OpenDebits(card loyalty.CardID, store loyalty.StoreID) ([]loyalty.TxnID, error) {
	return collect(tx, func(scan func(...any) error) (txn loyalty.TxnID, err error) {
		var raw []byte
		err = scan(&raw)
		copy(txn[:], raw)
		return txn, err
	}, `SELECT DISTINCT d.txn_id FROM card_record d WHERE d.card_id = $1 AND d.made_in = $2 AND d.type = $3 AND d.counted = 0
		AND NOT EXISTS (SELECT 1 FROM card_record u WHERE u.card_id = d.card_id AND u.txn_id = d.txn_id AND u.type = $4)
		AND NOT EXISTS (SELECT 1 FROM posted_txn p WHERE p.store_id = d.made_in AND p.txn_id = d.txn_id) ORDER BY d.txn_id`,
		card[:], store, recordDebit, recordUndo)
}

// Holding is what a card holds as far as it has proved, with the vouchers that wait for it.
func (tx *Tx) Holding(card loyalty.CardID) (points loyalty.Points, err error) {
	err = tx.one(`SELECT new_balance FROM card_record WHERE card_id = $1 ORDER BY ctr DESC LIMIT 1`, card[:])(&points)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	waiting, err := tx.WaitingVouchers(card)
	for _, v := range waiting {
		points = max(points+v.Points(), 0) // one that takes, takes at most what is there
	}
	return points, err
}
