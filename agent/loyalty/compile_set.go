package loyalty

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (c *compiler) compileSets() {
	if len(c.doc.Sets) > MaxSets {
		c.fault("sets", fmt.Sprintf("has %d sets", len(c.doc.Sets)), fmt.Sprintf("keep to %d", MaxSets))
		return
	}
	names := slices.Sorted(maps.Keys(c.doc.Sets))
	c.sets = make(map[string]setID, len(names))
	for i, name := range names {
		c.checkID("sets."+name, name)
		c.sets[name] = setID(i)
	}
	compiled := make([]productSet, len(names))
	for i, name := range names {
		def := c.doc.Sets[name]
		compiled[i] = c.compileSet("sets."+name, name, &def)
		c.doc.Sets[name] = def
	}
	if c.checkCircles(names, compiled) {
		c.p.catalogue = newCatalogue(compiled)
	}
	c.p.exclude = c.setList("exclude", &c.doc.Exclude)
}

func (c *compiler) compileSet(path, name string, def *setDef) productSet {
	s := productSet{name: name, all: def.All, personal: def.Personal}
	c.checkTexts(path+".name", def.Name, false)
	s.own = marks{
		sku: c.markSet(path+".sku", &def.SKU), category: c.categories(path+".category", &def.Category),
		label: c.markSet(path+".label", &def.Label), brand: c.markSet(path+".brand", &def.Brand),
	}
	s.price = c.priceRange(path+".price", def.Price)
	s.union = c.setList(path+".sets", &def.Sets)
	s.without = c.setList(path+".without", &def.Without)
	n := len(def.SKU) + len(def.Category) + len(def.Label) + len(def.Brand) + len(def.Sets)
	if n == 0 && !def.All && !def.Personal {
		if def.Price == nil {
			c.fault(path, "holds nothing", "name sku, category, label, brand or sets, or write all: true or personal: true")
		}
		def.All, s.all = true, true
	}
	if (n > 0 || def.Personal) && def.All {
		c.fault(path, "holds all and more", "write all: true alone, or with without")
	}
	if n+len(def.Without) > MaxSetMarks {
		c.fault(path, fmt.Sprintf("has %d entries", n+len(def.Without)), fmt.Sprintf("keep to %d", MaxSetMarks))
	}
	return s
}

// markSet sorts the marks and drops repeats: their order means nothing.
func (c *compiler) markSet(path string, list *[]string) map[string]bool {
	for i, m := range *list {
		if m == "" || len(m) > maxMark || !cleanText(m) {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%q cannot be on a line", m), fmt.Sprintf("write 1 to %d bytes", maxMark))
		}
	}
	slices.Sort(*list)
	*list = slices.Compact(*list)
	return toSet(*list)
}

func (c *compiler) categories(path string, list *[]string) map[string]bool {
	for i, m := range *list {
		if strings.HasPrefix(m, "/") || strings.HasSuffix(m, "/") || strings.Contains(m, "//") {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%q is not a category", m), "write the parts with one slash between: food/dairy")
		}
	}
	return c.markSet(path, list)
}

// setList resolves names of sets, sorted and each once.
func (c *compiler) setList(path string, list *[]string) []setID {
	var ids []setID
	for i, name := range *list {
		id, ok := c.sets[name]
		if !ok {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("there is no set %q", name), didYouMean(name, c.setNames()))
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(*list)
	*list = slices.Compact(*list)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (c *compiler) setNames() []string {
	const shown = 20
	names := slices.Sorted(maps.Keys(c.sets))
	return names[:min(shown, len(names))]
}

// checkCircles refuses a set that needs itself, and chains too long to be meant.
func (c *compiler) checkCircles(names []string, sets []productSet) bool {
	depth := make([]int, len(sets)) // 0 not seen, -1 being walked, else 1 + longest chain below
	var walk func(id setID) int
	walk = func(id setID) int {
		if depth[id] != 0 {
			return depth[id]
		}
		depth[id] = -1
		longest := 0
		for _, list := range [][]setID{sets[id].union, sets[id].without} {
			for _, next := range list {
				d := walk(next)
				if d < 0 {
					return -1
				}
				longest = max(longest, d)
			}
		}
		depth[id] = longest + 1
		return longest + 1
	}
	for i, name := range names {
		if d := walk(setID(i)); d < 0 {
			c.fault("sets."+name, "needs itself", "break the circle of sets")
			return false
		} else if d > maxSetDepth {
			c.fault("sets."+name, fmt.Sprintf("stands on a chain of %d sets", d), fmt.Sprintf("keep to %d", maxSetDepth))
			return false
		}
	}
	return true
}
