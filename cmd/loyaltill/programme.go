package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/loyalty/scenario"
)

// programmeCommand is for authors of programmes; none of it needs a store.
type programmeCommand struct {
	Check checkCommand `cmd:"" help:"Name every fault of programme documents: file, line, column, field, remedy."`
	Diff  diffCommand  `cmd:"" help:"Say what changes from one version to another."`
	Run   playCommand  `cmd:"" help:"Play scenario files (docs/scenarios.md) under a programme."`
}

// exitFaults ends a command that found what it looked for: faults, or stories that end otherwise.
const exitFaults exitCode = 1

type checkCommand struct {
	Files []string `arg:"" name:"file" help:"Programme documents, YAML or JSON."`
}

// Run prints a line for every fault of every file, and one for each file that is good.
func (c *checkCommand) Run(s streams) error {
	good := true
	for _, file := range c.Files {
		p, err := readProgramme(file)
		var faults loyalty.Errors
		switch {
		case errors.As(err, &faults):
			good = false
			for _, f := range faults {
				fmt.Fprintf(s.out, "%s:%v\n", file, f)
			}
		case err != nil:
			return err
		default:
			fmt.Fprintf(s.out, "%s: %s, version %d, from %s, digest %.12s\n", file, p.ID(), p.Version(), p.ValidFrom(), p.Digest())
		}
	}
	if !good {
		return exitFaults
	}
	return nil
}

// readProgramme compiles a file. Faults of the document are loyalty.Errors.
func readProgramme(file string) (*loyalty.Programme, error) {
	document, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read programme: %w", err)
	}
	return loyalty.Compile(document)
}

// goodProgramme is readProgramme for commands that are about something else: each fault is named with its file.
func goodProgramme(file string) (*loyalty.Programme, error) {
	p, err := readProgramme(file)
	var faults loyalty.Errors
	if errors.As(err, &faults) {
		lines := make([]string, len(faults))
		for i, f := range faults {
			lines[i] = fmt.Sprintf("%s:%v", file, f)
		}
		return nil, errors.New(strings.Join(lines, "\n"))
	}
	return p, err
}

type diffCommand struct {
	Old string `arg:"" help:"The version before."`
	New string `arg:"" help:"The version after."`
}

// Run prints a line for every change; equal versions print none.
func (c *diffCommand) Run(s streams) error {
	older, err := goodProgramme(c.Old)
	if err != nil {
		return err
	}
	newer, err := goodProgramme(c.New)
	if err != nil {
		return err
	}
	changes, err := loyalty.Diff(older, newer)
	if err != nil {
		return err
	}
	for _, change := range changes {
		fmt.Fprintln(s.out, change)
	}
	if len(changes) == 0 {
		fmt.Fprintln(s.err, "no change")
	}
	return nil
}

type playCommand struct {
	Programme string   `arg:"" help:"Programme document."`
	Scenarios []string `arg:"" name:"scenario" help:"Scenario files."`
}

// Run prints what happened in every story, and what should have happened otherwise.
func (c *playCommand) Run(s streams) error {
	p, err := goodProgramme(c.Programme)
	if err != nil {
		return err
	}
	failed := 0
	for _, file := range c.Scenarios {
		good, err := play(s, p, file)
		if err != nil {
			return err
		}
		if !good {
			failed++
		}
	}
	fmt.Fprintf(s.out, "%d scenarios, %d failed\n", len(c.Scenarios), failed)
	if failed > 0 {
		return exitFaults
	}
	return nil
}

func play(s streams, p *loyalty.Programme, file string) (good bool, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return false, fmt.Errorf("read scenario: %w", err)
	}
	story, err := scenario.Parse(string(text))
	var result scenario.Result
	if err == nil {
		fmt.Fprintf(s.out, "%s: %s\n", file, story.Title)
		result, err = story.Play(p)
		if err := printRows(s, p, result.Rows); err != nil {
			return false, err
		}
	}
	for _, m := range result.Misses {
		fmt.Fprintf(s.out, "%s:%v\n", file, m)
	}
	if err != nil {
		fmt.Fprintf(s.out, "%s:%v\n", file, err)
	}
	return err == nil && len(result.Misses) == 0, nil
}

// printRows sets the figures under one another.
func printRows(s streams, p *loyalty.Programme, rows []scenario.Row) error {
	if len(rows) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "  at\tmember\twhat\ttotal\tto pay\tspent\tearned\tbalance\t")
	for _, r := range rows {
		fmt.Fprintf(table, "  %.16s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t\n", r.At, r.Member, r.What,
			decimal(r.Total, p.CurrencyDigits()), decimal(r.ToPay, p.CurrencyDigits()), r.Spent, r.Earned, r.Balance)
	}
	return table.Flush()
}

// decimal writes minor units as a programme's author would.
func decimal(minor int64, digits int) string {
	text := strconv.FormatInt(max(minor, -minor), 10)
	if short := digits + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if minor < 0 {
		return "-" + text
	}
	return text
}
