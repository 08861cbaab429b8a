package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Lease is an allowance as head office tells of it.
type Lease struct {
	No      loyalty.LeaseNo
	Member  loyalty.MemberID
	Granted loyalty.Points
	Used    loyalty.Points // by entries that head office has
	Left    time.Duration  // how long it is good, from when the page was asked for
	Reclaim bool           // head office wants it back now
}

// leases are the allowances that head office has confirmed since the agent started. They are in no file: after a start nothing
// says how long the box was off, so they hold again only when head office has told how long they last (docs/head-office.md).
type leases struct {
	mu   sync.Mutex
	all  map[loyalty.MemberID]confirmed
	free bool // head office and this log agree: what the log spent is all that was spent
}

type confirmed struct {
	Lease
	until time.Time // with the reading of the monotonic clock, where the program's clock has one
}

// good says whether an allowance still holds, by the monotonic clock and by the wall clock too: the one may stand still while a
// box sleeps, the other may be set.
func (c *confirmed) good(now time.Time) bool {
	return now.Before(c.until) && now.Round(0).Before(c.until.Round(0))
}

func (l *leases) take(told Lease, asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[loyalty.MemberID]confirmed{}
	}
	l.all[told.Member] = confirmed{told, asked.Add(told.Left)}
}

func (l *leases) of(id loyalty.MemberID) (confirmed, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.all[id]
	return c, ok && l.free
}

// over lists those that are to be given back, in the order of their numbers.
func (l *leases) over(now time.Time) []Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.free {
		return nil
	}
	var list []Lease
	for _, c := range l.all {
		if c.Reclaim || !c.good(now) {
			list = append(list, c.Lease)
		}
	}
	slices.SortFunc(list, func(a, b Lease) int { return int(a.No - b.No) })
	return list
}

func (l *leases) forget(told Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[told.Member].No == told.No {
		delete(l.all, told.Member)
	}
}

// FreeLeases says whether allowances may be spent: only once head office has found its log and this one to be the same, and not while
// it holds them to differ. What this log has spent may else not be all that was spent.
func (db *DB) FreeLeases(free bool) {
	db.leases.mu.Lock()
	defer db.leases.mu.Unlock()
	db.leases.free = free
}

// LeaseLeft is an allowance as a sale may use it.
type LeaseLeft struct {
	No      loyalty.LeaseNo
	Granted loyalty.Points
	Left    loyalty.Points // 0: there is none
}

// Use is what a sale that drew so many points has to do with the allowance; nil for nothing.
func (l LeaseLeft) Use(member loyalty.MemberID, drawn loyalty.Points) *loyalty.LeaseUse {
	if part := min(drawn, l.Left); part > 0 {
		return &loyalty.LeaseUse{Lease: l.No, Member: member, Granted: l.Granted, Points: part}
	}
	return nil
}

// Lease is what this store may spend of a member's points without asking.
func (db *DB) Lease(ctx context.Context, id loyalty.MemberID) (LeaseLeft, error) {
	look := func(text string, args ...any) (*sql.Rows, error) {
		return db.ledger.Read().QueryContext(ctx, text, args...)
	}
	return db.readLease(look, id, db.now())
}

func (db *DB) readLease(look lookup, id loyalty.MemberID, now time.Time) (LeaseLeft, error) {
	c, ok := db.leases.of(id)
	if !ok || c.Reclaim || !c.good(now) {
		return LeaseLeft{}, nil
	}
	used, ended, err := leaseUsed(look, c.No)
	if err != nil || ended {
		return LeaseLeft{}, err
	}
	return LeaseLeft{No: c.No, Granted: c.Granted, Left: max(c.Granted-max(used, c.Used), 0)}, nil
}

func leaseUsed(look lookup, no loyalty.LeaseNo) (used loyalty.Points, ended bool, err error) {
	err = eachLease(look, func(u loyalty.LeaseUse, over bool) { used, ended = u.Points, over },
		`SELECT lease, member, granted, used, ended FROM lease WHERE lease = ?`, no)
	return used, ended, err
}

