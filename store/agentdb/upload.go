package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// ErrOtherChain says that bytes or a position do not belong to this log.
var ErrOtherChain = errors.New("does not lie on this log's chain")

// Head is the end of the log; Seq 0 carries the genesis value.
func (db *DB) Head(ctx context.Context) (store.Position, error) {
	p := store.Position{Store: db.identity.Store, Epoch: db.identity.Epoch, Hash: db.genesis}
	var hash []byte
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1`).Scan(&p.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err == nil {
		p.Hash, err = store.HashFromBytes(hash)
	}
	if err != nil {
		return store.Position{}, fmt.Errorf("head of the log: %w", err)
	}
	return p, nil
}

// HashAt is the chain value at an entry; ErrNotFound beyond the head.
func (db *DB) HashAt(ctx context.Context, seq loyalty.Seq) (store.Hash, error) {
	if seq == 0 {
		return db.genesis, nil
	}
	var hash []byte
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT hash FROM entry WHERE seq = ?`, seq).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return store.Hash{}, fmt.Errorf("chain value at %d: %w", seq, err)
	}
	return store.HashFromBytes(hash)
}

// Range is a contiguous piece of the log.
type Range struct {
	First  loyalty.Seq
	Prev   store.Hash // chain value before First
	Head   store.Hash // chain value at the last one
	Bodies [][]byte
}

// Last is the number of the last entry; First - 1 when the range is empty.
func (r *Range) Last() loyalty.Seq { return r.First + loyalty.Seq(len(r.Bodies)) - 1 }

// EntriesFrom reads entries from seq on, at most maxCount and maxBytes (line ends counted), but at least one if there is any.
func (db *DB) EntriesFrom(ctx context.Context, seq loyalty.Seq, maxCount, maxBytes int) (*Range, error) {
	prev, err := db.HashAt(ctx, seq-1)
	if err != nil {
		return nil, err
	}
	r := &Range{First: seq, Prev: prev, Head: prev}
	rows, err := db.ledger.Read().QueryContext(ctx, `SELECT body, hash FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?`, seq, maxCount)
	if err != nil {
		return nil, fmt.Errorf("read entries from %d: %w", seq, err)
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		var body, hash []byte
		if err := rows.Scan(&body, &hash); err != nil {
			return nil, fmt.Errorf("read entries from %d: %w", seq, err)
		}
		if size += len(body) + 1; size > maxBytes && len(r.Bodies) > 0 {
			break
		}
		if len(body) == 0 {
			return nil, fmt.Errorf("read entries from %d: %w", seq, ErrPruned)
		}
		r.Bodies = append(r.Bodies, body)
		if r.Head, err = store.HashFromBytes(hash); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read entries from %d: %w", seq, err)
	}
	return r, nil
}

// Unsent counts the entries after seq and the bytes of their bodies.
func (db *DB) Unsent(ctx context.Context, seq loyalty.Seq) (count, bytes int64, err error) {
	err = db.ledger.Read().QueryRowContext(ctx, `SELECT count(*), coalesce(sum(length(body)), 0) FROM
		(SELECT body FROM entry WHERE seq > ? ORDER BY seq LIMIT ?)`, seq, maxUnsentCount).Scan(&count, &bytes)
	if err != nil {
		return 0, 0, fmt.Errorf("count entries after %d: %w", seq, err)
	}
	return count, bytes, nil
}

// maxUnsentCount bounds what Unsent looks at: nobody needs to know how large a large backlog is.
const maxUnsentCount = 2000

// Outgoing decides what the next batch from seq on is and, in the same transaction, notes that it may become known outside:
// whoever reads later that an entry was not sent can rely on it. Limits as for EntriesFrom, but a sale in advance goes together with
// what it was paid with, as long as MaxAdvanceEntries and MaxAdvanceBytes hold.
func (db *DB) Outgoing(ctx context.Context, seq loyalty.Seq, maxCount, maxBytes int) (*Range, error) {
	var last loyalty.Seq
	err := db.write(ctx, func(tx *store.Tx) (err error) {
		if last, err = batchEnd(tx, seq, maxCount, maxBytes); err != nil || last < seq {
			return err
		}
		if last, err = uncut(tx, seq, last); err != nil {
			return err
		}
		return markSent(tx, last)
	})
	if err != nil {
		return nil, fmt.Errorf("mark entries sent from %d: %w", seq, err)
	}
	return db.EntriesFrom(ctx, seq, int(last-seq)+1, math.MaxInt)
}

