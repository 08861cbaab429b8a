package loyalty

// A coupon or a reward is a price reduction, which lowers the price of goods and the tax in it, or a tender, which pays a
// part of the bill: the price and its tax stay, nothing is split over tax rates, and what is so paid earns nothing.

// instrument reads which of the two an offer is; of the default there is one spelling.
func (c *compiler) instrument(path string, as *string, gives bool) bool {
	if *as == "" {
		return false
	}
	tender := c.choice(path, as, "reduction", "tender") == 1
	if !gives {
		c.fault(path, "does nothing without gives", "leave it out")
	}
	if !tender {
		*as = ""
	}
	return tender
}

// compareInstruments puts what lowers the price before what pays it.
func compareInstruments(a, b offer) int {
	switch {
	case a.tender == b.tender:
		return 0
	case b.tender:
		return -1
	}
	return 1
}

// pay puts the part of every line that an instrument pays apart from what lowers its price.
func (o *outcome) pay(lines []int32, parts []int64) {
	if o.paid == nil {
		o.paid = make([]int64, len(o.prices.left))
	}
	for k, i := range lines {
		o.paid[i] += parts[k]
	}
}

// price is the bill after what lowers it, before what pays it.
func (o *outcome) price() int64 { return o.total + sum(o.paid) }

// instruments is what coupons and rewards paid of a bill.
func instruments(taken []Reduction) int64 {
	paid := int64(0)
	for _, r := range taken {
		if r.Tender {
			paid += r.Amount
		}
	}
	return paid
}

// Kind is the kind of tender that a coupon or reward of this programme is.
func (p *Programme) Kind(r Reduction) TenderKind {
	if p.rewardIndex(r.Rule) >= 0 {
		return TenderReward
	}
	return TenderCoupon
}
