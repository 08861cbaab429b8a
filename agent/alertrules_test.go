package agent

import (
	"testing"

	"loyaltill/agent/loyalty"
)

func TestAnHourIsAnyHourOfTheDay(t *testing.T) {
	for name, c := range map[string]struct {
		at   []string
		want int
	}{
		"none":                        {nil, 0},
		"across the full hour":        {[]string{"10:50", "11:10", "11:49", "11:50"}, 3},
		"sixty minutes are too many":  {[]string{"10:00", "11:00"}, 1},
		"a clock that was set back":   {[]string{"11:30", "10:40", "10:50"}, 3},
		"two busy hours are not one":  {[]string{"08:00", "08:10", "14:00", "14:10", "14:20"}, 3},
		"the same moment counts each": {[]string{"10:00", "10:00"}, 2},
	} {
		var entries []*loyalty.Entry
		for _, at := range c.at {
			entries = append(entries, &loyalty.Entry{At: "2026-11-23T" + at + ":00.000+02:00"})
		}
		if got := inAnHour(entries); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestABillIsTheSameByItsArticlesAndAmounts(t *testing.T) {
	bill := func(seq loyalty.Seq, total int64, lines ...loyalty.Line) *loyalty.Entry {
		return &loyalty.Entry{Seq: seq, Sale: &loyalty.SaleBody{Total: total, Lines: lines}}
	}
	milk, bread := loyalty.Line{SKU: "milk", Quantity: 1000, Amount: 400}, loyalty.Line{SKU: "bread", Quantity: 1000, Amount: 200}
	more := loyalty.Line{SKU: "milk", Quantity: 2000, Amount: 400}
	sales := []*loyalty.Entry{bill(1, 600, milk, bread), bill(2, 400, milk), bill(3, 600, milk, bread), bill(4, 600, more, bread), bill(5, 400, milk)}
	for least, want := range map[int64]int{500: 2, 400: 4, 601: 0, 0: 0} {
		if got := sameBills(sales, least); len(got) != want {
			t.Errorf("from %d on: %d sales, want %d", least, len(got), want)
		}
	}
}
