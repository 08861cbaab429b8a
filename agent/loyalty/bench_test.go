package loyalty

import (
	"fmt"
	"strings"
	"testing"
)

// benchProgramme has a base rule, and rules on sets of which the benchmark's basket touches only the first hundred.
func benchProgramme(t testing.TB, rules int) *Programme { return compile(t, benchText(rules)) }

func benchText(rules int) string {
	var b strings.Builder
	b.WriteString("format: 1\nprogramme: {id: bench, name: {en: Bench}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}\nsets:\n")
	for i := range rules {
		fmt.Fprintf(&b, "  s%d: {sku: [\"%d\", \"x%d\"]}\n", i, i, i)
	}
	b.WriteString("  tobacco: {category: [tobacco]}\nexclude: [tobacco]\nearn:\n  - {id: base, per: amount, rate: {points: 1, per: 1.00}}\n")
	for i := range rules {
		fmt.Fprintf(&b, "  - {id: r%d, per: amount, rate: {points: 2, per: 1.00}, on: s%d, when: {weekdays: [tue]}}\n", i, i)
	}
	b.WriteString("redeem: {point_value: {points: 100, value: 1.00}, minimum: 100, step: 10, max_share: 50, except: [tobacco]}\nexpiry: {months: 12}\n")
	return b.String()
}

func benchInput(lines, lots int) QuoteInput {
	in := QuoteInput{Place: testPlace, Member: &MemberState{ID: 42, Medium: MediumPurse, Available: 5000}}
	for i := range lines {
		in.Sale.Lines = append(in.Sale.Lines, Line{SKU: fmt.Sprint(i % 20), Name: "Article", Category: "food/dairy/milk",
			Quantity: 1000, Amount: int64(129 + 7*i), Tax: 2100})
	}
	for i := range lots {
		in.Member.Lots = append(in.Member.Lots, Lot{ID: lotID(1, 1, Seq(i+1), 1), Remaining: 20, Earned: "2026-01-01",
			Expires: fmt.Sprintf("2027-%02d-28", i%12+1)})
	}
	in.Sale.Redeem = &Ask{Points: 300}
	return in
}

func BenchmarkQuote(b *testing.B) {
	for _, size := range []struct{ lines, rules int }{{20, 1}, {20, 100}, {50, 20}, {50, 10_000}, {200, 100}} {
		b.Run(fmt.Sprintf("lines=%d/rules=%d", size.lines, size.rules), func(b *testing.B) {
			p, in := benchProgramme(b, size.rules), benchInput(size.lines, 30)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Quote(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkQuoteCost is drawn by make graph: cost by lines, with a hundred rules of which twenty match, and by rules that cannot
// match, with twenty lines.
func BenchmarkQuoteCost(b *testing.B) {
	run := func(axis string, at, lines, rules int) {
		p, in := benchProgramme(b, rules), benchInput(lines, 30)
		b.Run(fmt.Sprintf("%s=%d", axis, at), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Quote(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, lines := range []int{1, 2, 5, 10, 20, 50, 100, 200} {
		run("lines", lines, lines, 100)
	}
	for _, idle := range []int{1, 10, 100, 1000, 10_000} {
		run("idle", idle, 20, 20+idle)
	}
}

func benchEntry(b *testing.B) (*Programme, Entry, Quote, QuoteInput) {
	p, in := benchProgramme(b, 100), benchInput(20, 30)
	q, err := p.Quote(in)
	if err != nil {
		b.Fatal(err)
	}
	in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.ToPay}}
	e, err := p.Post(q, in, testHead(9))
	if err != nil {
		b.Fatal(err)
	}
	return p, e, q, in
}

func BenchmarkPost(b *testing.B) {
	p, _, q, in := benchEntry(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Post(q, in, testHead(9)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRequote is what head office does to every uploaded sale, its decoding left out; sales/s is on one core.
func BenchmarkRequote(b *testing.B) {
	p, e, _, in := benchEntry(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, diffs, err := p.Requote(&e, "", in.Member.Available); err != nil || len(diffs) > 0 {
			b.Fatal(err, diffs)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sales/s")
}

// BenchmarkReturn is one line of a sale of fifty.
func BenchmarkReturn(b *testing.B) {
	doc := string(benchProgramme(b, 100).Canonical())
	p := compile(b, strings.Replace(doc, `"expiry":`, `"returns":{"earned":"per_line"},"expiry":`, 1))
	in := benchInput(50, 30)
	_, e := sell(b, p, in, testHead(9))
	b.ReportAllocs()
	for b.Loop() {
		sale, err := ReturnableOf(&e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Return(ReturnInput{Sale: sale, Lines: []ReturnedLine{{7, 1000}}, Lots: in.Member.Lots, Policy: p.ReturnPolicy()}, testHead(10)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, rules := range []int{10, 1000} {
		p := benchProgramme(b, rules)
		b.Run(fmt.Sprintf("canonical/rules=%d", rules), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compile(p.Canonical()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReduce is a quote with discounts on every line in five groups, chosen by priority or as the best combination.
func BenchmarkReduce(b *testing.B) {
	for _, stacking := range []string{"priority", "best_for_customer"} {
		b.Run(stacking, func(b *testing.B) {
			doc := strings.Builder{}
			doc.WriteString("discounts:\n")
			for i := range 10 {
				fmt.Fprintf(&doc, "  - {id: d%d, group: g%d, gives: {percent: %d, of: line, on: s%d}}\n", i, i/2, i+1, i)
			}
			fmt.Fprintf(&doc, "stacking: {group: %s}\nreturns: {earned: per_line}\n", stacking)
			p, in := compile(b, benchText(100)+doc.String()), benchInput(20, 30)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Quote(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
