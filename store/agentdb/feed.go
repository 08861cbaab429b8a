package agentdb

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// ErrFeedGap says that a page does not continue where the copy stands: pull from FeedPosition.
var ErrFeedGap = errors.New("feed page does not continue the copy")

// FeedPosition is how far the copy of head office's registers has come.
type FeedPosition struct {
	Epoch     uint32
	Cursor    int64
	Watermark loyalty.Seq // own entries that head office has posted
	Complete  bool        // this feed epoch was pulled to its end at least once
	Refused   string      // digest of the programme that came last, when its signature was wrong: it is not used
	ToldAt    time.Time   // when the copy was last brought up to date, be it that nothing was new; zero: never

	lowest loyalty.Seq // while not complete: no member row of this epoch includes less of the own log
}

// Change is one change of the feed: exactly one field besides Seq is set. It is the whole new state of its thing.
type Change struct {
	Seq       int64
	Member    *Member
	Programme *Programme
	Hot       *Hot
	Voucher   *Voucher
	Issuer    *Issuer
	Renewal   *Renewal
	Range     *MemberRange
	Coupon    *CouponElsewhere
	Lease     *Lease
	Watermark *Watermark
}

// Hot puts a card on the hot list or takes it off.
type Hot struct {
	Card    loyalty.CardID
	Blocked bool
	Reason  string
}

// Watermark says which entries of a life of a store head office has posted.
type Watermark struct {
	Store loyalty.StoreID
	Epoch loyalty.Epoch
	Seq   loyalty.Seq
}

// FeedPage is a run of whole groups of changes.
type FeedPage struct {
	Epoch    uint32
	After    int64 // cursor that the page was asked with
	Next     int64
	UpToDate bool
	Changes  []Change
	Asked    time.Time // when it was asked for, by the clock of the database
}

const selectFeedPos = `SELECT feed_epoch, cursor, watermark, complete, lowest, refused, told_at FROM feed_pos`

func (p *FeedPosition) scan(scan func(...any) error) error {
	var toldAt int64
	err := scan(&p.Epoch, &p.Cursor, &p.Watermark, &p.Complete, &p.lowest, &p.Refused, &toldAt)
	if toldAt != 0 {
		p.ToldAt = instant(toldAt)
	}
	return err
}

// FeedPosition reads where the next page has to begin.
func (db *DB) FeedPosition(ctx context.Context) (FeedPosition, error) {
	var p FeedPosition
	err := p.scan(db.members.Read().QueryRowContext(ctx, selectFeedPos).Scan)
	if err != nil {
		return FeedPosition{}, fmt.Errorf("feed position: %w", err)
	}
	return p, nil
}

// ApplyFeed takes a page over: rows, cursor and watermark in one transaction. A page that comes twice, or late, changes
// nothing that is newer. A page of another feed epoch must begin at 0; when that epoch is complete, what did not come
// again is forgotten.
func (db *DB) ApplyFeed(ctx context.Context, page FeedPage) (FeedPosition, error) {
	var pos FeedPosition
	err := db.members.Write(ctx, func(tx *store.Tx) (err error) {
		if pos, err = db.applyPage(tx, page); err != nil {
			return err
		}
		return db.putEnrolled(ctx, tx, pos)
	})
	if err != nil {
		return FeedPosition{}, fmt.Errorf("apply feed after %d: %w", page.After, err)
	}
	erased := false
	for _, c := range page.Changes {
		if c.Lease != nil {
			db.leases.take(*c.Lease, page.Asked)
		}
		erased = erased || c.Member != nil && c.Member.Forgotten
	}
	err = db.settlePending(ctx)
	if err == nil && erased {
		err = db.forget(ctx)
	}
	return pos, err
}

