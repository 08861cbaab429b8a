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

// Went is the entry by which a member has gone; nil when he has not.
func (tx *Tx) Went(id loyalty.MemberID) (*Merge, error) {
	return tx.WentBefore(id, Place{Day: lastDay})
}

// WentBefore is the entry by which a member has gone before a place: the first by which he goes to one who has not gone himself by
// then. nil when he has not. Each asks only of those before it.
func (tx *Tx) WentBefore(id loyalty.MemberID, before Place) (*Merge, error) {
	all, err := tx.Merges(id)
	for i := range all {
		m := &all[i]
		if err != nil || !m.Place.Before(before) {
			break
		}
		var other *Merge
		if other, err = tx.WentBefore(m.Into, m.Place); err == nil && other == nil {
			return m, nil
		}
	}
	return nil, err
}

// PartsOf are the members whom entries make part of another.
func (tx *Tx) PartsOf(into loyalty.MemberID) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT DISTINCT gone_id FROM member_merge WHERE into_id = $1 ORDER BY gone_id`, into)
}

// reasonGone blocks the cards of a member as long as he is part of another.
const reasonGone = "its member became part of another"

// GoMember ends a member who became part of another and blocks his cards, or takes both back.
func (tx *Tx) GoMember(id loyalty.MemberID, gone bool) error {
	status := MemberActive
	if gone {
		status = MemberErased
	}
	cards, err := tx.Cards(id)
	if err == nil {
		err = tx.exec(`UPDATE member SET status = $2 WHERE member_id = $1 AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.member_id = member.member_id)`, id, status)
	}
	for _, c := range cards {
		if gone && err == nil {
			err = tx.BlockCard(c.ID, reasonGone)
		}
		if !gone && err == nil {
			err = tx.UnblockCard(c.ID, reasonGone)
		}
	}
	if err == nil {
		err = tx.touchMember(id)
	}
	if err != nil {
		return fmt.Errorf("end member %d: %w", id, err)
	}
	return nil
}

// UnblockCard takes a card off the hot list that is on it for one reason.
func (tx *Tx) UnblockCard(id loyalty.CardID, reason string) error {
	n, err := tx.changed(`DELETE FROM hot WHERE card_id = $1 AND reason = $2`, id[:], reason)
	if err == nil && n > 0 {
		err = tx.touchFeed(TopicHot, 0, id.String())
	}
	return err
}

// PlaceNumbers puts the printed numbers that were entered for one member under another, or under himself.
func (tx *Tx) PlaceNumbers(registered, under loyalty.MemberID) error {
	had, err := collect(tx, scanMemberID, `SELECT DISTINCT member_id FROM number WHERE registered_id = $1 AND member_id <> $2 ORDER BY member_id`, registered, under)
	if err == nil && len(had) > 0 {
		err = tx.exec(`UPDATE number SET member_id = $2 WHERE registered_id = $1`, registered, under)
		had = append(had, under)
	}
	for _, id := range had {
		if err == nil {
			err = tx.touchMember(id)
		}
	}
	if err != nil {
		return fmt.Errorf("numbers of member %d: %w", registered, err)
	}
	return nil
}
