package loyalty

import "slices"

// MaxRewardOffers bounds the catalogue that comes with a quote; the document's first rewards are in it.
const MaxRewardOffers = 100

// RewardOffer is a reward as the member could have it once more on this bill, beside what is asked already.
type RewardOffer struct {
	Reward  string   `json:"reward"`
	Cost    Points   `json:"cost"` // to this member
	CanHave bool     `json:"can_have"`
	Missing Points   `json:"missing,omitempty"` // points to it
	Taken   bool     `json:"taken,omitempty"`   // it is asked, and given
	Why     *Finding `json:"why,omitempty"`     // why it cannot be had
}

// catalogue looks at every reward as if it were asked besides, and finds the one that is next after this sale. at is the
// moment as the sale began, so that conditions count as they would.
func (q *Quote) catalogue(b *bill, at moment, o *outcome) {
	seen := *b
	seen.at = at
	s := stack{bill: &seen, held: seen.held()}
	s.spendable = s.held + q.Earned
	if o.prices.left == nil { // nothing bore on the bill
		none, _ := s.run(nil) // without offers nothing can fail
		o = &none
	}
	s.ranked()
	after := Points(0)
	if m := b.in.Member; m != nil {
		after = m.CanSpend() - q.Drawn() + q.Earned
	}
	for i := range min(len(b.p.rewards), MaxRewardOffers) {
		r := &b.p.rewards[i]
		offer := s.once(r, o)
		q.Rewards = append(q.Rewards, offer)
		onlyPoints := offer.CanHave || offer.Why != nil && offer.Why.Code == ExplainRewardShort
		if missing := offer.Cost - after; onlyPoints && missing > 0 && (q.NextReward == nil || int64(missing) < q.NextReward.Missing) {
			q.NextReward = &Finding{Rule: r.id, Code: ExplainRewardNext, Limit: int64(offer.Cost), Missing: int64(missing)}
		}
	}
}

// once tries a reward one more time and leaves the bill as it is.
func (s *stack) once(r *reduction, o *outcome) RewardOffer {
	points := s.held
	if r.withEarned {
		points = s.spendable
	}
	out := RewardOffer{Reward: r.id, Cost: r.price(s.at.tier)}
	out.Missing = max(out.Cost-max(points-o.spent, 0), 0)
	out.Taken = slices.ContainsFunc(o.reductions, func(t Reduction) bool { return t.Rule == r.id })
	if winner, lost := o.taken[r.group]; lost && r.group != "" && winner != r.id {
		out.Why = &Finding{Rule: r.id, Code: ExplainReduceGroup, Detail: winner}
		return out
	}
	s.offers = s.offers[:0]
	if s.want(&RewardAsk{Reward: r.id}, nil) != nil {
		return out
	}
	try := outcome{prices: o.prices, total: o.total, off: o.off, spent: o.spent, issues: slices.Clone(o.issues), paid: slices.Clone(o.paid)}
	try.prices.left = slices.Clone(o.prices.left)
	effect, err := s.try(&s.offers[0], &try)
	if out.CanHave = effect && err == nil; !effect && err == nil {
		out.Why = &try.why[0]
	}
	return out
}
