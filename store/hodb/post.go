package hodb

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
)

// Owner of an account: a member above zero, a store below.
type Owner int64

// HeadOffice owns what belongs to no member and no one store, such as what is left on a gift card.
const HeadOffice Owner = -1 << 32

// MemberOwner and StoreOwner make owners.
func MemberOwner(id loyalty.MemberID) Owner { return Owner(id) }
func StoreOwner(id loyalty.StoreID) Owner   { return -Owner(id) }

// AccountKind is what an owner keeps points for. The programme's accounts are kept per store, so that no row is every
// store's.
type AccountKind string

const (
	Main     AccountKind = "main"     // a member's points that are not on a card
	OnCard   AccountKind = "card"     // a member's points in a purse or in vouchers on their way
	Issued   AccountKind = "issued"   // what a store gave out, below zero
	Redeemed AccountKind = "redeemed" // what a store took back
	Expired  AccountKind = "expired"  // what ended unspent
	Reserved AccountKind = "reserved" // a member's points that are set aside
	Suspense AccountKind = "suspense" // what a store said and head office does not find
)

// Points is the unit of the main wallet. Other wallets, and money on gift cards, have units of their own.
const Points = "points"

// Leg is one side of a movement.
type Leg struct {
	Owner  Owner
	Kind   AccountKind
	Unit   string // empty: Points
	Amount loyalty.Points
	Reason string
	// Of points that come to a member, or leave him:
	Lot                     loyalty.LotID
	Earned, Expires, Usable string
}

// Posting is what one entry does to accounts. At head office a member's entries count in the order of day, time, store,
// epoch and number, whenever they arrive.
type Posting struct {
	Key    EntryKey
	Day    string
	At     time.Time
	Member loyalty.MemberID // whose entry it is
	Legs   []Leg
}

// Poster collects the postings of a batch and writes each account once.
type Poster struct {
	// Apart is the first day that rules may ask for by itself when a member's newest entry is of a day; nil: none is.
	Apart func(day string) string
	Idle  Idle // nil: nothing ends because nobody buys

	tx       *Tx
	days     days
	members  map[loyalty.MemberID]*Member // read in this batch; nil: not in the register
	accounts map[accountKey]loyalty.Points
	fresh    map[loyalty.MemberID][]effect
	folded   []loyalty.MemberID // in this batch, once or more
	short    []loyalty.MemberID // of them, those with entries that may have taken more than there was
}

type accountKey struct {
	owner Owner
	kind  AccountKind
	unit  string
}

// NewPoster begins a batch.
func (tx *Tx) NewPoster() (*Poster, error) {
	days, err := tx.days()
	return &Poster{tx: tx, days: days, members: map[loyalty.MemberID]*Member{}, accounts: map[accountKey]loyalty.Points{},
		fresh: map[loyalty.MemberID][]effect{}}, err
}

// Begun is the last day that had begun with the batch; empty for none.
func (p *Poster) Begun() string { return p.days.begun }

// Member reads a member once per batch; nil when he is not in the register.
func (p *Poster) Member(id loyalty.MemberID) (*Member, error) {
	if m, read := p.members[id]; read {
		return m, nil
	}
	m, err := p.tx.Member(id)
	if errors.Is(err, ErrNotFound) {
		m, err = nil, nil
	}
	if err == nil {
		p.members[id] = m
	}
	return m, err
}

// Expect reads members together, with their pasts, who will be asked for one by one.
func (p *Poster) Expect(ids []loyalty.MemberID) error {
	found, err := p.tx.membersOf(ids)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	if err := recallPasts(found); err != nil {
		return err
	}
	for _, id := range ids {
		p.members[id] = nil
	}
	for _, m := range found {
		p.members[m.ID] = m
	}
	return nil
}

// UnbalancedError says that a posting would make or lose points: a fault of ours.
type UnbalancedError struct {
	Key  EntryKey
	Unit string
	Sum  loyalty.Points
}

func (e *UnbalancedError) Error() string {
	return fmt.Sprintf("posting of %v is off by %d %s", e.Key, e.Sum, e.Unit)
}

func (post *Posting) check() error {
	sums := map[string]loyalty.Points{}
	for i := range post.Legs {
		if post.Legs[i].Unit == "" {
			post.Legs[i].Unit = Points
		}
		sums[post.Legs[i].Unit] += post.Legs[i].Amount
	}
	for unit, sum := range sums {
		if sum != 0 {
			return &UnbalancedError{Key: post.Key, Unit: unit, Sum: sum}
		}
	}
	return nil
}

// Post writes the legs of one entry; legs of zero are left out. Balances and lots follow with Flush.
func (p *Poster) Post(post Posting) error { return p.post(post, 0, false) }

