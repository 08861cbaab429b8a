package agentdb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// FindingCode names one kind of fault that Verify can find.
type FindingCode string

const (
	FindIntegrity FindingCode = "integrity" // SQLite's own check
	FindGap       FindingCode = "gap"       // a sequence number is missing
	FindChain     FindingCode = "chain"     // a chain value does not recompute
	FindBody      FindingCode = "body"      // a body is not the canonical form of an entry
	FindColumns   FindingCode = "columns"   // the row's columns differ from its body
	FindPosition  FindingCode = "position"  // head office's signed position does not lie on the chain
	FindTwice     FindingCode = "twice"     // two entries of one transaction
	FindMoves     FindingCode = "moves"     // a movement that moves nothing
	FindLots      FindingCode = "lots"      // a member's lots do not add up to the balance
	FindPending   FindingCode = "pending"   // pending rows are not the effect of the entries above the floor
	FindWatermark FindingCode = "watermark" // head office has posted more than the log holds, or pending rows went too early
	FindClose     FindingCode = "close"     // a close does not add up to its range
	FindDay       FindingCode = "day"       // a business day goes back
	FindTally     FindingCode = "tally"     // what is used up, or a gift card, is not what the entries make it
	FindAdvance   FindingCode = "advance"   // where batches of sales in advance begin is not what the entries make it
	FindCard      FindingCode = "card"      // one counter of a card with two contents
)

// Invariant is which of the ledger's invariants a finding breaks (docs/ledger.md 7), as in "I2"; empty for what has no number.
func (c FindingCode) Invariant() string {
	switch c {
	case FindGap:
		return "I1"
	case FindChain, FindBody, FindColumns:
		return "I2"
	case FindPosition:
		return "I4"
	case FindTwice:
		return "I5"
	case FindMoves:
		return "I6"
	case FindLots:
		return "I7"
	case FindPending:
		return "I11"
	case FindWatermark:
		return "I12"
	case FindClose:
		return "I14"
	case FindDay:
		return "I15"
	}
	return ""
}

// Finding is one fault.
type Finding struct {
	Code   FindingCode `json:"code"`
	Seq    loyalty.Seq `json:"entry,omitempty"` // 0 when it is about no entry
	Detail string      `json:"detail"`
}

// Report is what Verify looked at and found.
type Report struct {
	Entries  int64          `json:"entries"`
	Members  int64          `json:"members"`
	Head     store.Position `json:"head"`
	Signed   loyalty.Seq    `json:"signed"`           // head office has signed for the log through here
	Pruned   loyalty.Seq    `json:"pruned,omitempty"` // through here the log is proved by its chain values alone
	Findings []Finding      `json:"findings"`         // at most maxFindings
}

const (
	maxFindings      = 1000
	progressInterval = 10_000 // entries
)

// verifier walks the log once.
type verifier struct {
	db     *DB
	report Report
	t      tip
	sum    *daySum
	signed store.Position
	used   counted
}

func (v *verifier) find(code FindingCode, seq loyalty.Seq, format string, args ...any) {
	if len(v.report.Findings) < maxFindings {
		v.report.Findings = append(v.report.Findings, Finding{code, seq, fmt.Sprintf(format, args...)})
	}
}

// Verify recomputes everything that can be recomputed: the chain, the numbers, the columns, the closes, the pending
// effects, the lots, and head office's signed position. An error is a failure to look; faults are findings. progress may
// be nil; it is told how many entries were seen.
func (db *DB) Verify(ctx context.Context, progress func(entries int64)) (Report, error) {
	v := &verifier{db: db, t: tip{hash: db.genesis}, report: Report{Findings: []Finding{}}}
	steps := []func(context.Context) error{v.twice, v.pending, v.tally, v.cards, v.members, v.integrity}
	if db.members == nil { // a copy of the ledger alone
		steps = []func(context.Context) error{v.twice, v.pending, v.tally, v.cards, v.integrity}
	}
	if err := v.log(ctx, progress); err != nil {
		return v.report, fmt.Errorf("verify: %w", err)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return v.report, fmt.Errorf("verify: %w", err)
		}
	}
	return v.report, nil
}

