package main

import (
	"os"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
)

// What a shop's owner reads: columns in line, money with its decimals.
func TestABackTestIsReadable(t *testing.T) {
	document, err := os.ReadFile("../../docs/programmes/plain.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := loyalty.Compile(document)
	if err != nil {
		t.Fatal(err)
	}
	report := loyalty.BackTestReport{Currency: "EUR", First: "2026-11-02", Last: "2026-11-09", Sales: 5, Anonymous: 1,
		Skipped: []loyalty.SkippedSale{{Code: "sale.negative", Sales: 2}},
		With:    loyalty.BackTestTotals{Turnover: 430000, Reduced: 600, Earned: 40, Cost: 613_333_333},
		Against: loyalty.BackTestTotals{Turnover: 430000, Earned: 81, Cost: 27_000_000},
		Rules: []loyalty.RuleOutcome{{Rule: "cheap-coffee", With: loyalty.RuleTotals{Sales: 2, Reduced: 600, Cost: 600_000_000}},
			{Rule: "base", With: loyalty.RuleTotals{Sales: 4, Points: 34, Cost: 11_333_333}, Against: loyalty.RuleTotals{Sales: 4, Points: 41, Cost: 13_666_667}}},
		Gain:     loyalty.MemberGroup{Members: 1, Points: -21, Value: 493_000_000},
		Lose:     loyalty.MemberGroup{Members: 1, Points: -20, Value: -6_666_667},
		MostGain: []loyalty.MemberChange{{Member: 1, Points: -21, Value: 493_000_000}},
	}
	var out strings.Builder
	if err := printBackTest(&out, p, report); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/backtest.golden")
	if err != nil || out.String() != string(want) {
		t.Errorf("%v; got\n%s\nwant\n%s", err, out.String(), want)
		_ = os.WriteFile("testdata/backtest.got", []byte(out.String()), 0o600)
	}
}
