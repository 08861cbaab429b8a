// Package receipt says what stands on the papers that a store prints: the figures of a sale, a return, a coupon, a gift
// card, a balance and a day, by name and in one language, and the templates in which they stand unless a shop has its
// own. It must never compute a price or a point, read a clock, or know a printer: every figure comes in, a document
// goes out, the same for the same input.
package receipt

import (
	"strings"

	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// Brand is how a store presents itself, in the language of the paper.
type Brand struct {
	Store        string         // name, in large letters
	Lines        []string       // address
	Registration string         // for the tax office
	Logo         *render.Bitmap // above the name; nil for none
	Footer       []string       // below everything
}

// CopyReason says why a document is printed again.
type CopyReason string

// Reasons. They are the last part of the keys receipt.copy_*.
const (
	CopyInterrupted CopyReason = "interrupted"
	CopyRequested   CopyReason = "requested"
	CopyUncertain   CopyReason = "uncertain"
)

// Print is what every paper carries about its printing.
type Print struct {
	Lang     i18n.Lang
	Currency i18n.Currency
	Brand    Brand `json:"-"` // of the moment of printing
	Copy     int   // 0 or 1: the first print; from 2 the paper says COPY n
	Reason   CopyReason
	Training bool
}

// Head gives access to what every paper has.
func (p *Print) Head() *Print { return p }

// Paper is something that a store prints.
type Paper interface {
	Kind() string // of its template
	Head() *Print
	Values() template.Values
}

// Lay lays a paper out as a template of its kind says.
func Lay(p Paper, t *template.Template) *template.Printed {
	return t.Print(p.Head().look(), p.Values())
}

// LayValues lays other figures out on the paper of p; of the brand, those that are not given are p's.
func LayValues(p Paper, t *template.Template, values template.Values) *template.Printed {
	own := p.Values()
	for _, name := range []string{"store", "address", "registration", "footer"} {
		if _, given := values[name]; !given {
			values[name] = own[name]
		}
	}
	return t.Print(p.Head().look(), values)
}

// look is what a template cannot change: language, logo, and what kind of print it is.
func (p *Print) look() template.Look {
	look := template.Look{Lang: p.Lang, Logo: p.Brand.Logo}
	if p.Training {
		look.LastLine = i18n.Text(p.Lang, "receipt.training", nil)
		look.Marks = append(look.Marks, look.LastLine)
	}
	if p.Copy > 1 {
		look.Marks = append(look.Marks, i18n.Text(p.Lang, "receipt.copy", i18n.Args{"copy": p.Copy}))
		if p.Reason != "" {
			look.Under = i18n.Text(p.Lang, "receipt.copy_"+string(p.Reason), nil)
		}
	}
	return look
}

// brandFields are what every paper can tell of the store.
func brandFields[T interface{ brand() Brand }]() []field[T] {
	return []field[T]{
		words("store", "name of the store", func(_ *voice, t T) any { return t.brand().Store }),
		words("address", "its address, a line each", func(_ *voice, t T) any { return strings.Join(t.brand().Lines, "\n") }),
		words("registration", "its number for the tax office", func(_ *voice, t T) any { return t.brand().Registration }),
		words("footer", "what the store says below everything", func(_ *voice, t T) any { return strings.Join(t.brand().Footer, "\n") }),
	}
}

func (p Print) brand() Brand { return p.Brand }
