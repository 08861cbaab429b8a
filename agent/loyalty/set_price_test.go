package loyalty

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The index gives exactly the sets whose range holds the price, however the ranges lie to each other.
func TestThePriceIndexFindsEverySetOfAPriceAndNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sets []pricedSet
		for i := range rapid.IntRange(0, 40).Draw(t, "sets") {
			from := rapid.Int64Range(0, 60).Draw(t, "from")
			sets = append(sets, pricedSet{setID(i), priceRange{from, from + rapid.Int64Range(0, 30).Draw(t, "wide")}})
		}
		x := newPriceIndex(sets)
		price := rapid.Int64Range(0, 100).Draw(t, "price")
		got := x.of(price, nil)
		slices.Sort(got)
		var want []setID
		for _, s := range sets {
			if price >= s.from && price <= s.to {
				want = append(want, s.set)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("price %d: got %v, want %v of %+v", price, got, want, sets)
		}
	})
}
