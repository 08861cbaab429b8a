package loyalty

import (
	"slices"
	"strings"
)

// setID numbers the sets of a programme in the order of their names; noSet stands for everything.
type setID int32

const noSet setID = -1

// productSet is one compiled set: any of its own marks, or any of its unions, and none of its exceptions.
type productSet struct {
	name     string
	all      bool
	personal bool
	price    *priceRange // nil: any
	own      marks
	union    []setID
	without  []setID
	loose    bool // has exceptions or a price, or unites a set that has: a mark alone does not tell
}

// marks are what a line carries that can put it into a set.
type marks struct {
	sku, category, label, brand map[string]bool
}

// catalogue knows which sets a line is in. It is indexed by mark, so that sets which no line touches cost nothing.
type catalogue struct {
	sets     []productSet
	always   []setID     // sets that hold everything, before exceptions
	priced   []pricedSet // likewise, of one range of prices
	byPrice  priceIndex
	personal []setID // sets that hold what is on the member's list, likewise
	bySKU    map[string][]setID
	byCat    map[string][]setID
	byTag    map[string][]setID
	byMake   map[string][]setID
}

func toSet(names []string) map[string]bool {
	if len(names) == 0 {
		return nil
	}
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// newCatalogue builds the index. Sets refer to each other without circles: the compiler has checked.
func newCatalogue(sets []productSet) catalogue {
	c := catalogue{sets: sets, bySKU: map[string][]setID{}, byCat: map[string][]setID{},
		byTag: map[string][]setID{}, byMake: map[string][]setID{}}
	for id := range sets {
		seen := map[setID]bool{}
		c.index(setID(id), setID(id), seen)
	}
	for id := range sets {
		sets[id].loose = c.isLoose(setID(id))
	}
	c.always, c.personal = slices.Compact(c.always), slices.Compact(c.personal)
	c.byPrice = newPriceIndex(c.priced)
	return c
}

func (c *catalogue) isLoose(id setID) bool {
	s := &c.sets[id]
	return s.price != nil || len(s.without) > 0 || slices.ContainsFunc(s.union, c.isLoose)
}

// index enters target under every mark of part, and of what part unites: a line with such a mark may be in target.
func (c *catalogue) index(target, part setID, seen map[setID]bool) {
	if seen[part] {
		return
	}
	seen[part] = true
	s := &c.sets[part]
	switch {
	case s.all && s.price != nil:
		c.priced = append(c.priced, pricedSet{target, *s.price})
	case s.all:
		c.always = append(c.always, target)
	}
	if s.personal {
		c.personal = append(c.personal, target)
	}
	enter := func(to map[string][]setID, marks map[string]bool) {
		for m := range marks {
			if ids := to[m]; len(ids) == 0 || ids[len(ids)-1] != target { // targets come in rising order
				to[m] = append(ids, target)
			}
		}
	}
	enter(c.bySKU, s.own.sku)
	enter(c.byCat, s.own.category)
	enter(c.byTag, s.own.label)
	enter(c.byMake, s.own.brand)
	for _, u := range s.union {
		c.index(target, u, seen)
	}
}

// holds says whether the line, which may be on the member's list, is in the set.
func (c *catalogue) holds(id setID, l *Line, listed bool) bool {
	s := &c.sets[id]
	in := s.all || s.personal && listed || s.own.touch(l) || slices.ContainsFunc(s.union, func(u setID) bool { return c.holds(u, l, listed) })
	in = in && (s.price == nil || s.price.holds(l))
	return in && !slices.ContainsFunc(s.without, func(w setID) bool { return c.holds(w, l, listed) })
}

func (m *marks) touch(l *Line) bool {
	if m.sku[l.SKU] || l.Brand != "" && m.brand[l.Brand] {
		return true
	}
	if m.label != nil {
		for _, t := range l.Labels {
			if m.label[t] {
				return true
			}
		}
	}
	if m.category != nil && l.Category != "" {
		for end := 0; end >= 0; {
			end = nextPath(l.Category, end)
			if m.category[path(l.Category, end)] {
				return true
			}
		}
	}
	return false
}

// nextPath walks a category from its first parent to itself: the end of each part in turn, then -1 for the whole.
func nextPath(category string, from int) int {
	if i := strings.IndexByte(category[min(from+1, len(category)):], '/'); i >= 0 {
		return from + 1 + i
	}
	return -1
}

func path(category string, end int) string {
	if end < 0 {
		return category
	}
	return category[:end]
}

// of appends the sets that hold the line, in rising order and each once.
func (c *catalogue) of(l *Line, listed bool, into []setID) []setID {
	start := len(into)
	into = append(into, c.always...)
	if listed {
		into = append(into, c.personal...)
	}
	into = append(into, c.bySKU[l.SKU]...)
	if len(c.priced) > 0 {
		into = c.byPrice.of(l.unitPrice(), into)
	}
	if l.Brand != "" {
		into = append(into, c.byMake[l.Brand]...)
	}
	for _, t := range l.Labels {
		into = append(into, c.byTag[t]...)
	}
	if l.Category != "" && len(c.byCat) > 0 {
		for end := 0; end >= 0; {
			end = nextPath(l.Category, end)
			into = append(into, c.byCat[path(l.Category, end)]...)
		}
	}
	found := into[start:]
	slices.Sort(found)
	found = slices.Compact(found)
	kept := found[:0]
	for _, id := range found {
		if !c.sets[id].loose || c.holds(id, l, listed) {
			kept = append(kept, id)
		}
	}
	return into[:start+len(kept)]
}
