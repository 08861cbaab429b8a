// Package receipt turns what was committed (a sale, a coupon, a closed day) into a
// print document in one language and one store's dress. It owns what customers read
// on paper and in which order. It must never compute a price or a point, read a
// clock, or know a printer: every figure comes in, a document goes out, the same for
// the same input.
package receipt

import (
	"strings"
	"unicode"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/internal/i18n"
)

// Brand is how a store presents itself.
type Brand struct {
	Store  string         // name, in large letters
	Lines  []string       // address, registration number
	Logo   *render.Bitmap // above the name; nil for none
	Footer []string       // below everything
}

// CopyReason says why a document is printed again.
type CopyReason string

// Reasons. They are the last part of the keys receipt.copy_*.
const (
	CopyInterrupted CopyReason = "interrupted"
	CopyRequested   CopyReason = "requested"
	CopyUncertain   CopyReason = "uncertain"
)

// Print is what every document carries about its printing.
type Print struct {
	Lang     i18n.Lang
	Currency i18n.Currency
	Brand    Brand
	Copy     int // 0 or 1: the first print; from 2 the paper says COPY n
	Reason   CopyReason
	Training bool
}

// sheet is a document under way.
type sheet struct {
	Print
	doc escpos.Document
}

func newSheet(p Print) *sheet {
	s := &sheet{Print: p, doc: escpos.Document{Lang: string(p.Lang)}}
	if p.Lang.RTL() {
		s.doc.Dir = escpos.RTL
	}
	return s
}

// say is a text of the catalogue, fit for paper.
func (s *sheet) say(key string, args i18n.Args) string { return onPaper(i18n.Text(s.Lang, key, args)) }

func (s *sheet) money(minor int64) string { return onPaper(i18n.Money(s.Lang, minor, s.Currency)) }

func (s *sheet) amount(minor int64) string { return onPaper(i18n.Amount(s.Lang, minor, s.Currency)) }

func (s *sheet) number(n int64) string { return onPaper(i18n.Number(s.Lang, n)) }

// onPaper writes a text with what every printer has: the hyphen for the minus sign,
// the usual abbreviation for the sign of the dram, which the typeface lacks, and a
// space for a control character, which has no place on paper.
func onPaper(text string) string {
	text = strings.NewReplacer("\u2212", "-", "֏", "դր.").Replace(text)
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
}

// head is the top of every document: what kind of print it is, then whose.
func (s *sheet) head() {
	loud := escpos.Style{Bold: true, Height: 2}
	if s.Training {
		s.doc.Text(escpos.Center, loud, s.say("receipt.training", nil))
	}
	if s.Copy > 1 {
		s.doc.Text(escpos.Center, loud, s.say("receipt.copy", i18n.Args{"copy": s.Copy}))
		if s.Reason != "" {
			s.doc.Text(escpos.Center, escpos.Style{}, s.say("receipt.copy_"+string(s.Reason), nil))
		}
	}
	if s.Brand.Logo != nil {
		s.doc.AddImage(s.Brand.Logo)
	}
	if s.Brand.Store != "" {
		s.doc.Text(escpos.Center, escpos.Style{Bold: true, Width: 2, Height: 2}, onPaper(s.Brand.Store))
	}
	for _, line := range s.Brand.Lines {
		s.doc.Text(escpos.Center, escpos.Style{}, onPaper(line))
	}
}

// foot ends every document. A training print says so at both ends.
func (s *sheet) foot() *escpos.Document {
	for _, line := range s.Brand.Footer {
		s.doc.Text(escpos.Center, escpos.Style{}, onPaper(line))
	}
	if s.Training {
		s.doc.Text(escpos.Center, escpos.Style{Bold: true}, s.say("receipt.training", nil))
	}
	s.doc.Cut()
	return &s.doc
}

func (s *sheet) rule() { s.doc.Rule('_') }

// line is a paragraph across the paper.
func (s *sheet) line(text string) { s.doc.Text(escpos.Start, escpos.Style{}, text) }

// figure is a label and a value that is read from left to right in every language.
func (s *sheet) figure(style escpos.Style, label, value string) {
	s.doc.AddColumns(style, escpos.Column{Text: label},
		escpos.Column{Text: value, Width: escpos.Fit, Align: escpos.End, Dir: escpos.LTR})
}

// words is a label and a value in the language of the document.
func (s *sheet) words(label, value string) {
	s.doc.AddColumns(escpos.Style{}, escpos.Column{Text: label},
		escpos.Column{Text: onPaper(value), Width: escpos.Fit, Align: escpos.End})
}

// tender is the name of a means of payment; one that the catalogue does not know
// reads as the till named it.
func (s *sheet) tender(kind loyalty.TenderKind) string {
	key := "receipt.tender_" + string(kind)
	if !i18n.Has(key) {
		return onPaper(string(kind))
	}
	return s.say(key, nil)
}
