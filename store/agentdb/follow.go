package agentdb

import (
	"context"
	"database/sql"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Deed is an activity that is about to be written down.
type Deed struct {
	Member   loyalty.MemberID
	Activity string
	Proof    string // keyed hash; empty: none is asked
}

// goesOnWith names the earlier entry that an entry goes on with.
func goesOnWith(e *loyalty.Entry) (loyalty.EntryRef, bool) {
	switch {
	case e.Payment != nil:
		return loyalty.EntryRef{Store: e.Payment.Store, Epoch: e.Payment.Epoch, Seq: e.Payment.Seq}, true
	case e.Settle != nil:
		return e.Settle.EntryRef, true
	case e.Sale != nil && e.Sale.Confirms != nil:
		return e.Sale.Confirms.EntryRef, true
	}
	return loyalty.EntryRef{}, false
}

// insertFollow keeps what an entry means for an earlier one, and what a member has done by it.
func insertFollow(tx *store.Tx, e *loyalty.Entry) error {
	if of, ok := goesOnWith(e); ok {
		if _, err := tx.Exec(`INSERT INTO follow (store, epoch, of, seq) VALUES (?, ?, ?, ?)`, of.Store, of.Epoch, of.Seq, e.Seq); err != nil {
			return fmt.Errorf("mark entry %d as going on with %d: %w", e.Seq, of.Seq, err)
		}
	}
	if b := e.Activity; b != nil {
		proof := b.Proof
		if store.IsSealed(proof) { // of somebody who was erased
			proof = ""
		}
		if _, err := tx.Exec(`INSERT INTO deed (seq, member, activity, key, proof) VALUES (?, ?, ?, ?, ?)`,
			e.Seq, e.Member, b.Activity, nullText(b.Key), nullText(proof)); err != nil {
			return fmt.Errorf("mark activity %d: %w", e.Seq, err)
		}
	}
	return nil
}

// Followers gives every entry of this store that goes on with an earlier one, oldest first.
func (db *DB) Followers(ctx context.Context, of loyalty.EntryRef) ([]loyalty.Entry, error) {
	return readFollowers(db.reading(ctx), of)
}

// Done is the keys of what a member did in this store.
func (db *DB) Done(ctx context.Context, member loyalty.MemberID) ([]string, error) {
	return readDone(db.reading(ctx), member)
}

// OpenReservations gives those of this store above a place that nothing has ended, oldest first.
func (db *DB) OpenReservations(ctx context.Context, after loyalty.Seq, limit int) ([]loyalty.Entry, error) {
	return readEntries(db.reading(ctx), `SELECT e.body FROM entry e WHERE e.kind = 'reserve' AND e.seq > ?
		AND NOT EXISTS (SELECT 1 FROM follow f WHERE f.store = ? AND f.of = e.seq) ORDER BY e.seq LIMIT ?`, after, db.Store(), limit)
}

func (db *DB) reading(ctx context.Context) lookup {
	return func(text string, args ...any) (*sql.Rows, error) {
		return db.ledger.Read().QueryContext(ctx, text, args...)
	}
}

func readFollowers(look lookup, of loyalty.EntryRef) ([]loyalty.Entry, error) {
	if of.Seq == 0 {
		return nil, nil
	}
	return readEntries(look, `SELECT e.body FROM follow f JOIN entry e ON e.seq = f.seq WHERE f.store = ? AND f.epoch = ? AND f.of = ? ORDER BY f.seq`,
		of.Store, of.Epoch, of.Seq)
}

func readEntries(look lookup, text string, args ...any) ([]loyalty.Entry, error) {
	rows, err := look(text, args...)
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	defer rows.Close()
	var all []loyalty.Entry
	for rows.Next() {
		e, err := scanBody(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		all = append(all, *e)
	}
	return all, rows.Err()
}

// readDeed tells whoever writes an activity what was done before it.
func (t *Tally) readDeed(look lookup, d Deed) (err error) {
	if d.Member == 0 {
		return nil
	}
	if t.Done, err = readDone(look, d.Member); err != nil || d.Proof == "" {
		return err
	}
	used, err := readTexts(look, `SELECT activity FROM deed WHERE proof = ? AND activity = ? LIMIT 1`, d.Proof, d.Activity)
	t.ProofUsed = len(used) > 0
	return err
}

func readDone(look lookup, member loyalty.MemberID) ([]string, error) {
	return readTexts(look, `SELECT key FROM deed WHERE member = ? AND key IS NOT NULL ORDER BY seq`, member)
}

func readTexts(look lookup, text string, args ...any) ([]string, error) {
	rows, err := look(text, args...)
	if err != nil {
		return nil, fmt.Errorf("read what members did: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("read what members did: %w", err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}
