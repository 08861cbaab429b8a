package loyalty

import (
	"cmp"
	"fmt"
	"slices"
)

// Limits of segments that a store works out by itself. MaxWindows bounds what is told with every sale.
const (
	MaxDeclared = 64
	MaxWindows  = 12
)

// segmentDef puts members into a segment by what they bought; all that it says must hold.
type segmentDef struct {
	ID           string   `json:"id"`
	Name         texts    `json:"name,omitempty"`
	Spend        *sumDef  `json:"spend,omitempty"`
	Points       *sumDef  `json:"points,omitempty"` // earned
	Visits       *sumDef  `json:"visits,omitempty"`
	LastPurchase *lastDef `json:"last_purchase,omitempty"`
}

// sumDef holds a sum between limits, over so many days or months, or over a lifetime.
type sumDef struct {
	Least  decimal `json:"least,omitempty"`
	Most   decimal `json:"most,omitempty"`
	Days   int64   `json:"days,omitempty"`
	Months int64   `json:"months,omitempty"`
}

type lastDef struct {
	LeastDays int64 `json:"least_days,omitempty"` // so long ago or longer
	MostDays  int64 `json:"most_days,omitempty"`  // no longer ago
}

func (c *compiler) compileSegments() {
	if len(c.doc.Segments) > MaxDeclared {
		c.fault("segments", fmt.Sprintf("has %d segments", len(c.doc.Segments)), fmt.Sprintf("keep to %d", MaxDeclared))
		return
	}
	seen := map[string]bool{}
	for i := range c.doc.Segments {
		def, path := &c.doc.Segments[i], fmt.Sprintf("segments[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, false)
		c.p.segments = append(c.p.segments, c.segment(path, def))
	}
	slices.SortFunc(c.p.windows, func(a, b window) int { return cmp.Or(cmp.Compare(a.days, b.days), cmp.Compare(a.months, b.months)) })
	if len(c.p.windows) > MaxWindows {
		c.fault("segments", fmt.Sprintf("has %d different windows", len(c.p.windows)), fmt.Sprintf("keep to %d", MaxWindows))
	}
}

func (c *compiler) segment(path string, def *segmentDef) segment {
	s := segment{id: def.ID}
	for _, sum := range []struct {
		name   string
		def    *sumDef
		by     ladderBy
		digits int
	}{{"spend", def.Spend, bySpend, c.p.digits}, {"points", def.Points, byPoints, 0}, {"visits", def.Visits, byVisits, 0}} {
		if sum.def != nil {
			t := c.sumTest(path+"."+sum.name, sum.def, sum.digits)
			t.by = sum.by
			s.sums = append(s.sums, t)
		}
	}
	if l := def.LastPurchase; l != nil {
		at := path + ".last_purchase"
		if l.LeastDays < 0 || l.MostDays < 0 || l.LeastDays+l.MostDays == 0 || l.MostDays > 0 && l.MostDays < l.LeastDays || max(l.LeastDays, l.MostDays) > maxExpiryDays {
			c.fault(at, "is no span of days", fmt.Sprintf("write least_days, most_days or both, the greater last, 1 to %d", maxExpiryDays))
		}
		s.leastDays, s.mostDays = l.LeastDays, l.MostDays
	}
	if len(s.sums) == 0 && def.LastPurchase == nil {
		c.fault(path, "holds everyone", "write spend, points, visits or last_purchase; segments that head office ships are not declared")
	}
	return s
}

func (c *compiler) sumTest(path string, def *sumDef, digits int) sumTest {
	t := sumTest{window: window{def.Days, def.Months}, capped: def.Most != ""}
	for _, l := range []struct {
		name string
		d    *decimal
		n    *int64
	}{{"least", &def.Least, &t.least}, {"most", &def.Most, &t.most}} {
		if *l.d == "" {
			continue
		}
		n, ok := parseDecimal(string(*l.d), digits)
		if !ok || n > maxMoney {
			c.fault(path+"."+l.name, fmt.Sprintf("%q is not a sum", string(*l.d)), fmt.Sprintf("write a number with at most %d decimal places", digits))
			continue
		}
		*l.d, *l.n = formatDecimal(n, digits, false), n
	}
	if t.least == 0 && !t.capped {
		c.fault(path, "asks nothing", "write least, most or both")
	}
	if t.capped && t.most < t.least {
		c.fault(path+".most", "is below least", "put the greater figure here")
	}
	if def.Days < 0 || def.Days > maxExpiryDays || def.Months < 0 || def.Months > maxExpiryMonth || def.Days > 0 && def.Months > 0 {
		c.fault(path, "has no window", "write days or months, or neither for a lifetime")
	}
	if !slices.Contains(c.p.windows, t.window) {
		c.p.windows = append(c.p.windows, t.window)
	}
	return t
}

func segmentNotes() map[string]schemaNote {
	window := func(more schemaNode) schemaNode {
		return all(schemaNode{"anyOf": []schemaNode{{"required": []string{"least"}}, {"required": []string{"most"}}}}, without("days", "months"), more)
	}
	return map[string]schemaNote{
		"document.segments": {"Segments that a store works out by itself; others are shipped with members.", schemaNode{"maxItems": MaxDeclared}},
		"segment": {"All that it says must hold.", schemaNode{"anyOf": []schemaNode{{"required": []string{"spend"}}, {"required": []string{"points"}},
			{"required": []string{"visits"}}, {"required": []string{"last_purchase"}}}}},
		"segment.id":            {"Conditions name it.", anID()},
		"segment.name":          {"For screens.", nil},
		"segment.spend":         {"Prices paid, before the sale at hand.", nil},
		"segment.points":        {"Points earned.", nil},
		"segment.visits":        {"Purchases.", nil},
		"segment.last_purchase": {"Days since the last purchase.", nil},
		"sum":                   {"", window(nil)},
		"sum.least":             {"So much or more.", nil},
		"sum.most":              {"So much or less.", nil},
		"sum.days":              {"In so many days, today included.", between(0, maxExpiryDays)},
		"sum.months":            {"In so many months.", between(0, maxExpiryMonth)},
		"last":                  {"", schemaNode{"minProperties": 1}},
		"last.least_days":       {"So long ago or longer.", between(0, maxExpiryDays)},
		"last.most_days":        {"No longer ago.", between(0, maxExpiryDays)},
	}
}
