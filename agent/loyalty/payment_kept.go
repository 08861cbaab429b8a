package loyalty

import "fmt"

// CameBack is how much of every line of a sale its returns took back, thousandths.
func CameBack(sale *Entry, returns []ReturnBody) ([]int64, error) {
	if sale.Kind != KindSale || sale.Sale == nil {
		return nil, fmt.Errorf("read entry %d for its returns: kind %q is no sale", sale.Seq, sale.Kind)
	}
	r := Returnable{Lines: make([]ReturnableLine, len(sale.Sale.Lines))}
	for i, l := range sale.Sale.Lines {
		r.Lines[i].Quantity = l.Quantity
	}
	t := tally{before: make([]int64, len(r.Lines))}
	for i := range returns {
		b := &returns[i]
		if b.Store != sale.Store || b.Epoch != sale.Epoch || b.Seq != sale.Seq {
			return nil, &SaleError{fmt.Sprintf("returns[%d]", i), ReturnOther}
		}
		if at, code := t.add(&r, t.before, b.Lines); code != "" {
			return nil, &SaleError{fmt.Sprintf("returns[%d].lines[%d]", i, at), code}
		}
	}
	return t.before, nil
}

// account is a sale on account when money comes for it, by line, in minor units.
type account struct {
	owed []int64 // of the goods that the customer keeps, not yet paid
	gone []int64 // of the goods that came back, what money was to pay
}

// openAccount goes through the money received for a sale so far. It lies on the lines by what was owed of each; what came
// back later took with it its part of what was paid. The lines may then earn on what is kept alone.
func (b *bill) openAccount(in *PaymentInput, back []int64) *account {
	n := len(b.out)
	a, paid, was := account{make([]int64, n), make([]int64, n)}, make([]int64, n), make([]int64, n)
	order := b.byContent()
	receive := func(money int64, back []int64) {
		weights := make([]int64, n)
		for k, i := range order {
			quantity, unpaid := b.in.Sale.Lines[i].Quantity, max(b.unpaid(int(i)), 0)
			now := max(shareOf(back, int(i)), was[i])
			paid[i] -= floorPart(paid[i], now-was[i], quantity-was[i])
			was[i], a.gone[i] = now, floorPart(unpaid, now, quantity)
			a.owed[i] = max(unpaid-a.gone[i]-paid[i], 0)
			weights[k] = a.owed[i]
		}
		for k, part := range Split(min(money, sum(weights)), weights) {
			paid[order[k]] += part
		}
	}
	money := int64(0)
	for _, t := range in.Sale.Sale.Tenders {
		if t.Kind != TenderAccount {
			money += t.Amount
		}
	}
	receive(money, nil)
	for i := range in.Before {
		receive(in.Before[i].Paid, in.Before[i].Back)
	}
	receive(0, back)
	for i := range b.out {
		b.out[i].Earning -= a.gone[i]
	}
	return &a
}

// floorPart is the part of n that some of a whole has, rounded down; of nothing, nothing.
func floorPart(n, some, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	f, _ := mulDiv(n, some, whole) // some <= whole: within range
	return f.whole
}

// laterPart is what a payment gave after some of the goods had come back: it lies on those alone that were kept then.
type laterPart struct {
	wallet WalletID
	earned Points
	lines  []Points
	back   []int64
}

// owed is what goes back of it once so much of the sale has come back.
func (p *laterPart) owed(s *Returnable, back []int64, perLine bool) int64 {
	points, price, kept := int64(0), int64(0), int64(0)
	for i, l := range s.Lines {
		was := shareOf(p.back, i)
		points += floorPart(int64(shareOf(p.lines, i)), max(back[i]-was, 0), l.Quantity-was)
		gone := l.PriceOf(was)
		price += max(l.PriceOf(back[i])-gone, 0)
		kept += l.Price - gone
	}
	if perLine {
		return points
	}
	return floorPart(int64(p.earned), price, kept)
}
