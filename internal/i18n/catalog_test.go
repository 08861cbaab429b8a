package i18n

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// entries reads a catalogue: for each key its forms; a text without plural forms
// has the single form "".
func entries(t *testing.T, l Lang) map[string]map[string]string {
	t.Helper()
	data, err := CatalogJSON(l)
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatalf("%s: %v", l, err)
	}
	out := make(map[string]map[string]string, len(raw))
	for key, entry := range raw {
		out[key] = map[string]string{}
		switch e := entry.(type) {
		case string:
			out[key][""] = e
		case map[string]any:
			for form, text := range e {
				s, ok := text.(string)
				if !ok {
					t.Fatalf("%s: %s: form %s is no text", l, key, form)
				}
				out[key][form] = s
			}
		default:
			t.Fatalf("%s: %s is neither text nor forms", l, key)
		}
	}
	return out
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	english := slices.Sorted(maps.Keys(entries(t, English)))
	if len(english) == 0 {
		t.Fatal("no English texts")
	}
	for _, l := range Langs() {
		keys := entries(t, l)
		for _, key := range english {
			if _, ok := keys[key]; !ok {
				t.Errorf("%s lacks %s", l, key)
			}
		}
		for key := range keys {
			if _, ok := slices.BinarySearch(english, key); !ok {
				t.Errorf("%s has %s, English has not", l, key)
			}
		}
	}
}

// categoriesOf finds the forms that whole numbers take in a language, and the form
// for fractions, by asking the CLDR tables of another library.
func categoriesOf(l Lang) []string {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}
	found := map[string]bool{"other": true}
	for n := range 1000 {
		found[names[plural.Cardinal.MatchPlural(language.Make(string(l)), n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func TestPluralTextsHaveAllFormsOfTheLanguage(t *testing.T) {
	english := entries(t, English)
	for _, l := range Langs() {
		want := categoriesOf(l)
		for key, forms := range entries(t, l) {
			if _, single := forms[""]; single {
				if _, ok := english[key][""]; !ok {
					t.Errorf("%s: %s has no plural forms, English has", l, key)
				}
				continue
			}
			if got := slices.Sorted(maps.Keys(forms)); !slices.Equal(got, want) {
				t.Errorf("%s: %s has forms %v, want %v", l, key, got, want)
			}
		}
	}
}

var argument = regexp.MustCompile(`\{\{\.([a-z_]+)\}\}`)

func argumentsOf(text string) []string {
	var names []string
	for _, m := range argument.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

func TestTranslationsUseTheArgumentsOfTheEnglishText(t *testing.T) {
	english := entries(t, English)
	for _, l := range Langs() {
		for key, forms := range entries(t, l) {
			var want []string
			for _, text := range english[key] {
				want = argumentsOf(text)
			}
			for form, text := range forms {
				if got := argumentsOf(text); !slices.Equal(got, want) {
					t.Errorf("%s: %s %s uses %v, English uses %v", l, key, form, got, want)
				}
				if strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%s: %s %s: %q has blanks around it or is empty", l, key, form, text)
				}
				if rest := argument.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
					t.Errorf("%s: %s %s: %q has a broken argument", l, key, form, text)
				}
			}
		}
	}
}

func TestTextsOfOtherLanguagesAreTranslated(t *testing.T) {
	same := []string{"receipt.coupon_valid"} // nothing to translate is the exception
	english := entries(t, English)
	for _, l := range Langs()[1:] {
		for key, forms := range entries(t, l) {
			for form, text := range forms {
				if text == english[key][form] && !slices.Contains(same, key) {
					t.Errorf("%s: %s still reads %q", l, key, text)
				}
			}
		}
	}
}

func TestCountChoosesThePluralForm(t *testing.T) {
	tests := []struct {
		lang  Lang
		count int64
		want  string
	}{
		{English, 1, "Wrong PIN. 1 try is left."},
		{English, 2, "Wrong PIN. 2 tries are left."},
		{Latvian, 0, "Nepareizs PIN. Atlicis 0 mēģinājumu."},
		{Latvian, 1, "Nepareizs PIN. Atlicis 1 mēģinājums."},
		{Latvian, 11, "Nepareizs PIN. Atlicis 11 mēģinājumu."},
		{Latvian, 21, "Nepareizs PIN. Atlicis 21 mēģinājums."},
		{Latvian, 22, "Nepareizs PIN. Atlikuši 22 mēģinājumi."},
		{Polish, 1, "Błędny PIN. Pozostała 1 próba."},
		{Polish, 2, "Błędny PIN. Pozostały 2 próby."},
		{Polish, 5, "Błędny PIN. Pozostało 5 prób."},
		{Polish, 12, "Błędny PIN. Pozostało 12 prób."},
		{Polish, 22, "Błędny PIN. Pozostały 22 próby."},
		{Estonian, 1, "Vale PIN. Jäänud on 1 katse."},
		{Estonian, 3, "Vale PIN. Jäänud on 3 katset."},
		{Persian, 3, "رمز نادرست است. ۳ تلاش مانده است."},
		{Armenian, 2, "Սխալ PIN։ Մնաց 2 փորձ։"},
	}
	for _, tt := range tests {
		if got := Text(tt.lang, "cashier.pin_wrong", Args{"count": tt.count}); got != tt.want {
			t.Errorf("%s %d: got %q, want %q", tt.lang, tt.count, got, tt.want)
		}
	}
}

func TestPointsChooseTheFormWhenThereIsNoCount(t *testing.T) {
	got := Text(Latvian, "explain.applied_sale", Args{"rule": "Pamats", "points": int64(21)})
	if want := "Pamats: 21 punkts par pirkumu"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNamesInPersianSentencesAreIsolated(t *testing.T) {
	got := Text(Persian, "receipt.cashier", Args{"cashier": "A.B."})
	if want := "صندوقدار \u2068A.B.\u2069"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownKeysAndLanguagesStayReadable(t *testing.T) {
	if got := Text(Latvian, "cashier.no_such_code", nil); got != "cashier.no_such_code" {
		t.Errorf("unknown key: got %q", got)
	}
	if got, want := Text("xx", "receipt.total", nil), Text(English, "receipt.total", nil); got != want {
		t.Errorf("unknown language: got %q, want %q", got, want)
	}
	if Has("cashier.no_such_code") || !Has("receipt.total") {
		t.Error("Has is wrong about a key")
	}
	if _, err := CatalogJSON("../en"); err == nil {
		t.Error("a language outside the folder was read")
	}
}

func TestManyReadersAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for _, l := range Langs() {
		for n := range int64(8) {
			wg.Go(func() {
				if Text(l, "receipt.expiring", Args{"count": n, "date": "1"}) == "receipt.expiring" {
					t.Errorf("%s %d: no text", l, n)
				}
			})
		}
	}
	wg.Wait()
}
