package loyalty

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of one condition.
const (
	maxContains   = 8
	maxAttributes = 8  // asked by one condition
	maxValues     = 32 // of one of them
)

// maybe is choice for a word that may be left out: 0 for none, else its place from 1.
func (c *compiler) maybe(path, s string, known ...string) int {
	if s == "" {
		return 0
	}
	return c.choice(path, &s, known...) + 1
}

// attributes reads {city: [riga, ventspils]}: of every name the member has one of the values.
func (c *compiler) attributes(path string, def map[string][]string) [][]string {
	if len(def) > maxAttributes {
		c.fault(path, fmt.Sprintf("has %d attributes", len(def)), fmt.Sprintf("keep to %d", maxAttributes))
		return nil
	}
	var asked [][]string
	for _, name := range slices.Sorted(maps.Keys(def)) {
		at := path + "." + name
		c.checkID(at, name)
		values := def[name]
		if len(values) == 0 || len(values) > maxValues {
			c.fault(at, fmt.Sprintf("has %d values", len(values)), fmt.Sprintf("write 1 to %d", maxValues))
			continue
		}
		slices.Sort(values)
		def[name] = slices.Compact(values)
		list := make([]string, len(def[name]))
		for i, v := range def[name] {
			c.checkID(fmt.Sprintf("%s[%d]", at, i), v)
			list[i] = name + "=" + v
		}
		asked = append(asked, list)
	}
	return asked
}

func (c *compiler) joined(path string, def *joinedDef) *joined {
	if def == nil {
		return nil
	}
	j := &joined{from: c.day(path+".from", def.From), to: c.day(path+".to", def.To), leastDays: int(def.LeastDays),
		leastMonths: int(def.LeastMonths), mostDays: int(def.MostDays), newcomers: def.MostDays > 0}
	for _, n := range []struct {
		name    string
		n, most int64
	}{{"least_days", def.LeastDays, maxExpiryDays}, {"least_months", def.LeastMonths, maxExpiryMonth}, {"most_days", def.MostDays, maxExpiryDays}} {
		if n.n < 0 || n.n > n.most {
			c.fault(path+"."+n.name, "is out of range", fmt.Sprintf("write 1 to %d", n.most))
		}
	}
	switch {
	case *def == joinedDef{}:
		c.fault(path, "says nothing", "write from, to, least_days, least_months or most_days")
	case j.to != 0 && j.to < j.from:
		c.fault(path+".to", fmt.Sprintf("%s is before %s", def.To, def.From), "put the earlier day first")
	case def.LeastDays > 0 && def.LeastMonths > 0:
		c.fault(path+".least_months", "and least_days both say how long", "write one of them")
	case j.newcomers && j.leastDays > j.mostDays:
		c.fault(path+".most_days", "is less than least_days", "put the longer time here")
	}
	return j
}

// whenBill reads what a condition asks of the bill's goods and tenders.
func (c *compiler) whenBill(path string, def *whenDef, w *when) {
	if len(def.Contains) > maxContains {
		c.fault(path+".contains", fmt.Sprintf("has %d sets", len(def.Contains)), fmt.Sprintf("keep to %d", maxContains))
		return
	}
	for i := range def.Contains {
		w.contains = append(w.contains, c.contains(fmt.Sprintf("%s.contains[%d]", path, i), &def.Contains[i]))
	}
	var known []string
	for _, name := range slices.Sorted(maps.Keys(c.doc.Tenders)) {
		if name != string(TenderPoints) { // what points pay is settled after every condition
			known = append(known, name)
		}
	}
	slices.Sort(def.Tenders)
	def.Tenders = slices.Compact(def.Tenders)
	for i, name := range def.Tenders {
		if !slices.Contains(known, name) {
			c.fault(fmt.Sprintf("%s.tenders[%d]", path, i), fmt.Sprintf("%q is not a tender of the till", name), didYouMean(name, known))
			continue
		}
		w.tenders = append(w.tenders, TenderKind(name))
	}
}

func (c *compiler) contains(path string, def *containsDef) contains {
	k := contains{set: noSet, name: def.Set}
	id, ok := c.sets[def.Set]
	if !ok {
		c.fault(path+".set", fmt.Sprintf("there is no set %q", def.Set), didYouMean(def.Set, c.setNames()))
	} else {
		k.set = id
	}
	switch {
	case def.Amount != "" && def.Units != "":
		c.fault(path, "asks for units and an amount", "write one of them, or two entries")
	case def.Amount != "":
		k.amount = c.money(path+".amount", &def.Amount, true)
	default:
		k.units = c.quantity(path+".units", &def.Units)
	}
	return k
}

// people reads a list of marks: who has any of them is meant.
func (c *compiler) people(path string, def *peopleDef) *people {
	if def == nil {
		return nil
	}
	tiers := whenDef{Tiers: def.Tiers}
	var w when
	c.whenTiers(path+".tiers", &tiers, &w)
	def.Tiers = tiers.Tiers
	p := &people{segments: c.segments(path+".segments", &def.Segments), tiers: w.tiers, attributes: c.attributes(path+".attributes", def.Attributes)}
	if len(p.segments)+len(p.tiers)+len(p.attributes) == 0 {
		c.fault(path, "names nobody", "write segments, tiers or attributes, or leave it out")
	}
	return p
}

// Attributes is the names of the attributes that this version asks for. No others need to be told of a member.
func (p *Programme) Attributes() []string {
	seen := map[string]bool{}
	for _, w := range p.conditions() {
		for _, values := range w.attributes {
			name, _, _ := strings.Cut(values[0], "=")
			seen[name] = true
		}
	}
	if p.notFor != nil {
		for _, values := range p.notFor.attributes {
			name, _, _ := strings.Cut(values[0], "=")
			seen[name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// conditions is every condition of the programme.
func (p *Programme) conditions() []*when {
	var all []*when
	add := func(w *when) {
		if w != nil {
			all = append(all, w)
		}
	}
	for i := range p.campaigns {
		add(p.campaigns[i].when)
	}
	for i := range p.activities {
		add(p.activities[i].when)
	}
	for i := range p.rules {
		add(p.rules[i].when)
	}
	for _, list := range [][]reduction{p.discounts, p.rewards, p.couponGives} {
		for i := range list {
			add(list[i].when)
		}
	}
	return all
}
