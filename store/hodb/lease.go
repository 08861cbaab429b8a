package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
)

// LeaseState says how far an allowance has come.
type LeaseState string

const (
	LeaseOpen    LeaseState = "open"
	LeaseReclaim LeaseState = "reclaim" // head office wants it back; the store has not said what it spent
	LeaseEnded   LeaseState = "ended"   // what was left is the member's again
)

// Lease is an allowance: points of a member that one life of a store may spend without asking.
type Lease struct {
	No      loyalty.LeaseNo  `json:"lease"`
	Member  loyalty.MemberID `json:"member"`
	Store   loyalty.StoreID  `json:"store"`
	Epoch   loyalty.Epoch    `json:"epoch"`
	Granted loyalty.Points   `json:"granted"`
	Used    loyalty.Points   `json:"used"`
	State   LeaseState       `json:"state"`
	Since   time.Time        `json:"since"`
	Ends    time.Time        `json:"ends"` // the store spends nothing of it from then on

	Automatic bool `json:"automatic,omitempty"` // given by the programme's policy
}

// Open is what of an allowance is neither spent nor returned.
func (l *Lease) Open() loyalty.Points {
	if l.State == LeaseEnded {
		return 0
	}
	return l.Granted - l.Used
}

// LeaseAccount is the member's account whose points a store may spend without asking.
func LeaseAccount(id loyalty.StoreID) AccountKind {
	return AccountKind("lease/" + strconv.FormatUint(uint64(id), 10))
}

// ErrLeased says that a store has an allowance of the member already.
var ErrLeased = errors.New("the store has an allowance of this member")

// Grant moves points of a member to a store's allowance and tells the store.
func (tx *Tx) Grant(l Lease) (Lease, error) {
	no, err := tx.draw("lease", 1)
	if err != nil {
		return l, fmt.Errorf("grant allowance: %w", err)
	}
	l.No, l.State, l.Since = loyalty.LeaseNo(no), LeaseOpen, tx.now
	n, err := tx.changed(`INSERT INTO lease (member_id, lease_no, store_id, epoch, granted, used, state, granted_at, ends_at, automatic)
		VALUES ($1, $2, $3, $4, $5, 0, 'open', $6, $7, $8) ON CONFLICT DO NOTHING`,
		l.Member, l.No, l.Store, l.Epoch, l.Granted, l.Since.UnixMilli(), l.Ends.UnixMilli(), b2i(l.Automatic))
	if err == nil && n == 0 {
		err = ErrLeased
	}
	if err == nil {
		err = tx.moveLease(&l, l.Granted)
	}
	if err == nil {
		err = tx.TouchLease(&l)
	}
	if err != nil {
		return l, fmt.Errorf("grant member %d's points to store %d: %w", l.Member, l.Store, err)
	}
	return l, nil
}

// moveLease writes both sides of what goes from a member's main account to an allowance, or back. The lots stay as they are.
func (tx *Tx) moveLease(l *Lease, points loyalty.Points) error {
	const insert = `INSERT INTO leg (owner_id, store_id, epoch, seq, leg_no, kind, unit, amount, reason, business_day, at_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'lease', '', $9)`
	if points == 0 {
		return nil
	}
	k, err := tx.OwnKey()
	if err != nil {
		return err
	}
	owner := MemberOwner(l.Member)
	for no, side := range []accountKey{{owner, Main, Points}, {owner, LeaseAccount(l.Store), Points}} {
		amount := points
		if side.kind == Main {
			amount = -points
		}
		if err := tx.exec(insert, owner, k.Store, k.Epoch, k.Seq, no, side.kind, Points, amount, tx.now.UnixMilli()); err != nil {
			return err
		}
		if err := tx.addToAccount(side, amount); err != nil {
			return err
		}
	}
	return tx.touchMember(l.Member)
}

// UseLease takes what a sale spent out of an allowance, where it then leaves the member like any other points. It gives what of
// it the allowance did hold.
func (tx *Tx) UseLease(l *Lease, points loyalty.Points) (loyalty.Points, error) {
	points = max(min(points, l.Open()), 0)
	if err := tx.exec(`UPDATE lease SET used = used + $3 WHERE member_id = $1 AND lease_no = $2`, l.Member, l.No, points); err != nil {
		return 0, fmt.Errorf("use allowance %d: %w", l.No, err)
	}
	l.Used += points
	return points, tx.moveLease(l, -points)
}

// EndLease gives what is left of an allowance back to the member. Nothing tells the store: its log said that it ended, or is closed.
func (tx *Tx) EndLease(l *Lease) error {
	if l.State == LeaseEnded {
		return nil
	}
	err := tx.moveLease(l, -l.Open())
	if err == nil {
		err = tx.setLease(l, LeaseEnded)
	}
	if err == nil {
		err = tx.exec(`DELETE FROM feed WHERE topic = $1 AND key = $2`, TopicLease, leaseKey(l))
	}
	if err != nil {
		return fmt.Errorf("end allowance %d: %w", l.No, err)
	}
	return nil
}

