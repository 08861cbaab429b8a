package loyalty

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const goodHead = `format: 1
programme: {id: t, name: {en: T}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
`

type faultyDocument struct{ name, doc, want string }

func faultyDocuments() []faultyDocument {
	rule := "earn:\n  - {id: base, per: amount, rate: {points: 1, per: 1.00}"
	return []faultyDocument{
		{"an unknown section names the nearest", goodHead + "redem: {}\n", "3:1: redem: is not known here; did you mean redeem?"},
		{"an unknown field names the nearest", goodHead + rule + ", rouding: {mode: ceil}}\n", "4:59: earn[0].rouding: is not known here; did you mean rounding?"},
		{"a field given twice", goodHead + "exclude: []\nexclude: []\n", `4:1: not YAML: mapping key "exclude" already defined at [3:1]`},
		{"a section that is a list", goodHead + "earn: {id: base}\n", "3:1: earn: is a section; make it a list"},
		{"an empty value", goodHead + "earn:\n", "earn: has no value"},
		{"no rate", goodHead + "earn:\n  - {id: base, per: amount}\n", "earn[0].rate: is missing"},
		{"a rate of nothing", goodHead + "earn:\n  - {id: b, per: amount, rate: {points: 1, per: 0.00}}\n", `earn[0].rate.per: "0.00" is not an amount above 0`},
		{"a third of a cent", goodHead + "earn:\n  - {id: b, per: amount, rate: {points: 1, per: 0.001}}\n", "at most 2 decimal places, such as 20.00"},
		{"a fraction of a point", goodHead + "earn:\n  - {id: b, per: amount, rate: {points: 1.5, per: 1}}\n", `"1.5" is not a whole number`},
		{"no points", goodHead + "earn:\n  - {id: b, per: amount, rate: {points: 0, per: 1}}\n", "earn[0].rate.points: 0 is out of range; write 1 to"},
		{"two kinds in one rule", goodHead + rule + ", bonus: 5}\n", "earn[0]: must have one of per, multiply and bonus"},
		{"a field that would do nothing", goodHead + "earn:\n  - {id: b, bonus: 5, rounding: {mode: ceil}}\n", "earn[0].rounding: does nothing in a bonus"},
		{"an id used twice", goodHead + rule + "}\n  - {id: base, bonus: 5}\n", "earn[1].id: base is used before"},
		{"a set that is not there", goodHead + rule + ", on: fresh}\n", `earn[0].on: there is no set "fresh"`},
		{"a misspelt set", goodHead + "sets: {fresh: {label: [f]}}\nexclude: [fesh]\n", `exclude[0]: there is no set "fesh"; did you mean fresh?`},
		{"sets in a circle", goodHead + "sets: {a: {sets: [b]}, b: {sets: [a]}}\n", "needs itself; break the circle"},
		{"an empty set", goodHead + "sets: {a: {}}\n", "sets.a: holds nothing"},
		{"a multiplier of a rule that is not there", goodHead + "earn:\n  - {id: x, multiply: 2, rules: [base]}\n", `earn[0].rules[0]: there is no rule "base"`},
		{"a factor of zero", goodHead + "earn:\n  - {id: x, multiply: 0}\n", `earn[0].multiply: "0" is not a factor`},
		{"a weekday", goodHead + rule + ", when: {weekdays: [tues]}}\n", `earn[0].when.weekdays[0]: "tues" is not a weekday; did you mean tue?`},
		{"hours", goodHead + rule + ", when: {hours: [\"8-12\"]}}\n", `earn[0].when.hours[0]: "8-12" is not a span of hours`},
		{"days the wrong way round", goodHead + rule + ", when: {from: 2026-02-01, to: 2026-01-01}}\n", "earn[0].when.to: 2026-01-01 is before 2026-02-01"},
		{"a day that does not exist", goodHead + rule + ", when: {from: 2026-02-30}}\n", `"2026-02-30" is not a day`},
		{"an empty condition", goodHead + rule + ", when: {}}\n", "earn[0].when: says nothing"},
		{"a tier that is not declared", goodHead + rule + ", when: {tiers: [gold]}}\n", `there is no tier "gold"; declare it in tiers`},
		{"an expiry of two lengths", goodHead + "expiry: {days: 1, months: 1}\n", "expiry: has days and months"},
		{"more than the whole bill", goodHead + "redeem: {point_value: {points: 1, value: 0.01}, max_share: 101}\n", `redeem.max_share: "101" is not a share`},
		{"a tender that is not there", goodHead + "tenders: {cheque: {earns: true}}\n", "tenders.cheque: is not a tender"},
		{"a language", goodHead + "messages: {receipt: {english: Hello}}\n", "messages.receipt.english: is not a language"},
		{"a message", goodHead + "messages: {footer: {en: Hello}}\n", "messages.footer: is not a message; known are receipt, screen"},
		{"a discount that gives nothing", goodHead + "discounts: [{id: d}]\n", "discounts[0].gives: is missing"},
		{"a discount of two kinds", goodHead + "discounts: [{id: d, gives: {percent: 10, amount: 1.00}}]\n", "discounts[0].gives: must have one of percent, amount and price"},
		{"more than all", goodHead + "discounts: [{id: d, gives: {percent: 100.01}}]\n", `discounts[0].gives.percent: "100.01" is not a share`},
		{"pieces of a bill", goodHead + "discounts: [{id: d, gives: {percent: 10, units: 2}}]\n", "discounts[0].gives.units: does nothing here"},
		{"steps of a share", goodHead + "discounts: [{id: d, gives: {percent: 10, each: 30.00}}]\n", "discounts[0].gives.each: does nothing here"},
		{"a limit on nothing", goodHead + "discounts: [{id: d, gives: {amount: 1.00, times: 2}}]\n", "discounts[0].gives.times: does nothing here"},
		{"a card for nothing in particular", goodHead + "gift_cards: [{id: g, name: {en: G}, values: [5.00]}]\nrewards: [{id: r, cost: 5, gives: {gift_card: g, percent: 10}}]\n", "rewards[0].gives.gift_card: needs an amount and nothing else; write {gift_card: g, amount: 10.00}"},
		{"a card of no kind", goodHead + "rewards: [{id: r, cost: 5, gives: {gift_card: g, amount: 5.00}}]\n", `rewards[0].gives.gift_card: there is no kind of gift card "g"`},
		{"a bundle of one", goodHead + "discounts: [{id: d, gives: {price: 1.00, of: bundle}}]\n", "discounts[0].gives.units: does not say how many pieces make a bundle; write 2 or more"},
		{"bought for nothing", goodHead + "sets: {a: {sku: [a]}}\ndiscounts: [{id: d, gives: {percent: 10, of: cheapest, buy_from: a}}]\n", "discounts[0].gives.buy_from: does nothing here"},
		{"a discount on a set that is not there", goodHead + "discounts: [{id: d, gives: {percent: 10, on: x}}]\n", `discounts[0].gives.on: there is no set "x"`},
		{"a discount with the id of a rule", goodHead + rule + "}\ndiscounts: [{id: base, gives: {percent: 10}}]\n", "discounts[0].id: base is used before"},
		{"a reward for nothing", goodHead + "rewards: [{id: r, cost: 0}]\n", "rewards[0].cost: 0 is out of range; write 1 to"},
		{"a reward twice of what can be given once", goodHead + "rewards: [{id: r, cost: 5, per_sale: 2, gives: {percent: 10}}]\n", "rewards[0].per_sale: is more than once"},
		{"a reward that counts by itself", goodHead + "rewards: [{id: r, cost: 5, gives: {amount: 1.00, each: 5.00}}]\n", "rewards[0].gives: says how often"},
		{"a coupon worth nothing", goodHead + "coupons: [{id: c, name: {en: C}, valid_days: 1}]\n", `coupons[0].value: "" is not an amount above 0`},
		{"stacking of nothing", goodHead + "stacking: {group: priority}\n", "stacking: does nothing without"},
		{"withholding what is worth nothing", goodHead + "returns: {shortage: withhold}\n", "returns.shortage: withholds points that are worth nothing"},
		{"another shortage", goodHead + "returns: {shortage: clam}\n", `returns.shortage: "clam" is not known; did you mean clamp?`},
		{"a threshold without a ladder", goodHead + "tiers: [{id: g, name: {en: G}, from: 5}]\n", "tiers[0].from: does nothing without a ladder"},
		{"a ladder of nothing", goodHead + "ladder: {by: spend}\n", "ladder: has no tiers"},
		{"tiers that fall", goodHead + "tiers: [{id: g, name: {en: G}, from: 5}, {id: s, name: {en: S}, from: 5}]\nladder: {by: visits}\n", "tiers[1].from: is not above the tier before"},
		{"half a visit", goodHead + "tiers: [{id: g, name: {en: G}, from: 1.5}]\nladder: {by: visits}\n", `tiers[0].from: "1.5" is not a whole number above 0`},
		{"a rolling window of no length", goodHead + "tiers: [{id: g, name: {en: G}}]\nladder: {over: rolling}\n", "ladder.months: goes with over: rolling"},
		{"points that lift at once", goodHead + "tiers: [{id: g, name: {en: G}}]\nladder: {by: points, upgrade: at_once}\n", "ladder.upgrade: cannot be at once by points"},
		{"the end of a lifetime", goodHead + "tiers: [{id: g, name: {en: G}}]\nladder: {upgrade: period_end}\n", "ladder.upgrade: needs a period that ends"},
		{"grace for nobody", goodHead + "tiers: [{id: g, name: {en: G}}]\nladder: {grace_days: 5}\n", "ladder.grace_days: does nothing where nobody goes down"},
		{"a cap on nothing", goodHead + rule + ", cap: {over: refuse}}\n", "earn[0].cap: limits nothing"},
		{"a cap that is not known", goodHead + rule + ", cap: {day: 5, over: stop}}\n", `earn[0].cap.over: "stop" is not known`},
		{"a sale's cap on a bonus", goodHead + "earn:\n  - {id: b, bonus: 5, cap: {sale: 3}}\n", "earn[0].cap.sale: does nothing in a bonus"},
		{"a multiplier that waits", goodHead + "earn:\n  - {id: b, multiply: 2, pending_days: 3}\n", "earn[0].pending_days: does nothing in a multiplier"},
		{"a day of no year", goodHead + "expiry: {dates: [\"02-30\"]}\n", `expiry.dates[0]: "02-30" is not a day of the year`},
		{"two last days", goodHead + "expiry: {end: year, dates: [\"06-30\"]}\n", "expiry.dates: and end both say the last day"},
		{"inactivity of one rule", goodHead + rule + ", expiry: {inactive_months: 3}}\n", "earn[0].expiry.inactive_months: does nothing in a rule"},
		{"every purchase", goodHead + rule + ", when: {every: 1}}\n", "earn[0].when.every: is every purchase"},
		{"an occasion that is not there", goodHead + rule + ", when: {occasion: easter}}\n", `earn[0].when.occasion: there is no occasion "easter"`},
		{"an occasion of nothing", goodHead + "occasions: [{id: b, of: wedding}]\n", `occasions[0].of: "wedding" is not known`},
		{"an occasion all year", goodHead + "occasions: [{id: b, before: 181}]\n", "occasions[0].before: is out of range"},
		{"a pilot of all", goodHead + rule + ", when: {pilot: {name: p, share: 100}}}\n", `earn[0].when.pilot.share: "100" is not a share`},
		{"a segment that cannot be one", goodHead + rule + ", when: {segments: [Good]}}\n", `earn[0].when.segments[0]: "Good" is not an id`},
		{"another format", "format: 2\n" + strings.SplitN(goodHead, "\n", 2)[1], "1:1: format: 2 is not a format that this engine knows; write format: 1"},
		{"an anchor", goodHead + "exclude: &x []\n", "anchors, aliases, tags and merges are not taken"},
		{"two documents", goodHead + "---\n" + goodHead, "want one document, found 2"},
		{"nothing", "", "want one document, found 0"},
		{"not UTF-8", "format: \xff\n", "the document is not UTF-8"},
		{"JSON with a field twice", `{"format": 1, "format": 1}`, "1:15: format: given twice"},
		{"JSON cut short", `{"format": 1`, "not JSON"},
		{"JSON with more behind it", `{"format": 1} {}`, "text after the document"},
	}
}

