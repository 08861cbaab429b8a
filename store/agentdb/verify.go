package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// FindingCode names one kind of fault that Verify can find.
type FindingCode string

const (
	FindIntegrity FindingCode = "integrity" // SQLite's own check
	FindIndex     FindingCode = "index"     // an index is not what its table says
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
	FindClose     FindingCode = "close"     // a close, or what is kept of a closed day, is not what its entries make it
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

	floor   loyalty.Seq               // what is pending is of entries above it
	pending map[pendingKey]pendingRow // read by who decodes, too: it does not change
	made    map[pendingKey]bool       // of them, those that an entry makes
	days    map[loyalty.Seq]closedRow // the table of days, by the number of the close; an entry takes its own out
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
	steps := []func(context.Context) error{v.twice, v.tally, v.cards, v.members, v.integrity}
	if db.members == nil { // a copy of the ledger alone
		steps = []func(context.Context) error{v.twice, v.tally, v.cards, v.integrity}
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

// integrity has SQLite check both files, and every index against its table.
func (v *verifier) integrity(ctx context.Context) error {
	lines, err := v.db.IntegrityCheck(ctx)
	for _, line := range lines {
		code := FindIntegrity
		if indexFault.MatchString(line) {
			code = FindIndex
		}
		v.find(code, 0, "%s", line)
	}
	return err
}

// indexFault is how SQLite words that an index and its table differ (pragma.html#pragma_integrity_check); after "in .db: " with the name of a file before it.
var indexFault = regexp.MustCompile(`(row \d+ missing from index|wrong # of entries in index|non-unique entry in index|rowid not at end-of-record for row \d+ of index|row \d+ values differ from index) `)
