package i18n

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

var update = flag.Bool("update", false, "write testdata/figures.json anew")

// figures is what paper and screens must write alike. The pages' own tests and a browser are held against the same file.
type figures struct {
	Money    []figure `json:"money"`    // of minor units
	Whole    []figure `json:"whole"`    // points
	Quantity []figure `json:"quantity"` // thousandths
	Percent  []figure `json:"percent"`  // basis points
	Dates    []figure `json:"dates"`    // days, in figures
	Plurals  []figure `json:"plurals"`  // which form of a text a count takes
}

type figure struct {
	Lang     Lang   `json:"lang"`
	N        int64  `json:"n"`
	Currency string `json:"currency,omitempty"`
	Day      string `json:"day,omitempty"`
	Text     string `json:"text"`
}

func TestFiguresOfThePaperAreTheGoldenOnes(t *testing.T) {
	var all figures
	for _, l := range Langs() {
		for _, c := range []Currency{{"EUR", 2}, {"PLN", 2}, {"SEK", 2}} { // of others the chain sets how many digits they have, the browser has CLDR's
			for _, n := range []int64{0, 5, -5, 129, -129, 123456, 1234567, 9007199254740991} {
				all.Money = append(all.Money, figure{Lang: l, N: n, Currency: c.Code, Text: Money(l, n, c)})
			}
		}
		for _, n := range []int64{0, 7, -7, 999, 1000, 1234, 12345, 1234567} {
			all.Whole = append(all.Whole, figure{Lang: l, N: n, Text: Number(l, n)})
		}
		for _, n := range []int64{1, 350, 1000, 2000, 2500, 12345678} {
			all.Quantity = append(all.Quantity, figure{Lang: l, N: n, Text: Decimal(l, n, 3, 0)})
		}
		for _, n := range []int64{0, 550, 1250, 2100, 10000} {
			all.Percent = append(all.Percent, figure{Lang: l, N: n, Text: Percent(l, n)})
		}
		for _, day := range []string{"2025-03-20", "2025-03-21", "2026-01-05", "2026-11-22", "2028-02-29"} {
			at, err := time.Parse(time.DateOnly, day)
			if err != nil {
				t.Fatal(err)
			}
			all.Dates = append(all.Dates, figure{Lang: l, Day: day, Text: Date(l, at)})
		}
		form := formOf(t, l)
		for _, n := range []int64{0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 14, 19, 20, 21, 22, 25, 100, 101, 102, 111, 112, 121, 1000, 1001, 1000000} {
			all.Plurals = append(all.Plurals, figure{Lang: l, N: n, Text: form(n)})
		}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", " ")
	if err := e.Encode(all); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "figures.json")
	if *update {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(golden, text.Bytes()) {
		t.Error("the paper writes figures that are not those of testdata/figures.json: go test ./internal/i18n -update, and run the pages' tests")
	}
}

// formOf says which of a text's plural forms a count takes, as the catalogues are read.
func formOf(t *testing.T, l Lang) func(int64) string {
	t.Helper()
	tag := language.Make(string(l))
	bundle := i18n.NewBundle(tag)
	if err := bundle.AddMessages(tag, &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}); err != nil {
		t.Fatal(err)
	}
	localizer := i18n.NewLocalizer(bundle, string(l))
	return func(n int64) string {
		form, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
		if err != nil {
			t.Fatal(err)
		}
		return form
	}
}
