package loyalty

import (
	"strings"
	"testing"
)

func TestAStoreWorksSegmentsOutFromTheMembersPast(t *testing.T) {
	p := compile(t, goodHead+`segments:
  - {id: regulars, visits: {least: 2, days: 30}}
  - {id: year, spend: {least: 30.00, months: 12}}
earn:
  - {id: a, bonus: 1, when: {segments: [regulars]}}
  - {id: b, bonus: 2, when: {segments: [year]}}
`)
	var r Record
	for _, day := range []string{"2025-11-23", "2025-11-25", "2026-10-26", "2026-10-25"} {
		r.Add(PastStep{Day: day, Purchases: 1, Counts: Standing{Spend: 1000, Visits: 1}})
	}
	for day, want := range map[string]Points{
		"2026-11-23": 3, // 25 and 26 October are within thirty days
		"2026-11-24": 2, // the 25th no longer is; 25 November of last year is within twelve months
		"2026-11-25": 0,
	} {
		m := MemberState{ID: 1, Medium: MediumPurse}
		if err := p.Recall(&m, &r, day); err != nil {
			t.Fatal(err)
		}
		in := QuoteInput{Sale: Sale{Lines: groceries()}, Place: Place{Store: 1, Day: day, At: day + "T10:00:00.000+02:00"}, Member: &m}
		if q, err := p.Quote(in); err != nil || q.Earned != want {
			t.Errorf("%s: %d points, %v, want %d: %+v", day, q.Earned, err, want, m.History.Sums)
		}
	}
	if from, err := p.SumsFrom("2026-11-24"); err != nil || from != "2025-11-25" {
		t.Errorf("days are needed apart from %s, %v", from, err)
	}
}

func TestFaultsOfSegmentsAreNamed(t *testing.T) {
	for doc, want := range map[string]string{
		"{id: a}":                                               "segments[0]: holds everyone",
		"{id: a, spend: {days: 3}}":                             "segments[0].spend: asks nothing",
		"{id: a, spend: {least: 1.005}}":                        `segments[0].spend.least: "1.005" is not a sum`,
		"{id: a, visits: {least: 1.5}}":                         `segments[0].visits.least: "1.5" is not a sum`,
		"{id: a, visits: {least: 3, most: 2}}":                  "segments[0].visits.most: is below least",
		"{id: a, visits: {least: 3, days: 1, months: 1}}":       "segments[0].visits: has no window",
		"{id: a, last_purchase: {}}":                            "segments[0].last_purchase: is no span of days",
		"{id: a, last_purchase: {least_days: 9, most_days: 3}}": "segments[0].last_purchase: is no span of days",
	} {
		if _, err := Compile([]byte(goodHead + "segments: [" + doc + "]\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}
