package agentdb

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Commit is one entry on its way into the log, with all that must become durable together with it.
type Commit struct {
	Txn         loyalty.TxnID
	RequestHash [32]byte // digest of what the caller asked for: the same key with another digest is a conflict
	ExpectDay   string   // the business day that the caller counted on; empty takes any
	// Build makes the entry from its place in the log and what is used up before it. It runs inside the transaction, perhaps
	// more than once: it must be pure and fast.
	Build func(loyalty.EntryHead, Tally) (loyalty.Entry, error)
	// GiftCards is the serials of the cards that Build is told of.
	GiftCards []string
	// Member is whose redemptions of the day, without a purse, Build is told of; 0: nobody's.
	Member loyalty.MemberID
	// Newest is the member's newest entry here that the caller has counted in (State.Newest). With a newer one in the log the
	// member is not what the caller took them for: ErrMoved.
	Newest loyalty.Seq
	// Advances has Build told what this store gave Member and has not sent; with an Intent, what the sale has held of it.
	Advances bool
	// EndsLease is the allowance of whose use Build is told.
	EndsLease loyalty.LeaseNo
	// Enrols has Build told of the last member that this log made.
	Enrols bool
	// Jobs makes the print jobs that come with the entry; nil for none. The same rules as for Build.
	Jobs func(*loyalty.Entry) ([]NewJob, error)
	// Intent settles the card intent of this Txn: IntentDone or IntentCancelled; empty when no card was debited.
	Intent IntentState
	// Returns is how many returns of the same sale a return counted in; others in the log by now are ErrReturned.
	Returns int
	// CouponsElsewhere is how often other stores used a sale's coupons, by serial, as its maker counted in.
	CouponsElsewhere map[string]int64
	// Of is the earlier entry whose followers Build is told of: payments of a sale, the end of a reservation.
	Of loyalty.EntryRef
	// Deed is the activity of which Build is told what was done before.
	Deed Deed
}

// Committed is an entry that is on disk.
type Committed struct {
	Entry       loyalty.Entry
	Body        []byte // the bytes that were hashed
	Hash        store.Hash
	RequestHash [32]byte // zero for an entry that was fetched from head office
	JobIDs      []int64
	Replayed    bool // was there before
}

// Append makes one entry durable, in one transaction with its chain value, its effect on members, its print jobs and the
// end of its card intent. A transaction id that is known with the same request gives the stored answer; with another
// request it is ErrConflict.
func (db *DB) Append(ctx context.Context, c Commit) (Committed, error) {
	var out Committed
	err := db.write(ctx, func(tx *store.Tx) error {
		known, err := db.replay(tx, c.Txn, c.RequestHash)
		if err != nil || known != nil {
			out = valueOr(known)
			return err
		}
		out, err = db.append(tx, c)
		return err
	})
	if err != nil {
		return Committed{}, fmt.Errorf("append %s: %w", c.Txn, err)
	}
	if !out.Replayed {
		db.signal()
	}
	return out, nil
}

func valueOr(c *Committed) Committed {
	if c == nil {
		return Committed{}
	}
	return *c
}

func (db *DB) append(tx *store.Tx, c Commit) (Committed, error) {
	t, err := db.readTip(tx)
	if err != nil {
		return Committed{}, err
	}
	day, err := db.nextDay(t, tx.Now)
	if err != nil {
		return Committed{}, err
	}
	if c.ExpectDay != "" && c.ExpectDay != day {
		return Committed{}, fmt.Errorf("%w: it is %s", ErrDayChanged, day)
	}
	if t, err = db.closeBefore(tx, t, day); err != nil {
		return Committed{}, err
	}
	if err := hasMoved(tx, c.Member, c.Newest); err != nil {
		return Committed{}, err
	}
	head := db.newEntry(t, c.Txn, day, tx.Now)
	used, err := db.readUsed(tx, &c, day)
	if err != nil {
		return Committed{}, err
	}
	e, err := c.Build(loyalty.EntryHead{Store: head.Store, Epoch: head.Epoch, Seq: head.Seq, Txn: head.Txn, Day: head.Day, At: head.At}, used)
	if err != nil {
		return Committed{}, err
	}
	if e.Kind == loyalty.KindClose || e.V != head.V || e.Store != head.Store || e.Epoch != head.Epoch ||
		e.Seq != head.Seq || e.Txn != head.Txn || e.Day != head.Day || e.At != head.At {
		return Committed{}, fmt.Errorf("entry %d was built with another head", head.Seq)
	}
	if err := claimCoupons(tx, c.Txn, couponsOf(&e, c.CouponsElsewhere)); err != nil {
		return Committed{}, err
	}
	if err := checkVoid(tx, &e); err != nil {
		return Committed{}, err
	}
	if err := checkReturn(tx, &e, c.Returns); err != nil {
		return Committed{}, err
	}
	out, err := db.insert(tx, t, e, c.RequestHash[:])
	if err != nil {
		return Committed{}, err
	}
	if err := settleIntent(tx, c.Txn, c.Intent, e.Seq); err != nil {
		return Committed{}, err
	}
	if c.Jobs != nil {
		out.JobIDs, err = addJobs(tx, &out.Entry, c.Jobs)
	}
	return out, err
}

