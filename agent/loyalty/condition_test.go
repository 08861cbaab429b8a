package loyalty

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHoursFollowTheWallClockThroughTheChangesOfSummerTime(t *testing.T) {
	p := compile(t, goodHead+"earn:\n  - {id: night, bonus: 5, when: {hours: [\"02:00-04:00\"]}}\n")
	for at, want := range map[string]Points{
		"2026-03-29T01:59:59.999+02:00": 0,
		"2026-03-29T02:59:59.999+02:00": 5,
		"2026-03-29T04:00:00.000+03:00": 0, // one minute later: the hour from three to four is not there
		"2026-10-25T03:30:00.000+03:00": 5,
		"2026-10-25T03:30:00.000+02:00": 5, // the same hour again
		"2026-10-25T04:00:00.000+02:00": 0,
	} {
		q, err := p.Quote(QuoteInput{Sale: Sale{Lines: groceries()}, Place: Place{Store: 1, Day: at[:10], At: at}, Member: &MemberState{ID: 1, Medium: MediumNumber}})
		if err != nil || q.Earned != want {
			t.Errorf("%s: %d points, %v, want %d", at, q.Earned, err, want)
		}
	}
}

func TestTheLeapDayCountsInDaysAndMonthsOfMembership(t *testing.T) {
	p := compile(t, goodHead+"earn:\n  - {id: month, bonus: 1, when: {joined: {least_months: 1}}}\n  - {id: days, bonus: 2, when: {joined: {least_days: 30}}}\n")
	for _, tc := range []struct {
		joined, day string
		want        Points
	}{
		{"2028-01-31", "2028-02-28", 0}, {"2028-01-31", "2028-02-29", 1}, {"2028-01-31", "2028-03-01", 3},
		{"2027-01-31", "2027-02-28", 1}, {"2028-02-29", "2028-03-29", 1}, {"2028-02-29", "2028-03-30", 3},
	} {
		q, err := p.Quote(QuoteInput{Sale: Sale{Lines: groceries()}, Place: Place{Store: 1, Day: tc.day, At: tc.day + "T10:00:00.000+02:00"},
			Member: &MemberState{ID: 1, Medium: MediumNumber, History: &History{Joined: tc.joined}}})
		if err != nil || q.Earned != tc.want {
			t.Errorf("joined %s, on %s: %d points, %v, want %d", tc.joined, tc.day, q.Earned, err, tc.want)
		}
	}
}

func TestHeadOfficeAgreesOnASaleToSomeoneWhoTakesNoPart(t *testing.T) {
	p := compile(t, goodHead+"exclude_members: {segments: [staff]}\nearn:\n  - {id: base, per: amount, rate: {points: 1, per: 1.00}}\n")
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 7, Medium: MediumPurse, History: &History{Segments: []string{"staff"}}}}, testHead(3))
	if e.Member != 7 || e.Sale.Earned != 0 || len(e.Moves) != 0 {
		t.Errorf("member %d earned %d, %v", e.Member, e.Sale.Earned, e.Moves)
	}
	if _, found, err := p.Requote(&e, "", 0); err != nil || len(found) != 0 {
		t.Errorf("%v %v", found, err)
	}
}

func TestOnlyAttributesThatTheProgrammeAsksForNeedBeTold(t *testing.T) {
	p := compile(t, goodHead+"exclude_members: {attributes: {status: [blocked]}}\nearn:\n  - {id: a, bonus: 1, when: {attributes: {city: [riga], age: [young]}}}\n")
	if got := p.Attributes(); !slices.Equal(got, []string{"age", "city", "status"}) {
		t.Errorf("got %v", got)
	}
}

func TestASaleIsToldOnlyWhatTheProgrammeAsksOfAPerson(t *testing.T) {
	record := Record{Attributes: []string{"city=riga", "shoe=43"}, Joined: "2026-02-01"}
	for doc, want := range map[string]History{
		"  - {id: a, bonus: 1, when: {attributes: {city: [riga]}}}\n": {Attributes: []string{"city=riga"}},
		"  - {id: a, bonus: 1, when: {joined: {least_days: 9}}}\n":    {Joined: "2026-02-01"},
	} {
		var m MemberState
		if err := compile(t, goodHead+"earn:\n"+doc).Recall(&m, &record, "2026-11-24"); err != nil {
			t.Fatal(err)
		}
		if m.History == nil || !slices.Equal(m.History.Attributes, want.Attributes) || m.History.Joined != want.Joined {
			t.Errorf("%s: got %+v", doc, m.History)
		}
	}
}

func TestWhatIsToldOfAMemberIsChecked(t *testing.T) {
	p := compile(t, goodHead)
	many := make([]string, MaxAttributes+1)
	for i := range many {
		many[i] = "a=b"
	}
	for _, tc := range []struct {
		history     History
		field, code string
	}{
		{History{Attributes: []string{"city"}}, "member.history.attributes", SaleText},
		{History{Attributes: []string{"City=Riga"}}, "member.history.attributes", SaleText},
		{History{Attributes: many}, "member.history", SaleTooLarge},
		{History{Joined: "2026-02-30"}, "member.history.joined", SaleTime},
	} {
		_, err := p.Quote(QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace, Member: &MemberState{ID: 1, Medium: MediumPurse, History: &tc.history}})
		var e *SaleError
		if !errors.As(err, &e) || e.Field != tc.field || e.Code != tc.code {
			t.Errorf("%+v: %v, want %s: %s", tc.history, err, tc.field, tc.code)
		}
	}
}

