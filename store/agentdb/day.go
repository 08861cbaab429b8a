package agentdb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// tip is the end of the log inside a transaction.
type tip struct {
	seq  loyalty.Seq
	hash store.Hash
	day  string
	kind loyalty.Kind
}

func (db *DB) readTip(tx *store.Tx) (tip, error) {
	var t tip
	var hash []byte
	err := tx.QueryRow(`SELECT seq, hash, day, kind FROM entry ORDER BY seq DESC LIMIT 1`, nil,
		&t.seq, &hash, &t.day, &t.kind)
	if errors.Is(err, sql.ErrNoRows) {
		return tip{hash: db.genesis}, nil
	}
	if err != nil {
		return tip{}, fmt.Errorf("read head: %w", err)
	}
	t.hash, err = store.HashFromBytes(hash)
	return t, err
}

// nextDay is the business day of the next entry: the calendar's, never before the last entry's, and after a close the
// day after the closed one at the earliest.
func (db *DB) nextDay(t tip, at time.Time) (string, error) {
	day := db.calendar.BusinessDay(at)
	floor := t.day
	if t.kind == loyalty.KindClose {
		next, err := store.NextDay(t.day)
		if err != nil {
			return "", err
		}
		floor = next
	}
	return max(day, floor), nil
}

// BusinessDay is the day that an entry committed at this instant would get.
func (db *DB) BusinessDay(ctx context.Context, at time.Time) (string, error) {
	var t tip
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT seq, day, kind FROM entry ORDER BY seq DESC LIMIT 1`).
		Scan(&t.seq, &t.day, &t.kind)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("business day: %w", err)
	}
	return db.nextDay(t, at)
}

// CloseDay says how to close the running business day.
type CloseDay struct {
	Txn         loyalty.TxnID
	RequestHash [32]byte
	Day         string // the day that the caller wants closed; empty is the running one
	Lane        loyalty.LaneID
	Cashier     string
	Staff       StaffNumber // who was signed in
	Jobs        func(*loyalty.Entry) ([]NewJob, error)
}

// CloseDay appends the close entry of the day of the last entry, with totals over every entry since the close before.
// ErrEmptyDay says that there is none, ErrDayChanged that the last entry is of another day than the one asked for.
func (db *DB) CloseDay(ctx context.Context, c CloseDay) (Committed, error) {
	var out Committed
	err := db.write(ctx, func(tx *store.Tx) error {
		known, err := db.replay(tx, c.Txn, c.RequestHash)
		if err != nil || known != nil {
			out = valueOr(known)
			return err
		}
		t, err := db.readTip(tx)
		if err != nil {
			return err
		}
		if t.seq == 0 || t.kind == loyalty.KindClose {
			return ErrEmptyDay
		}
		if c.Day != "" && c.Day != t.day {
			return fmt.Errorf("%w: the last entry is of %s", ErrDayChanged, t.day)
		}
		out, err = db.appendClose(tx, t, c)
		return err
	})
	if err != nil {
		return Committed{}, fmt.Errorf("close business day: %w", err)
	}
	if out.Replayed {
		return out, nil
	}
	db.signal()
	// The day is closed whether this succeeds or not; the next close tries again.
	if err := db.Checkpoint(ctx); err != nil {
		db.log.Warn().Err(err).Msg("write-ahead log not emptied after the close")
	}
	return out, nil
}

// appendClose writes the close of the tip's day, the day's row and its print jobs.
func (db *DB) appendClose(tx *store.Tx, t tip, c CloseDay) (Committed, error) {
	body, err := sumDay(tx, t)
	if err != nil {
		return Committed{}, err
	}
	e := db.newEntry(t, c.Txn, t.day, tx.Now)
	e.Kind, e.Lane, e.Cashier, e.Staff, e.Close = loyalty.KindClose, c.Lane, c.Cashier, c.Staff, body
	out, err := db.insert(tx, t, e, c.RequestHash[:])
	if err != nil {
		return Committed{}, err
	}
	if c.Jobs != nil {
		out.JobIDs, err = addJobs(tx, &out.Entry, c.Jobs)
	}
	return out, err
}

// closeBefore closes a day that ended without its close when the first entry of a later day comes, so that closes tile
// the log whatever people forget. Its transaction id follows from its place.
func (db *DB) closeBefore(tx *store.Tx, t tip, day string) (tip, error) {
	if t.seq == 0 || t.kind == loyalty.KindClose || t.day == day {
		return t, nil
	}
	txn := db.closeTxn(t.seq + 1)
	if _, err := db.appendClose(tx, t, CloseDay{Txn: txn, RequestHash: sha256.Sum256(txn[:])}); err != nil {
		return tip{}, fmt.Errorf("close %s before %s: %w", t.day, day, err)
	}
	return db.readTip(tx)
}

// closeTxn is a UUID (version 8) made of the chain's first value and the place of the close.
func (db *DB) closeTxn(seq loyalty.Seq) loyalty.TxnID {
	b := append([]byte("loyaltill close 1"), db.genesis[:]...)
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(seq)))
	txn := loyalty.TxnID(sum[:16])
	txn[6] = txn[6]&0x0f | 0x80 // RFC 9562, 5.8
	txn[8] = txn[8]&0x3f | 0x80
	return txn
}

// sumDay adds up the entries since the last close.
func sumDay(tx *store.Tx, t tip) (*loyalty.CloseBody, error) {
	var after loyalty.Seq
	if err := tx.QueryRow(`SELECT coalesce(max(close_seq), 0) FROM day`, nil, &after); err != nil {
		return nil, fmt.Errorf("last close: %w", err)
	}
	rows, err := tx.Query(`SELECT body FROM entry WHERE seq > ? ORDER BY seq`, after)
	if err != nil {
		return nil, fmt.Errorf("read the day: %w", err)
	}
	defer rows.Close()
	sum := newDaySum(after+1, t)
	for rows.Next() {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return nil, fmt.Errorf("read the day: %w", err)
		}
		e, err := loyalty.DecodeEntry(raw)
		if err != nil {
			return nil, err
		}
		sum.add(e)
	}
	return sum.done(), rows.Err()
}

// daySum collects what a close entry says.
type daySum struct {
	body    loyalty.CloseBody
	tenders map[loyalty.TenderKind]*loyalty.TenderTotal
}

func newDaySum(first loyalty.Seq, t tip) *daySum {
	return &daySum{
		body:    loyalty.CloseBody{First: first, Last: t.seq, HeadHash: t.hash.String()},
		tenders: map[loyalty.TenderKind]*loyalty.TenderTotal{},
	}
}

func (s *daySum) add(e *loyalty.Entry) {
	b := &s.body
	b.Count++
	if e.Kind == loyalty.KindLoad && e.Card != nil {
		b.Loaded += loyalty.Points(e.Card.Amount)
	}
	b.Coupons += int64(len(e.IssuedCoupons()))
	if e.Void != nil {
		b.Voided += int64(len(e.Void.Serials))
	}
	if e.Return != nil {
		if b.Returned == nil {
			b.Returned = &loyalty.ReturnTotals{}
		}
		b.Returned.Add(e.Return)
		b.Currency = cmp.Or(b.Currency, e.Return.Currency)
	}
	if p := e.Payment; p != nil {
		b.Currency = cmp.Or(b.Currency, p.Currency)
		s.addTenders(p.Tenders)
	}
	sale := e.Sale
	if sale == nil {
		return
	}
	b.Sales++
	b.Currency = sale.Currency
	b.Total += sale.Total
	b.ToPay += sale.ToPay
	b.Earned += sale.Earned
	b.Redeemed += sale.Redeemed
	b.Value += sale.Value
	s.addTenders(sale.Tenders)
}

func (s *daySum) addTenders(tenders []loyalty.Tender) {
	for _, tender := range tenders {
		total := s.tenders[tender.Kind]
		if total == nil {
			total = &loyalty.TenderTotal{Kind: tender.Kind}
			s.tenders[tender.Kind] = total
		}
		total.Count++
		total.Amount += tender.Amount
	}
}

func (s *daySum) done() *loyalty.CloseBody {
	s.body.Tenders = make([]loyalty.TenderTotal, 0, len(s.tenders))
	for _, total := range s.tenders {
		s.body.Tenders = append(s.body.Tenders, *total)
	}
	slices.SortFunc(s.body.Tenders, func(a, b loyalty.TenderTotal) int { return cmp.Compare(a.Kind, b.Kind) })
	return &s.body
}

// insertDay keeps the figures of a close where look-ups find them.
func insertDay(tx *store.Tx, e *loyalty.Entry) error {
	if e.Close == nil {
		return fmt.Errorf("close entry %d has no totals", e.Seq)
	}
	var head store.Hash
	if err := head.UnmarshalText([]byte(e.Close.HeadHash)); err != nil {
		return err
	}
	totals, err := json.Marshal(e.Close)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO day (day, close_seq, first_seq, last_seq, count, totals, head_hash)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, e.Day, e.Seq, e.Close.First, e.Close.Last, e.Close.Count, totals, head[:])
	return err
}

// ClosedDay is one closed business day.
type ClosedDay struct {
	Day    string
	Seq    loyalty.Seq // of the close entry
	Totals loyalty.CloseBody
}

// ClosedDays lists the newest closed days first.
func (db *DB) ClosedDays(ctx context.Context, limit int) ([]ClosedDay, error) {
	return query(ctx, db.ledger.Read(), "closed days", func(scan func(...any) error) (ClosedDay, error) {
		var d ClosedDay
		var totals []byte
		if err := scan(&d.Day, &d.Seq, &totals); err != nil {
			return d, err
		}
		return d, json.Unmarshal(totals, &d.Totals)
	}, `SELECT day, close_seq, totals FROM day ORDER BY day DESC LIMIT ?`, limit)
}

// ClosesAfter lists the days closed by entries above seq, in the order of the log; first is what the log has grown from since the
// close before. Days whose entries are no longer kept are left out.
func (db *DB) ClosesAfter(ctx context.Context, seq loyalty.Seq, limit int) (days []ClosedDay, first []loyalty.Seq, err error) {
	days, err = query(ctx, db.ledger.Read(), "closed days", func(scan func(...any) error) (ClosedDay, error) {
		var d ClosedDay
		var from loyalty.Seq
		var totals []byte
		if err := scan(&d.Day, &d.Seq, &totals, &from); err != nil {
			return d, err
		}
		first = append(first, from)
		return d, json.Unmarshal(totals, &d.Totals)
	}, `SELECT d.day, d.close_seq, d.totals, coalesce((SELECT max(p.close_seq) FROM day p WHERE p.close_seq < d.close_seq), 0) + 1
		FROM day d JOIN entry e ON e.seq = d.close_seq WHERE d.close_seq > ? AND length(e.body) > 0 ORDER BY d.close_seq LIMIT ?`, seq, limit)
	return days, first, err
}

// query collects rows from a pool that can only read.
func query[T any](ctx context.Context, pool *store.Readers, what string, read func(scan func(...any) error) (T, error),
	text string, args ...any) ([]T, error) {
	rows, err := pool.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		row, err := read(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", what, err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return out, nil
}
