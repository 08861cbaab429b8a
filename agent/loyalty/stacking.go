package loyalty

import (
	"cmp"
	"slices"
	"strings"
)

// Limits of what a till may show and ask, and of what is told of it.
const (
	MaxShown          = 8 // coupons
	MaxRewardAsks     = 8
	maxCombinations   = 512
	maxReducedTold    = 8
	maxReducedNotTold = 4
)

// Reduction is one thing that lowered the price of a bill, or was taken for points.
type Reduction struct {
	Rule   string `json:"rule"`             // id of the discount, coupon or reward
	Serial string `json:"serial,omitempty"` // of a coupon: it is used up by this sale
	Amount int64  `json:"amount"`           // minor units off
	Points Points `json:"points,omitempty"` // what a reward costs
	Tender bool   `json:"tender,omitempty"` // it pays so much, and the price stays
	Times  int64  `json:"times,omitempty"`  // of a reward that there are only so many of: so often
}

// TaxShare is what is sold at one tax rate after every reduction.
type TaxShare struct {
	Rate   int64 `json:"rate"`   // basis points
	Amount int64 `json:"amount"` // tax included, minor units
	Tax    int64 `json:"tax"`
}

// offer is a reduction that bears on this bill.
type offer struct {
	*reduction
	lines  []int32
	serial string
	count  int64  // times of a reward, or pieces
	bought int64  // pieces of the set that must be bought
	cost   Points // of all of them
	bad    *Finding
	burn   bool   // a coupon that is used up even without effect
	times  int64  // that a reward is paid for
	most   Points // that it may cost, of one taken in part
}

// stack is the run of all offers over a bill.
type stack struct {
	*bill
	offers []offer
	rank   []int32 // line by content, so that ties do not follow the order of lines
	shut   int     // discounts for other stores or days
	quiet  bool    // only the price is wanted: one of many combinations
	spendable,
	held Points // what rewards may cost: in all, and without the points of this sale
}

// tell adds to the breakdown.
func (s *stack) tell(o *outcome, f Finding) {
	if !s.quiet {
		o.why = append(o.why, f)
	}
}

// outcome is what one choice among the offers gives.
type outcome struct {
	prices     prices
	total      int64
	reductions []Reduction
	parts      [][]int64 // of each reduction, by line
	lines      [][]int32
	times      []int64           // that each reward is taken; 0 for what is none
	issues     []Issue           // coupons that rewards give
	off        int64             // by reductions, what pays left out
	taken      map[string]string // group: who has it
	why        []Finding
	spent      Points
	ofEarned   Points  // of what was spent, more than was held
	budgets    []int64 // money that the campaigns have left; nil without budgets
	paid       []int64 // of each line, by what pays instead of lowering the price; nil: nothing
}

// order is the one order in which offers are looked at: what lowers the price before what pays it, priority, then id.
// Neither the time of an edit nor the order of lines or sections comes into it.
func (s *stack) order() {
	slices.SortStableFunc(s.offers, func(a, b offer) int {
		return cmp.Or(compareInstruments(a, b), cmp.Compare(b.priority, a.priority), strings.Compare(a.id, b.id), strings.Compare(a.serial, b.serial))
	})
}

// run takes the offers in order. Of a group only the first that has an effect applies; allowed, if given, holds what a
// group may not use.
func (s *stack) run(barred []bool) (outcome, error) {
	lines := s.in.Sale.Lines
	o := outcome{total: s.at.total, prices: prices{initial: make([]int64, len(lines)), left: make([]int64, len(lines)), lines: lines}, budgets: s.moneyLeft()}
	for i := range lines {
		o.prices.initial[i], o.prices.left[i] = lines[i].Amount, lines[i].Amount
	}
	if s.p.maxOff != (maxOff{}) {
		if err := s.p.maxOff.ceilings(&o.prices); err != nil {
			return outcome{}, err
		}
	}
	taken := map[string]string{} // group: who has it
	for i := range s.offers {
		f := &s.offers[i]
		if winner, lost := taken[f.group]; lost && f.group != "" {
			s.tell(&o, Finding{Rule: f.id, Code: ExplainReduceGroup, Detail: winner})
			continue
		}
		if barred != nil && barred[i] {
			continue
		}
		effect, err := s.try(f, &o)
		if err != nil {
			return outcome{}, err
		}
		if effect && f.group != "" {
			taken[f.group] = f.id
		}
	}
	for i := range s.offers { // what stood back for the best combination says for whom
		if f := &s.offers[i]; barred != nil && barred[i] && taken[f.group] != "" && taken[f.group] != f.id {
			s.tell(&o, Finding{Rule: f.id, Code: ExplainReduceGroup, Detail: taken[f.group]})
		}
	}
	o.taken = taken
	return o, nil
}

