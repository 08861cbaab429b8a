package loyalty

import (
	"cmp"
	"slices"
	"strings"
)

// Past is what a member's entries leave behind for later sales: sums by day, what rules with a cap over time gave, occasions
// used. It is a sum of steps, the same whatever order they come in, so that head office and a store, which each know a part
// of the entries, can go on from one another's.
type Past struct {
	Purchases int64      `json:"purchases,omitempty"`
	Last      string     `json:"last,omitempty"`      // day of the newest purchase
	Days      []PastDay  `json:"days,omitempty"`      // rising
	Given     []RulePast `json:"given,omitempty"`     // rising by rule
	Occasions []string   `json:"occasions,omitempty"` // used, as Programme.Occasions names them; rising

	Stamps     []StampPast `json:"stamps,omitempty"`     // rising by stamp
	Activities []string    `json:"activities,omitempty"` // done, by their keys; rising
	Referred   string      `json:"referred,omitempty"`   // the activity by which a friend brought the member
}

// PastDay is what counted on a day. Days that no window needs apart stand together under the last of them.
type PastDay struct {
	Day string `json:"day"`
	Standing
}

// RulePast is what one rule gave in the day, week, month and year that hold On, and ever.
type RulePast struct {
	On string `json:"on"` // the newest day on which it gave
	RuleSum
}

// PastStep is what one entry adds to a member's past. A return takes off, on the day of the sale.
type PastStep struct {
	Day       string       `json:"day"`
	Purchases int64        `json:"purchases,omitempty"`
	Counts    Standing     `json:"counts,omitzero"`
	Given     []RulePoints `json:"given,omitempty"`
	Occasions []string     `json:"occasions,omitempty"`

	Stamps     []StampStep `json:"stamps,omitempty"`
	Activities []string    `json:"activities,omitempty"`
	Referred   string      `json:"referred,omitempty"`
	Merged     *Past       `json:"merged,omitempty"` // of a member who became part of this one
}

// StepOf is what the entry of a member's sale adds.
func StepOf(e *Entry) PastStep {
	s := e.Sale
	step := PastStep{Day: e.Day, Purchases: 1, Counts: Standing{Spend: s.Total, Points: s.Earned, Visits: 1}, Given: s.Given,
		Occasions: s.Occasions, Stamps: stampSteps(s.Stamps)}
	if s.Counts != nil {
		step.Counts = *s.Counts
	}
	return step
}

// StepOfPayment is what the entry of a later payment adds: it is no purchase.
func StepOfPayment(e *Entry) PastStep {
	return PastStep{Day: e.Day, Counts: Standing{Points: e.Payment.Earned}, Given: e.Payment.Given}
}

// Add takes one entry's step in.
func (past *Past) Add(step PastStep) {
	past.Purchases += step.Purchases
	if step.Purchases > 0 {
		past.Last = max(past.Last, step.Day)
	}
	if step.Counts != (Standing{}) {
		past.addDay(PastDay{step.Day, step.Counts})
	}
	for _, g := range step.Given {
		i, found := slices.BinarySearchFunc(past.Given, g.Rule, func(r RulePast, rule string) int { return cmp.Compare(r.Rule, rule) })
		if !found {
			past.Given = slices.Insert(past.Given, i, RulePast{On: step.Day, RuleSum: RuleSum{Rule: g.Rule}})
		}
		past.Given[i].add(step.Day, g.Points)
	}
	if past.addStamps(step); step.Merged != nil {
		past.Merge(step.Merged)
	}
	if past.Referred == "" || step.Referred != "" && step.Referred < past.Referred {
		past.Referred = step.Referred
	}
	for _, key := range step.Activities {
		if i, found := slices.BinarySearch(past.Activities, key); !found {
			past.Activities = slices.Insert(past.Activities, i, key)
		}
	}
	for _, key := range step.Occasions {
		if i, found := slices.BinarySearch(past.Occasions, key); !found {
			past.Occasions = slices.Insert(past.Occasions, i, key)
		}
	}
}

func (past *Past) addDay(d PastDay) {
	i, found := slices.BinarySearchFunc(past.Days, d.Day, func(o PastDay, day string) int { return cmp.Compare(o.Day, day) })
	if !found {
		past.Days = slices.Insert(past.Days, i, PastDay{Day: d.Day})
	}
	past.Days[i].add(d.Standing)
}

