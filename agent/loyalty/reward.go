package loyalty

import (
	"fmt"
	"slices"
)

// RewardAsk is a reward that the member wants: once, Times, for rewards of pieces so many Units, or, of one that may be taken
// in part, for at most so many Points. What it costs is the programme's to say.
type RewardAsk struct {
	Reward string `json:"reward"`
	Times  int64  `json:"times,omitempty"`
	Units  int64  `json:"units,omitempty"`
	Points Points `json:"points,omitempty"`
}

func (p *Programme) checkRewards(sale *Sale) error {
	if len(sale.Rewards) > MaxRewardAsks {
		return &SaleError{"rewards", SaleTooLarge}
	}
	for i, a := range sale.Rewards {
		at := fmt.Sprintf("rewards[%d]", i)
		k := p.rewardIndex(a.Reward)
		if k < 0 || slices.ContainsFunc(sale.Rewards[:i], func(o RewardAsk) bool { return o.Reward == a.Reward }) {
			return &SaleError{at + ".reward", SaleReward}
		}
		r := &p.rewards[k]
		if a.Times < 0 || a.Units < 0 || a.Units > 0 && (r.kind != giveCheapest || a.Times > 0) || a.times(r) > r.perSale ||
			a.Points < 0 || a.Points > maxPoints || a.Points > 0 && !r.partial {
			return &SaleError{at, SaleRange}
		}
	}
	return nil
}

// times is how often the reward is paid for: two pieces a time, five pieces are three times.
func (a *RewardAsk) times(r *reduction) int64 {
	if a.Units > 0 {
		return a.Units/r.units + min(a.Units%r.units, 1)
	}
	return max(a.Times, 1)
}

// price is the points for one, to a member of the tier.
func (r *reduction) price(tier string) Points {
	if cost, ok := r.tierCost[tier]; ok {
		return Points(cost)
	}
	return r.cost
}

// want puts a reward before the bill. refused are those that the points of this very sale did not pay for.
func (s *stack) want(a *RewardAsk, refused []string) error {
	r := &s.p.rewards[s.p.rewardIndex(a.Reward)]
	f := s.offer(r)
	f.times, f.most = a.times(r), plenty
	f.count = f.times
	cost, ok := mulInt(int64(r.price(s.at.tier)), f.times)
	if !ok || cost > maxPoints {
		return &RuleError{r.id}
	}
	f.cost = Points(cost)
	if a.Points > 0 {
		f.most = a.Points
	}
	if r.kind == giveCheapest { // pieces
		if f.count *= r.units; a.Units > 0 {
			f.count = a.Units
		}
	}
	if room, why := s.left(r.id); room < f.times {
		f.bad = &why
	}
	if slices.Contains(refused, r.id) {
		f.bad = &Finding{Code: ExplainRewardShort, Limit: cost, Missing: cost}
	}
	return nil
}

// effect is what an offer takes off each of its lines, what that costs, and by how much the limits of all reductions cut
// it; with a finding it does nothing.
type effect struct {
	off  []int64
	cost Points
	cut  int64
	why  Finding
}

func (s *stack) worth(f *offer, o *outcome) (effect, error) {
	points := s.held
	if f.withEarned {
		points = s.spendable
	}
	points = min(points-o.spent, f.most)
	cost := f.cost
	if missing := cost - points; cost > 0 && missing > 0 {
		if !f.partial || points <= 0 {
			return effect{why: Finding{Code: ExplainRewardShort, Limit: int64(cost), Missing: int64(missing)}}, nil
		}
		cost = points
	}
	if f.kind == giveCoupon {
		if room, why := s.issuable(f.coupon, o.issues); room < f.times {
			return effect{why: why}, nil
		}
	}
	if f.partial {
		return s.inPart(f, o, cost)
	}
	count := f.count
	if f.buyFrom != noSet {
		count = f.bought
	}
	off, cut, err := s.limited(f.reduction, f, o, count)
	e := effect{off: off, cost: cost, cut: cut}
	if err == nil && sum(off) == 0 && f.kind < givePerk {
		e.why = f.nothing(cut)
	}
	return e, err
}

// inPart takes an amount off in proportion to the points that there are for it, and no more points than pay for what the
// bill can carry.
func (s *stack) inPart(f *offer, o *outcome, points Points) (effect, error) {
	whole, ok := mulInt(f.amount, f.times)
	part, ok2 := mulDiv(whole, int64(points), max(int64(f.cost), 1))
	if !ok || !ok2 {
		return effect{}, &RuleError{f.id}
	}
	own := *f.reduction
	if own.amount = part.whole; f.cost == 0 {
		own.amount = whole
	}
	off, cut, err := s.limited(&own, f, o, 1)
	if err != nil {
		return effect{}, err
	}
	amount := sum(off)
	if amount == 0 {
		return effect{why: f.nothing(cut)}, nil
	}
	exact, _ := mulDiv(amount, int64(f.cost), whole) // amount is within whole
	cost, _ := exact.round(roundCeil)
	return effect{off: off, cost: Points(cost), cut: cut}, nil
}

// nothing is why an offer that may be given has nothing to give on this bill.
func (f *offer) nothing(cut int64) Finding {
	if cut > 0 {
		return Finding{Code: ExplainMostOff, Missing: cut}
	}
	if f.product != "" {
		return Finding{Code: ExplainRewardProduct, Detail: f.product}
	}
	return Finding{Code: ExplainReduceNothing}
}
