package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"loyaltill/store"
	"loyaltill/store/agentdb"
)

type verifyCommand struct {
	configured
	File  string `arg:"" optional:"" type:"existingfile" help:"A copy of a ledger.db to prove instead, without members."`
	Chain bool   `help:"Numbers and chain values alone, which is much faster."`
	JSON  bool   `help:"The report as JSON; its exit field is the exit status."`
}

// Statuses of a ledger that does not prove itself: 10 and the number of the broken invariant.
const (
	exitUnnumbered exitCode = 3 // what follows from the log is not what the tables say
	exitIntegrity  exitCode = 10
	exitIndex      exitCode = 28 // after the invariants: a table is sound though an index is not
)

// verdict is what --json prints.
type verdict struct {
	agentdb.Report
	Broken []string `json:"broken"` // invariants, in order
	Exit   int      `json:"exit"`
}

// Run recomputes the store's whole ledger. The agent may run meanwhile: verify only reads.
func (c *verifyCommand) Run(ctx context.Context, s streams) (err error) {
	db, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	prove := db.VerifyChain
	if !c.Chain {
		prove = func(ctx context.Context) (agentdb.Report, error) { return verifyShown(ctx, s, db) }
	}
	report, err := prove(ctx)
	if err != nil {
		return err
	}
	v := judge(report)
	if c.JSON {
		out := json.NewEncoder(s.out)
		out.SetIndent("", "  ")
		if err := out.Encode(v); err != nil {
			return err
		}
	} else {
		v.print(s, c.Chain)
	}
	if v.Exit != 0 {
		return exitCode(v.Exit)
	}
	return nil
}

func (c *verifyCommand) open(ctx context.Context) (*agentdb.DB, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	identity, err := store.LoadIdentity(cfg.Identity)
	if err != nil {
		return nil, err
	}
	if c.File != "" {
		return agentdb.OpenCopy(ctx, c.File, identity)
	}
	return agentdb.OpenReadOnly(ctx, cfg.Data, identity)
}

// verifyShown verifies while somebody watches.
func verifyShown(ctx context.Context, s streams, db *agentdb.DB) (agentdb.Report, error) {
	head, err := db.Head(ctx)
	if err != nil {
		return agentdb.Report{}, err
	}
	p := newProgress(s, "verify", head.Seq)
	defer p.end()
	return db.Verify(ctx, func(entries int64) { p.at(entries, head.Seq) })
}

// judge finds the exit status of a report: of several faults the file itself counts first, then the lowest invariant.
func judge(r agentdb.Report) verdict {
	v := verdict{Report: r, Broken: []string{}}
	codes := []exitCode{}
	for _, f := range r.Findings {
		code := exitUnnumbered
		if i := f.Code.Invariant(); i != "" {
			code = exitIntegrity + exitCode(number(i))
			v.Broken = append(v.Broken, i)
		} else if f.Code == agentdb.FindIntegrity {
			code = exitIntegrity
		} else if f.Code == agentdb.FindIndex {
			code = exitIndex
		}
		codes = append(codes, code)
	}
	slices.SortFunc(v.Broken, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	v.Broken = slices.Compact(v.Broken)
	if numbered := slices.DeleteFunc(slices.Clone(codes), func(c exitCode) bool { return c == exitUnnumbered }); len(numbered) > 0 {
		v.Exit = int(slices.Min(numbered))
	} else if len(codes) > 0 {
		v.Exit = int(exitUnnumbered)
	}
	return v
}

// number is the n of an invariant's name "In".
func number(invariant string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(invariant, "I"))
	if err != nil {
		panic(err) // the names are ours
	}
	return n
}

func (v *verdict) print(s streams, chainOnly bool) {
	for _, f := range v.Findings {
		name := string(f.Code)
		if i := f.Code.Invariant(); i != "" {
			name += " (" + i + ")"
		}
		fmt.Fprintf(s.out, "BROKEN %s, entry %d: %s\n", name, f.Seq, f.Detail)
	}
	if v.Exit != 0 {
		fmt.Fprintf(s.out, "%d findings; what to do: operations.md, The ledger is broken\n", len(v.Findings))
		return
	}
	if chainOnly {
		fmt.Fprintf(s.out, "%d entries, numbers and chain in order; head %s\n", v.Entries, v.Head.Hash)
		return
	}
	fmt.Fprintf(s.out, "%d entries, chain, sequence, days, sums and lots in order; head %s\n", v.Entries, v.Head.Hash)
	fmt.Fprintf(s.out, "head office has signed for entry %d\n", v.Signed)
	if v.Pruned > 0 {
		fmt.Fprintf(s.out, "pruned through entry %d\n", v.Pruned)
	}
}
