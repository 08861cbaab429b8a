package loyalty

import "slices"

// give works out one rule with per: its base, its rate, the multipliers on it, its cap and its rounding.
func (e *earning) give(c *candidate) error {
	r := c.rule
	weights, base := e.weigh(c)
	times := e.timesOn(c.index)
	start, ok := e.pool[r.wallet][r.mode].round(r.mode)
	if !ok {
		return &RuleError{r.id}
	}
	var value frac
	var points, before int64
	for stage := 0; stage <= len(times); stage++ {
		if value, ok = e.value(c, weights, base, times[:stage]); !ok {
			return &RuleError{r.id}
		}
		if points, ok = e.settle(r, value); !ok {
			return &RuleError{r.id}
		}
		points -= start * isSale(r)
		if stage > 0 {
			m := &e.cands[times[stage-1]].finding
			m.Points += Points(points - before)
			m.Applied = m.Applied || points != before
			e.paid(c, e.cands[times[stage-1]].rule.campaign, points-before)
		} else {
			c.finding = r.applied(base, points)
			e.paid(c, r.campaign, points)
		}
		before = points
	}
	if room, limit, capped := e.room(r); capped && (value.whole > room || value.whole == room && value.rest > 0) {
		if r.caps.refuse {
			room = 0
		}
		value = wholeFrac(room)
		kept, ok := e.settle(r, value)
		if !ok {
			return &RuleError{r.id}
		}
		c.cut, c.limit = Points(points-(kept-start*isSale(r))), limit
		points = kept - start*isSale(r)
	}
	if r.at == atSale {
		if e.pool[r.wallet][r.mode], ok = e.pool[r.wallet][r.mode].add(value); !ok {
			return &RuleError{r.id}
		}
	}
	c.given = Points(points)
	return nil
}

func isSale(r *rule) int64 {
	if r.at == atSale {
		return 1
	}
	return 0
}

// settle rounds where the rule says: alone, or on top of what the rules rounded with it have given so far.
func (e *earning) settle(r *rule, value frac) (int64, bool) {
	if r.at != atSale {
		return value.round(r.mode)
	}
	sum, ok := e.pool[r.wallet][r.mode].add(value)
	if !ok {
		return 0, false
	}
	return sum.round(r.mode)
}

// weigh gives what the rule counts on each of its lines, and in all.
func (e *earning) weigh(c *candidate) (weights []int64, total int64) {
	weights = make([]int64, len(c.lines))
	var received []int64
	if c.rule.kind == perTender {
		received = e.received(c.rule.tenders)
	}
	for k, i := range c.lines {
		switch c.rule.kind {
		case perUnit:
			weights[k] = e.in.Sale.Lines[i].Quantity
		case perTender:
			weights[k] = received[i]
		default:
			weights[k] = e.amount(c.rule, i)
		}
		total += weights[k]
	}
	return weights, total
}

// amount is a line's amount as the rule's base names it. What was not paid with an earning tender counts in no base.
func (e *earning) amount(r *rule, i int32) int64 {
	l, n := &e.in.Sale.Lines[i], e.out[i].Earning
	if r.beforeDiscount && l.Discount+e.out[i].Reduced > 0 {
		whole, _ := mulDiv(l.Amount+l.Discount, n, e.out[i].net()) // n <= net: within range
		n, _ = whole.round(roundHalfUp)
	}
	if r.withoutTax && l.Tax > 0 {
		net, _ := mulDiv(n, fullShare, fullShare+l.Tax)
		n, _ = net.round(roundHalfUp)
	}
	return n
}

// timesOn is the candidates that multiply the rule.
func (e *earning) timesOn(index int) []int {
	var on []int
	for _, t := range e.times {
		m := e.cands[t].rule
		if m.wallet == e.p.rules[index].wallet && (m.targets == nil || slices.Contains(m.targets, index)) {
			on = append(on, t)
		}
	}
	return on
}

// value is the rule's figure after some of its multipliers, before cap and rounding; with rounding by line, the sum of the
// rounded lines.
func (e *earning) value(c *candidate, weights []int64, base int64, times []int) (frac, bool) {
	r := c.rule
	if r.at != atLine {
		scaled, den, ok := e.scale(c.lines, weights, times)
		if !ok {
			return frac{}, false
		}
		return r.figure(base, scaled, den)
	}
	total := int64(0)
	for k := range weights {
		scaled, den, ok := e.scale(c.lines[k:k+1], weights[k:k+1], times)
		if !ok {
			return frac{}, false
		}
		v, ok := r.figure(weights[k], scaled, den)
		if !ok {
			return frac{}, false
		}
		n, ok := v.round(r.mode)
		if !ok {
			return frac{}, false
		}
		if total, ok = addInt(total, n); !ok {
			return frac{}, false
		}
	}
	return wholeFrac(total), true
}

// scale gives the base with each line multiplied as its multipliers say: scaled/den. A line that two multipliers bear on
// is multiplied by both.
func (e *earning) scale(lines []int32, weights []int64, times []int) (scaled, den int64, ok bool) {
	den = 1
	for _, t := range times {
		_, d := e.cands[t].rule.ratio()
		if den, ok = mulInt(den, d); !ok {
			return 0, 0, false
		}
	}
	for k, i := range lines {
		n := weights[k]
		for _, t := range times {
			num, d := e.cands[t].rule.ratio()
			if _, on := slices.BinarySearch(e.cands[t].lines, i); !on {
				num = d
			}
			if n, ok = mulInt(n, num); !ok {
				return 0, 0, false
			}
		}
		if scaled, ok = addInt(scaled, n); !ok {
			return 0, 0, false
		}
	}
	return scaled, den, true
}

const factorUnit = 1000 // factors are thousandths

func (r *rule) ratio() (num, den int64) {
	g := int64(gcd(uint64(r.factor), factorUnit))
	return r.factor / g, factorUnit / g
}

// figure is points for a base of which the multipliers made scaled/den. Whole steps are counted on the plain base; their
// points are then multiplied as the base was.
func (r *rule) figure(base, scaled, den int64) (frac, bool) {
	if r.proportional {
		d, ok := mulInt(r.per, den)
		if !ok {
			return frac{}, false
		}
		return mulDiv(scaled, r.points, d)
	}
	steps := int64(1)
	if r.kind != perSale {
		steps = base / r.per
	}
	points, ok := mulInt(steps, r.points)
	if !ok || points == 0 {
		return frac{}, ok
	}
	if scaled == base && den == 1 {
		return wholeFrac(points), true
	}
	d, ok := mulInt(base, den)
	if !ok {
		return frac{}, false
	}
	return mulDiv(points, scaled, d)
}

// applied is the finding of a rule with per, before multipliers and cap.
func (r *rule) applied(base, points int64) Finding {
	f := Finding{Rule: r.id, Code: ExplainApplied, Applied: points > 0, Points: Points(points), Base: base,
		RatePoints: r.points, RatePer: r.per}
	short := !r.proportional && base < r.per
	switch r.kind {
	case perUnit:
		f.Code = ExplainAppliedUnits
		if short {
			f.Code, f.Missing = ExplainBelowQuantity, r.per-base
		}
	case perSale:
		return Finding{Rule: r.id, Code: ExplainAppliedSale, Applied: true, Points: Points(points)}
	default:
		if short {
			f.Code, f.Missing = ExplainBelowStep, r.per-base
		}
	}
	return f
}
