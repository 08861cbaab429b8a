package loyalty

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// steps draws what some sales and returns leave behind.
func steps(t *rapid.T) []PastStep {
	var all []PastStep
	for range rapid.IntRange(1, 12).Draw(t, "steps") {
		day := (dayOf(2025, 12, 20) + date(rapid.IntRange(0, 40).Draw(t, "day"))).String()
		n := Points(rapid.Int64Range(-20, 50).Draw(t, "points"))
		step := PastStep{Day: day, Purchases: 1, Counts: Standing{Spend: int64(n) * 100, Points: n, Visits: 1},
			Given: []RulePoints{{fmt.Sprintf("r%d", rapid.IntRange(0, 2).Draw(t, "rule")), n}}}
		if rapid.Bool().Draw(t, "occasion") {
			step.Occasions = []string{"birthday-" + day[:4]}
		}
		all = append(all, step)
	}
	return all
}

func pastOf(all []PastStep) *Past {
	past := &Past{}
	for _, step := range all {
		past.Add(step)
	}
	return past
}

func TestAPastIsTheSameInWhateverOrderItsEntriesCome(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := steps(rt)
		if a, b := pastOf(all), pastOf(rapid.Permutation(all).Draw(rt, "order")); !reflect.DeepEqual(a, b) {
			rt.Fatalf("two orders, two pasts:\n%+v\n%+v", a, b)
		}
	})
}

func TestSumsOfAPastAreThoseOfItsDays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := steps(rt)
		past, today := pastOf(all), dayOf(2025, 12, 20)+date(rapid.IntRange(40, 60).Draw(rt, "today"))
		from := today - date(rapid.IntRange(0, 30).Draw(rt, "window"))
		past.Join(from.String())
		var want Standing
		given := map[string]RuleSum{}
		for _, step := range all {
			day, _ := parseDay(step.Day)
			if day >= from {
				want.add(step.Counts)
			}
			g := given[step.Given[0].Rule]
			for _, in := range []struct {
				sum *Points
				ok  bool
			}{{&g.Day, day == today}, {&g.Week, day-date(day.weekday()) == today-date(today.weekday())},
				{&g.Month, day.String()[:7] == today.String()[:7]}, {&g.Year, day.String()[:4] == today.String()[:4]}, {&g.Lifetime, true}} {
				if in.ok {
					*in.sum += step.Given[0].Points
				}
			}
			g.Rule = step.Given[0].Rule
			given[g.Rule] = g
		}
		if got := past.Between(from.String(), today.String()); got != want {
			rt.Errorf("from %v to %v: %+v, want %+v", from, today, got, want)
		}
		for i := range past.Given {
			g := &past.Given[i]
			if sum := g.on(today.String()); sum != given[g.Rule] {
				rt.Errorf("on %v: %+v, want %+v", today, sum, given[g.Rule])
			}
		}
	})
}

const pastProgramme = givenHeader + `
tiers: [{id: bronze, name: {en: Bronze}}, {id: gold, name: {en: Gold}, from: 100.00}]
ladder: {by: spend, over: rolling, months: 1}
occasions: [{id: birthday, name: {en: Birthday}, before: 1, after: 1}]
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, cap: {month: 50}}
  - {id: free, per: sale, rate: {points: 1}}
  - {id: cake, bonus: 5, when: {occasion: birthday}}
`

func TestAStoreIsToldOnlyWhatTheProgrammeAsks(t *testing.T) {
	r := &Record{Past: *pastOf([]PastStep{
		{Day: "2026-10-20", Purchases: 1, Counts: Standing{Spend: 9000, Visits: 1}, Given: []RulePoints{{"base", 40}}},
		{Day: "2026-11-02", Purchases: 1, Counts: Standing{Spend: 3000, Visits: 1}, Given: []RulePoints{{"base", 30}, {"gone", 5}}},
	}), Birthday: "11-25", Segments: []string{"regulars"}}
	m := &MemberState{ID: 42, Medium: MediumNumber, Lots: []Lot{{ID: "1-1-1.1", Remaining: 70}}}
	if err := compile(t, pastProgramme).Recall(m, r, "2026-11-24"); err != nil {
		t.Fatal(err)
	}
	want := &History{Purchases: 2, Balance: 70, Segments: []string{"regulars"}, Occasions: []string{"birthday-2026"},
		Given: []RuleSum{{Rule: "base", Month: 30, Year: 70, Lifetime: 70}}}
	if !reflect.DeepEqual(m.History, want) || *m.Standing != (Standing{Spend: 3000, Visits: 1}) {
		t.Errorf("history %+v, standing %+v; want %+v", m.History, m.Standing, want)
	}
	r.Add(PastStep{Day: "2026-11-24", Occasions: []string{"birthday-2026"}})
	if err := compile(t, pastProgramme).Recall(m, r, "2026-11-24"); err != nil || len(m.History.Occasions) > 0 {
		t.Errorf("an occasion that was used is on again: %v, %v", m.History.Occasions, err)
	}
	plain := compile(t, givenHeader+"\nearn:\n  - {id: base, per: amount, rate: {points: 1, per: 1.00}}\n")
	if err := plain.Recall(m, r, "2026-11-24"); err != nil || m.History != nil || m.Standing != nil {
		t.Errorf("a programme that asks nothing is told %+v, %+v, %v", m.History, m.Standing, err)
	}
}

func TestASaleSaysWhatItAddsToTheStanding(t *testing.T) {
	p := compile(t, pastProgramme)
	in := QuoteInput{Sale: Sale{Lines: []Line{{SKU: "1", Quantity: 1000, Amount: 4000}}}, Member: &MemberState{ID: 42, Medium: MediumNumber}}
	_, e := sell(t, p, in, testHead(9))
	want := PastStep{Day: testPlace.Day, Purchases: 1, Counts: Standing{Spend: 4000, Points: 41, Visits: 1}, Given: []RulePoints{{"base", 40}}}
	if got := StepOf(&e); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	e.Sale.Counts.Spend++
	if _, found, err := p.Requote(&e, "", 0); err != nil || len(found) != 1 || found[0].Field != "counts.spend" {
		t.Errorf("a figure changed afterwards: %v, %v", found, err)
	}
}
