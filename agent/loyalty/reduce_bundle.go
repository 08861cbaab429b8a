package loyalty

import (
	"cmp"
	"slices"
)

// piece is one of the pieces of a line, by its place in the lines of the reduction.
type piece struct {
	line   int
	amount int64
}

// offBundles takes a figure off every full bundle of so many pieces, the dearest first, so that the customer is served
// best; what does not fill a bundle keeps its price. Pieces that cost the same go in the order given.
func (r *reduction) offBundles(p *prices, lines []int32, base, room []int64, count int64) ([]int64, bool) {
	all := piecesOf(p, lines, base)
	bundles := int64(len(all)) / r.units
	if r.times > 0 {
		bundles = min(bundles, r.times)
	}
	if r.source == ofReward {
		bundles = min(bundles, count)
	}
	off := make([]int64, len(lines))
	for ; bundles > 0; bundles-- {
		one := all[:r.units]
		all = all[r.units:]
		amounts := make([]int64, len(one))
		for k, piece := range one {
			amounts[k] = piece.amount
		}
		total, ok := r.offOne(sum(amounts))
		if !ok {
			return nil, false
		}
		for k, part := range Split(total, amounts) {
			i := one[k].line
			off[i] = min(off[i]+part, room[i])
		}
	}
	return off, true
}

// offOne is what a bundle that costs so much is lowered by.
func (r *reduction) offOne(cost int64) (int64, bool) {
	switch {
	case r.percent > 0:
		return partOf(cost, r.percent, r.mode)
	case r.toPrice:
		return max(cost-r.amount, 0), true
	}
	return min(r.amount, cost), true
}

// maxBundled bounds the pieces of one bill that are put into bundles.
const maxBundled = 1000

// piecesOf is the dearest pieces, each with its part of its line's price; goods by weight are one. Of a line's price that
// does not part evenly the odd minor units are with its first pieces.
func piecesOf(p *prices, lines []int32, base []int64) []piece {
	order := make([]int, len(lines))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { // below 10^12 x 10^6
		return cmp.Compare(base[b]*pieces(&p.lines[lines[a]]), base[a]*pieces(&p.lines[lines[b]]))
	})
	var all []piece
	for _, k := range order {
		n := pieces(&p.lines[lines[k]])
		for j := range min(n, int64(maxBundled-len(all))) {
			amount := base[k] / n
			if j < base[k]%n {
				amount++
			}
			all = append(all, piece{k, amount})
		}
	}
	return all
}
