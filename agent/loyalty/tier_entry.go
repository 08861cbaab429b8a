package loyalty

// TierBody is what a review changed of a member's tier.
type TierBody struct {
	State TierState `json:"state"`
	Was   TierState `json:"was"`
	Until string    `json:"until,omitempty"` // last day of the tier held, while grace runs
	Why   Finding   `json:"why"`
}

// PostReview makes the entry of a review; false when it changes nothing, and so when it is run a second time on a day.
func (p *Programme) PostReview(member MemberID, in ReviewInput, head EntryHead) (Entry, bool, error) {
	if err := head.check(member); err != nil {
		return Entry{}, false, err
	}
	in.Day = head.Day
	r, err := p.ReviewTier(in)
	if err != nil || r.State == in.State {
		return Entry{}, false, err
	}
	e := head.Entry(KindTier)
	e.Member, e.Tier = member, &TierBody{State: r.State, Was: in.State, Until: r.Until, Why: r.Why}
	return e, true, nil
}
