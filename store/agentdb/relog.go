package agentdb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// ErrUnfinished says that the log cannot be changed for another now: a card's debit or a print job is under way in it. What
// it is wrapped in says how many.
var ErrUnfinished = errors.New("a card or a printer is not done yet")

// nextFolder is where the ledger of the next life is built.
const nextFolder = "next"

// NextLife changes the folder's ledger for one of the life that follows a decided fork: the entries behind what both branches share
// are told again in it, with their transactions. The old file stays beside it. Done in steps that may each be interrupted and
// begun again. ErrUnfinished says that it has to wait.
func NextLife(ctx context.Context, dir string, old, next *store.Identity, log zerolog.Logger, now func() time.Time) error {
	ledger, built := filepath.Join(dir, LedgerFile), filepath.Join(dir, nextFolder)
	aside := filepath.Join(dir, fmt.Sprintf("ledger-epoch-%d.db", old.Epoch))
	if _, err := os.Stat(aside); errors.Is(err, fs.ErrNotExist) {
		if err := buildNext(ctx, dir, old, next, log, now); err != nil {
			return fmt.Errorf("begin life %d: %w", next.Epoch, err)
		}
		if err := store.Move(ledger, aside); err != nil {
			return fmt.Errorf("begin life %d: %w", next.Epoch, err)
		}
	}
	if _, err := os.Stat(filepath.Join(built, LedgerFile)); err == nil {
		if err := store.Move(filepath.Join(built, LedgerFile), ledger); err != nil {
			return fmt.Errorf("begin life %d: %w", next.Epoch, err)
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm"} { // what it says of this store's entries is by the old numbers
		if err := os.Remove(filepath.Join(dir, MembersFile+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("begin life %d: %w", next.Epoch, err)
		}
	}
	return os.RemoveAll(built)
}

func buildNext(ctx context.Context, dir string, old, next *store.Identity, log zerolog.Logger, now func() time.Time) (err error) {
	from, err := Open(ctx, dir, old, log, now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := from.finished(ctx); err != nil {
		return err
	}
	shared := loyalty.Seq(next.ForkedFrom.Seq)
	if own, err := from.HashAt(ctx, shared); err != nil || own != next.ForkedFrom.Hash {
		return errors.Join(err, ErrOtherChain)
	}
	built := filepath.Join(dir, nextFolder)
	if err := os.RemoveAll(built); err != nil { // half of an earlier attempt
		return err
	}
	to, err := Open(ctx, built, next, log, now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return to.relog(ctx, from, shared)
}

// Parted notes the last entry that this log and head office's copy of it share.
func (db *DB) Parted(ctx context.Context, shared loyalty.Seq) error {
	if err := db.write(ctx, func(tx *store.Tx) error { return part(tx, shared) }); err != nil {
		return fmt.Errorf("note that the log parted at %d: %w", shared, err)
	}
	return nil
}

// part notes that head office's branch of the log has other entries behind shared, or some where this one has none yet.
func part(tx *store.Tx, shared loyalty.Seq) error {
	_, err := tx.Exec(`UPDATE ledger SET parted = ? WHERE parted IS NULL OR parted > ?`, shared, shared)
	return err
}

// finished refuses while something hangs on this very file.
func (db *DB) finished(ctx context.Context) error {
	var debits, jobs int
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM card_intent WHERE state IN ('open', 'dropped')),
		(SELECT count(*) FROM print_job WHERE state IN ('queued', 'sending', 'flushed'))`).Scan(&debits, &jobs)
	if err == nil && debits+jobs > 0 {
		err = fmt.Errorf("%w: debits of cards %d, papers %d; tap the cards again, and print or let go of the papers", ErrUnfinished, debits, jobs)
	}
	return err
}

// relog tells another life's entries behind shared again, in one transaction. Closes are made anew: they sum up this log.
func (db *DB) relog(ctx context.Context, from *DB, shared loyalty.Seq) error {
	return db.write(ctx, func(tx *store.Tx) error {
		if err := copyStaff(ctx, tx, from.ledger.Read()); err != nil {
			return err
		}
		rows, err := from.ledger.Read().QueryContext(ctx, `SELECT body, request FROM entry WHERE seq > ? ORDER BY seq`, shared)
		if err != nil {
			return err
		}
		defer rows.Close()
		places := map[loyalty.Seq]loyalty.Seq{}
		for rows.Next() {
			var body, request []byte
			if err := rows.Scan(&body, &request); err != nil {
				return err
			}
			e, err := loyalty.DecodeEntry(body)
			if err == nil {
				err = db.relogOne(tx, e, request, places)
			}
			if err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (db *DB) relogOne(tx *store.Tx, e *loyalty.Entry, request []byte, places map[loyalty.Seq]loyalty.Seq) error {
	t, err := db.readTip(tx)
	if err != nil {
		return err
	}
	if e.Kind == loyalty.KindClose {
		if t.seq == 0 || t.kind == loyalty.KindClose {
			return nil // nothing of its day is told again
		}
		txn := db.closeTxn(t.seq + 1)
		_, err := db.appendClose(tx, t, CloseDay{Txn: txn, RequestHash: sha256.Sum256(txn[:]), Lane: e.Lane, Cashier: e.Cashier, Staff: e.Staff})
		return err
	}
	if t, err = db.closeBefore(tx, t, e.Day); err != nil {
		return err
	}
	head := loyalty.EntryRef{Store: db.Store(), Epoch: db.Epoch(), Seq: t.seq + 1}
	places[e.Seq] = head.Seq
	again := e.Relogged(head, func(seq loyalty.Seq) (loyalty.Seq, bool) { to, ok := places[seq]; return to, ok })
	_, err = db.insert(tx, t, again, request)
	return err
}