// log reads the entries as of one moment.
func (v *verifier) log(ctx context.Context, progress func(int64)) error {
	tx, err := v.db.ledger.Read().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // only reads
	look := func(text string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, text, args...) }
	if v.used, v.report.Pruned, err = readSums(look); err != nil {
		return err
	}
	if err := v.position(look); err != nil {
		return err
	}
	v.startDay()
	rows, err := look(`SELECT seq, txn, kind, day, member, body, hash FROM entry ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r storedEntry
		if err := rows.Scan(&r.seq, &r.txn, &r.kind, &r.day, &r.member, &r.body, &r.hash); err != nil {
			return err
		}
		v.entry(&r)
		v.report.Entries++
		if progress != nil && v.report.Entries%progressInterval == 0 {
			progress(v.report.Entries)
		}
	}
	if loyalty.Seq(v.signed.Seq) > v.t.seq {
		v.find(FindPosition, loyalty.Seq(v.signed.Seq), "head office has signed entry %d, the log ends at %d", v.signed.Seq, v.t.seq)
	}
	id := v.db.identity
	v.report.Head = store.Position{Store: id.Store, Epoch: id.Epoch, Seq: int64(v.t.seq), Hash: v.t.hash}
	return rows.Err()
}

// position reads what head office signed, and checks that it did.
func (v *verifier) position(look lookup) error {
	id := v.db.identity
	v.signed = store.Position{Store: id.Store, Epoch: id.Epoch, Hash: v.db.genesis}
	var hash, signature []byte
	if err := scanOne(look, selectSigned, nil, &v.signed.Seq, &hash, &signature); err != nil {
		return err
	}
	copy(v.signed.Hash[:], hash)
	v.report.Signed = loyalty.Seq(v.signed.Seq)
	switch {
	case v.signed.Seq > 0 && signature == nil:
		v.find(FindPosition, v.report.Signed, "the position has no signature")
	case signature != nil:
		if err := v.signed.Verify(id.PositionKey, signature); err != nil {
			v.find(FindPosition, v.report.Signed, "%v", err)
		}
	}
	return nil
}

// storedEntry is a row of the log as it is on disk.
type storedEntry struct {
	seq             loyalty.Seq
	txn, body, hash []byte
	kind, day       string
	member          loyalty.MemberID
}

func (v *verifier) startDay() {
	v.sum = newDaySum(v.t.seq+1, v.t)
}

// entry checks one row against the one before it.
func (v *verifier) entry(r *storedEntry) {
	if r.seq != v.t.seq+1 {
		v.find(FindGap, r.seq, "after entry %d", v.t.seq)
	}
	hash := v.t.hash.Next(r.body)
	pruned := len(r.body) == 0 && r.seq <= v.report.Pruned
	if pruned {
		copy(hash[:], r.hash) // the next entry with a body proves it
	} else if !bytes.Equal(hash[:], r.hash) {
		v.find(FindChain, r.seq, "stored %x, computed %s", r.hash, hash)
		copy(hash[:], r.hash) // go on from what is stored: one fault, one finding
	}
	if r.day < v.t.day {
		v.find(FindDay, r.seq, "%s after %s", r.day, v.t.day)
	}
	if r.seq == loyalty.Seq(v.signed.Seq) && hash != v.signed.Hash {
		v.find(FindPosition, r.seq, "head office signed %s, the chain has %s", v.signed.Hash, hash)
	}
	if !pruned {
		v.body(r)
	}
	v.t = tip{seq: r.seq, hash: hash, day: r.day, kind: loyalty.Kind(r.kind)}
	if v.t.kind == loyalty.KindClose {
		v.startDay()
	}
}

// body checks what an entry says.
func (v *verifier) body(r *storedEntry) {
	e, err := loyalty.DecodeEntry(r.body)
	if err != nil {
		v.find(FindBody, r.seq, "%v", err)
		return
	}
	again, err := e.Encode()
	if err != nil || !bytes.Equal(again, r.body) {
		v.find(FindBody, r.seq, "not in canonical form")
	}
	if e.Seq != r.seq || e.Store != v.db.Store() || e.Epoch != v.db.Epoch() || !bytes.Equal(e.Txn[:], r.txn) ||
		string(e.Kind) != r.kind || e.Day != r.day || e.Member != r.member {
		v.find(FindColumns, r.seq, "body says store %d epoch %d seq %d %s %s %s", e.Store, e.Epoch, e.Seq, e.Kind, e.Txn, e.Day)
	}
	for i, m := range e.Moves {
		if m.Points <= 0 || m.From == m.To {
			v.find(FindMoves, r.seq, "movement %d: %d points from %s to %s", i+1, m.Points, m.From, m.To)
		}
	}
	if r.seq <= v.report.Pruned {
		return // kept, among others that are not: the sums have it
	}
	v.used.add(e)
	if e.Kind != loyalty.KindClose {
		v.sum.add(e)
		return
	}
	v.sum.body.Last, v.sum.body.HeadHash = v.t.seq, v.t.hash.String()
	want := *e
	want.Close = v.sum.done()
	if again, err := want.Encode(); err != nil || !bytes.Equal(again, r.body) {
		v.find(FindClose, r.seq, "totals of %s do not add up to entries %d to %d", e.Day, v.sum.body.First, v.sum.body.Last)
	}
}

// twice looks for a transaction with two entries, in the rows themselves: an index may be what is damaged.
func (v *verifier) twice(ctx context.Context) error {
	rows, err := v.db.ledger.Read().QueryContext(ctx, `SELECT max(seq), hex(txn) FROM entry NOT INDEXED GROUP BY +txn HAVING count(*) > 1 LIMIT ?`, maxFindings)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq loyalty.Seq
		var txn string
		if err := rows.Scan(&seq, &txn); err != nil {
			return err
		}
		v.find(FindTwice, seq, "transaction %s has another entry", txn)
	}
	return rows.Err()
}

// pendingKey names one row of the pending table.
type pendingKey struct {
	member loyalty.MemberID
	seq    loyalty.Seq
}

// pending compares the table with the entries above its floor.
func (v *verifier) pending(ctx context.Context) error {
	tx, err := v.db.ledger.Read().BeginTx(ctx, nil) // one moment for both reads
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // only reads
	var floor loyalty.Seq
	if err := tx.QueryRowContext(ctx, `SELECT pending_floor FROM ledger`).Scan(&floor); err != nil {
		return err
	}
	want, err := effectsAbove(ctx, tx, floor)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT member, seq, points, effect FROM pending ORDER BY seq, member`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k pendingKey
		var points loyalty.Points
		var effect []byte
		if err := rows.Scan(&k.member, &k.seq, &points, &effect); err != nil {
			return err
		}
		w, ok := want[k]
		if !ok || w.points != points {
			v.find(FindPending, k.seq, "member %d has %d pending, the entry says %d", k.member, points, w.points)
		}
		var kept pendingEffect
		if effect != nil && (json.Unmarshal(effect, &kept) != nil || !reflect.DeepEqual(kept.Moves, w.effect.Moves) ||
			w.effect.Steps != nil && !reflect.DeepEqual(kept.Steps, w.effect.Steps)) {
			v.find(FindPending, k.seq, "member %d has pending %s, the entry says otherwise", k.member, effect)
		}
		delete(want, k)
	}
	if len(want) > 0 {
		v.find(FindPending, 0, "%d effects of entries above %d are not in the table", len(want), floor)
	}
	return rows.Err()
}