func (p *Poster) post(post Posting, first int, settled bool) error {
	if err := p.write(post, first); err != nil {
		return err
	}
	for _, leg := range post.Legs {
		if leg.Owner > 0 && leg.Amount != 0 {
			id := loyalty.MemberID(leg.Owner)
			p.note(id, effect{at: foldKey{day: post.Day, atMS: post.At.UnixMilli(), key: post.Key}, settled: settled, foreign: id != post.Member}, &leg)
		}
	}
	return nil
}

// write writes legs and notes what they do to balances.
func (p *Poster) write(post Posting, first int) error {
	if err := post.check(); err != nil {
		return err
	}
	k := post.Key
	for no, leg := range post.Legs {
		if leg.Amount == 0 {
			continue
		}
		if err := p.tx.later(legRows(), leg.Owner, k.Store, k.Epoch, k.Seq, first+no, leg.Kind, leg.Unit, leg.Amount, leg.Reason,
			post.Day, post.At.UnixMilli(), leg.Lot, leg.Earned, leg.Expires, leg.Usable); err != nil {
			return fmt.Errorf("post %v leg %d: %w", k, first+no, err)
		}
		p.accounts[accountKey{leg.Owner, leg.Kind, leg.Unit}] += leg.Amount
	}
	return nil
}

func legRows() bulk {
	return insertInto("leg", `owner_id, store_id, epoch, seq, leg_no, kind, unit, amount, reason, business_day, at_ms,
		lot, earned_on, expires_on, usable_on`, "")
}

// legPlace is all of a leg but its amount and reason: legs of one entry with one place are one movement.
type legPlace struct {
	owner                   Owner
	kind                    AccountKind
	unit                    string
	lot                     loyalty.LotID
	earned, expires, usable string
}

func (l *Leg) place() legPlace {
	return legPlace{l.Owner, l.Kind, l.Unit, l.Lot, l.Earned, l.Expires, l.Usable}
}

// Settle makes the legs of an entry that was posted before sum to what it means now: what lies between is written as legs of
// the same entry, and given. owners are those whose legs the entry may have beside those of the posting.
func (p *Poster) Settle(post Posting, owners ...Owner) ([]Leg, error) {
	if err := post.check(); err != nil {
		return nil, err
	}
	for _, leg := range post.Legs {
		if !slices.Contains(owners, leg.Owner) {
			owners = append(owners, leg.Owner)
		}
	}
	have, first, err := p.tx.legsOf(post.Key, owners)
	if err != nil {
		return nil, err
	}
	legs := make([]Leg, 0, len(post.Legs)+len(have))
	for _, leg := range append(post.Legs, have...) {
		i := slices.IndexFunc(legs, func(o Leg) bool { return o.place() == leg.place() })
		if i < 0 {
			i, legs = len(legs), append(legs, leg)
			legs[i].Amount = 0
		}
		legs[i].Amount += leg.Amount
	}
	post.Legs = legs
	return slices.DeleteFunc(slices.Clone(legs), func(l Leg) bool { return l.Amount == 0 }), p.post(post, first, true)
}

// legsOf reads the legs of an entry the other way round, with the number that the next one gets.
func (tx *Tx) legsOf(k EntryKey, owners []Owner) (legs []Leg, next int, err error) {
	for _, owner := range owners {
		all, err := collect(tx, func(scan func(...any) error) (l Leg, err error) {
			var no int
			l.Owner = owner
			err = scan(&no, &l.Kind, &l.Unit, &l.Amount, &l.Reason, &l.Lot, &l.Earned, &l.Expires, &l.Usable)
			l.Amount, next = -l.Amount, max(next, no+1)
			return l, err
		}, `SELECT leg_no, kind, unit, amount, reason, lot, earned_on, expires_on, usable_on FROM leg
			WHERE owner_id = $1 AND store_id = $2 AND epoch = $3 AND seq = $4 ORDER BY leg_no`, owner, k.Store, k.Epoch, k.Seq)
		if err != nil {
			return nil, 0, fmt.Errorf("legs of %v: %w", k, err)
		}
		legs = append(legs, all...)
	}
	return legs, next, nil
}

// note adds a leg to what the member's lots must follow: legs of one entry and one lot together.
func (p *Poster) note(id loyalty.MemberID, e effect, leg *Leg) {
	fresh := p.fresh[id]
	for i := len(fresh) - 1; i >= 0 && fresh[i].at == e.at; i-- {
		if fresh[i].lot == leg.Lot && fresh[i].unit == leg.Unit {
			fresh[i].add(leg)
			fresh[i].settled = fresh[i].settled || e.settled
			return
		}
	}
	e.unit, e.lot = leg.Unit, leg.Lot
	e.add(leg)
	p.fresh[id] = append(fresh, e)
}

// Ending has what ends of a member's points by the last day begun end, though nothing else was posted for him.
func (p *Poster) Ending(id loyalty.MemberID) error {
	m, err := p.Member(id)
	if err == nil && m != nil {
		m.ending = true
	}
	return err
}

// Refold has a member's lots follow all his entries anew: who he is part of, or since when, is another.
func (p *Poster) Refold(m *Member) { m.refold = true }

