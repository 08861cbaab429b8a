package loyalty

import "slices"

// WindowSum is what counted for a member in a window that ends with the day of the sale, before the sale at hand: so many
// days or months, or with neither a lifetime.
type WindowSum struct {
	Days   int64 `json:"days,omitempty"`
	Months int64 `json:"months,omitempty"`
	Standing
}

// window is the days of a sum.
type window struct{ days, months int64 }

// first is the first day of the window; 0 for a lifetime.
func (w window) first(day date) date {
	switch {
	case w.days > 0:
		return max(day-date(w.days)+1, 0)
	case w.months > 0:
		return max(day.minusMonths(int(w.months))+1, 0)
	}
	return 0
}

// segment is one compiled segment that a store works out by itself.
type segment struct {
	id                  string
	sums                []sumTest
	leastDays, mostDays int64 // since the last purchase; 0: not asked
}

// sumTest holds one figure of a window between two limits.
type sumTest struct {
	by     ladderBy
	window window
	least  int64
	most   int64
	capped bool // most counts
}

// sumOf is the sum of a window, if it was told.
func (h *History) sumOf(w window) (Standing, bool) {
	i := slices.IndexFunc(h.Sums, func(s WindowSum) bool { return s.Days == w.days && s.Months == w.months })
	if i < 0 {
		return Standing{}, false
	}
	return h.Sums[i].Standing, true
}

// segmentsOf is every segment that the member is in: those shipped, and those that this programme declares and that the
// member's figures put the member into. A figure that was not told puts nobody into anything.
func (p *Programme) segmentsOf(h *History, day date) []string {
	if h == nil || len(p.segments) == 0 {
		return shipped(h)
	}
	var in []string
	for _, id := range h.Segments {
		if p.segment(id) == nil {
			in = append(in, id)
		}
	}
	for i := range p.segments {
		if p.segments[i].holds(h, day) {
			in = append(in, p.segments[i].id)
		}
	}
	return in
}

func shipped(h *History) []string {
	if h == nil {
		return nil
	}
	return h.Segments
}

func (p *Programme) segment(id string) *segment {
	i := slices.IndexFunc(p.segments, func(s segment) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return &p.segments[i]
}

func (s *segment) holds(h *History, day date) bool {
	for _, t := range s.sums {
		sum, told := h.sumOf(t.window)
		if n := t.by.of(sum); !told || n < t.least || t.capped && n > t.most {
			return false
		}
	}
	if s.leastDays == 0 && s.mostDays == 0 {
		return true
	}
	last, ok := parseDay(h.Last)
	ago := int64(day - last)
	return ok && ago >= s.leastDays && (s.mostDays == 0 || ago <= s.mostDays)
}

// near says what a member lacks of a rule's only segment, where that is a sum.
func (m *moment) near(rule string, w *when) Finding {
	none := Finding{Rule: rule, Code: ExplainNotSegment}
	if m.past == nil || len(w.segments) != 1 || m.inOne(w.notSegments) {
		return none
	}
	s := m.programme.segment(w.segments[0])
	if s == nil {
		return none
	}
	for _, t := range s.sums {
		sum, told := m.past.sumOf(t.window)
		if n := t.by.of(sum); told && n < t.least {
			code := [...]string{bySpend: ExplainSegmentSpend, byPoints: ExplainSegmentPoints, byVisits: ExplainSegmentVisits}[t.by]
			return Finding{Rule: rule, Code: code, Limit: t.least, Missing: t.least - n}
		}
	}
	return none
}

// recallSums fills in the sums that the programme's segments ask.
func (p *Programme) recallSums(h *History, r *Record, day string) {
	if len(p.segments) == 0 {
		return
	}
	h.Last = r.Last
	today, _ := parseDay(day)
	for _, w := range p.windows {
		sum := r.Between(w.first(today).String(), day)
		h.Sums = append(h.Sums, WindowSum{w.days, w.months,
			Standing{Spend: max(sum.Spend, 0), Points: max(sum.Points, 0), Visits: max(sum.Visits, 0)}})
	}
}

// SumsFrom is the first day from which the programme needs a member's days apart, for tiers and segments; empty when it
// needs no more than lifetimes.
func (p *Programme) SumsFrom(day string) (string, error) {
	from, _, err := p.TierWindow(day)
	if err != nil {
		return "", err
	}
	today, _ := parseDay(day)
	for _, w := range p.windows {
		if first := w.first(today); first > 0 && (from == "" || first.String() < from) {
			from = first.String()
		}
	}
	return from, nil
}

// checkSums validates what is told of sums and of the last purchase.
func (h *History) checkSums() error {
	if len(h.Sums) > MaxWindows {
		return &SaleError{"member.history", SaleTooLarge}
	}
	for _, s := range h.Sums {
		for _, n := range [...]int64{s.Days, s.Months, s.Spend, int64(s.Points), s.Visits} {
			if n < 0 || n > maxStanding {
				return &SaleError{"member.history.sums", SaleRange}
			}
		}
	}
	if _, ok := parseDay(h.Last); h.Last != "" && !ok {
		return &SaleError{"member.history.last", SaleTime}
	}
	return nil
}

// sumBytes is at least what JSON takes for them.
func (h *History) sumBytes() int {
	n := len(`,"sums":[],"last":"2026-11-22"`)
	for _, s := range h.Sums {
		n += len(`{"days":,"months":,"spend":,"points":,"visits":},`)
		for _, v := range [...]int64{s.Days, s.Months, s.Spend, int64(s.Points), s.Visits} {
			n += width(v)
		}
	}
	return n
}
