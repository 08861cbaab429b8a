package changes

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"loyaltill/internal/i18n"
)

// Bounds of what one sentence holds; the changes themselves hold all of it.
const (
	longestList = 12
	longestText = 240 // letters
)

// writer writes values of one version in one language.
type writer struct {
	l    i18n.Lang
	v    *version
	each bool // what it is about gives for pieces, not for money
}

// name is what a rule of a section is called; empty when it has only an id, or is not there.
func (w writer) name(section, rule string) string {
	m, _ := w.v.at(section, rule, "").(map[string]any)
	if texts, ok := m["name"].(map[string]any); ok && rule != "" {
		return w.text(texts)
	}
	return ""
}

// text is the one in the language, else in English, else the first.
func (w writer) text(texts map[string]any) string {
	for _, lang := range append([]string{string(w.l), string(i18n.English)}, slices.Sorted(maps.Keys(texts))...) {
		if s, ok := texts[lang].(string); ok {
			return s
		}
	}
	return ""
}

// phrase writes what stands at a path.
func (w writer) phrase(section, path string, value any) string {
	kind := kindOf(section, path)
	switch v := value.(type) {
	case nil:
		return ""
	case map[string]any:
		return w.object(section, path, kind, v)
	case []any:
		return w.list(section, path, v)
	case bool:
		return i18n.Text(w.l, "change."+strconv.FormatBool(v), nil)
	case json.Number:
		return w.figure(kind, v.String())
	case string:
		return cut(w.word(kind, v))
	}
	return ""
}

func cut(s string) string {
	if r := []rune(s); len(r) > longestText {
		return string(r[:longestText]) + "…"
	}
	return s
}

func (w writer) object(section, path string, kind kind, m map[string]any) string {
	switch {
	case kind == texts:
		return w.everyText(m)
	case kind == rate:
		return w.rate(path, m)
	case kind == span:
		return w.period(m)
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key == "id" || key == "name" && (path == "" || m["id"] != nil) {
			continue // it is called so already
		}
		below := key
		if path != "" {
			below = path + "." + key
		}
		if key == "when" {
			parts = append(parts, w.object(section, below, plain, withPeriod(m[key])))
			continue
		}
		parts = append(parts, label(w.l, section, below)+": "+w.phrase(section, below, m[key]))
	}
	return strings.Join(parts, "; ")
}

// withPeriod puts from and to of a condition together.
func withPeriod(when any) map[string]any {
	m, _ := when.(map[string]any)
	out := maps.Clone(m)
	if p := period(m); p != nil {
		delete(out, "from")
		delete(out, "to")
		out["period"] = p
	}
	return out
}

// everyText writes texts of all languages: the one that reads may be the one that stayed.
func (w writer) everyText(m map[string]any) string {
	var parts []string
	for _, lang := range slices.Sorted(maps.Keys(m)) {
		s, _ := m[lang].(string)
		parts = append(parts, "“"+cut(s)+"” ("+lang+")")
	}
	return strings.Join(parts, ", ")
}

// rate is so much for every so much: of money, of pieces, or once.
func (w writer) rate(path string, m map[string]any) string {
	gives := w.count(pointsKind, m["points"])
	if value, ok := m["value"]; ok {
		gives = strings.TrimSpace(gives + " " + w.figure(money, asText(value)))
	}
	if strings.HasSuffix(path, "point_value") {
		return w.count(pointsKind, m["points"]) + " = " + w.figure(money, asText(m["value"]))
	}
	per, ok := m["per"]
	if !ok {
		return gives
	}
	of := money
	if w.each {
		of = number
	}
	return i18n.Text(w.l, "change.for_every", i18n.Args{"new": gives, "old": w.figure(of, asText(per))})
}

// count writes a figure with its unit; nothing is the empty text.
func (w writer) count(of kind, value any) string {
	if value == nil {
		return ""
	}
	return w.figure(of, asText(value))
}

func (w writer) period(m map[string]any) string {
	from, to := w.day(asText(m["from"])), w.day(asText(m["to"]))
	switch {
	case to == "":
		return i18n.Text(w.l, "change.from", i18n.Args{"new": from})
	case from == "":
		return i18n.Text(w.l, "change.to", i18n.Args{"new": to})
	}
	return i18n.Text(w.l, "change.from_to", i18n.Args{"old": from, "new": to})
}

// list writes the first ones, and how many more there are.
func (w writer) list(section, path string, all []any) string {
	var parts []string
	for _, v := range all[:min(len(all), longestList)] {
		s := w.phrase(section, path, v)
		if m, ok := v.(map[string]any); ok && m["id"] != nil {
			s = cmp.Or(w.text(textsOf(m["name"])), asText(m["id"])) + " (" + s + ")"
		}
		parts = append(parts, s)
	}
	text := strings.Join(parts, ", ")
	if more := len(all) - longestList; more > 0 {
		text += " " + i18n.Text(w.l, "change.and_more", i18n.Args{"count": more})
	}
	return text
}

func textsOf(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// word writes a text: an amount, a day, a weekday, the name of a set or tier.
func (w writer) word(kind kind, s string) string {
	switch kind {
	case money, percent, number, pointsKind, days, months, hours:
		return w.figure(kind, s)
	case date:
		return w.day(s)
	case weekday:
		return i18n.Weekday(w.l, weekdays[s])
	case inSets, inTiers, inCoupons, inRewards, inGiftCards, inWallets, inSegments, inOccasions:
		return cmp.Or(w.name(sectionOf[kind], s), s)
	}
	return s
}

var weekdays = map[string]time.Weekday{"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday}

// figure writes a number as what it is. One that no unit fits stays a number.
func (w writer) figure(kind kind, s string) string {
	minor, digits, ok := exact(s)
	if !ok {
		return s
	}
	switch kind {
	case money:
		for ; digits < w.v.currency.Digits; digits++ {
			minor *= 10
		}
		if digits == w.v.currency.Digits {
			return i18n.Money(w.l, minor, w.v.currency)
		}
	case percent:
		for ; digits < 2; digits++ {
			minor *= 10
		}
		if digits == 2 {
			return i18n.Percent(w.l, minor)
		}
	case pointsKind, days, months, hours:
		if digits == 0 {
			return i18n.Text(w.l, "change."+unitOf[kind], i18n.Args{"count": minor})
		}
	}
	return i18n.Decimal(w.l, minor, digits, digits)
}

const mostDigits = 15 // that an int64 holds with room for a scale

// exact reads a decimal text as a whole number and how many of its digits stand behind the point.
func exact(s string) (n int64, digits uint8, ok bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole)+len(fraction) > mostDigits {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	return n, uint8(len(fraction)), err == nil
}

// day writes a calendar day, and the time with it where there is one.
func (w writer) day(s string) string {
	for layout, write := range map[string]func(i18n.Lang, time.Time) string{time.DateOnly: i18n.Date, "2006-01-02T15:04": i18n.DateTime} {
		if t, err := time.Parse(layout, s); err == nil {
			return write(w.l, t)
		}
	}
	return s
}