// batchEnd is the last entry of a batch from seq on that keeps within the limits, at least seq itself; seq - 1 when there is none.
func batchEnd(tx *store.Tx, seq loyalty.Seq, maxCount, maxBytes int) (loyalty.Seq, error) {
	rows, err := tx.Query(`SELECT seq, length(body) + 1 FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?`, seq, maxCount)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	last, size := seq-1, 0
	for rows.Next() {
		var at loyalty.Seq
		var line int
		if err := rows.Scan(&at, &line); err != nil {
			return 0, err
		}
		if size += line; size > maxBytes && at > seq {
			break
		}
		last = at
	}
	return last, rows.Err()
}

func markSent(tx *store.Tx, through loyalty.Seq) error {
	if _, err := tx.Exec(`DELETE FROM advance_hold WHERE since <= ?`, through); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE ledger SET sent_through = ? WHERE sent_through < ?`, through, through)
	return err
}

// Acked keeps a position that head office has signed. store.ErrSignature and ErrOtherChain refuse it.
func (db *DB) Acked(ctx context.Context, p store.Position, signature []byte) error {
	if err := p.Verify(db.identity.PositionKey, signature); err != nil {
		return fmt.Errorf("signed position: %w", err)
	}
	own, err := db.HashAt(ctx, loyalty.Seq(p.Seq))
	if err != nil {
		return fmt.Errorf("signed position: %w", err)
	}
	if p.Store != db.identity.Store || p.Epoch != db.identity.Epoch || own != p.Hash {
		return fmt.Errorf("signed position %d: %w", p.Seq, ErrOtherChain)
	}
	err = db.write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(`UPDATE ledger SET signed_seq = ?, signed_hash = ?, signature = ?
			WHERE signed_seq < ? OR signature IS NULL`, p.Seq, p.Hash[:], signature, p.Seq); err != nil {
			return err
		}
		// The day is never before the log's: a clock that went back must not make a signature old.
		_, err := tx.Exec(`INSERT INTO signed_day (day, seq)
			SELECT max(?, coalesce((SELECT day FROM entry ORDER BY seq DESC LIMIT 1), '')), signed_seq FROM ledger WHERE signed_seq > 0
			ON CONFLICT (day) DO UPDATE SET seq = excluded.seq WHERE seq < excluded.seq`, db.calendar.BusinessDay(tx.Now))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep signed position %d: %w", p.Seq, err)
	}
	return nil
}

const selectSigned = `SELECT signed_seq, signed_hash, signature FROM ledger`

// Signed gives the newest signed position; without one the signature is nil.
func (db *DB) Signed(ctx context.Context) (store.Position, []byte, error) {
	p := store.Position{Store: db.identity.Store, Epoch: db.identity.Epoch, Hash: db.genesis}
	var hash, signature []byte
	err := db.ledger.Read().QueryRowContext(ctx, selectSigned).Scan(&p.Seq, &hash, &signature)
	if err == nil && hash != nil {
		p.Hash, err = store.HashFromBytes(hash)
	}
	if err != nil {
		return store.Position{}, nil, fmt.Errorf("signed position: %w", err)
	}
	return p, signature, nil
}

// AppendOwn takes the store's own entries back from head office, after a restored backup: they must continue this log's
// chain and end at the given value. All or nothing.
func (db *DB) AppendOwn(ctx context.Context, r *Range) error {
	told, err := db.FeedPosition(ctx)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *store.Tx) error {
		t, err := db.readTip(tx)
		if err != nil {
			return err
		}
		if r.First != t.seq+1 || r.Prev != t.hash {
			return ErrOtherChain
		}
		hash := t.hash
		for i, body := range r.Bodies {
			hash = hash.Next(body)
			e, err := loyalty.DecodeEntry(body)
			if err != nil {
				return err
			}
			if e.Store != db.Store() || e.Epoch != db.Epoch() || e.Seq != r.First+loyalty.Seq(i) {
				return fmt.Errorf("entry %d of store %d epoch %d: %w", e.Seq, e.Store, e.Epoch, ErrOtherChain)
			}
			if err := db.open(db.registers(ctx), e); err != nil {
				return err
			}
			if err := db.insertBody(tx, e, body, hash, nil); err != nil {
				return err
			}
		}
		if hash != r.Head {
			return ErrOtherChain
		}
		if _, err := tx.Exec(`UPDATE ledger SET parted = iif(? > ?, ?, NULL) WHERE parted IS NOT NULL`, told.Watermark, r.Last(), r.Last()); err != nil {
			return err
		}
		return markSent(tx, r.Last())
	})
	if err != nil {
		return fmt.Errorf("take entries back from %d: %w", r.First, err)
	}
	db.signal()
	return db.settlePending(ctx)
}