func TestAFaultyDocumentSaysWhereWhatAndHowToMend(t *testing.T) {
	for _, tc := range faultyDocuments() {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Compile([]byte(tc.doc))
			var list Errors
			if !errors.As(err, &list) {
				t.Fatalf("got %v, want Errors", err)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got:\n%v\nwant in it:\n%s", err, tc.want)
			}
		})
	}
}

func TestAllFaultsComeAtOnceInTheOrderOfTheDocument(t *testing.T) {
	_, err := Compile([]byte(goodHead + "sets: {a: {}}\nexclude: [b]\nearn:\n  - {id: Base, bonus: 5}\nexpiry: {days: -1}\n"))
	var list Errors
	if !errors.As(err, &list) {
		t.Fatal(err)
	}
	fields := ""
	for _, e := range list {
		fields += fmt.Sprintf("%d:%s ", e.Line, e.Field)
	}
	if fields != "3:sets.a 4:exclude[0] 6:earn[0].id 7:expiry " {
		t.Errorf("got %s", fields)
	}
}

// A misspelt field keeps nobody from hearing of the wrong figure in the next rule, and brings no fault of its own.
func TestFaultsOfShapeAndOfMeaningComeTogether(t *testing.T) {
	_, err := Compile([]byte(goodHead + `earn:
  - {id: base, per: amount, rate: 5}
  - {id: dear, perr: amount}
  - {id: Cups, per: unit, rate: {points: x}, steps: some}
tiers: [gold]
`))
	const want = `4:29: earn[0].rate: is a value; make it a section
5:16: earn[1].perr: is not known here; did you mean per?
6:6: earn[2].id: "Cups" is not an id; use 1 to 40 of a-z, 0-9, - and _, starting with a letter or digit
6:34: earn[2].rate.points: "x" is not a whole number; write digits only, such as 100
6:46: earn[2].steps: "some" is not known; known are whole, proportional
7:9: tiers[0]: is a value; make it a section`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestTheDigestIsOfTheMeaningNotOfTheSpelling(t *testing.T) {
	a := compile(t, goodHead+`
sets: {b: {sku: [2, 1, 2]}, a: {label: [x]}}
exclude: [b, a]
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1}, steps: whole}
`)
	b := compile(t, `{"programme": {"currency": "EUR", "valid_from": "2026-01-01T00:00", "version": 1, "name": {"en": "T"}, "id": "t"},
		"earn": [{"rate": {"per": "1.00", "points": 1}, "per": "amount", "id": "base", "rounding": {"mode": "floor"}}],
		"exclude": ["a", "b"], "expiry": {"never": true},
		"sets": {"a": {"label": ["x"]}, "b": {"sku": ["1", "2"]}}, "format": 1}`)
	if a.Digest() != b.Digest() {
		t.Errorf("one programme, two digests:\n%s\n%s", a.Canonical(), b.Canonical())
	}
	c := compile(t, strings.Replace(goodHead, "version: 1", "version: 2", 1))
	d := compile(t, goodHead)
	if c.Digest() == d.Digest() {
		t.Error("another version has the same digest")
	}
}

func TestAnArticleNumberKeepsItsZeros(t *testing.T) {
	p := compile(t, goodHead+"sets: {a: {sku: [0012, 1e3, no, 0x10]}}\nearn:\n  - {id: b, bonus: 5, on: a}\n")
	for _, sku := range []string{"0012", "1e3", "no", "0x10"} {
		q, err := p.Quote(QuoteInput{Sale: Sale{Lines: []Line{{SKU: sku, Quantity: 1000, Amount: 100}}}, Place: testPlace,
			Member: &MemberState{ID: 1, Medium: MediumNumber}})
		if err != nil || q.Earned != 5 {
			t.Errorf("%s: earned %d, %v", sku, q.Earned, err)
		}
	}
}

func TestTheVersionInForceIsTheOneThatBeganLast(t *testing.T) {
	version := func(n int, from string) *Programme {
		return compile(t, fmt.Sprintf("format: 1\nprogramme: {id: t, name: {en: T}, version: %d, valid_from: %s, currency: EUR}\n", n, from))
	}
	old, current, next := version(1, "2026-01-01T00:00"), version(2, "2026-06-01T06:00"), version(3, "2027-01-01T00:00")
	for at, want := range map[string]*Programme{
		"2025-12-31T23:59:59.999+02:00": nil,
		"2026-01-01T00:00:00.000+02:00": old,
		"2026-06-01T05:59:59.999+03:00": old,
		"2026-06-01T06:00:00.000+03:00": current,
		"2026-12-31T23:59:59.999+02:00": current,
		"2027-01-01T00:00:00Z":          next,
	} {
		for _, order := range [][]*Programme{{old, current, next}, {next, current, old}} {
			if got, err := InForce(order, at); err != nil || got != want {
				t.Errorf("%s: got %v, %v", at, got, err)
			}
		}
	}
}

func TestABusinessDayEndsAtTheCut(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	for at, want := range map[string]string{
		"2026-11-24T03:59:00.000+02:00": "2026-11-23",
		"2026-11-24T04:00:00.000+02:00": "2026-11-24",
		"2026-03-01T00:00:00.000+02:00": "2026-02-28",
	} {
		if got, err := p.BusinessDay(at); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", at, got, err, want)
		}
	}
}
