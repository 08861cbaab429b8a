package loyalty

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What a rule with a cap over time gave is more than its own finding says: multipliers and the cap itself are in it.
const givenHeader = `format: 1
programme: {id: given, name: {en: Given}, version: 1, valid_from: 2000-01-01T00:00, currency: EUR}`

func TestASaleWritesWhatRulesWithACapOverTimeGave(t *testing.T) {
	p := compile(t, givenHeader+`
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, cap: {month: 50}}
  - {id: double, multiply: 2}
  - {id: visit, bonus: 5}
`)
	in := QuoteInput{Sale: Sale{Lines: []Line{{SKU: "1", Quantity: 1000, Amount: 4000}}}, Place: testPlace,
		Member: &MemberState{ID: 42, Medium: MediumPurse, History: &History{Given: []RuleSum{{Rule: "base", Month: 20}}}}}
	_, e := sell(t, p, in, testHead(9))
	if want := []RulePoints{{"base", 30}}; !slices.Equal(e.Sale.Given, want) {
		t.Errorf("given %v, want %v", e.Sale.Given, want)
	}
	e.Sale.Given[0].Points++
	if _, found, err := p.Requote(&e, "", 0); err != nil || len(found) != 1 || found[0].Field != "given[0].points" {
		t.Errorf("a figure changed afterwards: %v, %v", found, err)
	}
}

func TestRulesWithACapOverTimeAreFew(t *testing.T) {
	var b strings.Builder
	b.WriteString(givenHeader + "\nearn:\n")
	for i := range MaxGiven + 1 {
		fmt.Fprintf(&b, "  - {id: r%d, bonus: 1, cap: {day: 1}}\n", i)
	}
	_, err := Compile([]byte(b.String()))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("has %d rules with a cap over a day or longer; keep to %d", MaxGiven+1, MaxGiven)) {
		t.Errorf("error %v", err)
	}
}
