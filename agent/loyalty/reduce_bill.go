package loyalty

import (
	"cmp"
	"fmt"
	"slices"
)

// checkOffers validates the coupons shown and the rewards asked.
func (p *Programme) checkOffers(in *QuoteInput) error {
	sale := &in.Sale
	if len(sale.Shown) > MaxShown {
		return &SaleError{"shown", SaleTooLarge}
	}
	for i, c := range sale.Shown {
		at := fmt.Sprintf("shown[%d]", i)
		if err := c.check(at); err != nil {
			return err
		}
		if p.couponIndex(c.Coupon) < 0 {
			return &SaleError{at + ".coupon", SaleCoupon}
		}
		if slices.ContainsFunc(sale.Shown[:i], func(o ShownCoupon) bool { return o.Serial == c.Serial }) {
			return &SaleError{at + ".serial", SaleCoupon}
		}
	}
	return p.checkRewards(sale)
}

func (p *Programme) couponIndex(id string) int {
	return slices.IndexFunc(p.couponGives, func(r reduction) bool { return r.id == id })
}

func (p *Programme) rewardIndex(id string) int {
	return slices.IndexFunc(p.rewards, func(r reduction) bool { return r.id == id })
}

// reduce takes everything off the prices that discounts, coupons and rewards take off. refused are rewards that the points
// of this very sale did not pay for.
func (b *bill) reduce(refused []string) (outcome, error) {
	s := stack{bill: b, held: b.held()}
	s.spendable = s.held
	if b.in.Member != nil {
		s.spendable = maxPoints // settled when it is known what the sale earns
	}
	if err := s.gather(refused); err != nil {
		return outcome{}, err
	}
	if len(s.offers) == 0 {
		return outcome{}, nil
	}
	s.order()
	var o outcome
	var err error
	if b.p.bestForCustomer {
		o, err = s.best()
	} else {
		o, err = s.run(nil)
	}
	if err != nil {
		return outcome{}, err
	}
	if o.total < 0 {
		return outcome{}, &SaleError{"rounding", SaleNegative}
	}
	s.burn(&o)
	o.ofEarned = max(o.spent-s.held, 0)
	o.why = shortened(o.why, int64(max(s.shut-maxReducedNotTold, 0)))
	for i := range b.out {
		l := &b.out[i]
		l.Reduced = l.Amount - o.prices.left[i] - shareOf(o.paid, i)
		l.Earning = o.prices.left[i] // what an instrument paid earns nothing
	}
	b.at.total, b.paid, b.instruments = o.price(), o.paid, sum(o.paid)
	b.onRewards = o.spent - o.ofEarned
	for i, left := range o.budgets {
		if b.p.campaigns[i].money {
			b.uses[i].Money = b.uses[i].LeftMoney - left
		}
	}
	return o, nil
}

// held is what rewards may cost, without the points of this sale.
func (b *bill) held() Points {
	m := b.in.Member
	if m == nil {
		return 0
	}
	if m.Medium != MediumPurse {
		return min(m.CanSpend(), b.p.withoutPurse(m))
	}
	return m.CanSpend()
}

// ranked puts lines in an order that their places on the bill do not change.
func (s *stack) ranked() {
	s.rank = make([]int32, len(s.out))
	for place, i := range s.byContent() {
		s.rank[i] = int32(place)
	}
}

// gather finds the discounts that bear on the bill from the sets of its lines, and adds what was shown and asked.
func (s *stack) gather(refused []string) error {
	p, sale := s.p, &s.in.Sale
	s.stampRuns()
	if len(p.discounts) == 0 && len(sale.Shown) == 0 && len(sale.Rewards) == 0 && len(s.stamps) == 0 {
		return nil
	}
	s.ranked()
	for _, d := range s.touched() {
		s.offer(&p.discounts[d])
	}
	s.offerStamps()
	for i := range sale.Shown {
		s.show(&sale.Shown[i])
	}
	for i := range sale.Rewards {
		if err := s.want(&sale.Rewards[i], refused); err != nil {
			return err
		}
	}
	return nil
}

// touched is the automatic discounts of which the bill has goods, each once. Of those for other stores or days it has as
// many as the breakdown names; the others are only counted.
func (s *stack) touched() []int32 {
	var found []int32
	look := func(list []int32) {
		for _, d := range list {
			if !s.p.discountGates[d].open(&s.at) {
				if s.shut++; s.shut > maxReducedNotTold {
					continue
				}
			}
			found = append(found, d)
		}
	}
	look(s.p.discountAll)
	if len(s.p.discountOn) > 0 {
		sets := slices.Clone(s.sets)
		slices.Sort(sets)
		for _, set := range slices.Compact(sets) {
			look(s.p.discountOn[set])
		}
	}
	slices.Sort(found)
	return found
}

// holds says whether a line is in a set.
func (b *bill) holds(i int, set setID) bool {
	_, in := slices.BinarySearch(b.setsOf(i), set)
	return in
}

// offer puts a reduction before the bill, with its lines by content. Goods that are excluded are never reduced.
func (s *stack) offer(r *reduction) *offer {
	f := offer{reduction: r, count: 1}
	for i := range s.out {
		if r.giftCard != "" {
			if k := s.p.giftCardOf(&s.in.Sale.Lines[i]); k != nil && k.id == r.giftCard {
				f.lines = append(f.lines, int32(i))
			}
			continue
		}
		if s.out[i].Excluded != "" {
			continue
		}
		if r.product != "" && s.in.Sale.Lines[i].SKU != r.product {
			continue
		}
		if r.buyFrom != noSet && s.holds(i, r.buyFrom) { // bought, so not given too
			f.bought += pieces(&s.in.Sale.Lines[i])
			continue
		}
		if r.on == noSet || s.holds(i, r.on) {
			f.lines = append(f.lines, int32(i))
		}
	}
	slices.SortFunc(f.lines, func(a, b int32) int { return cmp.Compare(s.rank[a], s.rank[b]) })
	s.offers = append(s.offers, f)
	return &s.offers[len(s.offers)-1]
}

// shortened keeps the breakdown within an entry: the rest is one finding with the count and the sum.
func shortened(all []Finding, unseen int64) []Finding {
	var out []Finding
	var count [2]int
	var more [2]Finding
	for _, f := range all {
		k, most := 0, maxReducedNotTold
		if f.Applied {
			k, most = 1, maxReducedTold
		}
		if count[k]++; count[k] <= most {
			out = append(out, f)
			continue
		}
		more[k].Code, more[k].Applied = ExplainReducedMore, f.Applied
		more[k].Limit++
		more[k].Value += f.Value
	}
	if unseen > 0 {
		more[0].Code = ExplainReducedMore
		more[0].Limit += unseen
	}
	for _, m := range more {
		if m.Limit > 0 {
			out = append(out, m)
		}
	}
	return out
}

// taxes is what the bill sells at each rate.
func (b *bill) taxes() []TaxShare {
	return taxShares(func(yield func(rate, amount int64) bool) {
		for i := range b.out {
			if !yield(b.in.Sale.Lines[i].Tax, b.out[i].net()) {
				return
			}
		}
	})
}
