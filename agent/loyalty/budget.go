package loyalty

// noCampaign is the campaign of rules that stand by themselves.
const noCampaign int32 = -1

// charge is the points of one rule, or of one multiplier on it, that a campaign pays.
type charge struct {
	campaign int32
	points   int64
}

// fit holds parts, in their order, to what the rule gave after all: a cap cuts the last of them first. What a multiplier
// below one took is nobody's.
func fit(parts []charge, given Points) {
	left := int64(given)
	for i := range parts {
		parts[i].points = min(max(parts[i].points, 0), left)
		left -= parts[i].points
	}
}

// paid notes who pays a part of what a rule gives, where there are budgets.
func (e *earning) paid(c *candidate, campaign int32, points int64) {
	if e.uses != nil && c.rule.wallet == 0 {
		c.parts = append(c.parts, charge{campaign, points})
	}
}

// spend holds what rules give to the budgets of their campaigns.
func (e *earning) spend() {
	if e.uses == nil || e.in.Member == nil {
		return
	}
	for i := range e.cands {
		c := &e.cands[i]
		if c.rule.wallet > 0 {
			continue // a budget is of points
		}
		if c.rule.kind == bonus && c.holds {
			c.parts = append(c.parts, charge{c.rule.campaign, int64(c.given)})
		}
		fit(c.parts, c.given)
		for k := range c.parts {
			p := &c.parts[k]
			if p.campaign == noCampaign || !e.p.campaigns[p.campaign].points {
				continue
			}
			use := &e.uses[p.campaign]
			if over := p.points - int64(use.LeftPoints-use.Points); over > 0 {
				p.points -= over
				c.given -= Points(over)
				c.over += Points(over)
			}
			use.Points += Points(p.points)
		}
	}
}

// settleBudgets writes down what the budgets paid once the limit of the sale has cut its share.
func (e *earning) settleBudgets() {
	for i := range e.uses {
		e.uses[i].Points = 0
	}
	for i := range e.cands {
		c := &e.cands[i]
		fit(c.parts, c.given)
		for _, p := range c.parts {
			if p.campaign != noCampaign && e.p.campaigns[p.campaign].points {
				e.uses[p.campaign].Points += Points(p.points)
			}
		}
	}
}

// hold keeps what an offer takes off within its own limits and its campaign's budget. The finding says which of them cut.
func (s *stack) hold(f *offer, o *outcome, off []int64) ([]int64, Finding) {
	var why Finding
	amount := sum(off)
	cut := func(room int64, code string, limit int64) {
		why = Finding{Rule: f.id, Code: code, Limit: limit, Missing: amount - room}
		amount = room
		if off = Split(room, off); off == nil {
			off = make([]int64, len(f.lines))
		}
	}
	if room, limit, ok := f.caps.room(s.past(f.id), 0); ok && amount > room {
		if f.caps.refuse {
			room = 0
		}
		cut(room, ExplainDiscountCap, limit)
	}
	if f.campaign != noCampaign && s.p.campaigns[f.campaign].money && amount > o.budgets[f.campaign] {
		cut(o.budgets[f.campaign], ExplainBudgetMoney, 0)
	}
	return off, why
}

// moneyLeft is the money of every campaign's budget, for one choice among the offers.
func (b *bill) moneyLeft() []int64 {
	if b.uses == nil {
		return nil
	}
	left := make([]int64, len(b.uses))
	for i := range left {
		left[i] = b.uses[i].LeftMoney
	}
	return left
}
