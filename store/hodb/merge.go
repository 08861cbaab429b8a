package hodb

import (
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// Merge is an entry that makes one member part of another.
type Merge struct {
	Gone, Into loyalty.MemberID
	Place      Place
}

// AddMerge enters one.
func (tx *Tx) AddMerge(m Merge) error {
	k, at := m.Place.Key, m.Place
	err := tx.exec(`INSERT INTO member_merge (gone_id, into_id, business_day, at_ms, store_id, epoch, seq) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		m.Gone, m.Into, at.Day, at.At.UnixMilli(), k.Store, k.Epoch, k.Seq)
	if err != nil {
		return fmt.Errorf("member %d goes by %v: %w", m.Gone, k, err)
	}
	return nil
}

// Merges lists the entries by which a member went, in the order in which they count.
func (tx *Tx) Merges(gone loyalty.MemberID) ([]Merge, error) {
	return collect(tx, func(scan func(...any) error) (m Merge, err error) {
		var ms int64
		m.Gone = gone
		k := &m.Place.Key
		err = scan(&m.Into, &m.Place.Day, &ms, &k.Store, &k.Epoch, &k.Seq)
		m.Place.At = time.UnixMilli(ms)
		return m, err
	}, `SELECT into_id, business_day, at_ms, store_id, epoch, seq FROM member_merge WHERE gone_id = $1
		ORDER BY business_day, at_ms, store_id, epoch, seq`, gone)
}
