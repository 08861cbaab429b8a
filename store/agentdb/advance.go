package agentdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// How far back an advance may reach: all from the first entry that it comes from goes in one batch, and a batch has these limits
// (wire.md 9).
const (
	MaxAdvanceEntries = 2000
	MaxAdvanceBytes   = 4 << 20
)

// Advance is what this store gave a member and no batch has taken away.
type Advance struct {
	Given loyalty.Points // less what was taken since
	Held  loyalty.Points // of it, by other sales that wait for their card
	Since loyalty.Seq    // the first entry that gave any of it
	Own   bool           // it is what the sale itself has held since before its card was asked
}

// advanceFor is the sale for which an advance is looked up.
type advanceFor struct {
	txn    loyalty.TxnID
	member loyalty.MemberID
	day    string
}

// Advance reads what a member may be given in advance on a business day, for a sale under this id.
func (db *DB) Advance(ctx context.Context, txn loyalty.TxnID, member loyalty.MemberID, day string) (Advance, error) {
	tx, err := db.ledger.Read().BeginTx(ctx, nil) // one moment for all reads
	if err != nil {
		return Advance{}, fmt.Errorf("advance: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // only reads
	return readAdvance(func(text string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, text, args...) },
		advanceFor{txn, member, day})
}

func readAdvance(look lookup, of advanceFor) (a Advance, err error) {
	if a.Given, a.Since, err = unsentOf(look, of); err != nil || a.Given <= 0 {
		return Advance{}, err
	}
	if fits, err := fitsBatch(look, a.Since); err != nil || !fits {
		return Advance{}, err
	}
	err = scanOne(look, `SELECT coalesce(sum(points), 0) FROM advance_hold WHERE member = ? AND txn <> ?`,
		[]any{of.member, of.txn[:]}, &a.Held)
	return a, err
}

// unsentOf adds up what the entries of a member give that no batch has taken. What is too far back for one batch gives nothing, and
// takes what it takes.
func unsentOf(look lookup, of advanceFor) (given loyalty.Points, since loyalty.Seq, err error) {
	var head loyalty.Seq
	if err := scanOne(look, selectHead, nil, &head); err != nil {
		return 0, 0, err
	}
	rows, err := look(`SELECT p.seq, p.effect, iif(p.effect IS NULL, (SELECT body FROM entry WHERE seq = p.seq), NULL) FROM pending p
		WHERE p.member = ? AND p.seq > (SELECT sent_through FROM ledger) ORDER BY p.seq`, of.member)
	if err != nil {
		return 0, 0, fmt.Errorf("read what is not sent: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanEffect(rows.Scan, of.member)
		if err != nil {
			return 0, 0, fmt.Errorf("read what is not sent: %w", err)
		}
		net, gave := loyalty.EarnedHere(p.Moves, of.member, of.day)
		if head-p.seq >= MaxAdvanceEntries-1 {
			net, gave = min(net, 0), false
		}
		given += net
		switch {
		case given <= 0: // what came before is used up
			since = 0
		case gave && since == 0:
			since = p.seq
		}
	}
	return given, since, rows.Err()
}

// fitsBatch says whether one batch could take all that has to go together with a next entry that draws on what came since.
func fitsBatch(look lookup, since loyalty.Seq) (bool, error) {
	var head loyalty.Seq
	if err := scanOne(look, selectHead, nil, &head); err != nil {
		return false, err
	}
	from, err := together(look, since)
	if err != nil || head-from >= MaxAdvanceEntries-1 {
		return false, err
	}
	var bytes int64
	err = scanOne(look, `SELECT sum(length(body) + 1) FROM entry WHERE seq >= ?`, []any{from}, &bytes)
	return bytes+loyalty.MaxBodyBytes < MaxAdvanceBytes, err
}

const selectHead = `SELECT coalesce(max(seq), 0) FROM entry`

// together is where a batch must begin, at the latest, that takes the next entry with all since a place: with the sales in advance
// that lie across it. Each of these was written down with those across its own beginning, so one look is enough.
func together(look lookup, since loyalty.Seq) (from loyalty.Seq, err error) {
	err = scanOne(look, `SELECT min(?, coalesce(min(since), ?)) FROM advance WHERE seq >= ?`, []any{since, since, since}, &from)
	return from, err
}

// heldAdvance is what a sale has held since before its card was asked; nothing when a batch took it away, or could not take it whole.
func heldAdvance(look lookup, txn loyalty.TxnID) (Advance, error) {
	a := Advance{Own: true}
	err := scanOne(look, `SELECT points, since FROM advance_hold WHERE txn = ?`, []any{txn[:]}, &a.Given, &a.Since)
	if err == nil {
		var fits bool
		if fits, err = fitsBatch(look, a.Since); fits && err == nil {
			return a, nil
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return Advance{Own: true}, err
}

// AdvanceUse is what a sale will take in advance.
type AdvanceUse struct {
	Member loyalty.MemberID
	Day    string         // business day
	Points loyalty.Points // 0: nothing
}

// readAdvance tells a sale that is about to ask its card what it can be given, and what limits it.
func (t *Tally) readAdvance(look lookup, txn loyalty.TxnID, use AdvanceUse) (err error) {
	if t.Redeemed, err = readRedeemed(look, memberDay{use.Day, use.Member}); err != nil {
		return err
	}
	t.Advance, err = readAdvance(look, advanceFor{txn, use.Member, use.Day})
	return err
}

// holdAdvance keeps from other sales what this one will take in advance.
func holdAdvance(tx *store.Tx, txn loyalty.TxnID, use AdvanceUse, since loyalty.Seq) error {
	_, err := tx.Exec(`INSERT INTO advance_hold (txn, member, points, since) VALUES (?, ?, ?, ?)`, txn[:], use.Member, use.Points, since)
	if err != nil {
		return fmt.Errorf("hold an advance: %w", err)
	}
	return nil
}

// insertAdvance notes which entries a sale in advance goes together with.
func insertAdvance(tx *store.Tx, e *loyalty.Entry) error {
	if e.Sale == nil || e.Sale.AdvancePoints() == 0 {
		return nil
	}
	since, err := together(tx.Query, e.Sale.Advance.Since)
	if err == nil {
		_, err = tx.Exec(`INSERT INTO advance (seq, since) VALUES (?, ?)`, e.Seq, since)
	}
	if err != nil {
		return fmt.Errorf("mark the advance of entry %d: %w", e.Seq, err)
	}
	return nil
}

// advances are the sales in advance as entries make them, in the log's order.
type advances []advanced

// advanced is a sale in advance and where its batch must begin, at the latest.
type advanced struct {
	Seq   loyalty.Seq `json:"seq"`
	Since loyalty.Seq `json:"since"`
}

// add does what together does.
func (a *advances) add(e *loyalty.Entry) {
	if e.Sale == nil || e.Sale.AdvancePoints() == 0 {
		return
	}
	since := e.Sale.Advance.Since
	for _, across := range slices.Backward(*a) {
		if across.Seq < e.Sale.Advance.Since {
			break
		}
		since = min(since, across.Since)
	}
	*a = append(*a, advanced{e.Seq, since})
}

// advances compares the table with what the entries make it.
func (v *verifier) advances(look lookup) error {
	want := map[loyalty.Seq]loyalty.Seq{}
	for _, a := range v.used.advances {
		want[a.Seq] = a.Since
	}
	rows, err := look(`SELECT seq, since FROM advance ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var has advanced
		if err := rows.Scan(&has.Seq, &has.Since); err != nil {
			return err
		}
		if want[has.Seq] != has.Since {
			v.find(FindAdvance, has.Seq, "its batch begins with entry %d at the latest, the entries say %d", has.Since, want[has.Seq])
		}
		delete(want, has.Seq)
	}
	for seq, since := range want {
		v.find(FindAdvance, seq, "its batch may begin anywhere, the entries say with entry %d at the latest", since)
	}
	return rows.Err()
}

// uncut moves the end of a batch so that no sale in advance is cut off from what it was paid with: back, or on where going back
// would leave nothing.
func uncut(tx *store.Tx, first, last loyalty.Seq) (loyalty.Seq, error) {
	var since, end loyalty.Seq
	err := tx.QueryRow(`SELECT coalesce(min(since), 0), coalesce(max(seq), 0) FROM advance WHERE seq > ? AND since <= ?`,
		[]any{last, last}, &since, &end)
	switch {
	case err != nil || since == 0:
		return last, err
	case since > first:
		return since - 1, nil
	}
	return end, nil
}

// scanOne reads the first row.
func scanOne(look lookup, text string, args []any, dest ...any) error {
	rows, err := look(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return cmp.Or(rows.Err(), sql.ErrNoRows)
	}
	return errors.Join(rows.Scan(dest...), rows.Err())
}
