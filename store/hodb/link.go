package hodb

import (
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
)

// LinkTopic says what an entry does to the one that it names.
type LinkTopic string

const (
	LinkReturn  LinkTopic = "return"  // goods of a sale come back
	LinkSettle  LinkTopic = "settle"  // a reservation ends
	LinkReverse LinkTopic = "reverse" // an entry is undone
)

// Link is an entry under the one that it undoes or ends.
type Link struct {
	Topic  LinkTopic
	Ref    EntryKey
	Place  Place
	Member loyalty.MemberID
}

// AddLink enters an entry under the one that it names; waiting says that this has not arrived.
func (tx *Tx) AddLink(l Link, waiting bool) error {
	k, at := l.Place.Key, l.Place
	err := tx.exec(`INSERT INTO entry_link (topic, ref_store, ref_epoch, ref_seq, business_day, at_ms, store_id, epoch, seq, member_id, waiting)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, l.Topic, l.Ref.Store, l.Ref.Epoch, l.Ref.Seq, at.Day, at.At.UnixMilli(),
		k.Store, k.Epoch, k.Seq, l.Member, waiting)
	if err != nil {
		return fmt.Errorf("%s of %v by %v: %w", l.Topic, l.Ref, k, err)
	}
	return nil
}

// Links lists what was done to an entry, in the order in which it counts.
func (tx *Tx) Links(topic LinkTopic, ref EntryKey) ([]Link, error) {
	return collect(tx, func(scan func(...any) error) (l Link, err error) {
		var ms int64
		l.Topic, l.Ref = topic, ref
		k := &l.Place.Key
		err = scan(&l.Place.Day, &ms, &k.Store, &k.Epoch, &k.Seq, &l.Member)
		l.Place.At = time.UnixMilli(ms)
		return l, err
	}, `SELECT business_day, at_ms, store_id, epoch, seq, member_id FROM entry_link
		WHERE ref_store = $1 AND ref_epoch = $2 AND ref_seq = $3 AND topic = $4
		ORDER BY business_day, at_ms, store_id, epoch, seq`, ref.Store, ref.Epoch, ref.Seq, topic)
}

// LinksTo lists everything that was done to an entry.
func (tx *Tx) LinksTo(ref EntryKey) (all []Link, err error) {
	for _, topic := range []LinkTopic{LinkReturn, LinkSettle, LinkReverse} {
		links, err := tx.Links(topic, ref)
		if err != nil {
			return nil, err
		}
		all = append(all, links...)
	}
	return all, nil
}

// Awaited are the entries of one life of a log that others name although they have not been posted.
func (tx *Tx) Awaited(id loyalty.StoreID, epoch loyalty.Epoch) ([]loyalty.Seq, error) {
	all, err := collect(tx, func(scan func(...any) error) (seq loyalty.Seq, err error) {
		err = scan(&seq)
		return seq, err
	}, `SELECT ref_seq FROM entry_link WHERE ref_store = $1 AND ref_epoch = $2 AND waiting = 1 ORDER BY ref_seq`, id, epoch)
	return slices.Compact(all), err
}

// Came says that an entry has arrived that others named before.
func (tx *Tx) Came(ref EntryKey) error {
	return tx.exec(`UPDATE entry_link SET waiting = 0 WHERE ref_store = $1 AND ref_epoch = $2 AND ref_seq = $3 AND waiting = 1`,
		ref.Store, ref.Epoch, ref.Seq)
}
