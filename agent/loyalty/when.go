package loyalty

import (
	"slices"
	"strings"
)

// when is a compiled condition. Days are business days, hours the wall clock.
type when struct {
	from, to date // to 0: no end
	toText   string
	fromText string
	weekdays uint8 // bit 0 Monday; 0: every day
	dayText  string
	hours    []span
	hourText string
	where    placeID // among the places of the programme; anywhere: no condition
	tiers    []string
	minimum  int64
	purchase int64 // only the n-th; 0: any
	every    int64

	occasion    string
	segments    []string
	notSegments []string
	pilot       *pilot

	medium     Medium
	attributes [][]string // of each list the member has one: city=riga
	joined     *joined
	contains   []contains
	tenders    []TenderKind
	cel        *condition
}

func (w *when) empty() bool {
	return w.from == 0 && w.to == 0 && w.weekdays == 0 && len(w.hours) == 0 && w.where == anywhere && len(w.tiers) == 0 && w.minimum == 0 &&
		w.purchase == 0 && w.every == 0 && w.occasion == "" && len(w.segments) == 0 && len(w.notSegments) == 0 && w.pilot == nil &&
		w.medium == MediumNone && len(w.attributes) == 0 && w.joined == nil && len(w.contains) == 0 && len(w.tenders) == 0 && w.cel == nil
}

// span is minutes of the day, the end not included; a span that ends before it starts passes midnight.
type span struct{ from, to int }

func (s span) holds(minute int) bool {
	if s.from <= s.to {
		return minute >= s.from && minute < s.to
	}
	return minute >= s.from || minute < s.to
}

// moment is what conditions look at.
type moment struct {
	day    date
	minute int
	store  StoreID
	tier   string
	total  int64

	member   MemberID
	purchase int64 // which of the member's purchases this is; 0: not known
	past     *History
	segments []string // that the member is in

	programme *Programme
	weekday   uint8  // its bit
	here      []bool // of the places of the programme, those that hold the store
	medium    Medium
	bill      *bill
	left      []int64 // what the lines cost now, by line; nil: what the bill has left of them
}

// check says whether the condition holds; if not, why, as the first reason in a fixed order.
func (w *when) check(rule string, m *moment) (Finding, bool) {
	if w == nil {
		return Finding{}, true
	}
	no := func(code, detail string) (Finding, bool) {
		return Finding{Rule: rule, Code: code, Detail: detail}, false
	}
	switch {
	case !m.at(w.where):
		return no(ExplainNotHere, "")
	case m.day < w.from:
		return no(ExplainNotYet, w.fromText)
	case w.to != 0 && m.day > w.to:
		return no(ExplainEnded, w.toText)
	case w.weekdays != 0 && w.weekdays&m.weekday == 0:
		return no(ExplainNotToday, w.dayText)
	case len(w.hours) > 0 && !slices.ContainsFunc(w.hours, func(s span) bool { return s.holds(m.minute) }):
		return no(ExplainNotNow, w.hourText)
	case len(w.tiers) > 0 && !slices.Contains(w.tiers, m.tier):
		return no(ExplainNotTier, strings.Join(w.tiers, ","))
	case w.medium != MediumNone && w.medium != m.medium:
		return no(notMedium(w.medium), "")
	case w.pilot != nil && !w.pilot.takes(m.member):
		return no(ExplainNotPilot, "")
	case !w.segmented(m):
		return m.near(rule, w), false
	case w.attributes != nil && m.past.lacks(w.attributes) != "":
		return no(ExplainNotAttribute, m.past.lacks(w.attributes))
	case w.occasion != "" && !m.past.celebrates(w.occasion):
		return no(ExplainNotOccasion, w.occasion)
	case w.purchase > 0 && m.purchase != w.purchase:
		return Finding{Rule: rule, Code: ExplainNotPurchase, Limit: w.purchase}, false
	case w.every > 0 && (m.purchase == 0 || m.purchase%w.every != 0):
		f := Finding{Rule: rule, Code: ExplainNotEvery, Limit: w.every}
		if m.purchase > 0 {
			f.Missing = w.every - m.purchase%w.every
		}
		return f, false
	case m.total < w.minimum:
		return Finding{Rule: rule, Code: ExplainBelowMinimum, Limit: w.minimum, Missing: w.minimum - m.total}, false
	case len(w.tenders) > 0 && !m.bill.paidWith(w.tenders):
		return no(ExplainNotTender, tenderText(w.tenders))
	}
	if w.joined != nil {
		if f, ok := w.joined.check(rule, m); !ok {
			return f, false
		}
	}
	if f, ok := m.containsAll(rule, w.contains); !ok || w.cel == nil {
		return f, ok
	}
	return w.cel.check(rule, m)
}

// checkBoth looks at a rule's own condition after that of its campaign.
func (m *moment) checkBoth(common, own *when, rule string) (Finding, bool) {
	if why, ok := common.check(rule, m); !ok {
		return why, false
	}
	return own.check(rule, m)
}

// segmented says whether the member is in a segment that the rule is for, and in none that it is not for.
func (w *when) segmented(m *moment) bool {
	return (len(w.segments) == 0 || m.inOne(w.segments)) && !m.inOne(w.notSegments)
}

// inOne says whether the member is in one of the segments.
func (m *moment) inOne(of []string) bool {
	return slices.ContainsFunc(of, func(s string) bool { return slices.Contains(m.segments, s) })
}

func (h *History) celebrates(occasion string) bool {
	if h == nil {
		return false
	}
	_, on := keyOf(h.Occasions, occasion)
	return on
}
