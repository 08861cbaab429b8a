package loyalty

import (
	"cmp"
	"math/bits"
	"slices"
)

// Split shares total over weights by largest remainder: shares sum exactly to total, none is below zero or above its
// weight when total is within the sum of the weights, and ties go to the lower index. It gives nil when there is nothing
// to share over, or a weight or the total is below zero.
func Split(total int64, weights []int64) []int64 {
	sum := int64(0)
	for _, w := range weights {
		var ok bool
		if sum, ok = addInt(sum, w); !ok || w < 0 {
			return nil
		}
	}
	if sum == 0 || total < 0 {
		return nil
	}
	shares, rests := make([]int64, len(weights)), make([]uint64, len(weights))
	left := total
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(total), uint64(w)) // w <= sum, so the quotient is at most total
		q, r := bits.Div64(hi, lo, uint64(sum))
		shares[i], rests[i] = int64(q), r
		left -= int64(q)
	}
	if left == 0 {
		return shares
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(rests[b], rests[a]), cmp.Compare(a, b)) })
	for _, i := range order[:left] { // left is below the number of lines that have a rest
		shares[i]++
	}
	return shares
}
