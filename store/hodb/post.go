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
	Suspense AccountKind = "suspense" // what a store said and head office does not find
)

// unitPoints is the one unit of today's programmes.
const unitPoints = "points"

// Leg is one side of a movement.
type Leg struct {
	Owner  Owner
	Kind   AccountKind
	Amount loyalty.Points
	Reason string
	// Of points that a member earns:
	Lot             loyalty.LotID
	Earned, Expires string
}

// Posting is what one entry does to accounts. At head office a member's entries count in the order of day, time, store,
// epoch and number, whenever they arrive.
type Posting struct {
	Key  EntryKey
	Day  string
	At   time.Time
	Legs []Leg
}

// Poster collects the postings of a batch and writes each account once.
type Poster struct {
	tx       *Tx
	members  map[loyalty.MemberID]*Member // read in this batch; nil: not in the register
	accounts map[accountKey]loyalty.Points
	fresh    map[loyalty.MemberID][]effect
}

type accountKey struct {
	owner Owner
	kind  AccountKind
}

// NewPoster begins a batch.
func (tx *Tx) NewPoster() *Poster {
	return &Poster{tx: tx, members: map[loyalty.MemberID]*Member{}, accounts: map[accountKey]loyalty.Points{},
		fresh: map[loyalty.MemberID][]effect{}}
}

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

// UnbalancedError says that a posting would make or lose points: a fault of ours.
type UnbalancedError struct {
	Key EntryKey
	Sum loyalty.Points
}

func (e *UnbalancedError) Error() string {
	return fmt.Sprintf("posting of %v is off by %d", e.Key, e.Sum)
}

// Post writes the legs of one entry; legs of zero are left out. Balances and lots follow with Flush.
func (p *Poster) Post(post Posting) error {
	const insert = `INSERT INTO leg (owner_id, store_id, epoch, seq, leg_no, kind, unit, amount, reason, business_day, at_ms,
		lot, earned_on, expires_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	sum := loyalty.Points(0)
	for _, leg := range post.Legs {
		sum += leg.Amount
	}
	if sum != 0 {
		return &UnbalancedError{Key: post.Key, Sum: sum}
	}
	k := post.Key
	for no, leg := range post.Legs {
		if leg.Amount == 0 {
			continue
		}
		if err := p.tx.exec(insert, leg.Owner, k.Store, k.Epoch, k.Seq, no, leg.Kind, unitPoints, leg.Amount, leg.Reason,
			post.Day, post.At.UnixMilli(), leg.Lot, leg.Earned, leg.Expires); err != nil {
			return fmt.Errorf("post %v leg %d: %w", k, no, err)
		}
		p.accounts[accountKey{leg.Owner, leg.Kind}] += leg.Amount
		if leg.Owner > 0 {
			id := loyalty.MemberID(leg.Owner)
			p.fresh[id] = append(p.fresh[id], effect{
				at:   foldKey{day: post.Day, atMS: post.At.UnixMilli(), key: k},
				move: leg.movement(id),
			})
		}
	}
	return nil
}

// movement is the leg as the rules see it: points that come to a member, or leave him.
func (l Leg) movement(id loyalty.MemberID) loyalty.Movement {
	if l.Amount > 0 {
		return loyalty.Movement{From: loyalty.AccountIssued, To: loyalty.AccountMain(id), Points: l.Amount,
			Lot: l.Lot, Earned: l.Earned, Expires: l.Expires}
	}
	return loyalty.Movement{From: loyalty.AccountMain(id), To: loyalty.AccountRedeemed, Points: -l.Amount, Lot: l.Lot}
}

// Flush brings balances and lots up to what was posted, tells the stores, and names those members concerned who have a
// card: points of theirs may want to go there.
func (p *Poster) Flush() ([]loyalty.MemberID, error) {
	accounts := slices.SortedFunc(maps.Keys(p.accounts), func(a, b accountKey) int { // one order, so that writers cannot deadlock
		return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.kind, b.kind))
	})
	for _, k := range accounts {
		if err := p.tx.addToAccount(k.owner, k.kind, p.accounts[k]); err != nil {
			return nil, err
		}
	}
	members := slices.Sorted(maps.Keys(p.fresh))
	keys, carded := make([]string, len(members)), []loyalty.MemberID{}
	for i, id := range members {
		m, err := p.Member(id)
		if err == nil && m == nil {
			err = fmt.Errorf("member %d: %w", id, ErrNotFound)
		}
		if err == nil {
			err = p.tx.foldMember(m, p.fresh[id])
		}
		if err != nil {
			return nil, fmt.Errorf("fold lots: %w", err)
		}
		if keys[i] = memberKey(id); m.carded {
			carded = append(carded, id)
		}
	}
	clear(p.accounts)
	clear(p.fresh)
	clear(p.members)
	return carded, p.tx.touchAll(TopicMember, 0, keys)
}

func (tx *Tx) addToAccount(owner Owner, kind AccountKind, amount loyalty.Points) error {
	err := tx.exec(`INSERT INTO account (owner_id, kind, unit, balance) VALUES ($1, $2, $3, $4)
		ON CONFLICT (owner_id, kind, unit) DO UPDATE SET balance = account.balance + excluded.balance`,
		owner, kind, unitPoints, amount)
	if err != nil {
		return fmt.Errorf("account %d %s: %w", owner, kind, err)
	}
	return nil
}

// Balances of a member: not on a card, and on one.
func (tx *Tx) Balances(id loyalty.MemberID) (main, card loyalty.Points, err error) {
	err = tx.one(`SELECT CAST(COALESCE(SUM(CASE kind WHEN 'main' THEN balance ELSE 0 END), 0) AS BIGINT),
			CAST(COALESCE(SUM(CASE kind WHEN 'card' THEN balance ELSE 0 END), 0) AS BIGINT)
		FROM account WHERE owner_id = $1 AND unit = $2`, MemberOwner(id), unitPoints)(&main, &card)
	return main, card, err
}

// ClaimTxn says whether this entry, of that moment, is the first of its store to tell a transaction; if not, first names
// the one that was.
func (tx *Tx) ClaimTxn(e *loyalty.Entry, at time.Time) (claimed bool, first EntryKey, err error) {
	n, err := tx.changed(`INSERT INTO posted_txn (store_id, txn_id, epoch, seq, kind, business_day, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (store_id, txn_id) DO NOTHING`, e.Store, e.Txn[:], e.Epoch, e.Seq, e.Kind, e.Day, at.UnixMilli())
	if err != nil || n > 0 {
		return n > 0, EntryKey{}, err
	}
	first.Store = e.Store
	err = tx.one(`SELECT epoch, seq FROM posted_txn WHERE store_id = $1 AND txn_id = $2`, e.Store, e.Txn[:])(&first.Epoch, &first.Seq)
	return false, first, err
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
		unitPoints, owner)
	out := make(map[AccountKind]int64, len(sums))
	for _, s := range sums {
		out[s.kind] = s.balance
	}
	return out, err
}
