package headoffice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

const (
	snapshotAge  = 24 * time.Hour   // how long a snapshot is handed out; the feed goes on from it
	snapshotWait = 20 * time.Second // how long a store waits for one to be made before it is asked to come again
	snapshotNext = 5 * time.Second  // and when
	feedKeptDays = 30               // days for which the feed says what has nothing to say any more
)

// life is one epoch of a store.
type life struct {
	store loyalty.StoreID
	epoch loyalty.Epoch
}

// Snapshot gives the newest snapshot for a life of a store, and makes one when there is none that the feed goes on from.
func (o *Office) Snapshot(ctx context.Context, id loyalty.StoreID, epoch loyalty.Epoch) (*wire.Snapshot, error) {
	kept, err := o.keptSnapshot(ctx, id, epoch)
	if errors.Is(err, hodb.ErrNotFound) {
		if kept, err = o.makeSnapshot(ctx, id, epoch); err == nil {
			o.changed.ring() // allowances are told once more
		}
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot for store %d: %w", id, err)
	}
	return o.manifest(kept), nil
}

func (o *Office) manifest(kept *hodb.Snapshot) *wire.Snapshot {
	s := &wire.Snapshot{No: kept.No, FeedEpoch: kept.FeedEpoch, Cursor: kept.Cursor, Watermark: kept.Posted, Parts: []wire.SnapshotPart{}}
	for _, p := range kept.Parts {
		s.Parts = append(s.Parts, wire.SnapshotPart{Rows: p.Rows, Bytes: p.Bytes, SHA256: p.SHA256})
	}
	s.Sign(o.home.Keys.position, kept.Store, kept.Epoch)
	return s
}

// keptSnapshot is one that the feed goes on from: of its life, not below its floor, and not old. ErrNotFound when there is none.
func (o *Office) keptSnapshot(ctx context.Context, id loyalty.StoreID, epoch loyalty.Epoch) (s *hodb.Snapshot, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		if _, err := storeHead(tx, id, epoch); err != nil {
			return err
		}
		feedEpoch, newest, err := tx.FeedHead()
		if err != nil {
			return err
		}
		floor, err := tx.FeedFloor()
		if err != nil {
			return err
		}
		if s, err = tx.LatestSnapshot(id, epoch); err != nil {
			return err
		}
		if s.FeedEpoch != feedEpoch || s.Cursor < floor || s.Cursor > newest || tx.Now().Sub(s.MadeAt).Abs() > snapshotAge {
			return hodb.ErrNotFound
		}
		return nil
	})
	return s, err
}

// makeSnapshot writes the whole feed of a store as it stands at one moment. Allowances are not in it, for how long they last counts
// from when they are told: the feed tells them behind it.
func (o *Office) makeSnapshot(ctx context.Context, id loyalty.StoreID, epoch loyalty.Epoch) (*hodb.Snapshot, error) {
	s := &hodb.Snapshot{Store: id, Epoch: epoch}
	err := o.db.View(ctx, func(tx *hodb.Tx) (err error) {
		if s.FeedEpoch, s.Cursor, err = tx.FeedHead(); err != nil {
			return err
		}
		w := feedWriter{tx: tx, office: o, lasts: true}
		if w.head, err = storeHead(tx, id, epoch); err != nil {
			return err
		}
		s.Posted = w.head.Posted
		return o.writeParts(ctx, &w, s)
	})
	if err != nil {
		return nil, err
	}
	return s, o.db.Update(ctx, func(tx *hodb.Tx) error {
		if err := tx.AddSnapshot(s); err != nil {
			return err
		}
		return tx.TouchLeases(id)
	})
}

func (o *Office) writeParts(ctx context.Context, w *feedWriter, s *hodb.Snapshot) error {
	q := wire.FeedQuery{Store: s.Store, Epoch: s.FeedEpoch, Limit: wire.MaxFeedRows}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		page := &wire.FeedPage{Epoch: s.FeedEpoch, Next: q.After}
		if err := w.fill(page, q); err != nil {
			return err
		}
		q.After, more = page.Next, !page.UpToDate
		if len(page.Rows) == 0 {
			continue
		}
		if len(s.Parts) == wire.MaxSnapshotParts {
			return fmt.Errorf("the feed has more than %d pages", wire.MaxSnapshotParts)
		}
		content, err := o.codec.PackFeed(page)
		if err != nil {
			return err
		}
		s.Parts = append(s.Parts, hodb.SnapshotPart{Rows: len(page.Rows), SHA256: store.Hash(sha256.Sum256(content)), Bytes: len(content), Content: content})
	}
	return nil
}