func (db *DB) applyPage(tx *store.Tx, page FeedPage) (FeedPosition, error) {
	var pos FeedPosition
	if err := pos.scan(func(dest ...any) error { return tx.QueryRow(selectFeedPos, nil, dest...) }); err != nil {
		return pos, err
	}
	if page.Epoch != pos.Epoch {
		if page.After != 0 {
			return pos, ErrFeedGap
		}
		// Rows of the old epoch keep the watermark that they were shown with.
		if _, err := tx.Exec(`UPDATE member SET through = max(through, ?) WHERE feed_epoch = ?`, pos.Watermark, pos.Epoch); err != nil {
			return pos, err
		}
		pos = FeedPosition{Epoch: page.Epoch, lowest: math.MaxInt64, ToldAt: pos.ToldAt}
	}
	if page.After > pos.Cursor {
		return pos, ErrFeedGap
	}
	fresh := slices.DeleteFunc(slices.Clone(page.Changes), func(c Change) bool { return c.Seq <= pos.Cursor }) // the others it had
	if err := db.applyChanges(tx, fresh, &pos); err != nil {
		return pos, err
	}
	for _, c := range fresh {
		if c.Member != nil {
			pos.lowest = min(pos.lowest, c.Member.Through)
		}
	}
	if page.UpToDate && page.Next >= pos.Cursor && !pos.Complete {
		if err := sweep(tx, pos.Epoch); err != nil {
			return pos, err
		}
		pos.Complete = true
	}
	pos.Cursor = max(pos.Cursor, page.Next)
	_, err := tx.Exec(`UPDATE feed_pos SET feed_epoch = ?, cursor = ?, watermark = ?, complete = ?, lowest = ?, refused = ?`,
		pos.Epoch, pos.Cursor, pos.Watermark, pos.Complete, pos.lowest, pos.Refused)
	if err == nil && page.UpToDate {
		pos.ToldAt = tx.Now
		_, err = tx.Exec(`UPDATE feed_pos SET told_at = ?`, millis(tx.Now))
	}
	return pos, err
}

// applyChanges applies changes in their order, members who follow one another together.
func (db *DB) applyChanges(tx *store.Tx, changes []Change, pos *FeedPosition) error {
	for len(changes) > 0 {
		members := membersFirst(changes)
		var err error
		if len(members) > 0 {
			err = putMembers(tx, members, pos.Epoch)
		} else {
			members = make([]told, 1)
			err = db.applyChange(tx, changes[0], pos)
		}
		if err != nil {
			return fmt.Errorf("rows %d to %d: %w", changes[0].Seq, changes[len(members)-1].Seq, err)
		}
		changes = changes[len(members):]
	}
	return nil
}

// applyChange applies one that is of no member.
func (db *DB) applyChange(tx *store.Tx, c Change, pos *FeedPosition) error {
	switch {
	case c.Programme != nil:
		return db.putProgramme(tx, c.Programme, pos)
	case c.Hot != nil && c.Hot.Blocked:
		_, err := tx.Exec(`INSERT INTO hot (card, reason, feed_epoch) VALUES (?, ?, ?)
			ON CONFLICT (card) DO UPDATE SET reason = excluded.reason, feed_epoch = excluded.feed_epoch`,
			c.Hot.Card[:], c.Hot.Reason, pos.Epoch)
		return err
	case c.Hot != nil:
		_, err := tx.Exec(`DELETE FROM hot WHERE card = ?`, c.Hot.Card[:])
		return err
	case c.Voucher != nil:
		v := c.Voucher
		_, err := tx.Exec(`INSERT INTO voucher (card, seq, kind, amount, ref, mac, feed_epoch) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (card, seq) DO UPDATE SET kind = excluded.kind, amount = excluded.amount, ref = excluded.ref,
				mac = excluded.mac, feed_epoch = excluded.feed_epoch`,
			v.Card[:], v.Seq, v.Kind, v.Amount, v.Ref[:], v.MAC[:], pos.Epoch)
		return err
	case c.Issuer != nil:
		return putIssuer(tx, c.Issuer, pos.Epoch)
	case c.Renewal != nil:
		return putRenewal(tx, c.Renewal, pos.Epoch)
	case c.Range != nil:
		return db.putRange(tx, c.Range, pos.Epoch)
	case c.Coupon != nil:
		return putCoupon(tx, c.Coupon, pos.Epoch)
	case c.Lease != nil:
		return nil // in no file
	case c.Watermark != nil:
		if w := c.Watermark; w.Store == db.Store() && w.Epoch == db.Epoch() {
			pos.Watermark = max(pos.Watermark, w.Seq)
		}
		return nil
	default:
		return errors.New("empty change")
	}
}

