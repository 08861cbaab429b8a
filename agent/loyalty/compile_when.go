package loyalty

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxHours     = 8 // hours and tiers are written into the breakdown when they keep a rule from giving
	maxWhenTiers = 6
	maxPurchase  = 1_000_000
)

func (c *compiler) compileWhen(path string, def *whenDef) *when {
	if def == nil {
		return nil
	}
	w := &when{fromText: def.From, toText: def.To}
	w.from = c.day(path+".from", def.From)
	w.to = c.day(path+".to", def.To)
	if def.From != "" && def.To != "" && w.to < w.from {
		c.fault(path+".to", fmt.Sprintf("%s is before %s", def.To, def.From), "put the earlier day first")
	}
	c.weekdays(path+".weekdays", def, w)
	c.hours(path+".hours", def, w)
	w.where = c.where(path, def)
	c.whenTiers(path+".tiers", def, w)
	w.minimum = c.money(path+".minimum", &def.Minimum, false)
	w.purchase, w.every = def.Purchase, def.Every
	for _, n := range []struct {
		name string
		n    int64
	}{{"purchase", def.Purchase}, {"every", def.Every}} {
		if n.n < 0 || n.n > maxPurchase {
			c.fault(path+"."+n.name, "is out of range", fmt.Sprintf("write 1 to %d", maxPurchase))
		}
	}
	if def.Purchase > 0 && def.Every > 0 {
		c.fault(path+".every", "and purchase both say which", "write one of them")
	}
	if def.Every == 1 {
		c.fault(path+".every", "is every purchase", "leave it out, or write 2 or more")
	}
	c.whenMember(path, def, w)
	c.whenBill(path, def, w)
	w.cel = c.compileCEL(path+".cel", &def.CEL)
	if w.empty() && def.CEL == "" {
		c.fault(path, "says nothing", "leave it out")
	}
	return w
}

func (c *compiler) day(path, s string) date {
	if s == "" {
		return 0
	}
	d, ok := parseDay(s)
	if !ok || d == 0 {
		c.fault(path, fmt.Sprintf("%q is not a day", s), "write it as 2026-01-31")
	}
	return d
}

func (c *compiler) weekdays(path string, def *whenDef, w *when) {
	names := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	for i, name := range def.Weekdays {
		bit := slices.Index(names, name)
		if bit < 0 {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%q is not a weekday", name), didYouMean(name, names))
			continue
		}
		w.weekdays |= 1 << bit
	}
	if w.weekdays == 0 {
		return
	}
	def.Weekdays = def.Weekdays[:0]
	for bit, name := range names {
		if w.weekdays>>bit&1 == 1 {
			def.Weekdays = append(def.Weekdays, name)
		}
	}
	w.dayText = strings.Join(def.Weekdays, ",")
}

func (c *compiler) hours(path string, def *whenDef, w *when) {
	if len(def.Hours) > maxHours {
		c.fault(path, fmt.Sprintf("has %d spans", len(def.Hours)), fmt.Sprintf("keep to %d", maxHours))
		return
	}
	slices.Sort(def.Hours)
	def.Hours = slices.Compact(def.Hours)
	for i, text := range def.Hours {
		a, b, _ := strings.Cut(text, "-")
		from, ok1 := parseClock(a)
		to, ok2 := parseClock(b)
		if !ok1 || !ok2 || from == to || from == minutesOfDay {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%q is not a span of hours", text), "write it as 08:00-12:00")
			continue
		}
		w.hours = append(w.hours, span{from, to})
	}
	w.hourText = strings.Join(def.Hours, ",")
}

func (c *compiler) whenTiers(path string, def *whenDef, w *when) {
	if len(def.Tiers) > maxWhenTiers {
		c.fault(path, fmt.Sprintf("has %d tiers", len(def.Tiers)), fmt.Sprintf("keep to %d", maxWhenTiers))
		return
	}
	known := make([]string, len(c.doc.Tiers))
	for i, t := range c.doc.Tiers {
		known[i] = t.ID
	}
	for i, id := range def.Tiers {
		if !slices.Contains(known, id) {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("there is no tier %q", id), "declare it in tiers")
		}
	}
	slices.Sort(def.Tiers)
	def.Tiers = slices.Compact(def.Tiers)
	w.tiers = def.Tiers
}

// whenMember reads what a condition asks of the member's past.
func (c *compiler) whenMember(path string, def *whenDef, w *when) {
	w.segments = c.segments(path+".segments", &def.Segments)
	w.notSegments = c.segments(path+".not_segments", &def.NotSegments)
	if w.occasion = def.Occasion; w.occasion != "" && !slices.ContainsFunc(c.doc.Occasions, func(o occasionDef) bool { return o.ID == w.occasion }) {
		c.fault(path+".occasion", fmt.Sprintf("there is no occasion %q", w.occasion), "declare it in occasions")
	}
	w.medium = [...]Medium{MediumNone, MediumPurse, MediumNumber, MediumKeyed}[c.maybe(path+".medium", def.Medium, "card", "number", "keyed")]
	w.attributes = c.attributes(path+".attributes", def.Attributes)
	w.joined = c.joined(path+".joined", def.Joined)
	if def.Pilot == nil {
		return
	}
	c.checkID(path+".pilot.name", def.Pilot.Name)
	n, ok := parseDecimal(string(def.Pilot.Share), 2)
	if !ok || n == 0 || n >= fullShare {
		c.fault(path+".pilot.share", fmt.Sprintf("%q is not a share", string(def.Pilot.Share)), "write percent of all members, above 0 and below 100")
		return
	}
	def.Pilot.Share = formatDecimal(n, 2, true)
	w.pilot = &pilot{name: def.Pilot.Name, share: n, rest: def.Pilot.Rest}
}

// segments are shipped with members, not declared here: any id may be one.
func (c *compiler) segments(path string, list *[]string) []string {
	if len(*list) > MaxSegments {
		c.fault(path, fmt.Sprintf("has %d segments", len(*list)), fmt.Sprintf("keep to %d", MaxSegments))
		return nil
	}
	for i, id := range *list {
		c.checkID(fmt.Sprintf("%s[%d]", path, i), id)
	}
	slices.Sort(*list)
	*list = slices.Compact(*list)
	return *list
}

const maxWindowDays = 180 // before or after an occasion: two of one kind never meet

func (c *compiler) compileOccasions() {
	if len(c.doc.Occasions) > MaxOccasions {
		c.fault("occasions", fmt.Sprintf("has %d occasions", len(c.doc.Occasions)), fmt.Sprintf("keep to %d", MaxOccasions))
		return
	}
	seen := map[string]bool{}
	for i := range c.doc.Occasions {
		def, path := &c.doc.Occasions[i], fmt.Sprintf("occasions[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		if len(def.ID) > maxOccasionID {
			c.fault(path+".id", "is too long", fmt.Sprintf("keep to %d", maxOccasionID))
		}
		c.checkTexts(path+".name", def.Name, false)
		o := occasion{id: def.ID, before: int(def.Before), after: int(def.After)}
		o.joined = c.choice(path+".of", &def.Of, "birthday", "joined") == 1
		o.march = c.choice(path+".leap", &def.Leap, "feb28", "mar01") == 1
		for _, n := range []struct {
			name string
			n    int64
		}{{"before", def.Before}, {"after", def.After}} {
			if n.n < 0 || n.n > maxWindowDays {
				c.fault(path+"."+n.name, "is out of range", fmt.Sprintf("write 0 to %d days", maxWindowDays))
			}
		}
		c.p.occasions = append(c.p.occasions, o)
	}
}

const maxOccasionID = 35 // with its year it is still an id
