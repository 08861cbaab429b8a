package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

type reportLiabilityCmd struct {
	home
	From   string `required:"" placeholder:"DAY" help:"First business day, such as 2026-11-01."`
	To     string `required:"" placeholder:"DAY" help:"Last business day."`
	Format string `enum:"table,csv,json" default:"table" help:"${enum}."`
}

// errOff makes the exit status say what the report says.
var errOff = errors.New(`the report does not tie out: run "headoffice verify" and keep a copy of the books`)

func (cmd *reportLiabilityCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	r, err := m.Liability(ctx, cmd.From, cmd.To)
	if err != nil {
		return err
	}
	switch cmd.Format {
	case "json":
		err = c.print(r)
	case "csv":
		err = csv.NewWriter(c.out).WriteAll(liabilityLines(r))
	default:
		err = c.liabilityTable(r)
	}
	if err == nil && !r.Ties {
		err = errOff
	}
	return err
}

func liabilityLines(r headoffice.LiabilityReport) [][]string {
	lines := [][]string{{"day", "wallet", "opening", "issued", "redeemed", "expired", "brought", "adjusted", "suspense", "closing", "off"}}
	for _, d := range r.Days {
		line := []string{d.Day, d.Wallet}
		for _, n := range []loyalty.Points{d.Opening, d.Issued, d.Redeemed, d.Expired, d.Brought, d.Adjusted, d.Suspense, d.Closing, d.Off} {
			line = append(line, strconv.FormatInt(int64(n), 10))
		}
		lines = append(lines, line)
	}
	return lines
}

func (c *console) liabilityTable(r headoffice.LiabilityReport) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range liabilityLines(r) {
		fmt.Fprintln(w, strings.Join(line, "\t")+"\t")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, t := range r.Wallets {
		fmt.Fprintf(c.out, "%s: %d after all days, %d on members' accounts, off by %d\n", t.Wallet, t.Closing, t.Accounts, t.Off)
	}
	return nil
}
