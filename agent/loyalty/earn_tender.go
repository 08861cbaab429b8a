package loyalty

import "slices"

// tillTenders is what a till may send; points and wallets are asked for, not sent.
func tillTenders() []TenderKind {
	return []TenderKind{TenderCash, TenderCard, TenderGiftCard, TenderAccount}
}

// received is what some kinds of tender pay of every line: of each its part in what is left for money to pay, by largest
// remainder. Goods that earn nothing take their part too.
func (b *bill) received(kinds []TenderKind) []int64 {
	total := int64(0)
	for _, t := range b.in.Sale.Tenders {
		if slices.Contains(kinds, t.Kind) {
			total += t.Amount
		}
	}
	lines := b.byContent()
	weights, of := make([]int64, len(lines)), make([]int64, len(lines))
	for k, i := range lines {
		weights[k] = b.unpaid(int(i))
		if b.account != nil {
			weights[k] = b.account.owed[i]
		}
	}
	for k, n := range Split(min(total, sum(weights)), weights) {
		of[lines[k]] = n
	}
	return of
}

// least is what the goods of a rule must come to before it gives anything.
type least struct{ amount, quantity int64 } // minor units, thousandths

// reaches says whether the rule's goods do; if not, how much is missing.
func (e *earning) reaches(c *candidate) (Finding, bool) {
	var amount, quantity int64
	for _, i := range c.lines {
		amount += e.out[i].net()
		quantity += e.in.Sale.Lines[i].Quantity
	}
	switch k := c.rule.least; {
	case amount < k.amount:
		return Finding{Rule: c.rule.id, Code: ExplainBelowGoods, Limit: k.amount, Missing: k.amount - amount}, false
	case quantity < k.quantity:
		return Finding{Rule: c.rule.id, Code: ExplainBelowPieces, Limit: k.quantity, Missing: k.quantity - quantity}, false
	}
	return Finding{}, true
}

// visited says whether the rule has counted this day's visit before.
func (e *earning) visited(r *rule) bool { return r.visit && e.past(r.id).Day > 0 }
