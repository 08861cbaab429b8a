package hodb

import (
	"fmt"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
)

// Topic says what a feed row is about.
type Topic string

const (
	TopicMember    Topic = "member"
	TopicProgramme Topic = "programme"
	TopicHot       Topic = "hot"
	TopicVoucher   Topic = "voucher"
	TopicIssuer    Topic = "issuer"
	TopicRenewal   Topic = "renewal"
	TopicRange     Topic = "member_range"
	TopicCoupon    Topic = "coupon"
	TopicLease     Topic = "lease"
	TopicWatermark Topic = "watermark"
)

// Change says that a thing has a new state since feed number Seq.
type Change struct {
	Seq   int64
	Topic Topic
	Key   string
}

// touchFeed gives a thing the feed's next number. The transaction of an Update is the only one open, in all processes, so numbers become
// visible in their order: who has read up to n has missed nothing below n.
func (tx *Tx) touchFeed(topic Topic, to loyalty.StoreID, key string) error {
	return tx.touchAll(topic, to, []string{key})
}

// touchAll gives each of many things, all different, a number of its own.
func (tx *Tx) touchAll(topic Topic, to loyalty.StoreID, keys []string) error {
	last, err := tx.draw("feed", int64(len(keys)))
	if err != nil {
		return fmt.Errorf("feed %s: %w", topic, err)
	}
	first := last - int64(len(keys)) + 1
	rows := make([]any, 0, 4*len(keys))
	for i, key := range keys {
		rows = append(rows, first+int64(i), to, topic, key)
	}
	if err := tx.write(insertInto("feed", "feed_seq, store_id, topic, key",
		" ON CONFLICT (topic, key) DO UPDATE SET feed_seq = excluded.feed_seq"), 4, rows); err != nil {
		return fmt.Errorf("feed %s: %w", topic, err)
	}
	return nil
}

func memberKey(id loyalty.MemberID) string { return strconv.FormatInt(int64(id), 10) }

func (tx *Tx) touchMember(id loyalty.MemberID) error {
	return tx.touchFeed(TopicMember, 0, memberKey(id))
}

// TouchMembers sends every member to the stores once more.
func (tx *Tx) TouchMembers() error {
	var n int64
	err := tx.one(`SELECT COUNT(*) FROM feed WHERE topic = 'member'`)(&n)
	if err != nil || n == 0 {
		return err
	}
	last, err := tx.draw("feed", n)
	if err != nil {
		return err
	}
	err = tx.exec(`WITH place AS (SELECT key, ROW_NUMBER() OVER (ORDER BY feed_seq) AS n FROM feed WHERE topic = 'member')
		UPDATE feed SET feed_seq = $1 + place.n FROM place WHERE feed.topic = 'member' AND feed.key = place.key`, last-n)
	if err != nil {
		return fmt.Errorf("feed every member: %w", err)
	}
	return nil
}

// draw takes n numbers from a counter and gives the last.
func (tx *Tx) draw(counter string, n int64) (last int64, err error) {
	err = tx.one(`UPDATE counter SET value = value + $2 WHERE name = $1 RETURNING value`, counter, n)(&last)
	return last, err
}

// FeedHead is the feed's life and its newest number.
func (tx *Tx) FeedHead() (epoch uint32, seq int64, err error) {
	if err = tx.one(`SELECT value FROM counter WHERE name = 'feed_epoch'`)(&epoch); err == nil {
		err = tx.one(`SELECT value FROM counter WHERE name = 'feed'`)(&seq)
	}
	return epoch, seq, err
}

// RenewFeed begins a new life of the feed. Its number follows the clock, so that it is none that a lost life had.
func (tx *Tx) RenewFeed(now time.Time) (epoch uint32, err error) {
	err = tx.one(`UPDATE counter SET value = CASE WHEN value < $1 THEN $1 ELSE value + 1 END WHERE name = 'feed_epoch' RETURNING value`,
		now.Unix())(&epoch)
	return epoch, err
}

// Pulse is what tells an instance that another one has been at work.
type Pulse struct {
	Feed, Closes int64 // the newest numbers
	Waiting      bool  // a batch is to be posted
}

// Pulse looks what has happened to the books.
func (tx *Tx) Pulse() (p Pulse, err error) {
	err = tx.one(`SELECT (SELECT value FROM counter WHERE name = 'feed'), (SELECT value FROM counter WHERE name = 'close'),
		EXISTS (SELECT 1 FROM batch WHERE posted_at IS NULL)`)(&p.Feed, &p.Closes, &p.Waiting)
	return p, err
}

// Changes are the next things that changed after a number, for one store, at most limit.
func (tx *Tx) Changes(id loyalty.StoreID, after int64, limit int) ([]Change, error) {
	return collect(tx, scanChange, `SELECT feed_seq, topic, key FROM feed WHERE feed_seq > $1 AND store_id IN (0, $2) ORDER BY feed_seq LIMIT $3`,
		after, id, limit)
}

func scanChange(scan func(...any) error) (c Change, err error) {
	err = scan(&c.Seq, &c.Topic, &c.Key)
	return c, err
}
