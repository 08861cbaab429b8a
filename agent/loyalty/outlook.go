package loyalty

import "slices"

// Outlook is how far a member is without a purchase.
type Outlook struct {
	Tier   []Finding // to the next tier, and to stay in the one held
	Stamps []Finding // of every card that has any
}

// Outlook tells how far a member is whom Recall has filled in for the day.
func (p *Programme) Outlook(m *MemberState, day string) (o Outlook) {
	if p.ladder != nil && m.Standing != nil {
		t := TierProgress{Held: m.Tier, Have: p.ladder.counts(*m.Standing)}
		p.ladder.lookAhead(&t, day)
		o.Tier = t.Why
	}
	for _, s := range m.Stamps {
		if s.Count <= 0 || s.endedBy(day) {
			continue
		}
		i := slices.IndexFunc(p.stamps, func(r stampRule) bool { return r.id == s.Stamp })
		if i < 0 {
			continue
		}
		of := p.stamps[i].fill
		o.Stamps = append(o.Stamps, Finding{Rule: s.Stamp, Code: ExplainStamps, Base: s.Count, Limit: of, Missing: max(of-s.Count, 0)})
	}
	return o
}
