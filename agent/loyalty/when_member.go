package loyalty

import (
	"regexp"
	"slices"
	"strings"
)

// attributeForm is an attribute of a member as it is told: city=riga.
var attributeForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}=[a-z0-9][a-z0-9_-]{0,39}$`)

// MaxAttributes bounds what is told of a member.
const MaxAttributes = 32

// checkWho validates what is told of the member as a person.
func (h *History) checkWho() error {
	if len(h.Attributes) > MaxAttributes {
		return &SaleError{"member.history", SaleTooLarge}
	}
	for _, a := range h.Attributes {
		if !attributeForm.MatchString(a) {
			return &SaleError{"member.history.attributes", SaleText}
		}
	}
	if _, ok := parseDay(h.Joined); h.Joined != "" && !ok {
		return &SaleError{"member.history.joined", SaleTime}
	}
	if h.Referred != "" && !idForm.MatchString(h.Referred) {
		return &SaleError{"member.history.referred", SaleText}
	}
	return nil
}

// whoBytes is about what JSON takes for it as it is stored.
func (h *History) whoBytes() int {
	n := len(`,"attributes":[],"joined":"2026-11-22","referred":""`) + len(h.Referred)
	for _, a := range h.Attributes {
		const sealed = 48 // more, and a third, once it is sealed
		n += len(`"",`) + sealed + len(a)*4/3
	}
	return n
}

// lacks is the first attribute asked for that the member does not have; empty when there is none.
func (h *History) lacks(asked [][]string) string {
	for _, values := range asked {
		if h == nil || !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(h.Attributes, v) }) {
			return strings.Join(values, ",")
		}
	}
	return ""
}

// recallWho fills in what the programme asks of the member as a person.
func (p *Programme) recallWho(h *History, r *Record) {
	asked := p.Attributes()
	for _, a := range r.Attributes {
		if name, _, ok := strings.Cut(a, "="); ok && slices.Contains(asked, name) {
			h.Attributes = append(h.Attributes, a)
		}
	}
	if slices.ContainsFunc(p.conditions(), func(w *when) bool { return w.joined != nil }) {
		h.Joined = r.Joined
	}
	if a := p.activity(r.Referred); a != nil && a.referral != nil && r.Purchases == 0 {
		h.Referred = r.Referred
	}
}

func notMedium(wanted Medium) string {
	switch wanted {
	case MediumPurse:
		return ExplainOnlyCard
	case MediumKeyed:
		return ExplainOnlyKeyed
	}
	return ExplainOnlyNumber
}

// joined is a compiled condition on the day of joining.
type joined struct {
	from, to            date // 0: no end
	leastDays, mostDays int
	leastMonths         int
	newcomers           bool // mostDays counts
}

// check: whoever joined too lately is told from when the rule is theirs.
func (j *joined) check(rule string, m *moment) (Finding, bool) {
	var day date
	if m.past != nil {
		day, _ = parseDay(m.past.Joined)
	}
	if day == 0 || day < j.from || j.to != 0 && day > j.to {
		return Finding{Rule: rule, Code: ExplainNotJoined}, false
	}
	if first := max(day+date(j.leastDays), day.plusMonths(j.leastMonths)); m.day < first {
		return Finding{Rule: rule, Code: ExplainNotYet, Detail: first.String(), Missing: int64(first - m.day)}, false
	}
	if last := day + date(j.mostDays); j.newcomers && m.day > last {
		return Finding{Rule: rule, Code: ExplainEnded, Detail: last.String()}, false
	}
	return Finding{}, true
}

// people is members who take no part in the programme.
type people struct {
	segments, tiers []string
	attributes      [][]string
}

// holds says whether the member is one of them: any mark will do.
func (p *people) holds(m *moment) bool {
	if p == nil || m.member == 0 {
		return false
	}
	return m.inOne(p.segments) || slices.Contains(p.tiers, m.tier) ||
		slices.ContainsFunc(p.attributes, func(values []string) bool { return m.past.lacks([][]string{values}) == "" })
}

// asNobody makes the bill one of nobody: the member neither earns nor redeems, and no condition on members holds.
func (b *bill) asNobody() {
	nobody := *b.in
	nobody.Member = nil
	b.in, b.takesNoPart = &nobody, true
	b.at.member, b.at.tier, b.at.medium, b.at.purchase, b.at.past, b.at.segments = 0, "", MediumNone, 0, nil, nil
}