// Fold brings lots and pasts up to what was posted, and tells for whom points ended or came back by it. What was judged after
// the beginning of the day concerned has to be judged again, and folded again after that.
func (p *Poster) Fold() ([]Ended, error) {
	var all []Ended
	for _, id := range p.touched() {
		m, err := p.Member(id)
		if err == nil && m == nil {
			err = fmt.Errorf("member %d: %w", id, ErrNotFound)
		}
		var ended Ended
		if err == nil {
			ended, err = p.foldMember(m, p.fresh[id])
		}
		if err != nil {
			return nil, fmt.Errorf("fold lots: %w", err)
		}
		if ended.From.Day != "" {
			all = append(all, ended)
		}
		m.remembered, m.revised, m.ending, m.refold = false, false, false, false
		p.folded = append(p.folded, id)
		if m.overspent {
			p.short = append(p.short, id)
			m.overspent, m.overdrafts = false, true
		}
	}
	clear(p.fresh)
	return all, p.tx.allWritten() // of a member only once in a statement
}

// Flush folds what is left, brings balances up to what was posted, tells the stores, and names those members concerned who
// have a card: points of theirs may want to go there.
func (p *Poster) Flush() ([]loyalty.MemberID, error) {
	if _, err := p.Fold(); err != nil {
		return nil, err
	}
	accounts := slices.SortedFunc(maps.Keys(p.accounts), func(a, b accountKey) int { // one order, so that writers cannot deadlock
		return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.kind, b.kind), cmp.Compare(a.unit, b.unit))
	})
	rows := make([]any, 0, 4*len(accounts))
	for _, k := range accounts {
		rows = append(rows, k.owner, k.kind, k.unit, p.accounts[k])
	}
	if err := p.tx.write(accountRows(), 4, rows); err != nil {
		return nil, err
	}
	keys, carded := []string{}, []loyalty.MemberID{}
	slices.Sort(p.folded)
	for _, id := range slices.Compact(p.folded) {
		if keys = append(keys, memberKey(id)); p.members[id].carded {
			carded = append(carded, id)
		}
	}
	clear(p.accounts)
	clear(p.members)
	p.folded = nil
	return carded, p.tx.touchAll(TopicMember, 0, keys)
}

// touched is every member for whom something was posted since the last fold, or may end; rising.
func (p *Poster) touched() []loyalty.MemberID {
	var ids []loyalty.MemberID
	for id := range p.fresh {
		ids = append(ids, id)
	}
	for id, m := range p.members {
		if m != nil && (m.remembered || m.ending || m.refold) && p.fresh[id] == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func accountRows() bulk {
	return insertInto("account", "owner_id, kind, unit, balance",
		" ON CONFLICT (owner_id, kind, unit) DO UPDATE SET balance = account.balance + excluded.balance")
}

func (tx *Tx) addToAccount(k accountKey, amount loyalty.Points) error {
	if err := tx.write(accountRows(), 4, []any{k.owner, k.kind, k.unit, amount}); err != nil {
		return fmt.Errorf("account %d %s: %w", k.owner, k.kind, err)
	}
	return nil
}

// Balances of a member: not on a card, and on one.
func (tx *Tx) Balances(id loyalty.MemberID) (main, card loyalty.Points, err error) {
	err = tx.one(`SELECT CAST(COALESCE(SUM(CASE kind WHEN 'main' THEN balance ELSE 0 END), 0) AS BIGINT),
			CAST(COALESCE(SUM(CASE kind WHEN 'card' THEN balance ELSE 0 END), 0) AS BIGINT)
		FROM account WHERE owner_id = $1 AND unit = $2`, MemberOwner(id), Points)(&main, &card)
	return main, card, err
}

// Everyone stands for all owners together.
const Everyone Owner = 0

// Accounts sums up an owner's accounts by kind.
func (tx *Tx) Accounts(owner Owner) (map[AccountKind]int64, error) {
	type sum struct {
		kind    AccountKind
		balance int64
	}
	sums, err := collect(tx, func(scan func(...any) error) (s sum, err error) {
		err = scan(&s.kind, &s.balance)
		return s, err
	}, `SELECT kind, CAST(SUM(balance) AS BIGINT) FROM account WHERE unit = $1 AND (owner_id = $2 OR $2 = 0) GROUP BY kind`,
		Points, owner)
	out := make(map[AccountKind]int64, len(sums))
	for _, s := range sums {
		out[s.kind] = s.balance
	}
	return out, err
}

// Units are those in which a member has ever held something, in order.
func (tx *Tx) Units(id loyalty.MemberID) ([]string, error) {
	return collect(tx, func(scan func(...any) error) (unit string, err error) {
		err = scan(&unit)
		return unit, err
	}, `SELECT DISTINCT unit FROM account WHERE owner_id = $1 ORDER BY unit`, MemberOwner(id))
}
