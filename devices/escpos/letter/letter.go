// Package letter is the paper that brings a member a PIN and PUK. It is for an envelope and for nobody's screen: a
// document made here goes to a printer or into a file of its own, never into a journal, a log or a database.
package letter

import (
	_ "embed"

	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

//go:embed letter.yaml
var builtin []byte

// columns is the narrowest paper of letters.
const columns = 32

// Letter is what is told to one member.
type Letter struct {
	Lang   i18n.Lang
	Number string // of the card, masked
	PIN    string // empty: it is chosen at the till
	PUK    string
}

// Paper is what templates of letters can tell.
func Paper() template.Paper {
	return template.Paper{Name: "letter", Texts: "letter.", Fields: []template.Field{
		{Name: "number", Kind: template.Figure, Always: true, Must: true, Doc: "number of the card, masked"},
		{Name: "secret", Kind: template.Figure, Must: true, Doc: "the PIN; absent when the member chooses it at the till"},
		{Name: "chosen", Kind: template.Flag, Must: true, Doc: "the member chooses the PIN at the till"},
		{Name: "unblock", Kind: template.Figure, Always: true, Must: true, Doc: "the PUK"},
	}}
}

// Source is the built-in template, to begin one's own with.
func Source() []byte { return builtin }

// Template checks a template of letters, the built-in one when source is empty. The error is template.Faults.
func Template(file string, source []byte) (*template.Template, error) {
	if len(source) == 0 {
		file, source = "letter.yaml", builtin
	}
	r, err := render.New()
	if err != nil {
		return nil, err
	}
	return template.Parse(file, source, []template.Paper{Paper()}, template.Shop{Languages: i18n.Langs(), Columns: columns, Renderer: r})
}

// Lay lays the letter out.
func (l Letter) Lay(t *template.Template) *template.Printed {
	return t.Print(template.Look{Lang: l.Lang}, template.Values{
		"number": l.Number, "secret": l.PIN, "chosen": l.PIN == "", "unblock": l.PUK,
	})
}

// Example is a letter with a PIN of nobody.
func Example(l i18n.Lang) Letter {
	return Letter{Lang: l, Number: "6034…0018", PIN: "0000", PUK: "00000000"}
}
