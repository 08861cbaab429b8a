// Package changes tells in words what two versions of a programme say differently, for people who run a store. It owns which
// fields belong to one sentence and what they are called; the texts are internal/i18n's. Nothing that differs is ever left out:
// what has no words of its own is told by its path.
package changes

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// Told is one sentence and the changes that it tells.
type Told struct {
	Changes []loyalty.Change

	section, rule, path string // of what it is about; an empty path is the rule or section itself
	old, new            any    // nil: it is not there
	before, after       *version
}

// Tell puts what newer says differently into sentences, in the order of loyalty.Diff; what belongs together is one of them.
func Tell(older, newer *loyalty.Programme) ([]Told, error) {
	found, err := loyalty.Diff(older, newer)
	if err != nil {
		return nil, err
	}
	a, err := read(older.Canonical())
	if err != nil {
		return nil, fmt.Errorf("tell changes of %s: %w", older.Digest(), err)
	}
	b, err := read(newer.Canonical())
	if err != nil {
		return nil, fmt.Errorf("tell changes of %s: %w", newer.Digest(), err)
	}
	return tell(found, a, b), nil
}

func tell(found []loyalty.Change, before, after *version) []Told {
	var all []Told
	for _, c := range found {
		t := Told{Changes: []loyalty.Change{c}, section: c.Section, rule: c.Rule, path: together(c.Section, c.Field), before: before, after: after}
		if t.path != c.Field {
			at := slices.IndexFunc(all, func(o Told) bool { return o.section == t.section && o.rule == t.rule && o.path == t.path })
			if at >= 0 {
				all[at].Changes = append(all[at].Changes, c)
				continue
			}
		}
		t.old, t.new = before.at(t.section, t.rule, t.path), after.at(t.section, t.rule, t.path)
		all = append(all, t)
	}
	return all
}

// together is the path of what a field is told with: from and to are one period, points and per one rate.
func together(section, field string) string {
	steps := strings.Split(field, ".")
	for i, step := range steps {
		if section != "programme" && step == "points" {
			continue // a figure; in the head it is what points are called
		}
		if slices.Contains(wholes, step) {
			return strings.Join(steps[:i+1], ".")
		}
		if i > 0 && steps[i-1] == "when" && (step == "from" || step == "to") {
			return strings.Join(append(steps[:i:i], "period"), ".")
		}
	}
	return field
}

// wholes are objects that are told as one.
var wholes = []string{
	"name", "text", "question", "points", "rate", "point_value", "expiry", "cap", "gives", "minimum", "rounding", "base", "price",
	"joined", "pilot", "stock", "per_member", "budget", "symbol", "chance", "referral", "attributes", "cost_by_tier", "consent",
}

// version is one of the two, as it is written.
type version struct {
	tree     map[string]any
	currency i18n.Currency
}

func read(canonical []byte) (*version, error) {
	dec := json.NewDecoder(strings.NewReader(string(canonical)))
	dec.UseNumber()
	v := &version{}
	if err := dec.Decode(&v.tree); err != nil {
		return nil, err
	}
	head, _ := v.tree["programme"].(map[string]any)
	v.currency = currencyOf(head)
	return v, nil
}

// usualDigits are those of a currency that does not say how many it has: Compile writes them down.
const usualDigits = 2

func currencyOf(head map[string]any) i18n.Currency {
	c := i18n.Currency{Digits: usualDigits}
	c.Code, _ = head["currency"].(string)
	if n, ok := head["currency_digits"].(json.Number); ok {
		if digits, err := n.Int64(); err == nil && digits >= 0 && digits < 10 {
			c.Digits = uint8(digits)
		}
	}
	return c
}

// at finds what stands at a path of a rule, or of a section without rules. period is what from and to of a condition say.
func (v *version) at(section, rule, path string) any {
	here := v.tree[section]
	if rule != "" {
		here = byID(here, rule)
	}
	if path == "" {
		return here
	}
	for _, step := range strings.Split(path, ".") {
		if m, ok := here.(map[string]any); ok && step == "period" {
			return period(m)
		}
		here = byID(here, step)
	}
	return here
}

// byID finds a rule by its id, and a field or a rule with a name by that.
func byID(section any, id string) any {
	switch s := section.(type) {
	case map[string]any:
		return s[id]
	case []any:
		for _, item := range s {
			if m, ok := item.(map[string]any); ok && m["id"] == id {
				return m
			}
		}
	}
	return nil
}

