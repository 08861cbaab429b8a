package receipt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// setting is a number of a finding; a code may write it for people as money, as points, or not at all.
type setting struct {
	field string
	set   func(*loyalty.Finding, int64)
}

func figures() []setting {
	return []setting{
		{"points", func(f *loyalty.Finding, n int64) { f.Points = loyalty.Points(n) }},
		{"base", func(f *loyalty.Finding, n int64) { f.Base = n }},
		{"rate_points", func(f *loyalty.Finding, n int64) { f.RatePoints = n }},
		{"rate_per", func(f *loyalty.Finding, n int64) { f.RatePer = n }},
		{"factor", func(f *loyalty.Finding, n int64) { f.Factor = n }},
		{"limit", func(f *loyalty.Finding, n int64) { f.Limit = n }},
		{"value", func(f *loyalty.Finding, n int64) { f.Value = n }},
		{"missing", func(f *loyalty.Finding, n int64) { f.Missing = n }},
	}
}

// typical is a setting that people of the trade would expect in such a place.
func typical(kind loyalty.ArgKind, field string) int64 {
	usual := map[loyalty.ArgKind]int64{loyalty.ArgPoints: 120, loyalty.ArgCount: 4, loyalty.ArgMoney: 350, loyalty.ArgQuantity: 650,
		loyalty.ArgShare: 5000, loyalty.ArgFactor: 1500}
	figures := map[loyalty.ArgKind]map[string]int64{
		loyalty.ArgPoints:   {"points": 25, "rate_points": 1, "base": 50, "limit": 500},
		loyalty.ArgCount:    {"base": 6, "limit": 10},
		loyalty.ArgMoney:    {"base": 2375, "rate_per": 100, "rate_points": 5, "limit": 2000, "missing": 625},
		loyalty.ArgQuantity: {"base": 1350, "rate_per": 2000, "limit": 3000},
	}
	if n := figures[kind][field]; n != 0 {
		return n
	}
	return usual[kind]
}

func typicalText(kind loyalty.ArgKind) string {
	return map[loyalty.ArgKind]string{
		loyalty.ArgRule: "rule", loyalty.ArgSet: "set", loyalty.ArgTier: "tier", loyalty.ArgWallet: "wallet", loyalty.ArgDay: "2026-11-24",
		loyalty.ArgWeekdays: "tue,wed", loyalty.ArgHours: "08:00-12:00", loyalty.ArgTenders: "cash,card",
	}[kind]
}

// typicalFinding fills in what the text of a code is written from, and nothing else. The setting that chooses the plural form is
// count; counted says whether there is one.
func typicalFinding(t *testing.T, code string, count int64) (f loyalty.Finding, counted bool) {
	t.Helper()
	f.Code = code
	for _, fig := range figures() {
		probe := loyalty.Finding{Code: code}
		fig.set(&probe, 1)
		for _, a := range probe.Args() {
			switch plain := a.Kind == loyalty.ArgPoints || a.Kind == loyalty.ArgCount; {
			case a.Int == 0:
			case plain && (a.Name == "points" || a.Name == "count"):
				fig.set(&f, a.Int*count)
				counted = true
			default:
				fig.set(&f, a.Int*typical(a.Kind, fig.field))
			}
		}
	}
	for _, set := range []func(*loyalty.Finding, string){
		func(f *loyalty.Finding, s string) { f.Rule = s },
		func(f *loyalty.Finding, s string) { f.Detail = s },
		func(f *loyalty.Finding, s string) { f.Wallet = loyalty.WalletID(s) },
	} {
		probe := loyalty.Finding{Code: code}
		set(&probe, "x")
		for _, a := range probe.Args() {
			if a.Text == "x" {
				text := typicalText(a.Kind)
				if text == "" {
					t.Fatalf("%s writes %q: give typicalText an example", code, a.Kind)
				}
				if a.Kind == loyalty.ArgRule && f.Rule != "" {
					text = "other"
				}
				set(&f, text)
			}
		}
	}
	return f, counted
}

// sampleNames are what a programme might call things.
func sampleNames(l i18n.Lang) Names {
	words := map[i18n.Lang][5]string{
		i18n.English: {"Fresh days", "tobacco", "Gold", "Credit", "Birthday"}, i18n.Latvian: {"Svaigās dienas", "tabaka", "Zelts", "Kredīts", "Dzimšanas diena"},
		i18n.Polish: {"Świeże dni", "tytoń", "Złoty", "Kredyt", "Urodziny"}, i18n.Estonian: {"Värsked päevad", "tubakas", "Kuld", "Krediit", "Sünnipäev"},
		i18n.Persian: {"روزهای تازه", "دخانیات", "طلایی", "اعتبار", "تولد"}, i18n.Armenian: {"Թարմ օրեր", "ծխախոտ", "Ոսկե", "Կրեդիտ", "Ծննդյան օր"},
	}[l]
	return func(kind loyalty.ArgKind, id string) string {
		switch {
		case id == "other":
			return words[4]
		case kind == loyalty.ArgRule:
			return words[0]
		case kind == loyalty.ArgSet:
			return words[1]
		case kind == loyalty.ArgTier:
			return words[2]
		case kind == loyalty.ArgWallet:
			return words[3]
		}
		return ""
	}
}

// Every sentence that the engine can speak, for people who know the language to read. Where the number chooses the form, it is
// written for 1, 3 and 12.
func TestEveryExplanationReadsWellInEveryLanguage(t *testing.T) {
	for _, l := range i18n.Langs() {
		t.Run(string(l), func(t *testing.T) {
			var page strings.Builder
			for _, code := range loyalty.ExplainCodes() {
				for _, count := range []int64{1, 3, 12} {
					f, counted := typicalFinding(t, code, count)
					sentence := Explain(l, i18n.Currency{Code: "EUR", Digits: 2}, f, sampleNames(l))
					if strings.Contains(sentence, "{{") || strings.Contains(sentence, "<no value>") || sentence == code {
						t.Errorf("%s has no whole sentence: %s", code, sentence)
					}
					fmt.Fprintf(&page, "%-36s %s\n", strings.TrimPrefix(code, "explain."), sentence)
					if !counted {
						break
					}
				}
			}
			path := filepath.Join("testdata", "explain", string(l)+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := page.String(); got != string(want) {
				t.Errorf("%s does not hold what is said now%s; write it anew and read the difference: go test ./agent/receipt -run ReadsWell -update",
					path, firstDifference(got, string(want)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf(", first in line %d: %s", i+1, a[i])
		}
	}
	return ""
}
