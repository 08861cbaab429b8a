package changes

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

const older = `
format: 1
programme: {id: club, name: {en: Club}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
tiers: [{id: gold, name: {en: Gold, lv: Zelts}}]
sets:
  bread: {name: {en: bread, fa: نان}, category: [food/bread]}
  milk: {name: {en: milk}, category: [food/milk]}
exclude: [milk]
earn:
  - {id: base, name: {en: Bread, lv: Maize, fa: نان}, per: amount, on: bread, rate: {points: 1, per: 1.00}, cap: {sale: 500}}
  - {id: dear, bonus: 5, when: {weekdays: [mon], from: 2026-01-01, to: 2026-03-31}}
redeem: {point_value: {points: 100, value: 1.00}}
coupons: [{id: coffee, name: {en: Coffee, fa: قهوه}, value: 1.50, valid_days: 14}]
expiry: {months: 12}
members: {transfer: {most: 100}}
messages: {receipt: {en: Welcome}}
`

const newer = `
format: 1
programme: {id: club, name: {en: Club}, version: 2, valid_from: 2026-12-01T00:00, currency: EUR}
tiers: [{id: gold, name: {en: Gold, lv: Zelts}}]
sets:
  bread: {name: {en: bread, fa: نان}, category: [food/bread, food/cake]}
  milk: {name: {en: milk}, category: [food/milk]}
exclude: [bread]
earn:
  - {id: base, name: {en: Bread, lv: Maize, fa: نان}, per: amount, on: bread, rate: {points: 2, per: 1.00}, cap: {sale: 600}}
  - {id: dear, bonus: 5, when: {weekdays: [mon, tue], from: 2026-01-01, to: 2026-06-30, tiers: [gold]}}
redeem: {point_value: {points: 50, value: 1.00}}
expiry: {months: 6}
members: {transfer: {most: 250}}
messages: {receipt: {en: Welcome, lv: Sveiki}}
campaigns: [{id: winter, name: {en: Winter}, when: {from: 2026-12-01, to: 2026-12-31}, earn: [{id: w, bonus: 10, on: bread}]}]
`

