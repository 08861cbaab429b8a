package loyalty

import (
	"fmt"
	"slices"
)

// priceRange is what one unit costs, both ends included; minor units.
type priceRange struct{ from, to int64 }

func (r *priceRange) holds(l *Line) bool {
	price := l.unitPrice()
	return price >= r.from && price <= r.to
}

// unitPrice is what one piece or kilogram of the line costs, half up to the minor unit, its own discount taken off.
func (l *Line) unitPrice() int64 {
	const unit = 1000 // quantities are thousandths
	price, _ := mulDiv(l.Amount, unit, l.Quantity)
	n, _ := price.round(roundHalfUp) // at most a thousand times the greatest amount
	return n
}

// priceIndex finds the sets that hold whatever costs so much, without looking at the others: a tree over the ends of all
// ranges, each set at the few nodes that make up its range together.
type priceIndex struct {
	ends []int64   // first prices of the steps, rising
	at   [][]setID // by node; the leaves are the second half
	size int       // leaves, a power of two
}

type pricedSet struct {
	set setID
	priceRange
}

func newPriceIndex(sets []pricedSet) priceIndex {
	var x priceIndex
	for _, s := range sets {
		x.ends = append(x.ends, s.from, s.to+1)
	}
	slices.Sort(x.ends)
	x.ends = slices.Compact(x.ends)
	for x.size = 1; x.size < len(x.ends); x.size *= 2 {
	}
	x.at = make([][]setID, 2*x.size)
	for _, s := range sets {
		from, _ := slices.BinarySearch(x.ends, s.from)
		to, _ := slices.BinarySearch(x.ends, s.to+1)
		for l, r := from+x.size, to+x.size; l < r; l, r = l/2, r/2 {
			if l%2 == 1 {
				x.at[l] = append(x.at[l], s.set)
				l++
			}
			if r%2 == 1 {
				r--
				x.at[r] = append(x.at[r], s.set)
			}
		}
	}
	return x
}

// of appends the sets whose range holds the price.
func (x *priceIndex) of(price int64, into []setID) []setID {
	step, exact := slices.BinarySearch(x.ends, price)
	if !exact {
		step--
	}
	if step < 0 {
		return into
	}
	for n := step + x.size; n > 0; n /= 2 {
		into = append(into, x.at[n]...)
	}
	return into
}

// priceRange reads what one unit may cost in a set.
func (c *compiler) priceRange(path string, def *priceDef) *priceRange {
	if def == nil {
		return nil
	}
	r := &priceRange{from: c.money(path+".from", &def.From, false), to: c.money(path+".to", &def.To, false)}
	if def.From == "" && def.To == "" {
		c.fault(path, "says nothing", "write from, to or both, such as {from: 10.00}")
	}
	if def.To == "" {
		r.to = 1000 * maxMoney
	}
	if r.to < r.from {
		c.fault(path+".to", fmt.Sprintf("%s is below %s", def.To, def.From), "put the lower price first")
	}
	return r
}
