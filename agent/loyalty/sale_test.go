package loyalty

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestASaleThatCannotBeOneIsRefusedWithFieldAndCode(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	for _, tc := range []struct {
		name, field, code string
		change            func(*QuoteInput)
	}{
		{"empty basket", "lines", SaleEmpty, func(in *QuoteInput) { in.Sale.Lines = nil }},
		{"too many lines", "lines", SaleTooLarge, func(in *QuoteInput) { in.Sale.Lines = make([]Line, MaxLines+1) }},
		{"negative amount", "lines[1].amount", SaleNegative, func(in *QuoteInput) { in.Sale.Lines[1].Amount = -1 }},
		{"amount beyond the limit", "lines[0].amount", SaleRange, func(in *QuoteInput) { in.Sale.Lines[0].Amount = maxMoney + 1 }},
		{"lines that add up beyond the limit", "lines", SaleRange, func(in *QuoteInput) {
			in.Sale.Lines[0].Amount, in.Sale.Lines[1].Amount = maxMoney, 1
		}},
		{"no quantity", "lines[0].quantity", SaleRange, func(in *QuoteInput) { in.Sale.Lines[0].Quantity = 0 }},
		{"negative quantity", "lines[0].quantity", SaleNegative, func(in *QuoteInput) { in.Sale.Lines[0].Quantity = -1000 }},
		{"negative discount", "lines[0].discount", SaleNegative, func(in *QuoteInput) { in.Sale.Lines[0].Discount = -1 }},
		{"tax", "lines[0].tax", SaleRange, func(in *QuoteInput) { in.Sale.Lines[0].Tax = 10_001 }},
		{"no article number", "lines[2].sku", SaleText, func(in *QuoteInput) { in.Sale.Lines[2].SKU = "" }},
		{"control character in a name", "lines[0].name", SaleText, func(in *QuoteInput) { in.Sale.Lines[0].Name = "a\x1bb" }},
		{"name that is not UTF-8", "lines[0].name", SaleText, func(in *QuoteInput) { in.Sale.Lines[0].Name = "\xff" }},
		{"rounding below the bill", "rounding", SaleNegative, func(in *QuoteInput) { in.Sale.Rounding = -100_000 }},
		{"points as a tender", "tenders[0].kind", SaleTender, func(in *QuoteInput) { in.Sale.Tenders = []Tender{{Kind: TenderPoints, Amount: 1}} }},
		{"tender of nothing", "tenders[0].amount", SaleRange, func(in *QuoteInput) { in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: 0}} }},
		{"negative tender", "tenders[0].amount", SaleNegative, func(in *QuoteInput) { in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: -1}} }},
		{"overpaid", "tenders", SaleOverpaid, func(in *QuoteInput) { in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: 1234}} }},
		{"negative points asked", "redeem", SaleRange, func(in *QuoteInput) { in.Sale.Redeem = &Ask{Points: -1} }},
		{"points and all asked", "redeem", SaleRange, func(in *QuoteInput) { in.Sale.Redeem = &Ask{Points: 1, All: true} }},
		{"member without a medium", "member", SaleMedium, func(in *QuoteInput) { in.Member.Medium = MediumNone }},
		{"member without an id", "member", SaleMedium, func(in *QuoteInput) { in.Member.ID = 0 }},
		{"no time", "place.at", SaleTime, func(in *QuoteInput) { in.Place.At = "" }},
		{"time without offset", "place.at", SaleTime, func(in *QuoteInput) { in.Place.At = "2026-11-24T10:15:00" }},
		{"day that does not exist", "place.day", SaleTime, func(in *QuoteInput) { in.Place.Day = "2026-02-30" }},
		{"before the programme", "place.at", SaleNotInForce, func(in *QuoteInput) { in.Place.At = "2025-12-31T23:59:59.999+02:00" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace, Member: &MemberState{ID: 1, Medium: MediumPurse}}
			tc.change(&in)
			_, err := p.Quote(in)
			var e *SaleError
			if !errors.As(err, &e) || e.Field != tc.field || e.Code != tc.code {
				t.Errorf("got %v, want %s: %s", err, tc.field, tc.code)
			}
		})
	}
}

func TestFiguresBeyond64BitsNameTheRule(t *testing.T) {
	p := compile(t, goodHead+`earn:
  - {id: modest, per: amount, rate: {points: 1, per: 1.00}}
  - {id: lavish, per: amount, rate: {points: 1000000000000, per: 0.01}}
`)
	in := QuoteInput{Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: maxMoney}}}, Place: testPlace,
		Member: &MemberState{ID: 1, Medium: MediumPurse}}
	_, err := p.Quote(in)
	var over *RuleError
	if !errors.As(err, &over) || over.Rule != "lavish" {
		t.Errorf("got %v", err)
	}
}

// A sale that can be quoted can be written: the largest of everything at once stays within one entry.
func TestTheLargestSaleFitsAnEntry(t *testing.T) {
	t.Run("points alone", func(t *testing.T) { largestSale(t, false) })
	t.Run("with reductions and shares", func(t *testing.T) { largestSale(t, true) })
}