// pendingWant is what one row of the pending table must say.
type pendingWant struct {
	points loyalty.Points
	effect pendingEffect
}

// effectsAbove computes what the pending table must hold. Bodies that cannot be read were found in the log already.
func effectsAbove(ctx context.Context, tx *sql.Tx, floor loyalty.Seq) (map[pendingKey]pendingWant, error) {
	rows, err := tx.QueryContext(ctx, `SELECT body FROM entry WHERE seq > ? ORDER BY seq`, floor)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	want := map[pendingKey]pendingWant{}
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		e, err := loyalty.DecodeEntry(body)
		if err != nil {
			continue
		}
		for _, x := range effects(e) {
			effect, err := effectOn(e, x.member, elsewhere)
			if err != nil {
				return nil, err
			}
			want[pendingKey{x.member, e.Seq}] = pendingWant{x.points, effect}
		}
	}
	return want, rows.Err()
}

// tally compares what is used up with what the entries make it.
func (v *verifier) tally(ctx context.Context) error {
	tx, err := v.db.ledger.Read().BeginTx(ctx, nil) // one moment for all reads
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // only reads
	look := func(text string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, text, args...) }
	if err := eachEntry(look, max(v.t.seq, v.report.Pruned), v.used.add); err != nil { // those that came meanwhile
		return err
	}
	err = eachUse(look, func(u Use) {
		thing := Use{What: u.What, Of: u.Of}
		if want := v.used.uses[thing]; want != u.N {
			v.find(FindTally, 0, "%d %s of %s are used up, the entries say %d", u.N, u.What, u.Of, want)
		}
		delete(v.used.uses, thing)
	}, `SELECT what, of, n FROM tally`)
	if err != nil {
		return err
	}
	for u, n := range v.used.uses {
		v.find(FindTally, 0, "0 %s of %s are used up, the entries say %d", u.What, u.Of, n)
	}
	if err := errors.Join(v.redeemed(look), v.advances(look), v.leases(look)); err != nil {
		return err
	}
	rows, err := look(selectCard)
	if err != nil {
		return err
	}
	kept, err := allCards(rows)
	if err != nil {
		return err
	}
	for serial, want := range v.used.cards {
		if have := kept[serial]; have == nil || *have != *want {
			v.find(FindTally, 0, "gift card %s is %+v, the entries say %+v", serial, have, *want)
		}
		delete(kept, serial)
	}
	for serial := range kept {
		v.find(FindTally, 0, "gift card %s was never sold", serial)
	}
	return nil
}