// try applies one offer if it may and if it does anything.
func (s *stack) try(f *offer, o *outcome) (bool, error) {
	no := func(n Finding) (bool, error) {
		n.Rule = f.id
		s.tell(o, n)
		return false, nil
	}
	if f.bad != nil {
		return no(*f.bad)
	}
	now := s.at
	now.left = o.prices.initial
	if !f.initial {
		now.total, now.left = o.price(), o.prices.left
	}
	if f.caps.overTime() && s.in.Member == nil {
		return no(Finding{Code: ExplainMembersOnly})
	}
	if why, ok := now.checkBoth(f.common, f.when, f.id); !ok {
		return no(why)
	}
	e, err := s.worth(f, o)
	if err != nil {
		return false, err
	}
	if e.why.Code == ExplainReduceNothing && f.source == ofDiscount {
		return false, nil
	}
	if e.why.Code != "" {
		return no(e.why)
	}
	var limited Finding
	if e.off, limited = s.hold(f, o, e.off); limited.Code != "" && sum(e.off) == 0 {
		return no(limited)
	}
	s.take(f, o, &e)
	if limited.Code != "" {
		s.tell(o, limited)
	}
	return true, nil
}

// take applies what an offer does to the prices and writes it down.
func (s *stack) take(f *offer, o *outcome, e *effect) {
	amount := sum(e.off)
	for k, i := range f.lines {
		o.prices.left[i] -= e.off[k]
	}
	o.total -= amount
	if o.budgets != nil && f.campaign != noCampaign {
		o.budgets[f.campaign] -= amount
	}
	o.spent += e.cost
	if f.tender {
		o.pay(f.lines, e.off)
	} else {
		o.off += amount
	}
	if f.kind == giveCoupon {
		o.issues = append(o.issues, Issue{Rule: f.id, Coupon: s.p.doc.Coupons[f.coupon].ID, Count: f.times})
	}
	if s.quiet {
		return
	}
	o.reductions = append(o.reductions, Reduction{Rule: f.id, Serial: f.serial, Amount: amount, Points: e.cost, Tender: f.tender})
	if s.p.supplies[f.id].stocked() {
		o.reductions[len(o.reductions)-1].Times = f.times
	}
	o.parts, o.lines, o.times = append(o.parts, e.off), append(o.lines, f.lines), append(o.times, f.times)
	told := Finding{Rule: f.id, Code: ExplainReduced, Applied: true, Value: amount, Detail: f.serial}
	if f.source == ofReward {
		told.Code, told.Limit = ExplainReward, int64(e.cost)
	}
	if f.kind == giveCoupon {
		told.Code, told.Detail = ExplainRewardCoupon, s.p.doc.Coupons[f.coupon].ID
	}
	if f.tender {
		told.Code = ExplainOfferPays
	}
	o.why = append(o.why, told)
	if e.cut > 0 {
		o.why = append(o.why, Finding{Rule: f.id, Code: ExplainMostOff, Applied: true, Missing: e.cut})
	}
}

// best gives the combination with the lowest price to pay: of each group one offer or none. Equal prices go to the one
// whose offers come first. Beyond maxCombinations the groups are settled one after another, in the order of their first
// offers.
func (s *stack) best() (outcome, error) {
	groups := s.groups()
	barred := make([]bool, len(s.offers))
	combinations := 1
	for _, g := range groups {
		combinations = min(combinations*(len(g)+1), maxCombinations+1)
	}
	tried := [][][]int{groups}
	if combinations > maxCombinations {
		tried = tried[:0]
		for k := range groups {
			tried = append(tried, groups[k:k+1])
		}
	}
	s.quiet = true
	for _, some := range tried {
		if err := s.search(some, barred); err != nil {
			return outcome{}, err
		}
	}
	s.quiet = false
	return s.run(barred)
}

// groups is the offers of each group, in order.
func (s *stack) groups() [][]int {
	var groups [][]int
	index := map[string]int{}
	for i := range s.offers {
		name := s.offers[i].group
		if name == "" {
			continue
		}
		k, known := index[name]
		if !known {
			k = len(groups)
			index[name], groups = k, append(groups, nil)
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}

// search tries every choice of one offer or none from each of the groups, and leaves the best one's in barred.
func (s *stack) search(groups [][]int, barred []bool) error {
	choice := make([]int, len(groups))
	least, best := int64(0), []bool(nil)
	for {
		for g, members := range groups {
			for k, i := range members {
				barred[i] = k != choice[g]
			}
		}
		o, err := s.run(barred)
		if err != nil {
			return err
		}
		if best == nil || o.total < least {
			least, best = o.total, slices.Clone(barred)
		}
		g := len(groups) - 1
		for ; g >= 0; g-- {
			if choice[g]++; choice[g] <= len(groups[g]) {
				break
			}
			choice[g] = 0
		}
		if g < 0 {
			copy(barred, best)
			return nil
		}
	}
}
