package loyalty

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// genGives draws a price reduction of any kind.
func genGives(t *rapid.T, reward bool) string {
	how := rapid.SampledFrom([]string{"percent: 10", "percent: 33.33", "percent: 100", "amount: 0.07", "amount: 5.00", "price: 1.99"}).Draw(t, "how")
	of := rapid.SampledFrom([]string{"bill", "line", "unit", "cheapest", "bundle"}).Draw(t, "of")
	text := "{" + how + ", of: " + of
	text += rapid.SampledFrom([]string{"", ", on: red", ", on: food", ", on: mixed"}).Draw(t, "reduces")
	text += rapid.SampledFrom([]string{"", ", base: initial"}).Draw(t, "price base")
	text += rapid.SampledFrom([]string{"", ", rounding: floor", ", rounding: ceil"}).Draw(t, "price rounding")
	text += rapid.SampledFrom([]string{"", ", most: 3.00"}).Draw(t, "most")
	switch {
	case of == "cheapest" && !reward:
		text += rapid.SampledFrom([]string{"", ", buy: 2", ", units: 3", ", buy: 1, buy_from: food"}).Draw(t, "pieces")
	case of == "bundle":
		text += rapid.SampledFrom([]string{", units: 2", ", units: 3"}).Draw(t, "bundle")
	case of == "bill" && !reward && strings.HasPrefix(how, "amount"):
		text += rapid.SampledFrom([]string{"", ", each: 10.00", ", each: 7.00, times: 2"}).Draw(t, "each")
	}
	return text + "}"
}

func genReductions(t *rapid.T) string {
	var b strings.Builder
	rest := func() string {
		return rapid.SampledFrom([]string{"", ", group: g", ", group: h", ", group: g, priority: 3"}).Draw(t, "group") +
			rapid.SampledFrom([]string{"", ", when: {minimum: 30.00}", ", when: {tiers: [gold]}"}).Draw(t, "offered")
	}
	as := func() string { return rapid.SampledFrom([]string{"", ", as: tender"}).Draw(t, "as") }
	if n := rapid.IntRange(0, 4).Draw(t, "discounts"); n > 0 {
		b.WriteString("discounts:\n")
		for i := range n {
			fmt.Fprintf(&b, "  - {id: d%d, gives: %s%s}\n", i, genGives(t, false), rest())
		}
	}
	fmt.Fprintf(&b, "rewards:\n  - {id: w0, cost: 40, gives: %s%s%s}\n  - {id: w1, cost: 5, with_earned: true%s}\n", genGives(t, true), as(), rest(), rest())
	fmt.Fprintf(&b, "coupons:\n  - {id: c0, name: {en: C}, value: 1.50, valid_days: 9%s%s}\n  - {id: c1, name: {en: C}, valid_days: 9, gives: %s%s%s}\n",
		as(), rest(), genGives(t, false), as(), rest())
	fmt.Fprintf(&b, "stacking: {group: %s}\n", rapid.SampledFrom([]string{"priority", "best_for_customer"}).Draw(t, "stacking"))
	return b.String()
}

func genOffers(t *rapid.T, s *Sale) {
	for i, c := range []string{"c0", "c1", "c0"} {
		if rapid.IntRange(0, 3).Draw(t, "shows") == 0 {
			s.Shown = append(s.Shown, ShownCoupon{Coupon: c, Serial: fmt.Sprint(i)})
		}
	}
	for _, w := range []string{"w0", "w1"} {
		if rapid.IntRange(0, 2).Draw(t, "wants") == 0 {
			s.Rewards = append(s.Rewards, RewardAsk{Reward: w})
		}
	}
}

// Property 5: what is taken off sums exactly over lines, reductions and tax rates, and no price falls below zero.
func TestReductionsSumExactlyAndNoLineFallsBelowZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		var off, taken, told, taxed int64
		var cost Points
		for i, l := range q.Lines {
			if l.Reduced < 0 || l.Reduced > l.Amount || l.Excluded != "" && l.Reduced != 0 {
				t.Fatalf("line %d: %+v", i, l)
			}
			off += l.Reduced
		}
		for _, r := range q.Reductions {
			taken, cost = taken+r.Amount, cost+r.Points
		}
		paid := instruments(q.Reductions)
		for _, f := range q.Why {
			told += f.Value
		}
		for _, x := range q.Taxes {
			taxed += x.Amount
		}
		if off != q.Reduced || taken != q.Reduced+paid || told != q.Reduced+paid || q.ToPay != q.Total-paid-q.Redeem.Value || cost != q.RewardPoints || q.Total != totalAmount(in.Sale.Lines)-off {
			t.Fatalf("lines %d, reductions %d, told %d, in all %d of %d", off, taken, told, q.Reduced, q.Total)
		}
		if len(q.Taxes) > 0 && taxed != q.Total {
			t.Fatalf("taxed %d of %d", taxed, q.Total)
		}
		if m := in.Member; m != nil && (q.Drawn() > m.Available || q.RewardPoints+q.Redeem.Points > m.Available+q.Earned) {
			t.Fatalf("spent %d and %d of %d and %d", q.RewardPoints, q.Redeem.Points, m.Available, q.Earned)
		}
	})
}

// Property 7 for prices: where discounts stand in the document does not matter.
func TestTheOrderOfDiscountsDoesNotChangePrices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head, rules, tail := genDocument(t)
		in := genInput(t)
		fitTenders(t, compileRapid(t, head+strings.Join(rules, "")+tail), &in)
		before, discounts, found := strings.Cut(tail, "discounts:\n")
		if !found {
			return
		}
		list, after, _ := strings.Cut(discounts, "rewards:\n")
		lines := strings.SplitAfter(strings.TrimSuffix(list, "\n"), "\n")
		for i := range lines {
			lines[i] = strings.TrimSuffix(lines[i], "\n") + "\n"
		}
		turned := before + "discounts:\n" + strings.Join(rapid.Permutation(lines).Draw(t, "order"), "") + "rewards:\n" + after
		a, errA := compileRapid(t, head+strings.Join(rules, "")+tail).Quote(in)
		b, errB := compileRapid(t, head+strings.Join(rules, "")+turned).Quote(in)
		if errA != nil || errB != nil || !slices.Equal(a.Reductions, b.Reductions) || !slices.Equal(a.Lines, b.Lines) {
			t.Fatalf("%+v %v\n%+v %v", a.Reductions, errA, b.Reductions, errB)
		}
	})
}

// The best combination is never dearer than the one by priority.
func TestBestForTheCustomerIsNeverDearer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head, rules, tail := genDocument(t)
		in := genInput(t)
		fitTenders(t, compileRapid(t, head+strings.Join(rules, "")+tail), &in)
		in.Sale.Tenders, in.Sale.Rewards = nil, nil // a reward may be given up for a discount that is worth as much
		total := func(stacking string) int64 {
			tail := strings.NewReplacer("stacking: {group: priority}", stacking, "stacking: {group: best_for_customer}", stacking).Replace(tail)
			q, err := compileRapid(t, head+strings.Join(rules, "")+tail).Quote(in)
			if err != nil {
				t.Fatal(err)
			}
			return q.Total - instruments(q.Reductions)
		}
		if best, first := total("stacking: {group: best_for_customer}"), total("stacking: {group: priority}"); best > first {
			t.Fatalf("best %d, by priority %d", best, first)
		}
	})
}