func TestFaultsOfConditionsAreNamed(t *testing.T) {
	rule := func(when string) string {
		return goodHead + "sets: {milk: {label: [milk]}}\nearn:\n  - {id: base, bonus: 1, when: {" + when + "}}\n"
	}
	for doc, want := range map[string]string{
		goodHead + "store_groups: {north: []}\n":                "store_groups.north: has 0 stores",
		goodHead + "store_groups: {North: [1]}\n":               "store_groups.North: \"North\" is not an id",
		goodHead + "store_groups: {north: [0]}\n":               "store_groups.north[0]: 0 is not a store",
		goodHead + "exclude_members: {}\n":                      "exclude_members: names nobody",
		goodHead + "exclude_members: {tiers: [x]}\n":            "exclude_members.tiers[0]: there is no tier \"x\"",
		rule("groups: [north]"):                                 `earn[0].when.groups[0]: there is no store group "north"; declare it in store_groups`,
		rule("medium: purse"):                                   `earn[0].when.medium: "purse" is not known; known are card, number`,
		rule("attributes: {city: []}"):                          "earn[0].when.attributes.city: has 0 values",
		rule("attributes: {city: [Riga]}"):                      `earn[0].when.attributes.city[0]: "Riga" is not an id`,
		rule("joined: {}"):                                      "earn[0].when.joined: says nothing",
		rule("joined: {least_days: -1}"):                        "earn[0].when.joined.least_days: is out of range",
		rule("joined: {least_days: 1, least_months: 1}"):        "earn[0].when.joined.least_months: and least_days both say",
		rule("joined: {least_days: 9, most_days: 3}"):           "earn[0].when.joined.most_days: is less than least_days",
		rule("joined: {from: 2026-02-02, to: 2026-02-01}"):      "earn[0].when.joined.to: 2026-02-01 is before",
		rule("contains: [{set: mlk}]"):                          `earn[0].when.contains[0].set: there is no set "mlk"; did you mean milk?`,
		rule("contains: [{set: milk, units: 0}]"):               `earn[0].when.contains[0].units: "0" is not a quantity`,
		rule("contains: [{set: milk, units: 1, amount: 2.00}]"): "earn[0].when.contains[0]: asks for units and an amount",
		rule("tenders: [points]"):                               `earn[0].when.tenders[0]: "points" is not a tender of the till`,
	} {
		if _, err := Compile([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// elsewhere is a programme of rules for other stores and other days beside the ones that apply.
func elsewhere(rules int) string {
	var b strings.Builder
	b.WriteString(benchText(100))
	b.WriteString("discounts:\n  - {id: now, gives: {percent: 1}}\n")
	for i := range rules {
		fmt.Fprintf(&b, "  - {id: d%d, gives: {percent: 5}, when: {stores: [%d]}}\n", i, 1000+i)
	}
	return strings.Replace(b.String(), "redeem:", func() string {
		var more strings.Builder
		for i := range rules / 2 {
			fmt.Fprintf(&more, "  - {id: e%d, bonus: 1, when: {stores: [%d, %d]}}\n  - {id: f%d, multiply: 2, when: {from: 2027-01-01, to: 2027-01-0%d}}\n", i, 1000+i, 1001+i, i, i%9+1)
		}
		return more.String()
	}()+"redeem:", 1)
}

func TestRulesForOtherStoresAndDaysAreCountedAndNotNamedWithoutEnd(t *testing.T) {
	p := compile(t, elsewhere(200))
	q, err := p.Quote(benchInput(5, 3))
	if err != nil {
		t.Fatal(err)
	}
	named, more := 0, int64(0)
	for _, f := range q.Why {
		switch f.Code {
		case ExplainNotHere, ExplainNotYet:
			named++
		case ExplainMore, ExplainReducedMore:
			more += f.Limit
		}
	}
	if named > maxWhyNot+maxReducedNotTold || int64(named)+more != 400 {
		t.Errorf("%d named and %d more of 400", named, more)
	}
}

func TestARuleBehindManyForOtherStoresStillGivesOnItsLastDay(t *testing.T) {
	var b strings.Builder
	b.WriteString(goodHead + "earn:\n")
	for i := range 2 * maxWhyNot {
		fmt.Fprintf(&b, "  - {id: e%d, bonus: 1, when: {stores: [%d]}}\n", i, 1000+i)
	}
	b.WriteString("  - {id: last, bonus: 5, when: {from: 2026-11-24, to: 2026-11-24, weekdays: [tue], stores: [7]}}\n")
	q, err := compile(t, b.String()).Quote(QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace, Member: &MemberState{ID: 1, Medium: MediumPurse}})
	if err != nil || q.Earned != 5 {
		t.Errorf("%d points, %v", q.Earned, err)
	}
}

// BenchmarkQuoteElsewhere: rules without a set, for other stores and days, cost next to nothing.
func BenchmarkQuoteElsewhere(b *testing.B) {
	for _, rules := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("lines=50/others=%d", rules), func(b *testing.B) {
			p, in := compile(b, elsewhere(rules)), benchInput(50, 30)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Quote(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