// putProgramme takes a version over, unless head office did not sign it: then what is there stays.
func (db *DB) putProgramme(tx *store.Tx, p *Programme, pos *FeedPosition) error {
	if err := p.Verify(ed25519.PublicKey(db.identity.PositionKey)); err != nil {
		pos.Refused = p.ID.String()
		db.log.Error().Str("programme", pos.Refused).Err(err).Msg("programme refused; the version before stays in force")
		return nil
	}
	pos.Refused = ""
	published := int64(0)
	if !p.PublishedAt.IsZero() {
		published = millis(p.PublishedAt)
	}
	_, err := tx.Exec(`INSERT INTO programme (id, valid_from, document, signature, feed_epoch, published_at, arrived_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, document = excluded.document, signature = excluded.signature,
			feed_epoch = excluded.feed_epoch, published_at = max(published_at, excluded.published_at)`,
		p.ID[:], p.ValidFrom, p.Document, p.Signature, pos.Epoch, published, millis(tx.Now))
	return err
}

// copied are the tables of what head office tells, members with their cards and numbers.
func copied() []string {
	return []string{"member", "programme", "hot", "voucher", "issuer", "renewal", "member_range", "coupon_elsewhere"}
}

// sweep forgets what an earlier feed epoch had and this one has not. That a key was revoked outlives a head office that forgot it.
func sweep(tx *store.Tx, epoch uint32) error {
	for _, table := range copied() {
		text := `DELETE FROM ` + table + ` WHERE feed_epoch <> ?`
		if table == "issuer" {
			text += ` AND revoked = 0`
		}
		if _, err := tx.Exec(text, epoch); err != nil {
			return err
		}
	}
	return nil
}

// settlePending makes the pending rows fit the copy: rows at or below the watermark go; when the copy includes less than
// it did, as after a restore of head office, they come back from the entries. The copy was committed before, so a crash
// in between leaves rows that count no more, and the next call or start removes them.
func (db *DB) settlePending(ctx context.Context) error {
	pos, err := db.FeedPosition(ctx)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *store.Tx) error {
		var floor, pruned, head loyalty.Seq
		if err := tx.QueryRow(`SELECT pending_floor, pruned_through, (SELECT coalesce(max(seq), 0) FROM entry) FROM ledger`, nil,
			&floor, &pruned, &head); err != nil {
			return err
		}
		if pos.Watermark > head {
			if err := part(tx, head); err != nil {
				return err
			}
		}
		keep := min(pos.Watermark, head) // a restored ledger may be shorter than what head office has posted
		if !pos.Complete {
			// Rows of the old feed epoch are still shown: nothing goes, and what new rows do not include comes back.
			keep = min(floor, max(pos.lowest, pos.Watermark))
		}
		keep = max(keep, pruned) // head office counted that long ago
		if keep == floor {
			return nil
		}
		if _, err := tx.Exec(`DELETE FROM pending WHERE seq <= ?`, keep); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE ledger SET pending_floor = ?`, keep); err != nil {
			return err
		}
		return db.rebuildPending(tx, keep, floor)
	})
	if err != nil {
		return fmt.Errorf("settle pending: %w", err)
	}
	return nil
}

// rebuildPending makes the rows of entries above after, through last, again; none when last is not above.
func (db *DB) rebuildPending(tx *store.Tx, after, last loyalty.Seq) error {
	for seq := after + 1; seq <= last; seq++ {
		var body []byte
		if err := tx.QueryRow(`SELECT body FROM entry WHERE seq = ?`, []any{seq}, &body); err != nil {
			return err
		}
		e, err := loyalty.DecodeEntry(body)
		if err != nil {
			return err
		}
		if err := db.insertPending(tx, e); err != nil {
			return err
		}
	}
	return nil
}
