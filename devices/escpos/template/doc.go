// Package template turns a paper that a shop has written down (a YAML file) and the figures of one sale, coupon or day
// into a print document. It owns the language of these files and everything that is checked before one is used. It
// must never let a paper lose a figure that its kind says must stand on it, and it computes nothing: texts and figures
// come in as they are to be read.
package template

import (
	"strings"
	"unicode"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/internal/i18n"
)

// Kind says what a field holds and so how it stands on paper.
type Kind string

// Kinds of field.
const (
	Words  Kind = "words"  // read in the direction of the language; may have several lines
	Figure Kind = "figure" // an amount, a number, a serial: read from left to right in every language
	Count  Kind = "count"  // a whole number, which also chooses the plural of a text
	Code   Kind = "code"   // for symbol
	Flag   Kind = "flag"   // there or not; only for when and unless
	List   Kind = "list"   // for each
)

// Field is one thing that a kind of paper can tell.
type Field struct {
	Name   string
	Kind   Kind
	Always bool    // there on every paper of its kind
	Must   bool    // where it is there, it must come out: a template that could lose it is refused
	Doc    string  // for who writes templates
	Fields []Field // of each item of a list
}

// Paper is a kind of paper: its name, which is also that of its file, and what it can tell.
type Paper struct {
	Name   string
	Texts  string // what stands before the names of its texts in the catalogue
	Fields []Field
}

// Values are the figures of one paper by field: string, int64 (Count), escpos.Symbol
// (Code), bool (Flag), []Values (List). What is not there,
// empty or false is absent: a column that needs it is left out, and a line of nothing else with it.
type Values map[string]any

// Template is a paper as written, checked against its kind.
type Template struct {
	paper  Paper
	blocks []block
}

// Look is what a print has beside its figures.
type Look struct {
	Lang     i18n.Lang
	Logo     *render.Bitmap // nil for none
	Marks    []string       // large, above everything: what kind of print this is
	Under    string         // small, below the marks
	LastLine string         // below everything
}

// Printed is a document and, for each of its lines, the line of the template that made it; 0 for none.
type Printed struct {
	Document *escpos.Document
	From     []int
}

// OnPaper writes a text with what every printer has: the hyphen for the minus sign, the usual abbreviation for the sign
// of the dram, which the typeface lacks, and a space for a control character, which has no place on paper.
func OnPaper(text string) string {
	text = strings.NewReplacer("\u2212", "-", "֏", "դր.").Replace(text)
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' {
			return ' '
		}
		return c
	}, text)
}

// Kind names the paper that the template is for.
func (t *Template) Kind() string { return t.paper.Name }
