package receipt

import (
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// Names gives the name of what a programme defines (a rule, a set, a tier) in the
// language of the reader; nil, or an empty answer, leaves the id.
type Names func(kind loyalty.ArgKind, id string) string

// Explain puts a finding of the engine into words.
func Explain(l i18n.Lang, c i18n.Currency, f loyalty.Finding, names Names) string {
	args := i18n.Args{}
	for _, a := range f.Args() {
		args[a.Name] = argument(l, c, a, names)
	}
	return i18n.Text(l, f.Code, args)
}

// argument writes one figure of a finding for people. Whole numbers stay numbers,
// since they choose the plural form.
func argument(l i18n.Lang, c i18n.Currency, a loyalty.Arg, names Names) any {
	const thousandths = 3
	switch a.Kind {
	case loyalty.ArgPoints, loyalty.ArgCount:
		return a.Int
	case loyalty.ArgMoney:
		return i18n.Money(l, a.Int, c)
	case loyalty.ArgQuantity, loyalty.ArgFactor:
		return i18n.Decimal(l, a.Int, thousandths, 0)
	case loyalty.ArgShare:
		return i18n.Percent(l, a.Int)
	case loyalty.ArgDay:
		return day(l, a.Text)
	case loyalty.ArgWeekdays:
		return listed(l, a.Text, "calendar.")
	case loyalty.ArgTenders:
		return listed(l, a.Text, "receipt.tender_")
	case loyalty.ArgHours:
		return i18n.Digits(l, strings.NewReplacer("-", "–", ",", ", ").Replace(a.Text))
	default:
		return named(l, a, names)
	}
}

// day writes 2026-11-22 in the manner of the language.
func day(l i18n.Lang, text string) string {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text // shown as it was stored
	}
	return i18n.Date(l, t)
}

// listed writes "mon,tue" or "cash,card" with the words that stand under the prefix.
func listed(l i18n.Lang, text, prefix string) string {
	words := strings.Split(text, ",")
	for i, w := range words {
		if key := prefix + w; i18n.Has(key) {
			words[i] = i18n.Text(l, key, nil)
		}
	}
	return strings.Join(words, separator(l))
}

// named replaces ids by names; several ids are parted by commas.
func named(l i18n.Lang, a loyalty.Arg, names Names) string {
	ids := strings.Split(a.Text, ",")
	for i, id := range ids {
		if names == nil {
			break
		}
		if name := names(a.Kind, id); name != "" {
			ids[i] = name
		}
	}
	return strings.Join(ids, separator(l))
}

func separator(l i18n.Lang) string {
	if l == i18n.Persian {
		return "، "
	}
	return ", "
}
