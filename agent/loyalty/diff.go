package loyalty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Change is one thing that two versions of a programme say differently.
type Change struct {
	Section string `json:"section"`         // earn
	Rule    string `json:"rule,omitempty"`  // id, or name in a section by names; empty for the section itself
	Field   string `json:"field,omitempty"` // rate.points; empty when the whole was added or removed
	Old     string `json:"old,omitempty"`   // canonical JSON; empty: it was not there
	New     string `json:"new,omitempty"`   // likewise: it is gone
}

// String says it in words: earn base: cap.sale 500 -> 600.
func (c Change) String() string {
	where := c.Section
	if c.Rule != "" {
		where += " " + c.Rule
	}
	if c.Field == "" {
		switch {
		case c.Old == "":
			return where + ": added"
		case c.New == "":
			return where + ": removed"
		}
		return fmt.Sprintf("%s: %s -> %s", where, c.Old, c.New)
	}
	switch {
	case c.Old == "":
		return fmt.Sprintf("%s: %s added, %s", where, c.Field, c.New)
	case c.New == "":
		return fmt.Sprintf("%s: %s removed, was %s", where, c.Field, c.Old)
	}
	return fmt.Sprintf("%s: %s %s -> %s", where, c.Field, c.Old, c.New)
}

// Diff compares two programmes by what they mean: defaults are filled in on both sides, and what has an id is the same thing
// wherever it stands. Changes come by section and then by id or field.
func Diff(older, newer *Programme) ([]Change, error) {
	a, err := older.tree()
	if err != nil {
		return nil, err
	}
	b, err := newer.tree()
	if err != nil {
		return nil, err
	}
	d := differ{}
	for _, section := range eitherKey(a, b) {
		d.at = Change{Section: section}
		d.section(a[section], b[section])
	}
	return d.changes, nil
}

// tree is the canonical form, numbers as they are written.
func (p *Programme) tree() (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(p.canonical))
	dec.UseNumber()
	var tree map[string]any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("read programme %s: %w", p.digest, err)
	}
	return tree, nil
}

func eitherKey(a, b map[string]any) []string {
	keys := maps.Clone(a)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, b)
	return slices.Sorted(maps.Keys(keys))
}

type differ struct {
	at      Change
	changes []Change
}

// section compares two sections: rule by rule where they have names, else field by field.
func (d *differ) section(a, b any) {
	ra, named := byName(d.at.Section, a)
	rb, also := byName(d.at.Section, b)
	if !named && !also {
		d.value("", a, b)
		return
	}
	for _, id := range eitherKey(ra, rb) {
		d.at.Rule = id
		d.value("", ra[id], rb[id])
	}
}

// byName gives what a section holds by id, or by the names that it has itself.
func byName(section string, v any) (map[string]any, bool) {
	switch v := v.(type) {
	case map[string]any:
		return v, section == "sets" || section == "tenders" || section == "messages"
	case []any:
		out := map[string]any{}
		for _, item := range v {
			m, _ := item.(map[string]any)
			id, ok := m["id"].(string)
			if !ok {
				return nil, false
			}
			out[id] = m
		}
		return out, true
	}
	return nil, false
}

// rulesWithin gives the rules that two versions of a rule hold by id, as a campaign does.
func rulesWithin(a, b any) (older, newer map[string]any, ok bool) {
	_, isA := a.([]any)
	_, isB := b.([]any)
	if !isA || !isB {
		return nil, nil, false
	}
	older, okA := byName("", a)
	newer, okB := byName("", b)
	return older, newer, okA && okB
}

func (d *differ) value(field string, a, b any) {
	ma, isA := a.(map[string]any)
	mb, isB := b.(map[string]any)
	if isA && isB {
		for _, key := range eitherKey(ma, mb) {
			d.value(join(field, key), ma[key], mb[key])
		}
		return
	}
	if la, lb, ok := rulesWithin(a, b); ok {
		for _, id := range eitherKey(la, lb) {
			d.value(join(field, id), la[id], lb[id])
		}
		return
	}
	c := d.at
	c.Field, c.Old, c.New = field, jsonText(a), jsonText(b)
	if c.Old != c.New {
		d.changes = append(d.changes, c)
	}
}

// jsonText writes a value of the tree; nothing is the empty text.
func jsonText(v any) string {
	if v == nil {
		return ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v) // a tree that was read can be written
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
