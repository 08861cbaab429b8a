package hodb

import (
	"encoding/json"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// Referral is one of head office's own entries about a member whom another brought. By turns it pays who brought him and takes that
// back.
type Referral struct {
	Friend, Referrer loyalty.MemberID
	No               int   // from 0; an odd one takes back
	Place            Place // among the referrer's entries
	Claim, Sale      EntryKey
	Entry            *loyalty.Entry // as it was last judged; nil when it gives nothing
}

// firstReferral is the epoch of store 0 under which what the first entries about friends do is posted: vouchers have 0, what is entered
// as it comes has 1.
const firstReferral loyalty.Epoch = 2

// ReferralKey names an entry about a friend. It depends on nothing else, so that it is the same for any order of arrival.
func ReferralKey(friend loyalty.MemberID, no int) EntryKey {
	return EntryKey{Epoch: firstReferral + loyalty.Epoch(no), Seq: loyalty.Seq(friend)}
}

// OfReferral says whether an entry is one about a friend.
func (k EntryKey) OfReferral() bool { return k.Store == 0 && k.Epoch >= firstReferral }

// Same says whether two are about the same, at the same place.
func (r *Referral) Same(o *Referral) bool {
	return r.Referrer == o.Referrer && r.Place.fold() == o.Place.fold() && r.Claim == o.Claim && r.Sale == o.Sale
}

const selectReferral = `SELECT friend_id, no, referrer_id, business_day, at_ms, claim_store, claim_epoch, claim_seq, sale_store, sale_epoch,
	sale_seq, entry FROM referral`

func scanReferral(scan func(...any) error) (r Referral, err error) {
	var ms int64
	var entry string
	c, s := &r.Claim, &r.Sale
	if err = scan(&r.Friend, &r.No, &r.Referrer, &r.Place.Day, &ms, &c.Store, &c.Epoch, &c.Seq, &s.Store, &s.Epoch, &s.Seq, &entry); err != nil {
		return r, err
	}
	r.Place.At, r.Place.Key = time.UnixMilli(ms), ReferralKey(r.Friend, r.No)
	if entry != "" {
		r.Entry = &loyalty.Entry{}
		err = json.Unmarshal([]byte(entry), r.Entry)
	}
	return r, err
}

// Referrals are the entries about a friend, in order.
func (tx *Tx) Referrals(friend loyalty.MemberID) ([]Referral, error) {
	return collect(tx, scanReferral, selectReferral+` WHERE friend_id = $1 ORDER BY no`, friend)
}

// ReferralsOf are the entries that pay a member for whom he brought, and take that back, in the order in which they count.
func (tx *Tx) ReferralsOf(referrer loyalty.MemberID) ([]Referral, error) {
	return collect(tx, scanReferral, selectReferral+` WHERE referrer_id = $1 ORDER BY business_day, at_ms, no, friend_id`, referrer)
}

// PutReferral enters one, or what it was judged to do.
func (tx *Tx) PutReferral(r *Referral) error {
	entry := ""
	if r.Entry != nil {
		doc, err := json.Marshal(r.Entry)
		if err != nil {
			return err
		}
		entry = string(doc)
	}
	err := tx.exec(`INSERT INTO referral (friend_id, no, referrer_id, business_day, at_ms, claim_store, claim_epoch, claim_seq, sale_store,
			sale_epoch, sale_seq, entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (friend_id, no) DO UPDATE SET entry = excluded.entry`,
		r.Friend, r.No, r.Referrer, r.Place.Day, r.Place.At.UnixMilli(), r.Claim.Store, r.Claim.Epoch, r.Claim.Seq, r.Sale.Store, r.Sale.Epoch,
		r.Sale.Seq, entry)
	if err != nil {
		return fmt.Errorf("referral of member %d: %w", r.Friend, err)
	}
	return nil
}

// DropReferral forgets one.
func (tx *Tx) DropReferral(r *Referral) error {
	return tx.exec(`DELETE FROM referral WHERE friend_id = $1 AND no = $2`, r.Friend, r.No)
}

// Withdraw takes one of head office's own entries back as if it had never been.
func (p *Poster) Withdraw(m *Member, at Place) error {
	if _, err := p.Settle(Posting{Key: at.Key, Day: at.Day, At: at.At, Member: m.ID}, MemberOwner(m.ID), HeadOffice); err != nil {
		return err
	}
	m.past, m.remembered, m.revised = memory{}, true, true
	return p.tx.exec(`DELETE FROM member_entry WHERE member_id = $1 AND business_day = $2 AND at_ms = $3 AND store_id = $4 AND epoch = $5
		AND seq = $6`, m.ID, at.Day, at.At.UnixMilli(), at.Key.Store, at.Key.Epoch, at.Key.Seq)
}

// PutBrought notes who brought a member, and the day on which his goods have been kept long enough; empty when nothing waits.
func (tx *Tx) PutBrought(friend, referrer loyalty.MemberID, due string) error {
	return tx.exec(`INSERT INTO brought (friend_id, referrer_id, due_on) VALUES ($1, $2, $3)
		ON CONFLICT (friend_id) DO UPDATE SET referrer_id = excluded.referrer_id, due_on = excluded.due_on`, friend, referrer, due)
}

// BroughtDue are friends after a number whose goods have been kept long enough by a day; at most so many.
func (tx *Tx) BroughtDue(after loyalty.MemberID, day string, limit int) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT friend_id FROM brought WHERE due_on <> '' AND due_on <= $2 AND friend_id > $1
		ORDER BY friend_id LIMIT $3`, after, day, limit)
}

// WasBrought says whether anybody claimed to have brought a member.
func (tx *Tx) WasBrought(friend loyalty.MemberID) (was bool, err error) {
	err = tx.one(`SELECT EXISTS (SELECT 1 FROM brought WHERE friend_id = $1)`, friend)(&was)
	return was, err
}

// Brought are the friends in whose referral a member is one of the two.
func (tx *Tx) Brought(id loyalty.MemberID) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT friend_id FROM brought WHERE friend_id = $1 OR referrer_id = $1 ORDER BY friend_id`, id)
}

// Given is something that a member gave as proof of what he did. One entry of an activity counts it: the first that may.
type Given struct {
	Member   loyalty.MemberID
	Activity string
	Place    Place
	Counts   bool
}

// PutProof keeps a proof, and whether its entry counts.
func (tx *Tx) PutProof(proof string, p Given) error {
	counts := 0
	if p.Counts {
		counts = 1
	}
	k := p.Place.Key
	return tx.exec(`INSERT INTO proof (proof, member_id, activity, business_day, at_ms, store_id, epoch, seq, counts)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (proof, business_day, at_ms, store_id, epoch, seq) DO UPDATE SET counts = excluded.counts`,
		proof, p.Member, p.Activity, p.Place.Day, p.Place.At.UnixMilli(), k.Store, k.Epoch, k.Seq, counts)
}

// Proofs lists by whom and for what a proof was given, in the order in which it counts.
func (tx *Tx) Proofs(proof string) ([]Given, error) {
	return collect(tx, func(scan func(...any) error) (p Given, err error) {
		var ms, counts int64
		k := &p.Place.Key
		err = scan(&p.Member, &p.Activity, &p.Place.Day, &ms, &k.Store, &k.Epoch, &k.Seq, &counts)
		p.Place.At, p.Counts = time.UnixMilli(ms), counts != 0
		return p, err
	}, `SELECT member_id, activity, business_day, at_ms, store_id, epoch, seq, counts FROM proof WHERE proof = $1
		ORDER BY business_day, at_ms, store_id, epoch, seq`, proof)
}
