package loyalty

// TierState is a member's tier with what a review has to remember.
type TierState struct {
	Tier       string `json:"tier,omitempty"`
	Since      string `json:"since,omitempty"`       // day on which it was reached
	ShortSince string `json:"short_since,omitempty"` // first day on which a review found too little to stay
	SteppedOn  string `json:"stepped_on,omitempty"`  // last day on which it went down
}

// ReviewInput is what a review depends on.
type ReviewInput struct {
	State TierState
	Now   Standing // over TierWindow(Day)
	Ended Standing // of a ladder by calendar year: the whole year before
	Day   string
}

// Review is what a review of one member's tier found. Running it again on the same day with the state that it gave changes
// nothing.
type Review struct {
	State  TierState `json:"state"`
	Why    Finding   `json:"why"`              // what moved the tier, or how much keeps it; empty when nothing is to be said
	Until  string    `json:"until,omitempty"`  // last day of the tier held, when grace runs
	Target int64     `json:"target,omitempty"` // figure that the tier held asks for
	Have   int64     `json:"have,omitempty"`   // figure that counts for staying
}

// ReviewTier moves a member up or down the ladder, one member and day at a time. A programme without a ladder moves nobody.
func (p *Programme) ReviewTier(in ReviewInput) (Review, error) {
	day, ok := parseDay(in.Day)
	if !ok {
		return Review{}, &SaleError{"day", SaleTime}
	}
	l := p.ladder
	if l == nil {
		return Review{State: in.State}, nil
	}
	up, stay := l.counts(in.Now), l.counts(in.Now)
	if l.over == overYear { // a tier reached in one year is held to the end of the next
		stay = max(stay, l.counts(in.Ended))
		if l.upgrade == upgradePeriodEnd {
			up = l.counts(in.Ended)
		}
	}
	held := l.index(in.State.Tier)
	if to := l.reached(up); to > held {
		return Review{State: TierState{Tier: l.tiers[to], Since: in.Day}, Why: Finding{Code: ExplainTierReached, Applied: true, Detail: l.tiers[to]}}, nil
	}
	if held < 0 || l.reached(stay) >= held || l.downgrade == downgradeNone {
		in.State.ShortSince = ""
		r := Review{State: in.State, Have: stay}
		if held >= 0 {
			r.Target = l.from[held]
		}
		return r, nil
	}
	return l.down(in.State, day, held, stay)
}

// down takes a tier away once its grace is over: one step a period, or all at once.
func (l *ladder) down(s TierState, day date, held int, stay int64) (Review, error) {
	r := Review{State: s, Target: l.from[held], Have: stay}
	if s.ShortSince == "" {
		r.State.ShortSince = day.String()
	}
	since, ok := parseDay(r.State.ShortSince)
	if !ok {
		return Review{}, &SaleError{"state.short_since", SaleTime}
	}
	until := since + date(l.graceDays)
	if l.downgrade == downgradeStep && s.SteppedOn != "" {
		stepped, ok := parseDay(s.SteppedOn)
		if !ok {
			return Review{}, &SaleError{"state.stepped_on", SaleTime}
		}
		until = max(until, l.periodAfter(stepped))
	}
	if day < until {
		r.Until = (until - 1).String()
		r.Why = Finding{Code: ExplainTierGrace, Rule: l.tiers[held], Detail: r.Until}
		return r, nil
	}
	to := l.reached(stay)
	if l.downgrade == downgradeStep {
		to = held - 1 // not below what was reached, or there were nothing to lose
	}
	r.State = TierState{Tier: l.name(to), Since: day.String(), SteppedOn: day.String()}
	if l.reached(stay) < to { // short of the step below too: its grace begins today
		r.State.ShortSince = day.String()
	}
	r.Why = Finding{Code: ExplainTierLost, Applied: true, Detail: l.tiers[held], Missing: l.from[held] - stay}
	return r, nil
}

// periodAfter is the first day of the period after the one in which something happened.
func (l *ladder) periodAfter(d date) date {
	if l.over == overYear {
		return d.endOf("year") + 1
	}
	return d.plusMonths(l.months)
}