func eachLease(look lookup, each func(loyalty.LeaseUse, bool), text string, args ...any) error {
	rows, err := look(text, args...)
	if err != nil {
		return fmt.Errorf("read allowances: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var u loyalty.LeaseUse
		var ended bool
		if err := rows.Scan(&u.Lease, &u.Member, &u.Granted, &u.Points, &ended); err != nil {
			return fmt.Errorf("read allowances: %w", err)
		}
		each(u, ended)
	}
	return rows.Err()
}

// countLease keeps what is used of an allowance up to date with an entry. The table refuses more than was granted.
func countLease(tx *store.Tx, e *loyalty.Entry) error {
	use := e.Lease
	var used loyalty.Points
	if e.Sale != nil {
		if use = e.Sale.Lease; use != nil {
			used = use.Points
		}
	}
	if use == nil {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO lease (lease, member, granted, used, ended) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (lease) DO UPDATE SET used = used + excluded.used, ended = max(ended, excluded.ended)`,
		use.Lease, use.Member, use.Granted, used, e.Kind == loyalty.KindLease)
	if err != nil {
		return fmt.Errorf("count allowance %d: %w", use.Lease, err)
	}
	return nil
}

// EndLeases writes down that this log spends nothing more of allowances whose time is over or which head office wants back.
func (db *DB) EndLeases(ctx context.Context) error {
	for _, over := range db.leases.over(db.now()) {
		err := db.endLease(ctx, over)
		if err != nil {
			return fmt.Errorf("end allowance %d: %w", over.No, err)
		}
		db.leases.forget(over)
	}
	return nil
}

func (db *DB) endLease(ctx context.Context, over Lease) error {
	txn := loyalty.LeaseEndTxn(over.No)
	if _, err := db.EntryByTxn(ctx, txn); !errors.Is(err, ErrNotFound) {
		return err
	}
	_, err := db.Append(ctx, Commit{Txn: txn, EndsLease: over.No, Build: func(head loyalty.EntryHead, used Tally) (loyalty.Entry, error) {
		e := head.Entry(loyalty.KindLease)
		e.Lease = &loyalty.LeaseUse{Lease: over.No, Member: over.Member, Granted: over.Granted, Points: used.LeaseUsed}
		return e, nil
	}})
	return err
}

// leases compares what is used with what the entries make it.
func (v *verifier) leases(look lookup) error {
	err := eachLease(look, func(u loyalty.LeaseUse, ended bool) {
		if want := v.used.leases[u.Lease]; want.Points != u.Points || want.Ended != ended {
			v.find(FindTally, 0, "%d points of allowance %d are used (ended: %t), the entries say %d (%t)", u.Points, u.Lease, ended, want.Points, want.Ended)
		}
		delete(v.used.leases, u.Lease)
	}, `SELECT lease, member, granted, used, ended FROM lease`)
	for no, use := range v.used.leases {
		v.find(FindTally, 0, "nothing is kept of allowance %d, the entries say %d points", no, use.Points)
	}
	return err
}

// leaseUses is what entries make of allowances, in memory.
type leaseUses map[loyalty.LeaseNo]leaseSum

type leaseSum struct {
	loyalty.LeaseUse
	Ended bool `json:"ended,omitempty"`
}

func (l leaseUses) add(e *loyalty.Entry) {
	use := e.Lease
	if e.Sale != nil {
		use = e.Sale.Lease
	}
	if use == nil {
		return
	}
	sum := leaseSum{*use, e.Kind == loyalty.KindLease}
	if sum.Ended {
		sum.Points = 0 // the sales have said it
	}
	before := l[use.Lease]
	sum.Points, sum.Ended = sum.Points+before.Points, sum.Ended || before.Ended
	l[use.Lease] = sum
}

// rewriteLeases makes the table anew.
func rewriteLeases(tx *store.Tx, all leaseUses) error {
	if _, err := tx.Exec(`DELETE FROM lease`); err != nil {
		return err
	}
	for _, u := range all {
		if _, err := tx.Exec(`INSERT INTO lease (lease, member, granted, used, ended) VALUES (?, ?, ?, ?, ?)`, u.Lease, u.Member, u.Granted, u.Points, u.Ended); err != nil {
			return err
		}
	}
	return nil
}
