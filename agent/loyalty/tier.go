package loyalty

import "slices"

// Standing is what a member's tier is counted on: sums over the days of TierWindow, before the sale at hand. Who keeps
// the ledger adds them up; what a return took back is taken off.
type Standing struct {
	Spend  int64  `json:"spend,omitempty"` // minor units, excluded goods left out
	Points Points `json:"points,omitempty"`
	Visits int64  `json:"visits,omitempty"`
}

// ladder is the compiled rule of who is in which tier. tiers rise.
type ladder struct {
	by        ladderBy
	over      ladderOver
	months    int
	upgrade   ladderUpgrade
	downgrade ladderDowngrade
	graceDays int
	tiers     []string
	from      []int64
}

type (
	ladderBy        uint8
	ladderOver      uint8
	ladderUpgrade   uint8
	ladderDowngrade uint8
)

const (
	bySpend ladderBy = iota
	byPoints
	byVisits
)

const (
	overLifetime ladderOver = iota
	overYear
	overRolling
)

const (
	upgradeAtOnce    ladderUpgrade = iota // the sale that reaches a tier earns in it
	upgradeNextSale                       // the one after it does
	upgradePeriodEnd                      // the next calendar year does
)

const (
	downgradeNone ladderDowngrade = iota
	downgradeStep
	downgradeFull
)

// TierProgress is where a sale leaves a member.
type TierProgress struct {
	Held    string    `json:"held,omitempty"`
	Counted string    `json:"counted,omitempty"` // tier in which this sale earns: held, or reached by it; head office settles it
	Reached string    `json:"reached,omitempty"` // by all that counts now, this sale included
	Next    string    `json:"next,omitempty"`    // the tier above, if there is one
	Missing int64     `json:"missing,omitempty"` // to it: minor units, points or visits
	By      string    `json:"by,omitempty"`      // what counts: spend, points, visits
	Have    int64     `json:"have,omitempty"`    // of it, this sale included
	From    int64     `json:"from,omitempty"`    // where the tier below the next one begins
	Keep    int64     `json:"keep,omitempty"`    // missing to stay in the tier held after Until
	Until   string    `json:"until,omitempty"`   // last day of the calendar year that the ladder counts over
	Why     []Finding `json:"why,omitempty"`
}

// TierWindow is the first and last day that count for a tier on a day; an empty first day is a lifetime. It is empty
// altogether when the programme has no ladder.
func (p *Programme) TierWindow(day string) (from, to string, err error) {
	d, ok := parseDay(day)
	if !ok {
		return "", "", &SaleError{"day", SaleTime}
	}
	if p.ladder == nil {
		return "", "", nil
	}
	switch p.ladder.over {
	case overYear:
		return day[:4] + "-01-01", day, nil
	case overRolling:
		return (d.minusMonths(p.ladder.months) + 1).String(), day, nil
	}
	return "", day, nil
}

// counts is the figure of a standing that the ladder looks at.
func (l *ladder) counts(s Standing) int64 { return l.by.of(s) }

// of is the figure that is counted.
func (by ladderBy) of(s Standing) int64 {
	switch by {
	case byPoints:
		return int64(s.Points)
	case byVisits:
		return s.Visits
	}
	return s.Spend
}

// reached is the index of the highest tier that a figure reaches; -1 below the first.
func (l *ladder) reached(figure int64) int {
	i, exact := slices.BinarySearch(l.from, figure)
	if exact {
		return i
	}
	return i - 1
}

// index is where a tier stands; -1 for none, and for one that this version does not have.
func (l *ladder) index(tier string) int { return slices.Index(l.tiers, tier) }

func (l *ladder) name(i int) string {
	if i < 0 {
		return ""
	}
	return l.tiers[i]
}

// lift gives the tier in which the bill earns: the one held, or a higher one that the bill itself reaches. The price of
// the bill is worked out before, with the tier held.
func (b *bill) lift() {
	l, m := b.p.ladder, b.in.Member
	if l == nil || m == nil || m.Standing == nil || l.upgrade != upgradeAtOnce {
		return
	}
	if to := l.reached(l.counts(b.standing(0))); to > l.index(m.Tier) {
		b.at.tier = l.tiers[to]
	}
}

// standing is the member's with this bill.
func (b *bill) standing(earned Points) Standing {
	s := *b.in.Member.Standing
	s.add(b.counts(earned))
	return s
}

// counts is what this bill adds to a standing.
func (b *bill) counts(earned Points) Standing {
	s := Standing{Points: earned}
	for i := range b.out {
		if b.out[i].Excluded == "" {
			s.Spend += b.out[i].net()
			s.Visits = 1
		}
	}
	return s
}

// progress says where the sale leaves the member; nil without a ladder or without a standing.
func (b *bill) progress(earned Points) *TierProgress {
	l, m := b.p.ladder, b.in.Member
	if l == nil || m == nil || m.Standing == nil {
		return nil
	}
	t := &TierProgress{Held: m.Tier, Counted: b.at.tier, Have: l.counts(b.standing(earned))}
	l.lookAhead(t, b.in.Place.Day)
	return t
}

// lookAhead adds what a figure means to whom holds a tier: what it reaches, and what is missing to more.
func (l *ladder) lookAhead(t *TierProgress, day string) {
	to, held, codes := l.reached(t.Have), l.index(t.Held), l.codes()
	t.Reached, t.By = l.name(to), codes.by
	if to > held {
		t.Why = append(t.Why, Finding{Code: ExplainTierReached, Detail: t.Reached})
	}
	if below := max(to, held); below+1 < len(l.tiers) {
		if below >= 0 {
			t.From = l.from[below]
		}
		t.Next, t.Missing = l.tiers[below+1], l.from[below+1]-t.Have
		t.Why = append(t.Why, Finding{Code: codes.next, Detail: t.Next, Missing: t.Missing})
	}
	if l.over == overYear && l.downgrade != downgradeNone && to < held {
		today, _ := parseDay(day) // checked with the input
		t.Keep, t.Until = l.from[held]-t.Have, today.endOf("year").String()
		t.Why = append(t.Why, Finding{Code: codes.stay, Rule: t.Held, Detail: t.Until, Missing: t.Keep})
	}
}

// ladderCodes is how a ladder's figure is spoken of.
type ladderCodes struct{ by, next, stay string }

func (l *ladder) codes() ladderCodes {
	switch l.by {
	case byPoints:
		return ladderCodes{"points", ExplainTierNextPoints, ExplainTierStayPoints}
	case byVisits:
		return ladderCodes{"visits", ExplainTierNextVisits, ExplainTierStayVisits}
	}
	return ladderCodes{"spend", ExplainTierNextSpend, ExplainTierStaySpend}
}
