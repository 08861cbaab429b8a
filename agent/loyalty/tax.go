package loyalty

import (
	"cmp"
	"iter"
	"slices"
)

// TaxesOf is what lines cost at each rate when nothing else lowers their prices; a quote tells it where something does.
func TaxesOf(lines []Line) []TaxShare {
	return taxShares(func(yield func(rate, amount int64) bool) {
		for _, l := range lines {
			if !yield(l.Tax, l.Amount) {
				return
			}
		}
	})
}

// taxShares adds amounts up by rate and parts the tax off each sum.
func taxShares(amounts iter.Seq2[int64, int64]) []TaxShare {
	var all []TaxShare
	for rate, amount := range amounts {
		k, found := slices.BinarySearchFunc(all, rate, func(t TaxShare, rate int64) int { return cmp.Compare(t.Rate, rate) })
		if !found {
			all = slices.Insert(all, k, TaxShare{Rate: rate})
		}
		all[k].Amount += amount
	}
	for i := range all {
		t := &all[i]
		f, _ := mulDiv(t.Amount, t.Rate, fullShare+t.Rate) // below Amount
		t.Tax, _ = f.round(roundHalfUp)
	}
	return all
}
