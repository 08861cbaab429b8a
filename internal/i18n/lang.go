// Package i18n puts codes and figures into words: message catalogues with plural
// forms, money, numbers, dates and times in the product's languages. It owns the
// catalogue files, which the web pages read as well. It must never decide anything
// and never read a clock: what is said comes in as a key with its figures.
//
// Keys are flat and named by who reads the text:
//
//	receipt.*   what is printed for a customer
//	cashier.*   what a cashier reads, one sentence for each stable code of the API
//	explain.*   why a rule gave points or not, one for each code of the engine
//	calendar.*  names of days
//	letter.*    what a member reads in the letter with a PIN
//
// A text names its arguments in braces, {{.amount}}. Whole numbers may be passed as
// they are and come out in the digits of the language; money, dates and other
// figures are formatted by the caller with the functions of this package. A text
// with plural forms is chosen by the argument "count", or by "points" when there is
// no count.
package i18n

import (
	"slices"

	"golang.org/x/text/language"
)

// Lang is a language of the product.
type Lang string

// The languages that every text exists in.
const (
	English  Lang = "en"
	Latvian  Lang = "lv"
	Polish   Lang = "pl"
	Estonian Lang = "et"
	Persian  Lang = "fa"
	Armenian Lang = "hy"
)

// Langs lists the languages, English first.
func Langs() []Lang { return []Lang{English, Latvian, Polish, Estonian, Persian, Armenian} }

// RTL says that the language is written from right to left.
func (l Lang) RTL() bool { return l == Persian }

// Parse returns the language of a BCP 47 tag, such as "lv" or "fa-IR".
func Parse(tag string) (Lang, bool) {
	t, err := language.Parse(tag)
	if err != nil {
		return English, false
	}
	base, _ := t.Base()
	l := Lang(base.String())
	return l, slices.Contains(Langs(), l)
}

// Match returns the best language for an Accept-Language header, or fallback.
func Match(acceptLanguage string, fallback Lang) Lang {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return fallback
	}
	for _, t := range tags { // best first
		if l, ok := Parse(t.String()); ok {
			return l
		}
	}
	return fallback
}