func (s *Standing) add(o Standing) {
	s.Spend += o.Spend
	s.Points += o.Points
	s.Visits += o.Visits
}

// add counts what the rule gave on a day, be it before On.
func (r *RulePast) add(day string, points Points) {
	if day > r.On {
		*r = RulePast{On: day, RuleSum: r.on(day)}
	}
	in := RulePast{On: day, RuleSum: RuleSum{Day: points, Week: points, Month: points, Year: points}}
	if day < r.On {
		in.RuleSum = in.on(r.On)
	}
	r.Day += in.Day
	r.Week += in.Week
	r.Month += in.Month
	r.Year += in.Year
	r.Lifetime += points
}

// on is the sums as they stand on a later day: those of a period that has ended are gone.
func (r *RulePast) on(day string) RuleSum {
	s := r.RuleSum
	if day == r.On {
		return s
	}
	s.Day = 0
	if d, ok := parseDay(day); !ok || (d-date(d.weekday())).String() > r.On {
		s.Week = 0
	}
	if day[:len("2026-11")] != r.On[:len("2026-11")] {
		s.Month = 0
	}
	if day[:len("2026")] != r.On[:len("2026")] {
		s.Year = 0
	}
	return s
}

// Join puts days before a day together, one for each year: for windows that need them apart only from then on.
func (past *Past) Join(before string) {
	var joined []PastDay
	for _, d := range past.Days {
		if n := len(joined); n > 0 && d.Day < before && d.Day[:len("2026")] == joined[n-1].Day[:len("2026")] {
			joined[n-1].Day = d.Day
			joined[n-1].add(d.Standing)
			continue
		}
		joined = append(joined, d)
	}
	past.Days = joined
}

// Between is what counted from one day to another, both included; an empty first day is the beginning.
func (past *Past) Between(from, to string) Standing {
	var s Standing
	for _, d := range past.Days {
		if from <= d.Day && d.Day <= to {
			s.add(d.Standing)
		}
	}
	return s
}

// Record is all that head office ships of a member for rules that ask of more than lots and tier. Of the birthday the year
// stays at home.
type Record struct {
	Past
	Segments []string `json:"segments,omitempty"`
	Personal []string `json:"personal,omitempty"` // article numbers that the member usually buys
	Birthday string   `json:"birthday,omitempty"` // 02-29
	Joined   string   `json:"joined,omitempty"`   // day

	Attributes []string `json:"attributes,omitempty"` // city=riga
}

// Asked leaves of a record what the programmes ask, and joins days that none of them needs apart on a day; nil when they ask
// nothing. What is nobody's business stays at head office.
func (r Record) Asked(programmes []*Programme, day string) (*Record, error) {
	out, from, asked := r, day, false
	out.Birthday, out.Joined, out.Segments, out.Attributes = "", "", nil, nil
	for _, p := range programmes {
		first, err := p.SumsFrom(day)
		if err != nil {
			return nil, err
		}
		if first != "" {
			from = min(from, first)
		}
		asked = asked || p.LooksBack()
		for i := range p.occasions {
			if p.occasions[i].joined {
				out.Joined = r.Joined
			} else if r.Birthday != "" {
				out.Birthday = r.Birthday[max(len(r.Birthday)-len("02-29"), 0):]
			}
		}
		for _, w := range p.conditions() {
			if w.joined != nil {
				out.Joined = r.Joined
			}
			if len(w.segments)+len(w.notSegments) > 0 {
				out.Segments = r.Segments
			}
		}
		out.askAttributes(&r, p.Attributes())
	}
	if !asked {
		return nil, nil
	}
	if !slices.ContainsFunc(programmes, (*Programme).asksPersonal) {
		out.Personal = nil
	}
	out.Days = slices.Clone(r.Days)
	out.Join(from)
	return &out, nil
}

func (r *Record) askAttributes(all *Record, names []string) {
	for _, a := range all.Attributes {
		if name, _, _ := strings.Cut(a, "="); slices.Contains(names, name) && !slices.Contains(r.Attributes, a) {
			r.Attributes = append(r.Attributes, a)
		}
	}
}

