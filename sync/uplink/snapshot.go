package uplink

import (
	"context"
	"crypto/sha256"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// takeSnapshot brings the copy to head office's newest snapshot. Parts that came before the line was lost are not fetched again, nor after
// a start; the copy stays as it is until all are there, and is then replaced at once.
func (u *Uplink) takeSnapshot(ctx context.Context) error {
	u.board.setFeed(StateFetching, nil)
	id, epoch := loyalty.StoreID(u.db.Store()), u.db.Epoch()
	s, err := u.office.Snapshot(ctx, id, epoch)
	if err != nil {
		return err
	}
	if err := s.Verify(u.db.Identity().PositionKey, id, epoch); err != nil {
		return err
	}
	digests := make([]store.Hash, len(s.Parts))
	for i, p := range s.Parts {
		digests[i] = p.SHA256
	}
	missing, err := u.db.MissingParts(ctx, digests)
	if err != nil {
		return err
	}
	for _, part := range missing {
		content, err := u.office.SnapshotPart(ctx, id, s.No, part)
		if err != nil {
			return err
		}
		if got := store.Hash(sha256.Sum256(content)); got != digests[part-1] {
			return wire.NewProblem(wire.CodeDamaged, "part %d of snapshot %d has digest %v", part, s.No, got)
		}
		if err := u.db.KeepPart(ctx, digests[part-1], content); err != nil {
			return err
		}
	}
	return u.db.ApplySnapshot(ctx, agentdb.Snapshot{FeedEpoch: s.FeedEpoch, Cursor: s.Cursor, Watermark: s.Watermark, Parts: digests, Read: u.readPart})
}

func (u *Uplink) readPart(content []byte) ([]agentdb.Change, error) {
	rows, err := u.codec.ReadPart(content)
	if err != nil {
		return nil, err
	}
	changes, err := changesOf(rows)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return changes, nil
}
