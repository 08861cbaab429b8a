package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalog/*.json
var catalogFiles embed.FS

// Args are the arguments of a text, by name.
type Args map[string]any

// Isolates keep a foreign name inside a right-to-left sentence in its own order.
const (
	firstStrongIsolate    = "\u2068"
	popDirectionalIsolate = "\u2069"
)

// catalog is all texts of one language.
type catalog struct {
	localizer *i18n.Localizer
	plural    map[string]bool // known keys; true for those with plural forms
	arguments map[string][]string
}

// catalogs parses the embedded files once. They are checked by the tests of this
// package, so a file that does not parse is a broken build, not a state to handle.
var catalogs = sync.OnceValue(func() map[Lang]catalog {
	all := make(map[Lang]catalog)
	for _, l := range Langs() {
		c, err := loadCatalog(l)
		if err != nil {
			panic(err)
		}
		all[l] = c
	}
	return all
})

func loadCatalog(l Lang) (catalog, error) {
	data, err := CatalogJSON(l)
	if err != nil {
		return catalog{}, err
	}
	var entries map[string]any
	if err := json.Unmarshal(data, &entries); err != nil {
		return catalog{}, fmt.Errorf("parse catalogue %s: %w", l, err)
	}
	bundle := i18n.NewBundle(language.Make(string(l)))
	if _, err := bundle.ParseMessageFileBytes(data, string(l)+".json"); err != nil {
		return catalog{}, fmt.Errorf("parse catalogue %s: %w", l, err)
	}
	c := catalog{
		localizer: i18n.NewLocalizer(bundle, string(l)),
		plural:    make(map[string]bool, len(entries)), arguments: make(map[string][]string, len(entries)),
	}
	for key, entry := range entries {
		_, forms := entry.(map[string]any)
		c.plural[key] = forms
		c.arguments[key] = argumentsIn(fmt.Sprint(entry))
	}
	return c, nil
}

var argumentPattern = regexp.MustCompile(`\{\{\.([a-z_]+)\}\}`)

// argumentsIn names the arguments of a text, or of all its plural forms, once each.
func argumentsIn(text string) []string {
	var names []string
	for _, m := range argumentPattern.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// CatalogJSON is the catalogue file of a language, as the web pages get it: a JSON
// object from key to text, or to an object of plural forms ("one", "few", "other" ...).
func CatalogJSON(l Lang) ([]byte, error) {
	data, err := catalogFiles.ReadFile("catalog/" + string(l) + ".json")
	if err != nil {
		return nil, fmt.Errorf("no catalogue for language %q", l)
	}
	return data, nil
}

// Has says that a text exists.
func Has(key string) bool {
	_, ok := catalogs()[English].plural[key]
	return ok
}

// Keys lists every text, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(catalogs()[English].arguments)) }

// Arguments names what a text wants put in.
func Arguments(key string) []string { return catalogs()[English].arguments[key] }

// Text returns the text of a key with its arguments put in. A language that the
// product does not have reads English. A key without text comes back as itself:
// the reader sees a code rather than nothing.
func Text(l Lang, key string, args Args) string {
	c, ok := catalogs()[l]
	if !ok {
		l = English
		c = catalogs()[l]
	}
	forms, ok := c.plural[key]
	if !ok {
		return key
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: written(l, args)}
	if forms {
		config.PluralCount = pluralCount(args)
	}
	text, err := c.localizer.Localize(config)
	if err != nil {
		return key
	}
	return text
}

// pluralCount is the argument that chooses the plural form.
func pluralCount(args Args) any {
	for _, name := range []string{"count", "points"} {
		if n, ok := wholeNumber(args[name]); ok {
			return n
		}
	}
	return int64(0)
}

// written gives every argument as text.
func written(l Lang, args Args) map[string]string {
	out := make(map[string]string, len(args))
	for name, v := range args {
		if n, ok := wholeNumber(v); ok {
			out[name] = Number(l, n)
			continue
		}
		s := fmt.Sprint(v)
		if l.RTL() {
			s = firstStrongIsolate + s + popDirectionalIsolate
		}
		out[name] = s
	}
	return out
}

func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	default:
		return 0, false
	}
}