func compiled(t *testing.T, text string) *loyalty.Programme {
	t.Helper()
	p, err := loyalty.Compile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sentences(t *testing.T, l i18n.Lang, older, newer string) []string {
	t.Helper()
	all, err := Tell(compiled(t, older), compiled(t, newer))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, told := range all {
		lines = append(lines, told.Text(l))
	}
	return lines
}

func TestAManagerReadsWhatChanged(t *testing.T) {
	const want = `New: Campaign “Winter” (gives points: w (extra points: 10 points; goods: bread); time: from 01/12/2026 to 31/12/2026).
No longer there: Coupon “Coffee”.
Points for “Bread” – at most: on one bill: 600 instead of on one bill: 500.
Points for “Bread” – gives: 2 points for every €1.00 instead of 1 point for every €1.00.
Points for “dear” – tiers: Gold; before, nothing was set.
Points for “dear” – time: from 01/01/2026 to 30/06/2026 instead of from 01/01/2026 to 31/03/2026.
Points for “dear” – weekdays: now also Tuesday.
Goods that give no points: now also bread, no longer milk.
Expiry of points – after: 6 months instead of 12 months.
Rules for members – most points given to another at once: 250 points instead of 100 points.
Printed text “receipt” – lv: Sveiki; before, nothing was set.
The programme – holds from: 01/12/2026 00:00 instead of 01/01/2026 00:00.
The programme – version: 2 instead of 1.
Paying with points – value of points: 50 points = €1.00 instead of 100 points = €1.00.
Goods “bread” – categories: now also food/cake.`
	if got := plainly(sentences(t, i18n.English, older, newer)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for lang, want := range map[i18n.Lang]string{
		i18n.Latvian: "Punkti par “Maize” – dod: 2 punkti par katriem 1,00 €, agrāk 1 punkts par katriem 1,00 €.",
		i18n.Persian: "امتیاز «نان» – می‌دهد: ۲ امتیاز برای هر €۱٫۰۰ به جای ۱ امتیاز برای هر €۱٫۰۰.",
	} {
		if got := plainly(sentences(t, lang, older, newer)); !strings.Contains(got, want) {
			t.Errorf("%s lacks %s:\n%s", lang, want, got)
		}
	}
}

// plainly joins sentences without the marks that order foreign names and keep figures together.
func plainly(lines []string) string {
	return strings.NewReplacer("\u2068", "", "\u2069", "", "\u200e", "", "\u00a0", " ").Replace(strings.Join(lines, "\n"))
}

func TestWhatACampaignHoldsIsToldRuleByRule(t *testing.T) {
	head := older + "campaigns: [{id: winter, name: {en: Winter}, earn: [{id: w, name: {en: Cakes}, bonus: 10, on: bread}, {id: v, bonus: 1}]}]\n"
	changed := strings.Replace(strings.Replace(head, "bonus: 10", "bonus: 15", 1), ", {id: v, bonus: 1}", "", 1)
	const want = `Campaign “Winter” – gives points, “v”: nothing is set any more; it was extra points: 1 point.
Campaign “Winter” – gives points, “Cakes”, extra points: 15 points instead of 10 points.`
	if got := plainly(sentences(t, i18n.English, head, changed)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestALongListIsCutAndCounted(t *testing.T) {
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf(`"%04d"`, i))
	}
	changed := strings.Replace(older, "category: [food/bread]", "category: [food/bread], sku: ["+strings.Join(many, ", ")+"]", 1)
	const want = `Goods “bread” – articles: 0000, 0001, 0002, 0003, 0004, 0005, 0006, 0007, 0008, 0009, 0010, 0011 and 18 more; before, nothing was set.`
	if got := plainly(sentences(t, i18n.English, older, changed)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// schemaOf is the JSON Schema of programmes, which follows the document's types and cannot forget a field.
type schemaOf struct {
	Ref        string               `json:"$ref"`
	Type       any                  `json:"type"`
	Enum       []string             `json:"enum"`
	Properties map[string]*schemaOf `json:"properties"`
	Items      *schemaOf            `json:"items"`
	More       any                  `json:"additionalProperties"`
	Defs       map[string]*schemaOf `json:"$defs"`
}

// UnmarshalJSON takes true and false, which are schemas too, for one that says nothing.
func (s *schemaOf) UnmarshalJSON(b []byte) error {
	if string(b) == "true" || string(b) == "false" {
		return nil
	}
	type plain schemaOf
	return json.Unmarshal(b, (*plain)(s))
}

// leaf is a field that holds a value, with two values that it may hold.
type leaf struct {
	path     string
	old, new any
}

// byPath are what few stores ever meet: told by their path in the document.
var byPath = []string{
	"attributes", "medium", "as", "no_effect", "reprint", "same_hours", "symbol", "base", "rounding", "steps", "end", "source", "downgrade", "over", "upgrade",
	"allowance.hours", "allowance.member", "allowance.share", "allowance.visits", "floor.advance", "floor.bears", "floor.block", "transfer.wallets",
	"after", "before", "leap", "of", "currency_digits", "id", "coupons", "kept", "last_purchase.least_days", "last_purchase.most_days", "all", "personal", "unit",
}

const deepest = 7 // levels of a document

func (s *schemaOf) leaves(all map[string]*schemaOf, path string, level int) []leaf {
	if s.Ref != "" {
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		if name == "texts" {
			return []leaf{{path, map[string]any{"en": "Old"}, map[string]any{"en": "New"}}}
		}
		s = all[name]
	}
	var found []leaf
	switch {
	case level > deepest:
		panic("a document refers to itself: " + path)
	case len(s.Properties) > 0:
		for name, p := range s.Properties {
			found = append(found, p.leaves(all, strings.TrimPrefix(path+"."+name, "."), level+1)...)
		}
	case s.Items != nil:
		for _, l := range s.Items.leaves(all, "", level+1) {
			old, new := nested(l.path, l.old), nested(l.path, l.new)
			found = append(found, leaf{path, []any{old}, []any{new}})
		}
	case s.More != nil && s.More != false:
		var more schemaOf
		b, _ := json.Marshal(s.More)
		if err := json.Unmarshal(b, &more); err != nil {
			panic(err)
		}
		for _, l := range more.leaves(all, "", level+1) {
			found = append(found, leaf{path, nested("one."+l.path, l.old), nested("one."+l.path, l.new)})
		}
	default:
		found = append(found, leaf{path, scalar(s, 0), scalar(s, 1)})
	}
	return found
}

// nested is a document that has one value at a path.
func nested(path string, value any) any {
	steps := strings.Split(strings.TrimSuffix(path, "."), ".")
	for _, step := range slices.Backward(steps) {
		if step != "" {
			value = map[string]any{step: value}
		}
	}
	return value
}

func scalar(s *schemaOf, which int) any {
	if len(s.Enum) > 1 {
		return s.Enum[which]
	}
	kind := fmt.Sprint(s.Type)
	switch {
	case strings.Contains(kind, "boolean"):
		return which == 1
	case strings.Contains(kind, "integer"), strings.Contains(kind, "number"):
		return json.Number([]string{"3", "14"}[which])
	}
	return []string{"abc", "xyz"}[which]
}

// toldOf tells of one leaf that goes from one value to another.
func toldOf(t *testing.T, section, rule string, l leaf) Told {
	t.Helper()
	put := func(value any) *version {
		inside := nested(l.path, value)
		if rule != "" {
			if m, ok := inside.(map[string]any); ok && l.path != "" {
				m["id"] = rule
			}
			inside = map[string]any{rule: inside}
		}
		return &version{tree: map[string]any{section: inside}, currency: i18n.Currency{Code: "EUR", Digits: 2}}
	}
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	all := tell([]loyalty.Change{{Section: section, Rule: rule, Field: l.path, Old: text(l.old), New: text(l.new)}}, put(l.old), put(l.new))
	if len(all) != 1 || len(all[0].Changes) != 1 {
		t.Fatalf("%s %s: %d sentences", section, l.path, len(all))
	}
	return all[0]
}

func TestEveryFieldOfAProgrammeIsToldWhenItChanges(t *testing.T) {
	text, err := loyalty.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root schemaOf
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	fieldsSeen, bare := 0, map[string]bool{}
	for section, s := range root.Properties {
		if section == "format" {
			continue // Compile takes no other than 1
		}
		rule := ""
		switch {
		case s.Items != nil && s.Items.Ref != "":
			rule, s = "one", s.Items
		case section == "sets" || section == "tenders" || section == "messages":
			rule = "one"
			var more schemaOf
			b, _ := json.Marshal(s.More)
			if err := json.Unmarshal(b, &more); err != nil {
				t.Fatal(err)
			}
			s = &more
		}
		for _, l := range s.leaves(root.Defs, "", 0) {
			if rule != "" && l.path == "id" {
				continue // a rule with another id is another rule
			}
			fieldsSeen++
			there, back := toldOf(t, section, rule, l), toldOf(t, section, rule, leaf{l.path, l.new, l.old})
			if _, ok := find(section, there.path); !ok && there.path != "" {
				bare[section+" "+there.path] = true
			}
			for _, lang := range i18n.Langs() {
				told := there.Text(lang)
				switch {
				case strings.Contains(told, "change."):
					t.Errorf("%s %s in %s has no words: %s", section, l.path, lang, told)
				case told == back.Text(lang):
					t.Errorf("%s %s in %s does not say what it was and what it is: %s (%v, %v)", section, l.path, lang, told, l.old, l.new)
				}
			}
		}
	}
	if fieldsSeen < 400 {
		t.Errorf("only %d fields", fieldsSeen)
	}
	t.Logf("%d fields", fieldsSeen)
	for where := range bare {
		_, path, _ := strings.Cut(where, " ")
		if !slices.ContainsFunc(byPath, func(known string) bool { return path == known || strings.HasSuffix(path, "."+known) }) {
			t.Errorf("%s has no words of its own: give it some, or say here that its path will do", where)
		}
	}
}