// readUsed reads, inside the transaction, all that an entry is built from.
func (db *DB) readUsed(tx *store.Tx, c *Commit, day string) (Tally, error) {
	used, err := readTally(tx.Query, c.Txn, c.GiftCards)
	if err == nil {
		used.Redeemed, err = readRedeemed(tx.Query, memberDay{day, c.Member})
	}
	if err == nil {
		used.Followers, err = readFollowers(tx.Query, c.Of)
	}
	if err == nil {
		used.Returns, err = readReturns(tx.Query, c.Of)
	}
	if err == nil {
		err = used.readDeed(tx.Query, c.Deed)
	}
	if err == nil && c.Advances {
		used.Advance, err = c.advance(tx.Query, day)
	}
	if err == nil && c.Member != 0 {
		used.Lease, err = db.readLease(tx.Query, c.Member, tx.Now)
	}
	if err == nil && c.EndsLease != 0 {
		used.LeaseUsed, _, err = leaseUsed(tx.Query, c.EndsLease)
	}
	if err == nil && c.Enrols {
		err = tx.QueryRow(selectEnrolled, nil, &used.Enrolled)
	}
	return used, err
}

// ErrMoved says that a member did something here meanwhile: read them again.
var ErrMoved = errors.New("the member has moved on")

// hasMoved says whether the log has an entry of a member behind the one that a caller knows.
func hasMoved(tx *store.Tx, id loyalty.MemberID, known loyalty.Seq) error {
	if id == 0 {
		return nil
	}
	var moved bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM pending WHERE member = ? AND seq > ?)`, []any{id, known}, &moved)
	if err == nil && moved {
		err = ErrMoved
	}
	return err
}

func (c *Commit) advance(look lookup, day string) (Advance, error) {
	if c.Intent != "" {
		return heldAdvance(look, c.Txn)
	}
	return readAdvance(look, advanceFor{c.Txn, c.Member, day})
}

// newEntry fills in what an entry's place in the log decides.
func (db *DB) newEntry(t tip, txn loyalty.TxnID, day string, now time.Time) loyalty.Entry {
	return loyalty.Entry{V: 1, Store: db.Store(), Epoch: db.Epoch(), Seq: t.seq + 1, Txn: txn, Day: day,
		At: db.calendar.Local(now)}
}

// insert writes the entry and everything that follows from its bytes alone. A nil request marks an entry from head office.
func (db *DB) insert(tx *store.Tx, t tip, e loyalty.Entry, request []byte) (Committed, error) {
	sealed, err := db.seal(&e)
	if err != nil {
		return Committed{}, err
	}
	body, err := sealed.Encode()
	if err != nil {
		return Committed{}, err
	}
	hash := t.hash.Next(body)
	out := Committed{Entry: e, Body: body, Hash: hash}
	copy(out.RequestHash[:], request)
	return out, db.insertBody(tx, &out.Entry, body, hash, request)
}

// insertBody writes an entry's row and what is derived from it: pending effect, card record, coupons, returns, what is used
// up, lost card, advance, closed day.
func (db *DB) insertBody(tx *store.Tx, e *loyalty.Entry, body []byte, hash store.Hash, request []byte) error {
	var ref any
	if e.Ref != 0 {
		ref = e.Ref
	}
	_, err := tx.Exec(`INSERT INTO entry (seq, txn, request, kind, day, member, ref, body, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, e.Txn[:], nullBytes(request), string(e.Kind), e.Day, e.Member, ref, body, hash[:])
	if err != nil {
		return fmt.Errorf("insert entry %d: %w", e.Seq, err)
	}
	if err := db.insertPending(tx, e); err != nil {
		return fmt.Errorf("insert pending of entry %d: %w", e.Seq, err)
	}
	if err := insertRecords(tx, e); err != nil {
		return err
	}
	if err := insertMarks(tx, e); err != nil {
		return err
	}
	if err := insertFollow(tx, e); err != nil {
		return err
	}
	if err := insertLost(tx, e); err != nil {
		return err
	}
	if err := insertAdvance(tx, e); err != nil {
		return err
	}
	if err := db.count(tx, e); err != nil {
		return err
	}
	if e.Kind == loyalty.KindClose {
		if err := insertDay(tx, e); err != nil {
			return fmt.Errorf("insert day of entry %d: %w", e.Seq, err)
		}
	}
	return nil
}

