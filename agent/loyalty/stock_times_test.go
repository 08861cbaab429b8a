package loyalty

import (
	"fmt"
	"strings"
	"testing"
)

const stockedRewards = `
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
redeem: {point_value: {points: 1, value: 0.01}}
rewards:
  - {id: mug, name: {en: Mug}, cost: 10, gives: {amount: 1.00}, per_sale: 5, stock: {store: 4}}
  - {id: pen, name: {en: Pen}, cost: 10, gives: {amount: 1.00}}
`

// Whoever counts what a store gave has only its entries.
func TestASaleSaysHowOftenItGaveARewardWithAStock(t *testing.T) {
	p := compile(t, goodHead+stockedRewards)
	if got := strings.Join(p.Stocked(), " "); got != "mug" {
		t.Errorf("stocked: %s", got)
	}
	in := QuoteInput{Place: testPlace, Sale: Sale{Lines: groceries(), Rewards: []RewardAsk{{Reward: "mug", Times: 3}, {Reward: "pen"}}},
		Member: &MemberState{ID: 9, Medium: MediumPurse, Available: 100}, Stock: []Stock{{Of: "mug", Here: 1}}}
	_, e := sell(t, p, in, testHead(3))
	for _, r := range e.Sale.Reductions {
		if want := map[string]int64{"mug": 3}[r.Rule]; r.Times != want {
			t.Errorf("%s %d times, want %d", r.Rule, r.Times, want)
		}
	}
	e.Sale.Reductions[0].Times = 1
	if _, found, err := p.Requote(&e, "", 100); err != nil || len(found) != 1 || !strings.HasSuffix(found[0].Field, ".times") {
		t.Errorf("head office: %v, %v", found, err)
	}
}

func TestAProgrammeKeepsWhatHasAStockWithinWhatASaleIsTold(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("coupons:\n")
	for i := range MaxStock + 1 {
		fmt.Fprintf(&doc, "  - {id: c%d, name: {en: C}, value: 1.00, valid_days: 5, stock: {store: 1}}\n", i)
	}
	if _, err := Compile([]byte(goodHead + doc.String())); err == nil || !strings.Contains(err.Error(), "65 rewards, coupons and surprises with a stock; keep to 64") {
		t.Errorf("%v", err)
	}
}
