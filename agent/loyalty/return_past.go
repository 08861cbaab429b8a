package loyalty

// FitsSale says whether returns can all be of the sale: no goods that it had not, none twice.
func FitsSale(sale Returnable, returns []ReturnBody) bool {
	t := tally{before: make([]int64, len(sale.Lines))}
	for i := range returns {
		if _, code := t.add(&sale, t.before, returns[i].Lines); code != "" {
			return false
		}
	}
	return true
}

// StepBack is what a return takes off a member's past, on the day of the sale: of all that the sale added, the part that its
// goods had in the price; the purchase itself, and an occasion, when nothing is kept. Parts sum to the whole.
func StepBack(sale *Entry, before []ReturnBody, now *ReturnBody) (PastStep, error) {
	r, err := ReturnableOf(sale)
	if err != nil {
		return PastStep{}, err
	}
	t := tally{before: make([]int64, len(r.Lines))}
	for i := range before {
		t.add(&r, t.before, before[i].Lines)
	}
	was := r.partBack(t.before)
	t.add(&r, t.before, now.Lines)
	is := r.partBack(t.before)
	added := StepOf(sale)
	back := func(n int64) int64 { return was.of(n) - is.of(n) }
	step := PastStep{Day: sale.Day, Counts: Standing{Spend: back(added.Counts.Spend), Points: Points(back(int64(added.Counts.Points)))}}
	if is.whole && !was.whole {
		step.Purchases, step.Counts.Visits = -added.Purchases, -added.Counts.Visits
	}
	for _, g := range added.Given {
		if points := Points(back(int64(g.Points))); points != 0 {
			step.Given = append(step.Given, RulePoints{g.Rule, points})
		}
	}
	step.Stamps = stampStepsBack(now.Stamps)
	return step, nil
}

// part is how much of a sale's price has come back.
type part struct {
	price, all int64
	whole      bool // every piece has
}

func (r *Returnable) partBack(quantities []int64) part {
	p := part{whole: true}
	for i, l := range r.Lines {
		back, ok := mulDiv(l.Price, quantities[i], l.Quantity)
		if !ok { // check holds both far below
			continue
		}
		p.price += back.whole
		p.all += l.Price
		p.whole = p.whole && quantities[i] == l.Quantity
	}
	return p
}

// of is the part of an amount, down to the whole unit.
func (p part) of(n int64) int64 {
	switch {
	case p.whole:
		return n
	case p.all == 0:
		return 0
	}
	share, _ := mulDiv(n, p.price, p.all) // below n
	return share.whole
}
