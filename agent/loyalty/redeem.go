package loyalty

// clamp is one limit on a redemption.
type clamp struct {
	code   string
	most   Points
	base   int64
	factor int64
}

const maxClamps = 8

// redeem works out what points may pay. Nothing asked gives what could be.
func (b *bill) redeem() (Redemption, error) {
	ask := b.in.Sale.Redeem
	wanted := ask.wanted()
	none := func(code string) (Redemption, error) {
		r := Redemption{Clamps: []Finding{}}
		if wanted {
			r.Asked = ask.Points
			r.Clamps = append(r.Clamps, Finding{Code: code, Applied: true})
		}
		return r, nil
	}
	rule := b.p.redeem
	if rule == nil {
		return none(ExplainRedeemNone)
	}
	if b.in.Member == nil {
		return none(ExplainRedeemNoMember)
	}
	clamps, err := b.clamps()
	if err != nil {
		return Redemption{}, err
	}
	available := max(b.in.Member.canSpend()-b.onRewards, 0)
	r := Redemption{}
	if r.Max, _, err = rule.settle(available, clamps); err != nil {
		return Redemption{}, err
	}
	asked := available
	if wanted && !ask.All {
		asked = ask.Points
	}
	points, found, err := rule.settle(asked, clamps)
	if err != nil {
		return Redemption{}, err
	}
	r.Clamps = found
	if !wanted {
		return r, nil
	}
	r.Asked, r.Points = asked, points
	r.Value, err = rule.pays(points)
	return r, err
}

// clamps lists every limit that the programme, the member and the bill set, in a fixed order. The step and the minimum
// come after them, in settle.
func (b *bill) clamps() ([]clamp, error) {
	rule, m := b.p.redeem, b.in.Member
	available := max(m.canSpend()-b.onRewards, 0)
	list := make([]clamp, 0, maxClamps)
	list = append(list, clamp{code: ExplainRedeemAvailable, most: available})
	if rule.keep > 0 {
		list = append(list, clamp{code: ExplainRedeemKeep, most: max(available-rule.keep, 0), base: int64(rule.keep)})
	}
	if m.Medium != MediumPurse {
		list = append(list, clamp{code: ExplainRedeemNoPurse, most: max(b.p.withoutPurse(m)-b.onRewards, 0)})
	}
	byValue := func(code string, value, factor int64) error {
		most, err := rule.covers(value)
		list = append(list, clamp{code: code, most: most, base: value, factor: factor})
		return err
	}
	if err := byValue(ExplainRedeemBill, b.at.total, 0); err != nil {
		return nil, err
	}
	if b.payable != nil {
		mayNot := int64(0)
		for i, ok := range b.payable {
			if !ok {
				mayNot += b.out[i].net()
			}
		}
		if err := byValue(ExplainRedeemSet, max(b.at.total-mayNot, 0), 0); err != nil {
			return nil, err
		}
	}
	if rule.share < fullShare {
		part, ok := mulDiv(b.at.total, rule.share, fullShare)
		if !ok {
			return nil, &RuleError{"redeem"}
		}
		if err := byValue(ExplainRedeemShare, part.whole, rule.share); err != nil {
			return nil, err
		}
	}
	// The last: it must not take the place of a limit that left room for just these tenders when the sale was quoted.
	return list, byValue(ExplainRedeemTendered, max(b.at.total-b.tendered-b.instruments, 0), 0)
}

// wanted says whether anything is asked at all.
func (a *Ask) wanted() bool { return a != nil && (a.All || a.Points > 0) }

// settle brings what is asked within every limit, down to the step, within what other tenders leave, and to nothing when
// that is below the minimum. It reports each limit that is below what was asked; the one that decided is marked applied.
func (r *redeemRule) settle(asked Points, clamps []clamp) (Points, []Finding, error) {
	tendered := clamps[len(clamps)-1]
	found := make([]Finding, 0, len(clamps)+2)
	points, decided := asked, -1
	for _, c := range clamps[:len(clamps)-1] {
		if c.most >= asked {
			continue
		}
		if c.most < points {
			points, decided = c.most, len(found)
		}
		found = append(found, c.finding())
	}
	if decided >= 0 {
		found[decided].Applied = true
	}
	fitted, err := r.fit(points)
	if err != nil {
		return 0, nil, err
	}
	if fitted < points {
		found = append(found, Finding{Code: ExplainRedeemStep, Applied: true, Limit: int64(fitted), Base: int64(r.grain())})
	}
	least := r.wholeSteps(max(r.minimum, 1))
	if fitted >= least && tendered.most < fitted {
		fitted = tendered.most
		found = append(found, tendered.finding())
		found[len(found)-1].Applied = true
	}
	if fitted < least && asked > 0 {
		found = append(found, Finding{Code: ExplainRedeemMinimum, Applied: true, Limit: int64(least), Missing: int64(least - fitted)})
		return 0, found, nil
	}
	return fitted, found, nil
}

func (c *clamp) finding() Finding {
	return Finding{Code: c.code, Limit: int64(c.most), Base: c.base, Factor: c.factor}
}

// fit takes points down to a whole number of steps, and then to the fewest that pay as much: no point is taken for
// nothing.
func (r *redeemRule) fit(points Points) (Points, error) {
	points -= points % r.step
	value, err := r.pays(points)
	if err != nil || value == 0 {
		return 0, err
	}
	fewest, ok := mulDiv(value, r.points, r.value)
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	n, ok := fewest.round(roundCeil)
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	return min(r.wholeSteps(max(Points(n), r.minimum)), points), nil
}

// wholeSteps takes points up to a whole number of steps.
func (r *redeemRule) wholeSteps(points Points) Points {
	if over := points % r.step; over != 0 {
		points += r.step - over
	}
	return points
}

// grain is the step to which points are taken: the author's, or what pays one minor unit.
func (r *redeemRule) grain() Points {
	return max(r.step, Points((r.points+r.value-1)/r.value))
}

// pays is what points are worth, in whole minor units.
func (r *redeemRule) pays(points Points) (int64, error) {
	value, ok := mulDiv(int64(points), r.value, r.points)
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	return value.whole, nil
}

// covers is the points that can be taken without paying more than a value.
func (r *redeemRule) covers(value int64) (Points, error) {
	beyond, ok := mulDiv(value+1, r.points, r.value) // the first figure that would pay one more
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	if beyond.rest == 0 {
		beyond.whole--
	}
	return r.fit(Points(beyond.whole))
}