func largestSale(t *testing.T, reductions bool) {
	long := strings.Repeat("x", 36)
	doc := largestDocument(long)
	if reductions {
		writeLargestReductions(doc, long)
	}
	p := compile(t, doc.String())

	in := QuoteInput{Member: &MemberState{ID: 1 << 62, Medium: MediumPurse, Available: maxPoints, Tier: strings.Repeat("t", maxTier)}}
	size := 0
	for i := 0; ; i++ {
		l := Line{SKU: strings.Repeat("\"", maxMark), Name: strings.Repeat("\u2028", 60), Category: strings.Repeat("\\", maxCategory),
			Quantity: maxQuantity, Amount: 999_999_999, Discount: maxMoney, Tax: maxTax, Labels: []string{fmt.Sprintf("out%d", i)}}
		if size += lineBytes(&l); size > MaxLineBytes {
			break
		}
		in.Sale.Lines = append(in.Sale.Lines, l)
	}
	in.Sale.Lines[0].Labels = nil // one that earns
	for i := range 500 {
		in.Member.Lots = append(in.Member.Lots, Lot{ID: lotID(1<<32-1, 1<<32-1, 1<<62+Seq(i), 8), Remaining: 1, Earned: "2026-01-01", Expires: "2027-01-01"})
	}
	in.Sale.Redeem = &Ask{Points: 6_000_000_000}
	in.Sale.Rounding = 1
	if reductions {
		for i := range MaxShown {
			in.Sale.Shown = append(in.Sale.Shown, ShownCoupon{Coupon: fmt.Sprintf("c%s%03d", long, i), Serial: fmt.Sprintf("%s%04d", long, i),
				ValidFrom: "2026-01-01", ValidTo: "2026-12-31"})
			in.Sale.Rewards = append(in.Sale.Rewards, RewardAsk{Reward: fmt.Sprintf("w%s%03d", long, i), Times: 999})
		}
		in.Place = testPlace
		for _, err := p.Quote(in); err != nil; _, err = p.Quote(in) {
			var bad *SaleError
			if !errors.As(err, &bad) || bad.Code != SaleTooLarge {
				t.Fatal(err)
			}
			in.Sale.Lines = in.Sale.Lines[:len(in.Sale.Lines)-1]
		}
	}
	_, e := sell(t, p, in, testHead(1<<62))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	told := Points(0)
	for _, f := range e.Sale.Why {
		if f.Applied && f.Code != ExplainRedeemed {
			told += f.Points
		}
	}
	if told != e.Sale.Earned {
		t.Errorf("the shortened breakdown tells %d points, earned are %d", told, e.Sale.Earned)
	}
	t.Logf("%d bytes, %d lines, %d findings, %d movements", len(body), len(e.Sale.Lines), len(e.Sale.Why), len(e.Moves))
	if reductions && (len(e.Sale.Reductions) < MaxShown+MaxRewardAsks || e.Sale.Shares == nil) {
		t.Errorf("not all reductions applied: %d", len(e.Sale.Reductions))
	}
	if len(e.Moves) < maxDraws+maxExpiries || len(e.Sale.Why) < maxApplied+maxWhyNot {
		t.Error("this is not the largest sale")
	}
}

// largestDocument has more of everything, with longer ids, than a breakdown can tell.
func largestDocument(long string) *strings.Builder {
	doc := &strings.Builder{}
	doc.WriteString(goodHead + "tiers:\n")
	tiers := make([]string, maxWhenTiers)
	for i := range tiers {
		tiers[i] = fmt.Sprintf("%s-%d", long, i)
		fmt.Fprintf(doc, "  - {id: %s, name: {en: T}}\n", tiers[i])
	}
	doc.WriteString("sets:\n")
	for i := range 20 {
		fmt.Fprintf(doc, "  %s%02d: {label: [out%d]}\n", long, i, i)
	}
	doc.WriteString("exclude: [")
	for i := range 20 {
		fmt.Fprintf(doc, "%s%02d,", long, i)
	}
	doc.WriteString("]\nearn:\n")
	for i := range 300 {
		fmt.Fprintf(doc, "  - {id: y%s%03d, per: amount, rate: {points: 9999999, per: 0.01}, cap: {sale: 999999999}, expiry: {days: %d}}\n", long, i, i%maxExpiries+1)
		fmt.Fprintf(doc, "  - {id: z%s%03d, bonus: 1, expiry: {days: 1}, when: {tiers: [%s]}}\n", long, i, strings.Join(tiers, ","))
	}
	doc.WriteString("redeem: {point_value: {points: 1, value: 0.01}, step: 7, keep: 3, max_share: 99}\n")
	return doc
}

func writeLargestReductions(doc *strings.Builder, long string) {
	doc.WriteString("discounts:\n")
	for i := range 200 {
		fmt.Fprintf(doc, "  - {id: d%s%03d, gives: {amount: 0.01}}\n", long, i)
	}
	doc.WriteString("rewards:\n")
	for i := range MaxRewardAsks {
		fmt.Fprintf(doc, "  - {id: w%s%03d, cost: 1, per_sale: 999, gives: {amount: 0.01}}\n", long, i)
	}
	doc.WriteString("coupons:\n")
	for i := range MaxShown {
		fmt.Fprintf(doc, "  - {id: c%s%03d, name: {en: C}, value: 0.01, valid_days: 1}\n", long, i)
	}
	doc.WriteString("returns: {earned: per_line, spent: original}\n")
}
