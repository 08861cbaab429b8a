package agentdb

import (
	"context"
	"encoding/json"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// MemberRange is member numbers of one life of a store.
type MemberRange struct {
	Store loyalty.StoreID
	Epoch loyalty.Epoch
	loyalty.MemberRange
	Keys []byte // of these members, wrapped, one behind the other; none from a head office that gives none
}

// MemberRanges are the numbers that this life of the store makes members with, used ones included.
func (db *DB) MemberRanges(ctx context.Context) ([]loyalty.MemberRange, error) {
	return query(ctx, db.members.Read(), "member ranges", func(scan func(...any) error) (r loyalty.MemberRange, err error) {
		err = scan(&r.First, &r.Last)
		return r, err
	}, `SELECT first, last FROM member_range ORDER BY first`)
}

// selectEnrolled is the highest number that this log has made a member with; 0 for none.
const selectEnrolled = `SELECT coalesce(max(member), 0) FROM entry WHERE kind = 'enrol'`

func (db *DB) putRange(tx *store.Tx, r *MemberRange, epoch uint32) error {
	if r.Store != db.Store() || r.Epoch != db.Epoch() {
		return nil // of another box
	}
	if r.Keys == nil {
		r.Keys = []byte{}
	}
	_, err := tx.Exec(`INSERT INTO member_range (first, last, keys, feed_epoch) VALUES (?, ?, ?, ?)
		ON CONFLICT (first) DO UPDATE SET last = excluded.last, keys = excluded.keys, feed_epoch = excluded.feed_epoch`, r.First, r.Last, r.Keys, epoch)
	return err
}

// ShowEnrolled puts the members whom this log has made, and whom head office has not told of yet, into the register. The log is
// what counts: after a crash in between, or when the register came anew, they are put there again.
func (db *DB) ShowEnrolled(ctx context.Context) error {
	err := db.members.Write(ctx, func(tx *store.Tx) error {
		var pos FeedPosition
		if err := pos.scan(func(dest ...any) error { return tx.QueryRow(selectFeedPos, nil, dest...) }); err != nil {
			return err
		}
		return db.putEnrolled(ctx, tx, pos)
	})
	if err != nil {
		return fmt.Errorf("show enrolled members: %w", err)
	}
	return nil
}

func (db *DB) putEnrolled(ctx context.Context, tx *store.Tx, pos FeedPosition) error {
	entries, err := query(ctx, db.ledger.Read(), "enrolments", func(scan func(...any) error) (*loyalty.Entry, error) {
		var body []byte
		if err := scan(&body); err != nil {
			return nil, err
		}
		return loyalty.DecodeEntry(body)
	}, `SELECT body FROM entry WHERE kind = 'enrol' AND seq > ? AND body <> x'' ORDER BY member`, pos.Watermark)
	for _, e := range entries {
		if err == nil {
			err = db.open(tx.Query, e)
		}
		if err == nil && !store.IsSealed(e.Enrol.Number) { // its key is still to come, or was destroyed
			err = putNew(tx, e, pos.Epoch)
		}
	}
	return err
}

// putNew enters a member as the store made them. What head office has said of the member or of the number stays.
func putNew(tx *store.Tx, e *loyalty.Entry, epoch uint32) error {
	hash, err := e.Enrol.Hash()
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	past, err := json.Marshal(&loyalty.Record{Joined: e.Day})
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO member (id, status, tier, language, balance, lots, wallets, past, through, feed_epoch)
		VALUES (?, ?, '', ?, 0, ?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING`,
		e.Member, string(MemberActive), e.Enrol.Language, []byte("[]"), []byte("[]"), past, epoch)
	if err == nil {
		_, err = tx.Exec(`INSERT INTO member_number (hmac, member, masked) VALUES (?, ?, ?) ON CONFLICT (hmac) DO NOTHING`,
			hash[:], e.Member, e.Enrol.Masked)
	}
	return err
}