func nullBytes(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// effect is what one entry changes for one member.
type effect struct {
	member loyalty.MemberID
	points loyalty.Points // of the main wallet
}

// effects lists the members that an entry touches, in the order of their numbers.
func effects(e *loyalty.Entry) []effect {
	var out []effect
	add := func(m loyalty.MemberID, points loyalty.Points) {
		i, found := slices.BinarySearchFunc(out, m, func(x effect, m loyalty.MemberID) int { return int(x.member - m) })
		if !found {
			out = slices.Insert(out, i, effect{member: m})
		}
		out[i].points += points
	}
	if e.Member != 0 {
		add(e.Member, 0) // also a sale without points counts, for visits and tiers
	}
	side := func(account string, points loyalty.Points) {
		if member, wallet, ok := loyalty.AccountWallet(account); ok {
			if wallet != loyalty.MainWallet {
				points = 0
			}
			add(member, points)
		}
		if member, _, ok := loyalty.AccountStampCard(account); ok {
			add(member, 0)
		}
	}
	for _, m := range e.Moves {
		side(m.From, -m.Points)
		side(m.To, m.Points)
	}
	return out
}

// replay looks a transaction id up inside the transaction; nil when it is new.
func (db *DB) replay(tx *store.Tx, txn loyalty.TxnID, request [32]byte) (*Committed, error) {
	if txn.IsZero() {
		return nil, errors.New("transaction id is missing")
	}
	var row entryRow
	err := tx.QueryRow(selectByTxn, []any{txn[:]}, row.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	c, err := db.committed(&row)
	if err != nil {
		return nil, err
	}
	// An entry fetched back from head office has lost its request's digest; its key alone must do.
	if row.request != nil && subtle.ConstantTimeCompare(c.RequestHash[:], request[:]) != 1 {
		return nil, ErrConflict
	}
	c.Replayed = true
	rows, err := tx.Query(selectJobIDs, c.Entry.Seq)
	if err != nil {
		return nil, err
	}
	c.JobIDs, err = scanIDs(rows)
	return &c, err
}

const (
	selectByTxn  = `SELECT request, body, hash FROM entry WHERE txn = ?`
	selectJobIDs = `SELECT id FROM print_job WHERE entry_seq = ? AND copy_no = 1 ORDER BY id`
)

// entryRow is a stored entry as selectByTxn and its like read it.
type entryRow struct{ request, body, hash []byte }

func (r *entryRow) dest() []any { return []any{&r.request, &r.body, &r.hash} }

// committed reads a stored entry, with what is private of it.
func (db *DB) committed(r *entryRow) (Committed, error) {
	e, err := decodeStored(r.body)
	if err == nil {
		err = db.open(db.registers(context.Background()), e)
	}
	if err != nil {
		return Committed{}, err
	}
	hash, err := store.HashFromBytes(r.hash)
	if err != nil {
		return Committed{}, err
	}
	c := Committed{Entry: *e, Body: r.body, Hash: hash}
	copy(c.RequestHash[:], r.request)
	return c, nil
}

func scanIDs(rows *sql.Rows) ([]int64, error) {
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// EntryByTxn gives what was committed under a transaction id, the same as Append answered; ErrNotFound when nothing was.
func (db *DB) EntryByTxn(ctx context.Context, txn loyalty.TxnID) (Committed, error) {
	return db.entry(ctx, selectByTxn, txn[:])
}

// EntryBySeq gives the entry with this number.
func (db *DB) EntryBySeq(ctx context.Context, seq loyalty.Seq) (Committed, error) {
	return db.entry(ctx, `SELECT request, body, hash FROM entry WHERE seq = ?`, seq)
}

// EntryToldAgain is the entry that stood at a place of an earlier life of this log, before a fork was decided; ErrNotFound when none did.
func (db *DB) EntryToldAgain(ctx context.Context, was loyalty.EntryRef) (Committed, error) {
	return db.entry(ctx, `SELECT request, body, hash FROM entry WHERE body <> x'' AND CAST(body AS TEXT) ->> '$.was.seq' = ?
		AND CAST(body AS TEXT) ->> '$.was.epoch' = ? AND CAST(body AS TEXT) ->> '$.was.store' = ?`, was.Seq, was.Epoch, was.Store)
}

func (db *DB) entry(ctx context.Context, text string, keys ...any) (Committed, error) {
	var row entryRow
	err := db.ledger.Read().QueryRowContext(ctx, text, keys...).Scan(row.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return Committed{}, fmt.Errorf("entry: %w", ErrNotFound)
	}
	if err != nil {
		return Committed{}, fmt.Errorf("read entry: %w", err)
	}
	c, err := db.committed(&row)
	if err != nil {
		return Committed{}, err
	}
	rows, err := db.ledger.Read().QueryContext(ctx, selectJobIDs, c.Entry.Seq)
	if err != nil {
		return Committed{}, fmt.Errorf("read print jobs of entry %d: %w", c.Entry.Seq, err)
	}
	c.JobIDs, err = scanIDs(rows)
	return c, err
}
