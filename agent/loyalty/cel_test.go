package loyalty

import (
	"strings"
	"testing"
)

// celRule is a bonus of 5 under an expression.
func celRule(expression string) string {
	return goodHead + "sets: {fresh: {label: [fresh]}, coffee: {sku: [coffee]}}\nearn:\n  - {id: b, bonus: 5, when: {cel: '" + expression + "'}}\n"
}

func TestAnExpressionLooksAtTheSaleInWholeNumbers(t *testing.T) {
	m := &MemberState{ID: 42, Tier: "gold", Medium: MediumPurse, History: &History{Purchases: 8, Balance: 250, Segments: []string{"regulars", "staff"}}}
	sale := Sale{Lines: []Line{{SKU: "coffee", Quantity: 2000, Amount: 300}, {SKU: "apple", Labels: []string{"fresh"}, Quantity: 1350, Amount: 270}}}
	for expression, want := range map[string]string{
		`total == 570 && lines == 2`:                                 "",
		`total > 570`:                                                ExplainNotMet,
		`amount["fresh"] * 2 < amount["coffee"]`:                     ExplainNotMet,
		`units["fresh"] == 1350 && units["coffee"] >= 2000`:          "",
		`store == 7 && weekday == 2 && minute == 10 * 60 + 15`:       "",
		`day == "2026-11-24" && year == 2026 && month == 11`:         "",
		`day_of_month <= 7 && weekday == 1`:                          ExplainNotMet, // the first Monday
		`member && tier in ["gold", "silver"] && purchases % 4 == 0`: "",
		`segments.exists(s, s.startsWith("reg")) && balance > 200`:   "",
		`segments.all(s, s != "staff")`:                              ExplainNotMet,
		`total / (lines - 2) > 5`:                                    ExplainFailed,
		`total * 9223372036854775807 > 5`:                            ExplainFailed,
	} {
		p := compile(t, celRule(expression))
		q, err := p.Quote(QuoteInput{Sale: sale, Member: m, Place: testPlace})
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		got := ""
		if q.Earned == 0 {
			got = q.Why[len(q.Why)-1].Code
		}
		if got != want {
			t.Errorf("%s: %q, want %q (%+v)", expression, got, want, q.Why)
		}
	}
}

func TestNobodyHasNoPast(t *testing.T) {
	p := compile(t, strings.Replace(celRule(`!member && tier == "" && size(segments) == 0 && purchases == 0 && balance == 0`), "bonus: 5", "per: sale, rate: {points: 5}", 1))
	q, err := p.Quote(QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace})
	if err != nil || q.Why[len(q.Why)-1].Points != 5 {
		t.Errorf("%+v, %v", q.Why, err)
	}
}

func TestAnExpressionThatCannotBeUsedSaysWhere(t *testing.T) {
	for expression, want := range map[string]string{
		`total >`:                          `5:43: earn[0].when.cel: Syntax error`,
		`totl > 5`:                         `5:36: earn[0].when.cel: undeclared reference to 'totl'`,
		`total > 1.5`:                      `earn[0].when.cel: found no matching overload`,
		`1.5 == 1.5`:                       `5:36: earn[0].when.cel: double is not taken; use whole numbers`,
		`double(total) == 2.0`:             `double is not taken`,
		`timestamp(day) == timestamp(day)`: `Timestamp is not taken`,
		`dyn(total) == 5`:                  `dyn is not taken`,
		`total`:                            `gives int; compare it with something`,
		`amount["fesh"] > 5`:               `5:43: earn[0].when.cel: there is no set "fesh"; did you mean fresh?`,
		`amount[tier] > 5`:                 "uses amount or units as a whole",
		`amount.exists(k, k == "fresh")`:   "uses amount or units as a whole",
		` `:                                "is empty, too long",
		`segments.exists(a, segments.exists(b, segments.exists(c, a + b == c)))`: "make it simpler: 2000 is the most",
	} {
		_, err := Compile([]byte(celRule(expression)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got\n%v\nwant %s", expression, err, want)
		}
	}
}

func TestAFaultInAnExpressionIsPlacedHoweverItIsWritten(t *testing.T) {
	head := goodHead + "earn:\n  - id: b\n    bonus: 5\n    when:\n"
	for name, tc := range map[string]struct{ doc, want string }{
		"plain":  {head + "      cel: total > 5 && totl > 5\n", "7:25: "},
		"quoted": {head + "      cel: \"total > 5 && totl > 5\"\n", "7:26: "},
		"block":  {head + "      cel: |\n        total > 5 &&\n        totl > 5\n", "9:9: "},
		"JSON": {`{"format": 1, "programme": {"id": "t", "name": {"en": "T"}, "version": 1, "valid_from": "2026-01-01T00:00", "currency": "EUR"},
"earn": [{"id": "b", "bonus": 5, "when": {"cel": "totl > 5"}}]}`, "2:51: "},
	} {
		if _, err := Compile([]byte(tc.doc)); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

// What an expression asks of the past has to be told to the till, and so is written down with the sale.
func TestAnExpressionAboutThePastIsToldOfIt(t *testing.T) {
	for expression, want := range map[string]bool{`total > 5`: false, `purchases > 5`: true, `balance > 5`: true, `"staff" in segments`: true} {
		m := &MemberState{ID: 42, Medium: MediumNumber}
		if err := compile(t, celRule(expression)).Recall(m, &Record{Segments: []string{"staff"}}, "2026-11-24"); err != nil {
			t.Fatal(err)
		}
		if got := m.History != nil; got != want {
			t.Errorf("%s: told of the past: %v", expression, got)
		}
	}
}

func BenchmarkQuoteWithAnExpression(b *testing.B) {
	p := compile(b, celRule(`total > 500 && (tier == "gold" || amount["fresh"] > 200)`))
	in := QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 42, Tier: "gold", Medium: MediumPurse}, Place: testPlace}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Quote(in); err != nil {
			b.Fatal(err)
		}
	}
}
