package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
	"loyaltill/sync/headoffice"
)

type backtestCmd struct {
	home
	File      string `arg:"" help:"Programme document in question, YAML or JSON."`
	Against   string `placeholder:"FILE" help:"Programme to compare with; if not given, of each sale the version that judged it."`
	From      string `placeholder:"DAY" help:"First business day, such as 2026-01-31; if not given, the first there is."`
	To        string `placeholder:"DAY" help:"Last business day."`
	ShiftDays int    `placeholder:"N" help:"Move the sales by whole weeks, such as 364 days, so that the programme's dates meet them."`
	JSON      bool   `name:"json" help:"Print the report as JSON."`
}

func (cmd *backtestCmd) Run(ctx context.Context, c *console) error {
	in := headoffice.BackTest{From: cmd.From, To: cmd.To, ShiftDays: cmd.ShiftDays}
	var err error
	if in.Trial, err = readDocument("file", cmd.File); err != nil {
		return err
	}
	if cmd.Against != "" {
		if in.Against, err = readDocument("against", cmd.Against); err != nil {
			return err
		}
	}
	p, err := loyalty.Compile(in.Trial)
	var faults loyalty.Errors
	if errors.As(err, &faults) {
		return located(cmd.File, "the programme has faults, nothing was tried", faults)
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	bar := progressbar.NewOptions64(0, progressbar.OptionSetWriter(c.err), progressbar.OptionSetDescription("sales"), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())
	started := time.Now()
	report, err := m.BackTest(ctx, in, func(done, all int64) {
		if bar.GetMax64() != all {
			bar.ChangeMax64(all)
		}
		_ = bar.Set64(done) // a bar that cannot be drawn stops nothing
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.print(report)
	}
	fmt.Fprintf(c.err, "%d sales in %v\n", report.Sales, time.Since(started).Round(10*time.Millisecond))
	return printBackTest(c.out, p, report)
}

// printBackTest writes a report for people.
func printBackTest(out io.Writer, p *loyalty.Programme, r loyalty.BackTestReport) error {
	currency := i18n.Currency{Code: r.Currency, Digits: uint8(p.CurrencyDigits())}
	money := func(minor int64) string { return i18n.Amount(i18n.English, minor, currency) }
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d sales from %s to %s, %d without a member; money in %s\n\n", r.Sales, r.First, r.Last, r.Anonymous, r.Currency)
	fmt.Fprintf(w, "\twith\tbefore\tchange\t\n")
	for _, row := range []struct {
		name      string
		with, was string
		change    string
	}{
		{"turnover", money(r.With.Turnover), money(r.Against.Turnover), money(r.With.Turnover - r.Against.Turnover)},
		{"off the prices", money(r.With.Reduced), money(r.Against.Reduced), money(r.With.Reduced - r.Against.Reduced)},
		{"points earned", points(r.With.Earned), points(r.Against.Earned), points(r.With.Earned - r.Against.Earned)},
		{"cost in all", money(r.With.Cost.Minor()), money(r.Against.Cost.Minor()), money((r.With.Cost - r.Against.Cost).Minor())},
	} {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", row.name, row.with, row.was, row.change)
	}
	fmt.Fprintf(w, "\nrule\tsales\tpoints\toff\tcost\tsales before\tpoints\toff\tcost\t\n")
	for _, rule := range r.Rules {
		a, b := rule.With, rule.Against
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t\n", ruleTitle(rule.Rule), a.Sales, points(a.Points), money(a.Reduced), money(a.Cost.Minor()),
			b.Sales, points(b.Points), money(b.Reduced), money(b.Cost.Minor()))
	}
	fmt.Fprintf(w, "\nmembers\t\tpoints\tworth, with what is off\t\n")
	for _, g := range []struct {
		name string
		loyalty.MemberGroup
	}{{"gain", r.Gain}, {"lose", r.Lose}, {"neither", r.Same}} {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t\n", g.name, g.Members, points(g.Points), money(g.Value.Minor()))
	}
	for _, list := range []struct {
		name    string
		members []loyalty.MemberChange
	}{{"gains most", r.MostGain}, {"loses most", r.MostLose}} {
		for _, m := range list.members {
			fmt.Fprintf(w, "%s: member %d\t\t%s\t%s\t\n", list.name, m.Member, points(m.Points), money(m.Value.Minor()))
		}
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "\nleft out, %s\t%d\t\n", s.Code, s.Sales)
	}
	return w.Flush()
}

func points(n loyalty.Points) string { return strconv.FormatInt(int64(n), 10) }

func ruleTitle(id string) string {
	if id == "" {
		return "(not by one rule)"
	}
	return id
}

// readDocument reads a programme document of a bounded size.
func readDocument(field, file string) ([]byte, error) {
	return readFile(field, file, "a programme document", maxDocument)
}

// readFile reads a file of a bounded size.
func readFile(field, file, what string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > limit {
		err = fmt.Errorf("%s has %d bytes, the limit is %d", file, info.Size(), limit)
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, &headoffice.FieldError{Field: field, Remedy: "give " + what, Err: err}
	}
	return content, nil
}