// ReclaimLease asks the store to end an allowance.
func (tx *Tx) ReclaimLease(l *Lease) error {
	err := tx.setLease(l, LeaseReclaim)
	if err == nil {
		err = tx.TouchLease(l)
	}
	return err
}

func (tx *Tx) setLease(l *Lease, state LeaseState) error {
	l.State = state
	return tx.exec(`UPDATE lease SET state = $3 WHERE member_id = $1 AND lease_no = $2`, l.Member, l.No, state)
}

// ExtendLease lets an allowance last until a later moment.
func (tx *Tx) ExtendLease(l *Lease, ends time.Time) error {
	l.Ends = ends
	err := tx.exec(`UPDATE lease SET ends_at = $3 WHERE member_id = $1 AND lease_no = $2`, l.Member, l.No, ends.UnixMilli())
	if err == nil {
		err = tx.TouchLease(l)
	}
	return err
}

func leaseKey(l *Lease) string { return fmt.Sprintf("%d/%d", l.Member, l.No) }

// ParseLeaseKey reads what the feed calls an allowance.
func ParseLeaseKey(key string) (member loyalty.MemberID, no loyalty.LeaseNo, err error) {
	_, err = fmt.Sscanf(key, "%d/%d", &member, &no)
	return member, no, err
}

// TouchLease tells the store of its allowance once more.
func (tx *Tx) TouchLease(l *Lease) error { return tx.touchFeed(TopicLease, l.Store, leaseKey(l)) }

// TouchLeases tells a store of all its allowances once more.
func (tx *Tx) TouchLeases(id loyalty.StoreID) error {
	keys, err := collect(tx, func(scan func(...any) error) (key string, err error) {
		err = scan(&key)
		return key, err
	}, `SELECT key FROM feed WHERE topic = $1 AND store_id = $2 ORDER BY feed_seq`, TopicLease, id)
	if err != nil {
		return fmt.Errorf("allowances of store %d: %w", id, err)
	}
	return tx.touchAll(TopicLease, id, keys)
}

const selectLease = `SELECT lease_no, member_id, store_id, epoch, granted, used, state, granted_at, ends_at, automatic FROM lease`

func scanLease(scan func(...any) error) (l Lease, err error) {
	var since, ends int64
	err = scan(&l.No, &l.Member, &l.Store, &l.Epoch, &l.Granted, &l.Used, &l.State, &since, &ends, &l.Automatic)
	l.Since, l.Ends = time.UnixMilli(since).UTC(), time.UnixMilli(ends).UTC()
	return l, err
}

// Lease reads one allowance of a member.
func (tx *Tx) Lease(id loyalty.MemberID, no loyalty.LeaseNo) (*Lease, error) {
	return tx.readLease(no, ` WHERE member_id = $1 AND lease_no = $2`, id, no)
}

// FindLease reads an allowance by its number alone, whoever's it is.
func (tx *Tx) FindLease(no loyalty.LeaseNo) (*Lease, error) {
	return tx.readLease(no, ` WHERE lease_no = $1`, no)
}

func (tx *Tx) readLease(no loyalty.LeaseNo, where string, args ...any) (*Lease, error) {
	l, err := scanLease(tx.one(selectLease+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("allowance %d: %w", no, err)
	}
	return &l, nil
}

// Leases are the allowances of all stores that have not ended.
func (tx *Tx) Leases() ([]Lease, error) {
	return collect(tx, scanLease, selectLease+` WHERE state <> 'ended' ORDER BY lease_no`)
}

// Leased is what lies in a member's allowances, by the accounts.
func (tx *Tx) Leased(id loyalty.MemberID) (points loyalty.Points, err error) {
	err = tx.one(`SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM account WHERE owner_id = $1 AND kind LIKE 'lease/%' AND unit = $2`,
		MemberOwner(id), Points)(&points)
	return points, err
}

// SetAside is what of a member's points, and of those of who became part of him, is set aside for stores other than one: allowances,
// and what stores asked for. 0 leaves no store out.
func (tx *Tx) SetAside(id loyalty.MemberID, but loyalty.StoreID) (points loyalty.Points, err error) {
	who, err := tx.partsOf(id)
	for _, one := range who {
		var part loyalty.Points
		if err == nil {
			err = tx.one(`SELECT CAST((SELECT COALESCE(SUM(granted - used), 0) FROM lease WHERE member_id = $1 AND state <> 'ended' AND store_id <> $2)
				+ (SELECT COALESCE(SUM(points), 0) FROM asked WHERE member_id = $1 AND store_id <> $2 AND ends_at > $3) AS BIGINT)`,
				one, but, tx.now.UnixMilli())(&part)
		}
		points += part
	}
	if err != nil {
		return 0, fmt.Errorf("what is set aside of member %d: %w", id, err)
	}
	return points, nil
}

// partsOf is a member and all who became part of him, also by way of others.
func (tx *Tx) partsOf(id loyalty.MemberID) ([]loyalty.MemberID, error) {
	all := []loyalty.MemberID{id}
	for i := 0; i < len(all); i++ {
		parts, err := tx.PartsOf(all[i])
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			if !slices.Contains(all, part) { // two may be said to be part of each other
				all = append(all, part)
			}
		}
	}
	return all, nil
}