// SnapshotPart gives the content of a part of a snapshot that is still kept.
func (o *Office) SnapshotPart(ctx context.Context, id loyalty.StoreID, snapshot int64, part int) (content []byte, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		content, err = tx.SnapshotContent(id, snapshot, part)
		return err
	})
	if errors.Is(err, hodb.ErrNotFound) {
		err = wire.NewProblem(wire.CodeFeedCompacted, "snapshot %d has no part %d, or there is a newer one: begin with the latest", snapshot, part)
	}
	return content, err
}

// makeSnapshots makes what stores want, one after the other, until ctx ends: a large register takes longer than a request may.
func (o *Office) makeSnapshots(ctx context.Context) {
	for {
		heard := o.wanted.wait()
		for {
			o.mu.Lock()
			if len(o.wants) == 0 {
				o.mu.Unlock()
				break
			}
			want := o.wants[0]
			o.mu.Unlock()
			if _, err := o.Snapshot(ctx, want.store, want.epoch); err != nil && ctx.Err() == nil {
				o.log.Error().Err(err).Msg("no snapshot was made")
			}
			o.mu.Lock()
			o.wants = o.wants[1:]
			o.mu.Unlock()
			o.changed.ring()
		}
		select {
		case <-heard:
		case <-ctx.Done():
			return
		}
	}
}

// want has a snapshot made, unless that is under way.
func (o *Office) want(l life) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.wants, l) {
		o.wants = append(o.wants, l) // as many as there are stores
		o.wanted.ring()
	}
}

func (s *server) getSnapshot(c *call) error {
	if err := c.query(nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, snapshotWait)
	defer cancel()
	for {
		heard := s.office.changed.wait()
		kept, err := s.office.keptSnapshot(c.ctx, c.client.store, c.client.epoch)
		if err == nil {
			return c.writeJSON(s.office.manifest(kept))
		}
		if !errors.Is(err, hodb.ErrNotFound) {
			return err
		}
		s.office.want(life{c.client.store, c.client.epoch})
		select {
		case <-heard:
		case <-ctx.Done():
			p := wire.NewProblem(wire.CodeUnavailable, "the snapshot is being made")
			p.RetryAfter = snapshotNext
			return p
		}
	}
}

func (s *server) getSnapshotPart(c *call) error {
	no, err := strconv.ParseInt(c.r.PathValue("snapshot"), 10, 64)
	part, err2 := strconv.Atoi(c.r.PathValue("part"))
	if err != nil || err2 != nil || no < 1 || part < 1 {
		return wire.NewProblem(wire.CodeNotFound, "snapshots and their parts are numbered from 1")
	}
	content, err := s.office.SnapshotPart(c.ctx, c.client.store, no, part)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/zstd")
	h.Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
	h.Set("Cache-Control", "no-store")
	http.ServeContent(c.w, c.r, "", time.Time{}, bytes.NewReader(content))
	return nil
}

// compactFeed takes out of the feed what has had nothing to say for a month: cards that came off the hot list, vouchers that are on
// their cards. Who has heard of nothing since then takes a snapshot, which does not have them.
func (o *Office) compactFeed(ctx context.Context, day string) (dropped int, err error) {
	var settled int64
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		settled, err = tx.MarkFeed(day, dayAfter(day, -feedKeptDays))
		return err
	})
	for after := int64(0); err == nil && after < settled; {
		err = o.db.Update(ctx, func(tx *hodb.Tx) error {
			changes, err := tx.Silent(after, settled, membersAtOnce)
			if after = settled; len(changes) == membersAtOnce {
				after = changes[len(changes)-1].Seq
			}
			w := feedWriter{tx: tx, office: o}
			for _, c := range changes {
				if err != nil {
					return err
				}
				var says bool
				if says, err = w.says(c); err == nil && !says {
					dropped++
					err = tx.DropChange(c)
				}
			}
			return err
		})
	}
	return dropped, err
}

// says whether a thing of the feed has anything to tell to who never heard of it.
func (w *feedWriter) says(c hodb.Change) (bool, error) {
	if c.Topic == hodb.TopicVoucher {
		row, err := w.voucher(c.Key)
		return row != nil, err
	}
	row, err := w.hot(c.Key)
	return err != nil || row.Blocked, err
}
