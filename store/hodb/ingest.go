package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// EntryKey names one entry of one life of one store's log.
type EntryKey struct {
	Store loyalty.StoreID `json:"store"`
	Epoch loyalty.Epoch   `json:"epoch"`
	Seq   loyalty.Seq     `json:"seq"`
}

func (k EntryKey) String() string {
	return fmt.Sprintf("store %d epoch %d seq %d", k.Store, k.Epoch, k.Seq)
}

// Range is a contiguous part of one log.
type Range struct {
	Store       loyalty.StoreID
	Epoch       loyalty.Epoch
	First, Last loyalty.Seq
}

// Append writes bodies with their chain values behind the head, moves the head and records the batch. The caller has
// proved that they follow the head; the key of the table is the second line of defence.
func (tx *Tx) Append(h *Head, bodies [][]byte, hashes []store.Hash, sign func(store.Position) []byte) error {
	if len(bodies) == 0 || len(bodies) != len(hashes) {
		return fmt.Errorf("append to store %d: %d bodies with %d chain values", h.Store, len(bodies), len(hashes))
	}
	first, bytes := h.Seq+1, 0
	rows := make([][]any, len(bodies))
	for i, body := range bodies {
		rows[i] = []any{int64(h.Store), int64(h.Epoch), int64(first) + int64(i), body, hashes[i][:]}
		bytes += len(body)
	}
	if err := tx.conn.copyIn("entry", []string{"store_id", "epoch", "seq", "body", "hash"}, rows); err != nil {
		return fmt.Errorf("append to store %d epoch %d from %d: %w", h.Store, h.Epoch, first, err)
	}
	h.Seq, h.Hash = first+loyalty.Seq(len(bodies))-1, hashes[len(hashes)-1]
	h.Signature = sign(h.Position())
	if err := tx.exec(`UPDATE store_head SET seq = $3, hash = $4, signature = $5, moved_at = $6 WHERE store_id = $1 AND epoch = $2`,
		h.Store, h.Epoch, h.Seq, h.Hash[:], h.Signature, tx.now.UnixMilli()); err != nil {
		return fmt.Errorf("move head of store %d: %w", h.Store, err)
	}
	return tx.exec(`INSERT INTO batch (store_id, epoch, first_seq, last_seq, bytes, received_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		h.Store, h.Epoch, first, h.Seq, bytes, tx.now.UnixMilli())
}

// HashAt is the chain value at a known number; 0 is the genesis value.
func (tx *Tx) HashAt(h *Head, seq loyalty.Seq) (store.Hash, error) {
	switch {
	case seq == 0:
		return h.Genesis(), nil
	case seq == h.Seq:
		return h.Hash, nil
	}
	var raw []byte
	err := tx.one(`SELECT hash FROM entry WHERE store_id = $1 AND epoch = $2 AND seq = $3`, h.Store, h.Epoch, seq)(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Hash{}, fmt.Errorf("chain value of store %d epoch %d seq %d: %w", h.Store, h.Epoch, seq, ErrNotFound)
	}
	if err != nil {
		return store.Hash{}, err
	}
	return store.HashFromBytes(raw)
}

// Entry is one row of a log.
type Entry struct {
	Key  EntryKey
	Body []byte
	Hash store.Hash
}

// EachEntry hands the entries of a range to fn in order. The body is fn's to keep.
func (tx *Tx) EachEntry(r Range, fn func(Entry) error) error {
	rows, err := tx.query(`SELECT seq, body, hash FROM entry WHERE store_id = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 ORDER BY seq`,
		r.Store, r.Epoch, r.First, r.Last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e := Entry{Key: EntryKey{Store: r.Store, Epoch: r.Epoch}}
		var hash []byte
		if err := rows.Scan(&e.Key.Seq, &e.Body, &hash); err != nil {
			return fmt.Errorf("read entries: %w", err)
		}
		if e.Hash, err = store.HashFromBytes(hash); err != nil {
			return fmt.Errorf("read entry %v: %w", e.Key, err)
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Entry reads one entry; ErrNotFound when it has not arrived.
func (tx *Tx) Entry(k EntryKey) (Entry, error) {
	e := Entry{Key: k}
	var hash []byte
	err := tx.one(`SELECT body, hash FROM entry WHERE store_id = $1 AND epoch = $2 AND seq = $3`, k.Store, k.Epoch, k.Seq)(&e.Body, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return e, fmt.Errorf("entry of %v: %w", k, ErrNotFound)
	}
	if err == nil {
		e.Hash, err = store.HashFromBytes(hash)
	}
	return e, err
}

// Entries reads a range whole; callers bound it.
func (tx *Tx) Entries(r Range) ([]Entry, error) {
	var out []Entry
	err := tx.EachEntry(r, func(e Entry) error {
		out = append(out, e)
		return nil
	})
	return out, err
}

// NextUnposted is the oldest batch that follows what its store has had posted; false when all is posted.
func (tx *Tx) NextUnposted() (Range, bool, error) {
	var r Range
	err := tx.one(`SELECT b.store_id, b.epoch, b.first_seq, b.last_seq FROM batch b
		JOIN store_head h ON h.store_id = b.store_id AND h.epoch = b.epoch AND h.posted_seq + 1 = b.first_seq
		WHERE b.posted_at IS NULL ORDER BY b.received_at, b.store_id, b.epoch LIMIT 1`)(&r.Store, &r.Epoch, &r.First, &r.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return Range{}, false, nil
	}
	return r, err == nil, err
}

// MarkPosted says that a batch has been judged, and tells its store.
func (tx *Tx) MarkPosted(r Range) error {
	err := tx.exec(`UPDATE batch SET posted_at = $4 WHERE store_id = $1 AND epoch = $2 AND first_seq = $3`,
		r.Store, r.Epoch, r.First, tx.now.UnixMilli())
	if err == nil {
		err = tx.exec(`UPDATE store_head SET posted_seq = $3 WHERE store_id = $1 AND epoch = $2`, r.Store, r.Epoch, r.Last)
	}
	if err == nil {
		err = tx.VoidForgotten(r.Store, r.Epoch, r.Last)
	}
	if err == nil {
		err = tx.touchFeed(TopicWatermark, r.Store, fmt.Sprintf("%d", r.Store))
	}
	if err != nil {
		return fmt.Errorf("mark posted store %d epoch %d seq %d to %d: %w", r.Store, r.Epoch, r.First, r.Last, err)
	}
	return nil
}

// PostingLag is how long the oldest batch has waited to be posted.
func (tx *Tx) PostingLag() (time.Duration, error) {
	var oldest sql.NullInt64
	if err := tx.one(`SELECT MIN(received_at) FROM batch WHERE posted_at IS NULL`)(&oldest); err != nil || !oldest.Valid {
		return 0, err
	}
	return tx.now.Sub(time.UnixMilli(oldest.Int64)), nil
}
