package agentdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"loyaltill/agent/loyalty"
)

// chainParts is how many readers share the log: each begins at a chain value that is stored, which the part before it proves.
const chainParts = 2

// VerifyChain proves numbers and chain values alone, as fast as the disk and the hash allow.
func (db *DB) VerifyChain(ctx context.Context) (Report, error) {
	head, err := db.Head(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("verify chain: %w", err)
	}
	parts := make([]chainPart, chainParts)
	var work sync.WaitGroup
	for i := range parts {
		p := &parts[i]
		p.first, p.last = loyalty.Seq(head.Seq*int64(i)/chainParts)+1, loyalty.Seq(head.Seq*int64(i+1)/chainParts)
		work.Go(func() { p.err = p.run(ctx, db) })
	}
	work.Wait()
	r := Report{Head: head, Findings: []Finding{}}
	for i := range parts {
		r.Entries += parts[i].entries
		r.Findings = append(r.Findings, parts[i].findings...)
		err = errors.Join(err, parts[i].err)
	}
	if err != nil {
		return r, fmt.Errorf("verify chain: %w", err)
	}
	return r, nil
}

// chainPart is a run of the log and what was found in it.
type chainPart struct {
	first, last loyalty.Seq
	entries     int64
	findings    []Finding
	err         error
}

func (p *chainPart) run(ctx context.Context, db *DB) error {
	hash, err := db.HashAt(ctx, p.first-1)
	if errors.Is(err, ErrNotFound) {
		return nil // the part before tells that it is missing
	}
	if err != nil {
		return err
	}
	tx, err := db.ledger.Read().BeginTx(ctx, nil) // one moment for both reads
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // only reads
	var pruned loyalty.Seq
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM entry WHERE seq BETWEEN ? AND ?), pruned_through FROM ledger`, p.first, p.last).
		Scan(&p.entries, &pruned); err != nil {
		return err
	}
	if missing := int64(p.last-p.first) + 1 - p.entries; missing != 0 {
		p.find(FindGap, p.first, "%d of the numbers from here to %d are missing", missing, p.last)
		return nil // whose chain value is whose cannot be told by counting
	}
	rows, err := tx.QueryContext(ctx, `SELECT body, hash FROM entry WHERE seq BETWEEN ? AND ? ORDER BY seq`, p.first, p.last)
	if err != nil {
		return err
	}
	defer rows.Close()
	var body, stored sql.RawBytes
	for seq := p.first; rows.Next(); seq++ {
		if err := rows.Scan(&body, &stored); err != nil {
			return err
		}
		if len(body) > 0 || seq > pruned {
			hash = hash.Next(body)
			if !bytes.Equal(hash[:], stored) {
				p.find(FindChain, seq, "stored %x, computed %s", []byte(stored), hash)
			}
		}
		copy(hash[:], stored) // go on from what is stored: one fault, one finding
	}
	return rows.Err()
}

func (p *chainPart) find(code FindingCode, seq loyalty.Seq, format string, args ...any) {
	if len(p.findings) < maxFindings {
		p.findings = append(p.findings, Finding{code, seq, fmt.Sprintf(format, args...)})
	}
}
