package agentdb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Snapshot is head office's registers at one moment, as this life of the store may see them.
type Snapshot struct {
	FeedEpoch uint32
	Cursor    int64
	Watermark loyalty.Seq                    // last own entry that every row includes
	Parts     []store.Hash                   // digests of the parts, in their order
	Read      func([]byte) ([]Change, error) // of a part's content
}

// MissingParts tells which parts have not come yet, numbered from 1, and forgets those of another snapshot.
func (db *DB) MissingParts(ctx context.Context, parts []store.Hash) (missing []int, err error) {
	have := map[store.Hash]bool{}
	err = db.members.Write(ctx, func(tx *store.Tx) error {
		kept, err := query(ctx, db.members.Read(), "parts of a snapshot", func(scan func(...any) error) (h store.Hash, err error) {
			var raw []byte
			if err = scan(&raw); err == nil {
				h, err = store.HashFromBytes(raw)
			}
			return h, err
		}, `SELECT sha256 FROM snapshot_part`)
		for _, h := range kept {
			if have[h] = slices.Contains(parts, h); err == nil && !have[h] {
				_, err = tx.Exec(`DELETE FROM snapshot_part WHERE sha256 = ?`, h[:])
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("parts of a snapshot: %w", err)
	}
	for i, h := range parts {
		if !have[h] {
			missing = append(missing, i+1)
		}
	}
	return missing, nil
}

// KeepPart keeps a part whose digest was checked.
func (db *DB) KeepPart(ctx context.Context, digest store.Hash, content []byte) error {
	err := db.members.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO snapshot_part (sha256, content) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING`, digest[:], content)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep part of a snapshot: %w", err)
	}
	return nil
}

// ErrPartMissing says that a snapshot is applied before all of it has come.
var ErrPartMissing = errors.New("a part of the snapshot is missing")

// ApplySnapshot puts a snapshot in the place of the copy, in one transaction: what it does not have is forgotten. The feed goes on after
// its cursor.
func (db *DB) ApplySnapshot(ctx context.Context, s Snapshot) error {
	err := db.members.Write(ctx, func(tx *store.Tx) error {
		pos, err := db.replaceCopy(tx, s)
		if err != nil {
			return err
		}
		return db.putEnrolled(ctx, tx, pos)
	})
	if err != nil {
		return fmt.Errorf("apply snapshot at %d: %w", s.Cursor, err)
	}
	if err := db.settlePending(ctx); err != nil {
		return err
	}
	return db.forget(ctx)
}

func (db *DB) replaceCopy(tx *store.Tx, s Snapshot) (pos FeedPosition, err error) {
	if err := pos.scan(func(dest ...any) error { return tx.QueryRow(selectFeedPos, nil, dest...) }); err != nil {
		return pos, err
	}
	for _, table := range copied() { // of no feed epoch, until the snapshot has it too
		if _, err := tx.Exec(`UPDATE ` + table + ` SET feed_epoch = 0`); err != nil {
			return pos, err
		}
	}
	pos = FeedPosition{Epoch: s.FeedEpoch, Cursor: s.Cursor, Watermark: s.Watermark, Complete: true, Refused: pos.Refused}
	for _, digest := range s.Parts {
		var content []byte
		if err := tx.QueryRow(`SELECT coalesce((SELECT content FROM snapshot_part WHERE sha256 = ?), x'')`, []any{digest[:]}, &content); err != nil {
			return pos, err
		}
		if len(content) == 0 {
			return pos, ErrPartMissing
		}
		changes, err := s.Read(content)
		if err != nil {
			return pos, err
		}
		if err := db.applyChanges(tx, changes, &pos); err != nil {
			return pos, err
		}
	}
	if err := sweep(tx, pos.Epoch); err != nil {
		return pos, err
	}
	if _, err := tx.Exec(`DELETE FROM snapshot_part`); err != nil {
		return pos, err
	}
	_, err = tx.Exec(`UPDATE feed_pos SET feed_epoch = ?, cursor = ?, watermark = ?, complete = 1, lowest = 0, refused = ?`, pos.Epoch, pos.Cursor, pos.Watermark, pos.Refused)
	return pos, err
}
