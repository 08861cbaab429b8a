package loyalty

import (
	"strings"
	"testing"
)

func TestTwoVersionsSideBySideSayWhatChanged(t *testing.T) {
	older := compile(t, goodHead+`
tiers: [{id: gold, name: {en: Gold}}]
sets: {fresh: {label: [fresh]}, dairy: {category: [food/dairy]}}
exclude: [dairy]
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, cap: {sale: 500}}
  - {id: dear, bonus: 5, when: {weekdays: [mon]}}
redeem: {point_value: {points: 100, value: 1.00}}
`)
	newer := compile(t, strings.Replace(goodHead, "version: 1", "version: 2", 1)+`
tiers: [{id: gold, name: {en: Gold, lv: Zelts}}]
sets: {fresh: {label: [fresh, red]}, dairy: {category: [food/dairy]}}
exclude: [dairy, fresh]
earn:
  - {id: fresh-days, multiply: 2, on: fresh}
  - {id: base, per: amount, rate: {points: 2, per: 1}, cap: {sale: 600, day: 900}}
coupons: [{id: tea, name: {en: Tea}, value: 1, valid_days: 3}]
`)
	changes, err := Diff(older, newer)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	const want = `coupons tea: added
earn base: cap.day added, 900
earn base: cap.sale 500 -> 600
earn base: rate.points 1 -> 2
earn dear: removed
earn fresh-days: added
exclude: ["dairy"] -> ["dairy","fresh"]
programme: version 1 -> 2
redeem: removed
sets fresh: label ["fresh"] -> ["fresh","red"]
tiers gold: name.lv added, "Zelts"`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestAnotherSpellingIsNoChange(t *testing.T) {
	older := compile(t, goodHead+"earn:\n  - {id: a, bonus: 5}\n  - {id: b, per: amount, rate: {points: 1, per: 1.00}}\n")
	newer := compile(t, goodHead+"earn:\n  - {id: b, per: amount, rate: {points: 1, per: 1}, steps: whole}\n  - {id: a, bonus: 5}\n")
	if changes, err := Diff(older, newer); err != nil || len(changes) > 0 {
		t.Errorf("%v, %v", changes, err)
	}
}