// period is the part of a condition that says when; nil when it says nothing.
func period(when map[string]any) any {
	p := map[string]any{}
	for _, end := range []string{"from", "to"} {
		if day, ok := when[end]; ok {
			p[end] = day
		}
	}
	if len(p) == 0 {
		return nil
	}
	return p
}

// Text is the sentence in a language.
func (t Told) Text(l i18n.Lang) string {
	before, after := t.writers(l)
	args := i18n.Args{"thing": t.thing(l)}
	if t.path == "" && (t.old == nil || t.new == nil) {
		return t.appeared(l, args)
	}
	frame := "change.whole"
	if t.path != "" {
		frame, args["what"] = "change.field", t.what(l)
	}
	if gone, come, ok := t.members(); ok {
		return i18n.Text(l, frame+membersFrame(gone, come), with(args, "old", before.list(t.section, t.path, gone), "new", after.list(t.section, t.path, come)))
	}
	args = with(args, "old", before.phrase(t.section, t.path, t.old), "new", after.phrase(t.section, t.path, t.new))
	switch {
	case t.old == nil:
		return i18n.Text(l, frame+"_set", args)
	case t.new == nil:
		return i18n.Text(l, frame+"_unset", args)
	}
	return i18n.Text(l, frame+"_changed", args)
}

// appeared tells of a rule or section that is new or gone.
func (t Told) appeared(l i18n.Lang, args i18n.Args) string {
	if t.new == nil {
		return i18n.Text(l, "change.gone", args)
	}
	_, after := t.writers(l)
	what := after.phrase(t.section, "", t.new)
	if what == "" {
		return i18n.Text(l, "change.come", args)
	}
	return i18n.Text(l, "change.come_with", with(args, "new", what))
}

func with(args i18n.Args, more ...any) i18n.Args {
	for i := 0; i+1 < len(more); i += 2 {
		args[more[i].(string)] = more[i+1]
	}
	return args
}

// members says what a list of names or figures has lost and won, where it is there on both sides.
func (t Told) members() (gone, come []any, ok bool) {
	a, isA := t.old.([]any)
	b, isB := t.new.([]any)
	if !isA || !isB || slices.ContainsFunc(slices.Concat(a, b), func(v any) bool { _, deep := v.(map[string]any); return deep }) {
		return nil, nil, false
	}
	lacks := func(in []any) func(any) bool {
		return func(v any) bool { return !slices.Contains(in, v) }
	}
	gone, come = keep(a, lacks(b)), keep(b, lacks(a))
	return gone, come, len(gone)+len(come) > 0 // else another order
}

func keep(all []any, wanted func(any) bool) []any {
	var kept []any
	for _, v := range all {
		if wanted(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

func membersFrame(gone, come []any) string {
	switch {
	case len(gone) == 0:
		return "_more"
	case len(come) == 0:
		return "_less"
	}
	return "_other"
}

// thing names what the sentence is about: a coupon by its name, a section by what it is for.
func (t Told) thing(l i18n.Lang) string {
	key := "change.thing_" + t.section
	if !i18n.Has(key) {
		return strings.TrimSpace(t.section + " " + t.rule)
	}
	before, after := t.writers(l)
	return i18n.Text(l, key, i18n.Args{"name": cmp.Or(after.name(t.section, t.rule), before.name(t.section, t.rule), t.rule)})
}

// what names the field, and within a campaign its rule before it.
func (t Told) what(l i18n.Lang) string {
	steps := strings.SplitN(t.path, ".", 3)
	if t.section != "campaigns" || len(steps) < 2 || steps[0] != "earn" && steps[0] != "discounts" {
		return label(l, t.section, t.path)
	}
	before, after := t.writers(l)
	rule := strings.Join(steps[:2], ".")
	name := func(w writer) string { return w.text(textsOf(textsOf(w.v.at(t.section, t.rule, rule))["name"])) }
	text := label(l, t.section, steps[0]) + ", “" + cmp.Or(name(after), name(before), steps[1]) + "”"
	if len(steps) == 3 {
		text += ", " + label(l, steps[0], steps[2])
	}
	return text
}

// writers write what was and what is.
func (t Told) writers(l i18n.Lang) (before, after writer) {
	each := func(v *version) bool { return v.at(t.section, t.rule, "per") == "unit" }
	return writer{l, t.before, each(t.before)}, writer{l, t.after, each(t.after)}
}