// Recall fills in what the programme asks of a member's past on a day: the standing for its ladder, the history for its
// conditions and caps. What it does not ask is left out, and so is not written down with the sale.
func (p *Programme) Recall(m *MemberState, r *Record, day string) error {
	m.Standing, m.History = nil, nil
	if p.ladder != nil {
		from, to, err := p.TierWindow(day)
		if err != nil {
			return err
		}
		s := r.Between(from, to)
		m.Standing = &Standing{Spend: max(s.Spend, 0), Points: max(s.Points, 0), Visits: max(s.Visits, 0)}
	}
	m.Stamps, m.Personal = p.stampStates(r.Stamps, day), nil
	if p.asksPersonal() {
		m.Personal = r.Personal
	}
	if !p.looksBack {
		return nil
	}
	on, err := p.Occasions(MemberDays{Birthday: r.Birthday, Joined: r.Joined}, day)
	if err != nil {
		return err
	}
	h := &History{Purchases: max(r.Purchases, 0), Balance: Balance(m.Lots), Segments: r.Segments, Given: p.given(r.Given, day)}
	for _, key := range on {
		if _, used := slices.BinarySearch(r.Occasions, key); !used {
			h.Occasions = append(h.Occasions, key)
		}
	}
	p.recallWho(h, r)
	p.recallSums(h, r, day)
	m.History = h
	return nil
}

// given is what the rules with a cap over time gave, as it stands on a day.
func (p *Programme) given(all []RulePast, day string) []RuleSum {
	var list []RuleSum
	for _, g := range all {
		if !p.limited(g.Rule) && !p.countsTimes(g.Rule) || g.On > day {
			continue
		}
		s := g.on(day)
		for _, n := range [...]*Points{&s.Day, &s.Week, &s.Month, &s.Year, &s.Lifetime} {
			*n = max(*n, 0)
		}
		if s != (RuleSum{Rule: g.Rule}) {
			list = append(list, s)
		}
	}
	return list
}

// LooksBack says whether what a sale gives depends on the member's past.
func (p *Programme) LooksBack() bool {
	return p.looksBack || p.ladder != nil || len(p.stamps) > 0 || p.asksPersonal()
}

// limited says whether a rule or discount has a cap over time.
func (p *Programme) limited(id string) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.id == id && r.overTime() }) ||
		slices.ContainsFunc(p.discounts, func(r reduction) bool { return r.id == id && r.caps.overTime() }) ||
		slices.ContainsFunc(p.activities, func(a activity) bool { return a.id == id && a.caps.overTime() })
}

// asksPast says whether anything depends on a member's history.
func (p *Programme) asksPast() bool {
	if p.notFor != nil || len(p.activities) > 0 {
		return true
	}
	for id := range p.supplies {
		if p.countsTimes(id) {
			return true
		}
	}
	if slices.ContainsFunc(p.issues, func(r issueRule) bool { return r.when.asksPast() }) {
		return true
	}
	for i := range p.rules {
		if r := &p.rules[i]; r.overTime() || r.caps.balance > 0 {
			return true
		}
	}
	return slices.ContainsFunc(p.discounts, func(r reduction) bool { return r.caps.overTime() }) || slices.ContainsFunc(p.conditions(), (*when).asksPast)
}

func (w *when) asksPast() bool {
	return w != nil && (w.purchase > 0 || w.every > 0 || w.occasion != "" || len(w.segments)+len(w.notSegments)+len(w.attributes) > 0 || w.joined != nil || w.cel.asksPast())
}

// HasLadder says whether the programme decides who is in which tier.
func (p *Programme) HasLadder() bool { return p.ladder != nil }

// ReviewOf adds up what a review of a member's tier on a day depends on.
func (p *Programme) ReviewOf(state TierState, past *Past, day string) (ReviewInput, error) {
	from, to, err := p.TierWindow(day)
	if err != nil {
		return ReviewInput{}, err
	}
	in := ReviewInput{State: state, Day: day, Now: past.Between(from, to)}
	if d, ok := parseDay(day); ok {
		y, _, _ := d.split()
		in.Ended = past.Between(dayOf(y-1, 1, 1).String(), dayOf(y-1, 12, 31).String())
	}
	return in, nil
}
