package i18n

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const nb = "\u00a0"

func TestMoneyReadsAsInTheLanguage(t *testing.T) {
	euro, zloty, rial, dram := Currency{"EUR", 2}, Currency{"PLN", 2}, Currency{"IRR", 0}, Currency{"AMD", 0}
	tests := []struct {
		name  string
		lang  Lang
		minor int64
		cur   Currency
		want  string
	}{
		{"English puts the symbol first", English, 1234567, euro, "€12,345.67"},
		{"Latvian groups with a no-break space", Latvian, 1234567, euro, "12" + nb + "345,67" + nb + "€"},
		{"Latvian leaves four digits alone", Latvian, 123456, euro, "1234,56" + nb + "€"},
		{"Polish has its own symbol", Polish, 1234567, zloty, "12" + nb + "345,67" + nb + "zł"},
		{"Polish leaves four digits alone", Polish, 123456, zloty, "1234,56" + nb + "zł"},
		{"Estonian below zero has a minus sign", Estonian, -129, euro, "−1,29" + nb + "€"},
		{"Persian has its own digits", Persian, 1234567, euro, "€۱۲٬۳۴۵٫۶۷"},
		{"the rial of a chain without minor units", Persian, 525000, rial, "ریال" + nb + "۵۲۵٬۰۰۰"},
		{"Armenian dram", Armenian, 12345, dram, "12" + nb + "345" + nb + "֏"},
		{"less than one", Latvian, 5, euro, "0,05" + nb + "€"},
		{"nothing", Latvian, 0, euro, "0,00" + nb + "€"},
		{"less than one below zero", English, -5, euro, "-€0.05"},
		{"a code that ISO does not list", Latvian, 1050, Currency{"XTK", 2}, "10,50" + nb + "XTK"},
		{"the largest amount", English, math.MaxInt64, euro, "€92,233,720,368,547,758.07"},
		{"the smallest amount", English, math.MinInt64, euro, "-€92,233,720,368,547,758.08"},
	}
	for _, tt := range tests {
		if got := Money(tt.lang, tt.minor, tt.cur); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNumbersReadAsInTheLanguage(t *testing.T) {
	tests := []struct {
		name, got, want string
	}{
		{"four digits stand together in Latvian", Number(Latvian, 1234), "1234"},
		{"four digits are grouped in English", Number(English, 1234), "1,234"},
		{"Persian digits", Number(Persian, 12345), "۱۲٬۳۴۵"},
		{"a weight without needless zeros", Decimal(Latvian, 350, 3, 0), "0,35"},
		{"a whole quantity", Decimal(Latvian, 2000, 3, 0), "2"},
		{"a factor", Decimal(English, 1500, 3, 0), "1.5"},
		{"a share", Percent(Estonian, 5000), "50%"},
		{"a share with a fraction in Persian", Percent(Persian, 1250), "۱۲٫۵٪"},
		{"an amount without its currency", Amount(Polish, 1050, Currency{"PLN", 2}), "10,50"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestDatesReadAsInTheLanguage(t *testing.T) {
	riga := time.FixedZone("EET", 2*60*60)
	at := time.Date(2026, time.November, 22, 9, 5, 0, 0, riga)
	tests := map[Lang]string{
		English:  "22/11/2026" + nb + "09:05",
		Latvian:  "22.11.2026." + nb + "09:05",
		Polish:   "22.11.2026" + nb + "09:05",
		Estonian: "22.11.2026" + nb + "09:05",
		Persian:  "۱۴۰۵/۰۹/۰۱" + nb + "\u200f۰۹:۰۵",
		Armenian: "22.11.2026" + nb + "09:05",
	}
	for l, want := range tests {
		if got := DateTime(l, at); got != want {
			t.Errorf("%s: got %q, want %q", l, got, want)
		}
	}
	if got, want := Date(Persian, time.Date(2025, time.March, 20, 0, 0, 0, 0, time.UTC)), "۱۴۰۳/۱۲/۳۰"; got != want {
		t.Errorf("last day of a Persian leap year: got %q, want %q", got, want)
	}
	if got, want := Weekday(Latvian, time.Tuesday), "otrdiena"; got != want {
		t.Errorf("weekday: got %q, want %q", got, want)
	}
}

func TestTheDateIsThatOfTheStoresOwnZone(t *testing.T) {
	tehran := time.FixedZone("IRST", 3*60*60+30*60)
	at := time.Date(2026, time.November, 21, 21, 0, 0, 0, time.UTC) // half past midnight in Tehran
	if got, want := DateTime(Persian, at.In(tehran)), "۱۴۰۵/۰۹/۰۱"+nb+"\u200f۰۰:۳۰"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDecimalPlacesNeverChangeTheDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		digits := uint8(rapid.IntRange(0, 4).Draw(t, "digits"))
		text := decimal(n, digits)
		var back int64
		for _, c := range text {
			if c >= '0' && c <= '9' {
				back = back*10 - int64(c-'0') // counted downwards: the smallest number has no positive
			}
		}
		if text[0] != '-' {
			back = -back
		}
		if back != n {
			t.Fatalf("%d with %d digits became %q", n, digits, text)
		}
	})
}

func TestLanguagesAreMatched(t *testing.T) {
	tests := []struct {
		name, header string
		want         Lang
	}{
		{"plain", "lv", Latvian},
		{"with region", "fa-IR", Persian},
		{"best of several", "de;q=0.9, et;q=0.5, pl;q=0.7", Polish},
		{"none of ours", "de, fr", Armenian},
		{"nothing asked", "", Armenian},
		{"nonsense", ";;;q=x", Armenian},
	}
	for _, tt := range tests {
		if got := Match(tt.header, Armenian); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if l, ok := Parse("de"); ok {
		t.Errorf("Parse(de) = %s", l)
	}
}