// cards looks for one counter of a card with two contents.
func (v *verifier) cards(ctx context.Context) error {
	rows, err := v.db.ledger.Read().QueryContext(ctx, `SELECT a.seq, b.seq, hex(a.card), a.ctr FROM card_record a
		JOIN card_record b ON b.card = a.card AND b.ctr = a.ctr AND b.seq > a.seq
		WHERE a.type <> b.type OR a.amount <> b.amount OR a.new_balance <> b.new_balance LIMIT ?`, maxFindings)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var first, second loyalty.Seq
		var card string
		var ctr uint32
		if err := rows.Scan(&first, &second, &card, &ctr); err != nil {
			return err
		}
		v.find(FindCard, second, "card %s answered counter %d otherwise in entry %d", card, ctr, first)
	}
	return rows.Err()
}

// members checks the copy of head office's registers: that it fits the log, and that lots add up.
func (v *verifier) members(ctx context.Context) error {
	var floor loyalty.Seq
	if err := v.db.ledger.Read().QueryRowContext(ctx, `SELECT pending_floor FROM ledger`).Scan(&floor); err != nil {
		return err
	}
	pos, err := v.db.FeedPosition(ctx) // after the floor, which follows it
	if err != nil {
		return err
	}
	head, err := v.db.Head(ctx)
	switch {
	case err != nil:
		return err
	case int64(pos.Watermark) > head.Seq:
		v.find(FindWatermark, pos.Watermark, "head office has posted entry %d, the log ends at %d: let the agent fetch the rest before anything is sold", pos.Watermark, head.Seq)
	case pos.Complete && floor > max(pos.Watermark, v.report.Pruned):
		v.find(FindWatermark, floor, "pending rows through %d are gone, head office has posted through %d", floor, pos.Watermark)
	}
	rows, err := v.db.members.Read().QueryContext(ctx, selectMember+` ORDER BY m.id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		m, err := scanMember(rows.Scan)
		if err != nil {
			return err
		}
		v.report.Members++
		if sum := loyalty.Balance(m.Lots); sum != m.Balance && m.Status != MemberErased {
			v.find(FindLots, 0, "member %d: lots hold %d, the balance is %d", m.ID, sum, m.Balance)
		}
	}
	return rows.Err()
}

func (v *verifier) integrity(ctx context.Context) error {
	lines, err := v.db.QuickCheck(ctx)
	for _, line := range lines {
		v.find(FindIntegrity, 0, "%s", line)
	}
	return err
}
