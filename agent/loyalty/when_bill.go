package loyalty

import (
	"slices"
	"strings"
)

// contains is goods that a bill must have: of a set, so many thousandths of a unit or so many minor units.
type contains struct {
	set    setID
	name   string
	units  int64
	amount int64
}

// containsAll says whether the bill has all of them; if not, how much of the first is missing. Goods that earn nothing do
// not count; amounts are what the goods cost at that point of the computation, as a minimum counts the bill.
func (m *moment) containsAll(rule string, asked []contains) (Finding, bool) {
	for _, c := range asked {
		units, amount := m.bill.goods(c.set, m.left)
		if units < c.units {
			return Finding{Rule: rule, Code: ExplainContainsUnits, Limit: c.units, Missing: c.units - units, Detail: c.name}, false
		}
		if amount < c.amount {
			return Finding{Rule: rule, Code: ExplainContainsAmount, Limit: c.amount, Missing: c.amount - amount, Detail: c.name}, false
		}
	}
	return Finding{}, true
}

// goods is what the bill has of a set.
func (b *bill) goods(set setID, left []int64) (units, amount int64) {
	for i := range b.out {
		if b.out[i].Excluded != "" {
			continue
		}
		if _, in := slices.BinarySearch(b.setsOf(i), set); !in {
			continue
		}
		units += b.in.Sale.Lines[i].Quantity
		if left != nil {
			amount += left[i]
		} else {
			amount += b.out[i].net()
		}
	}
	return units, amount
}

// paidWith says whether something of the bill is paid with one of these.
func (b *bill) paidWith(kinds []TenderKind) bool {
	return slices.ContainsFunc(b.in.Sale.Tenders, func(t Tender) bool { return slices.Contains(kinds, t.Kind) })
}

func tenderText(kinds []TenderKind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ",")
}
