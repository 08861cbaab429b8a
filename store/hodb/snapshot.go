package hodb

import (
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Snapshot is the whole feed as one life of a store may see it, at one moment.
type Snapshot struct {
	Store     loyalty.StoreID
	No        int64
	Epoch     loyalty.Epoch
	FeedEpoch uint32
	Cursor    int64       // newest number of the feed that it includes
	Posted    loyalty.Seq // last entry of the store that it includes
	MadeAt    time.Time
	Parts     []SnapshotPart
}

// SnapshotPart is a run of its rows, packed.
type SnapshotPart struct {
	Rows    int
	SHA256  store.Hash
	Bytes   int
	Content []byte // not read with the snapshot
}

// AddSnapshot keeps a snapshot with its parts and forgets those of the store before the last.
func (tx *Tx) AddSnapshot(s *Snapshot) (err error) {
	if s.No, err = tx.draw("snapshot", 1); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	s.MadeAt = tx.now
	err = tx.exec(`INSERT INTO snapshot (store_id, snapshot_no, epoch, feed_epoch, cursor_seq, posted_seq, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		s.Store, s.No, s.Epoch, s.FeedEpoch, s.Cursor, s.Posted, s.MadeAt.UnixMilli())
	for i, p := range s.Parts {
		if err == nil {
			err = tx.exec(`INSERT INTO snapshot_part (store_id, snapshot_no, part_no, row_count, sha256, content) VALUES ($1, $2, $3, $4, $5, $6)`,
				s.Store, s.No, i+1, p.Rows, p.SHA256[:], p.Content)
		}
	}
	var kept int64
	if err == nil {
		err = tx.one(`SELECT COALESCE(MAX(snapshot_no), 0) FROM snapshot WHERE store_id = $1 AND snapshot_no < $2`, s.Store, s.No)(&kept)
	}
	for _, table := range []string{"snapshot_part", "snapshot"} {
		if err == nil {
			err = tx.exec(`DELETE FROM `+table+` WHERE store_id = $1 AND snapshot_no < $2`, s.Store, kept)
		}
	}
	if err != nil {
		return fmt.Errorf("keep snapshot of store %d: %w", s.Store, err)
	}
	return nil
}

// LatestSnapshot reads the newest of a life of a store, without the content of its parts; ErrNotFound when there is none.
func (tx *Tx) LatestSnapshot(id loyalty.StoreID, epoch loyalty.Epoch) (*Snapshot, error) {
	all, err := collect(tx, func(scan func(...any) error) (s Snapshot, err error) {
		var made int64
		s.Store, s.Epoch = id, epoch
		err = scan(&s.No, &s.FeedEpoch, &s.Cursor, &s.Posted, &made)
		s.MadeAt = time.UnixMilli(made).UTC()
		return s, err
	}, `SELECT snapshot_no, feed_epoch, cursor_seq, posted_seq, made_at FROM snapshot WHERE store_id = $1 AND epoch = $2 ORDER BY snapshot_no DESC LIMIT 1`, id, epoch)
	if err != nil || len(all) == 0 {
		return nil, errors.Join(err, ErrNotFound)
	}
	s := &all[0]
	s.Parts, err = collect(tx, func(scan func(...any) error) (p SnapshotPart, err error) {
		var hash []byte
		if err = scan(&p.Rows, &hash, &p.Bytes); err == nil {
			p.SHA256, err = store.HashFromBytes(hash)
		}
		return p, err
	}, `SELECT row_count, sha256, length(content) FROM snapshot_part WHERE store_id = $1 AND snapshot_no = $2 ORDER BY part_no`, id, s.No)
	return s, err
}

// SnapshotContent is the content of a part, numbered from 1; ErrNotFound when the snapshot is not kept any more.
func (tx *Tx) SnapshotContent(id loyalty.StoreID, no int64, part int) ([]byte, error) {
	all, err := collect(tx, func(scan func(...any) error) (content []byte, err error) {
		err = scan(&content)
		return content, err
	}, `SELECT content FROM snapshot_part WHERE store_id = $1 AND snapshot_no = $2 AND part_no = $3`, id, no, part)
	if err != nil || len(all) == 0 {
		return nil, errors.Join(err, ErrNotFound)
	}
	return all[0], nil
}

// FeedFloor is the newest number that was taken out of the feed: who knows no more than what is below it lacks what it said.
func (tx *Tx) FeedFloor() (floor int64, err error) {
	err = tx.one(`SELECT value FROM counter WHERE name = 'feed_floor'`)(&floor)
	return floor, err
}

// MarkFeed notes how far the feed has come as a day begins, and gives how far it had come by another day; 0 when nobody noted.
func (tx *Tx) MarkFeed(day, old string) (settled int64, err error) {
	err = tx.exec(`INSERT INTO feed_day (day_no, feed_seq) SELECT $1, value FROM counter WHERE name = 'feed' ON CONFLICT (day_no) DO NOTHING`, dayNumber(day))
	if err == nil {
		err = tx.one(`SELECT COALESCE(MAX(feed_seq), 0) FROM feed_day WHERE day_no <= $1`, dayNumber(old))(&settled)
	}
	if err == nil {
		err = tx.exec(`DELETE FROM feed_day WHERE day_no < $1`, dayNumber(old)) // its own row stays, or none was there
	}
	return settled, err
}

// Silent are the next things of the feed, after a number and through another, that may have nothing to say any more.
func (tx *Tx) Silent(after, through int64, limit int) ([]Change, error) {
	return collect(tx, scanChange, `SELECT feed_seq, topic, key FROM feed WHERE feed_seq > $1 AND feed_seq <= $2 AND topic IN ('hot', 'voucher')
		ORDER BY feed_seq LIMIT $3`, after, through, limit)
}

// DropChange takes a thing out of the feed and lifts the floor to it.
func (tx *Tx) DropChange(c Change) error {
	err := tx.exec(`DELETE FROM feed WHERE feed_seq = $1`, c.Seq)
	if err == nil {
		err = tx.exec(`UPDATE counter SET value = $1 WHERE name = 'feed_floor' AND value < $1`, c.Seq)
	}
	if err != nil {
		return fmt.Errorf("take %s %s out of the feed: %w", c.Topic, c.Key, err)
	}
	return nil
}
