package hodb

import (
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
)

// Overdrawn is a store's account of points that members spent twice and the chain bears.
const Overdrawn AccountKind = "overdrawn"

// reasonOverdraft marks head office's own movements of such points.
const reasonOverdraft = "overdraft"

// Overdraft is a sale that took more of a member than there was, in the order in which entries count.
type Overdraft struct {
	EntryKey
	Member loyalty.MemberID
	Lane   int64
	Day    string
	Points loyalty.Points // that were not there
	Bears  string         // loyalty.BearsMember or BearsChain

	At    time.Time // of the sale; not kept
	Block bool      // the member's cards are to be blocked; not kept
}

// Policy says what an entry that took more than there was is: its lane, day and time, who bears it; false when it is none that counts.
type Policy func(EntryKey) (Overdraft, bool, error)

// Overdrafts tells which entries of a member took more than there was, and how much. Like the lots it does not depend on the order of
// arrival, nor on what was done about it: what the chain bears is taken as borne at once.
func (tx *Tx) Overdrafts(id loyalty.MemberID, idle Idle, policy Policy) (all []Overdraft, err error) {
	days, err := tx.days()
	if err != nil {
		return nil, err
	}
	effects, err := tx.effectsBut(id, Points, `'voucher', 'expire', '`+reasonOverdraft+`'`)
	if err != nil {
		return nil, err
	}
	went, err := tx.Went(id)
	if err != nil {
		return nil, err
	}
	owed := loyalty.Points(0)
	var failed error
	c := course{tx: tx, member: id, unit: Points, went: went, idle: idle, begun: days.begun}
	c.after = func(key EntryKey) {
		before := owed
		if owed = loyalty.Deficit(c.lots); owed <= before || failed != nil {
			return
		}
		o, counts, err := policy(key)
		if failed = err; err != nil || !counts {
			return
		}
		o.EntryKey, o.Member, o.Points = key, id, owed-before
		if all = append(all, o); o.Bears == loyalty.BearsChain {
			borne := effect{unit: Points, amount: o.Points}
			c.lots = loyalty.Apply(c.lots, borne.moves(id), id)
			owed = before
		}
	}
	if err := c.follow(effects); err != nil {
		return nil, err
	}
	return all, failed
}

// Short are the members, since it was last asked, with entries that may have taken more than there was, rising.
func (p *Poster) Short() []loyalty.MemberID {
	ids := p.short
	p.short = nil
	slices.Sort(ids)
	return slices.Compact(ids)
}

// KeepOverdraft enters an overdraft, or its new figures.
func (tx *Tx) KeepOverdraft(o Overdraft) error {
	err := tx.exec(`INSERT INTO overdraft (member_id, store_id, epoch, seq, lane, business_day, points, bears) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (member_id, store_id, epoch, seq) DO UPDATE SET points = excluded.points, bears = excluded.bears`,
		o.Member, o.Store, o.Epoch, o.Seq, o.Lane, o.Day, o.Points, o.Bears)
	if err != nil {
		return fmt.Errorf("overdraft of %v: %w", o.EntryKey, err)
	}
	return nil
}

// DropOverdraft takes back what turned out to be none, with its case.
func (tx *Tx) DropOverdraft(o Overdraft) error {
	err := tx.exec(`DELETE FROM overdraft WHERE member_id = $1 AND store_id = $2 AND epoch = $3 AND seq = $4`, o.Member, o.Store, o.Epoch, o.Seq)
	if err == nil {
		err = tx.exec(`DELETE FROM case_file WHERE store_id = $1 AND epoch = $2 AND seq = $3 AND kind = $4`, o.Store, o.Epoch, o.Seq, CaseOverdrawn)
	}
	if err != nil {
		return fmt.Errorf("overdraft of %v: %w", o.EntryKey, err)
	}
	return nil
}

// Bear posts points that the chain bears for a member, or takes them back, right behind the sale that took them. The store is charged.
func (p *Poster) Bear(o Overdraft, points loyalty.Points) error {
	key, err := p.tx.OwnKey()
	if err != nil {
		return err
	}
	return p.post(Posting{Key: key, Day: o.Day, At: o.At.Add(time.Millisecond), Member: o.Member, Legs: []Leg{
		{Owner: MemberOwner(o.Member), Kind: Main, Amount: points, Reason: reasonOverdraft},
		{Owner: StoreOwner(o.Store), Kind: Overdrawn, Amount: -points, Reason: reasonOverdraft}}}, 0, true)
}

const selectOverdraft = `SELECT member_id, store_id, epoch, seq, lane, business_day, points, bears FROM overdraft`

func scanOverdraft(scan func(...any) error) (o Overdraft, err error) {
	err = scan(&o.Member, &o.Store, &o.Epoch, &o.Seq, &o.Lane, &o.Day, &o.Points, &o.Bears)
	return o, err
}

// OverdraftsOf are those that are kept of a member.
func (tx *Tx) OverdraftsOf(id loyalty.MemberID) ([]Overdraft, error) {
	return collect(tx, scanOverdraft, selectOverdraft+` WHERE member_id = $1 ORDER BY store_id, epoch, seq`, id)
}

// AllOverdrafts are those that are kept, by store.
func (tx *Tx) AllOverdrafts() ([]Overdraft, error) {
	return collect(tx, scanOverdraft, selectOverdraft+` ORDER BY store_id, epoch, seq`)
}

// OpenOverdrafts counts the open cases of a member's overdrafts.
func (tx *Tx) OpenOverdrafts(id loyalty.MemberID) (open int64, err error) {
	all, err := tx.OverdraftsOf(id)
	for _, o := range all {
		var n int64
		if err == nil {
			err = tx.one(`SELECT COUNT(*) FROM case_file WHERE store_id = $1 AND epoch = $2 AND seq = $3 AND kind = $4 AND state = 'open'`,
				o.Store, o.Epoch, o.Seq, CaseOverdrawn)(&n)
		}
		open += n
	}
	return open, err
}

// OverdraftOfCase is the member whose overdraft a case is about; 0 for a case of another kind.
func (tx *Tx) OverdraftOfCase(store loyalty.StoreID, no int64) (loyalty.MemberID, error) {
	ids, err := collect(tx, scanMemberID, `SELECT o.member_id FROM case_file c JOIN overdraft o ON o.store_id = c.store_id AND o.epoch = c.epoch AND o.seq = c.seq
		WHERE c.store_id = $1 AND c.case_no = $2 AND c.kind = $3`, store, no, CaseOverdrawn)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ids[0], nil
}

// Redemptions counts the sales of each store that took points of members.
func (tx *Tx) Redemptions() (map[loyalty.StoreID]int64, error) {
	type sum struct {
		store loyalty.StoreID
		n     int64
	}
	sums, err := collect(tx, func(scan func(...any) error) (s sum, err error) {
		err = scan(&s.store, &s.n)
		return s, err
	}, `SELECT store_id, COUNT(*) FROM (SELECT store_id, epoch, seq FROM leg WHERE owner_id = -store_id AND store_id > 0 AND kind = $1 AND unit = $2
			GROUP BY store_id, epoch, seq HAVING SUM(amount) > 0) AS redeemed GROUP BY store_id`, Redeemed, Points)
	all := make(map[loyalty.StoreID]int64, len(sums))
	for _, s := range sums {
		all[s.store] = s.n
	}
	return all, err
}
