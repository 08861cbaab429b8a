// Package escpos turns a print document into the bytes for a receipt printer and
// into its picture: document model, layout on the character grid, code pages,
// printer profiles as data, raster fallback, segments with acknowledgements, and
// the parser for what a printer answers. It owns no port and no clock, and it
// must never replace or drop a character: what a printer's own letters lack is
// drawn, and what cannot be drawn is refused by name before the first byte.
package escpos

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"loyaltill/devices/escpos/render"
)

// Limits of one document.
const (
	maxLines       = 2000
	maxColumns     = 8
	maxColumnWidth = 200
	maxTextBytes   = 4096
	maxFeed        = 40
	maxScale       = 8 // GS ! enlarges at most eightfold
)

// Direction is the base direction of a text.
type Direction string

// Directions. The zero value follows the document.
const (
	DirectionOfDocument Direction = ""
	LTR                 Direction = "ltr"
	RTL                 Direction = "rtl"
)

// Align says where a text stands in its column. Start is the side where the
// document's reading begins: left, or right in a right-to-left document.
type Align string

// Alignments.
const (
	Start  Align = ""
	Center Align = "center"
	End    Align = "end"
)

// Style is how a line's letters look. Width and Height enlarge; 0 is 1.
type Style struct {
	Bold   bool `json:"bold,omitempty"`
	Width  int  `json:"width,omitempty"`
	Height int  `json:"height,omitempty"`
}

func (s Style) scale() (x, y int) { return max(s.Width, 1), max(s.Height, 1) }

// Column widths that are not a number of cells.
const (
	Rest = 0  // what the other columns leave
	Fit  = -1 // as wide as the text
)

// Column is one cell of a line with columns. Each column is ordered and shaped by
// itself, so that an amount beside a Persian name stays an amount.
type Column struct {
	Text  string    `json:"text"`
	Width int       `json:"width,omitempty"` // cells, Rest or Fit
	Align Align     `json:"align,omitempty"`
	Dir   Direction `json:"dir,omitempty"`
}

// Kind says what a line is.
type Kind string

// Kinds of line.
const (
	KindText    Kind = "text"
	KindColumns Kind = "columns"
	KindRule    Kind = "rule"
	KindSymbol  Kind = "symbol"
	KindImage   Kind = "image"
	KindFeed    Kind = "feed"
	KindCut     Kind = "cut"
	KindDrawer  Kind = "drawer"
)

// Via asks for one way to print a line or symbol, which shows on a commissioning
// ticket whether it works. Every other document leaves the choice to the encoder. It
// is a code page of the profile, verified or not, or one of these.
type Via string

// Ways to print.
const (
	ViaBest   Via = ""
	ViaCells  Via = "cells"
	ViaRaster Via = "raster"
	ViaNative Via = "native" // a symbol by the printer's own command
)

// Line is one element of a document, from top to bottom.
type Line struct {
	Kind    Kind           `json:"kind"`
	Text    string         `json:"text,omitempty"` // text; the character of a rule
	Style   Style          `json:"style,omitzero"`
	Align   Align          `json:"align,omitempty"`
	Dir     Direction      `json:"dir,omitempty"`
	Columns []Column       `json:"columns,omitempty"`
	Symbol  *Symbol        `json:"symbol,omitempty"`
	Image   *render.Bitmap `json:"image,omitempty"`
	Count   int            `json:"count,omitempty"` // lines to feed; connector pin of the drawer
	Via     Via            `json:"via,omitempty"`
}

// Document is a receipt, a coupon, a report: what shall stand on paper, without a
// word about how a printer is told. Its JSON form is stable and may be stored.
type Document struct {
	Lang  string    `json:"lang"` // BCP 47
	Dir   Direction `json:"dir,omitempty"`
	Lines []Line    `json:"lines"`
}

// Text adds a paragraph; it wraps, and breaks at newlines.
func (d *Document) Text(align Align, style Style, text string) {
	d.Lines = append(d.Lines, Line{Kind: KindText, Align: align, Style: style, Text: text})
}

// AddColumns adds a line of columns, in reading order.
func (d *Document) AddColumns(style Style, columns ...Column) {
	d.Lines = append(d.Lines, Line{Kind: KindColumns, Style: style, Columns: columns})
}

// Rule adds a line made of one character across the paper.
func (d *Document) Rule(char rune) {
	d.Lines = append(d.Lines, Line{Kind: KindRule, Text: string(char)})
}

// AddSymbol adds a barcode or QR code in the middle of the paper.
func (d *Document) AddSymbol(s Symbol) {
	d.Lines = append(d.Lines, Line{Kind: KindSymbol, Symbol: &s})
}

// AddImage adds a picture in the middle of the paper.
func (d *Document) AddImage(b *render.Bitmap) {
	d.Lines = append(d.Lines, Line{Kind: KindImage, Image: b})
}

// Feed adds empty lines.
func (d *Document) Feed(lines int) {
	d.Lines = append(d.Lines, Line{Kind: KindFeed, Count: lines})
}

// Cut feeds the print to the cutter and cuts.
func (d *Document) Cut() { d.Lines = append(d.Lines, Line{Kind: KindCut}) }

// Drawer kicks the cash drawer on the given pin of the connector, 2 or 5.
func (d *Document) Drawer(pin int) {
	d.Lines = append(d.Lines, Line{Kind: KindDrawer, Count: pin})
}

func (d *Document) direction() render.Direction { return directionOf(d.Dir, render.LTR) }

func directionOf(d Direction, document render.Direction) render.Direction {
	switch d {
	case LTR:
		return render.LTR
	case RTL:
		return render.RTL
	default:
		return document
	}
}

// ErrDocument is the cause of every document that is refused for its form.
var ErrDocument = errors.New("document not printable")

// check refuses what the layout may not meet.
func (d *Document) check() error {
	if len(d.Lines) == 0 || len(d.Lines) > maxLines {
		return fmt.Errorf("%w: %d lines, want 1 to %d", ErrDocument, len(d.Lines), maxLines)
	}
	for i := range d.Lines {
		if err := d.Lines[i].check(); err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrDocument, i+1, err)
		}
	}
	return nil
}

func (l *Line) check() error {
	if x, y := l.Style.scale(); x > maxScale || y > maxScale || l.Style.Width < 0 || l.Style.Height < 0 {
		return fmt.Errorf("scale %d x %d, want 1 to %d", l.Style.Width, l.Style.Height, maxScale)
	}
	switch l.Kind {
	case KindText:
		return checkText(l.Text)
	case KindColumns:
		return checkColumns(l.Columns)
	case KindRule:
		if n := len([]rune(l.Text)); n != 1 || l.Text < " " || l.Text > "~" {
			return fmt.Errorf("rule of %q, want one ASCII character", l.Text)
		}
	case KindSymbol:
		if l.Symbol == nil {
			return errors.New("symbol line without a symbol")
		}
		return l.Symbol.check()
	case KindImage:
		if l.Image == nil {
			return errors.New("image line without an image")
		}
		return l.Image.Check()
	case KindFeed:
		if l.Count < 1 || l.Count > maxFeed {
			return fmt.Errorf("feed of %d lines, want 1 to %d", l.Count, maxFeed)
		}
	case KindCut:
	case KindDrawer:
		if l.Count != 2 && l.Count != 5 {
			return fmt.Errorf("drawer pin %d, want 2 or 5", l.Count)
		}
	default:
		return fmt.Errorf("unknown kind %q", l.Kind)
	}
	return nil
}

// fits refuses pictures that the printer cannot print, or the paper cannot hold.
func (l *Line) fits(p *Profile) error {
	graphics, width := false, 0
	switch l.Kind {
	case KindSymbol:
		b, _, err := l.Symbol.picture(p.Paper.WidthDots)
		if err != nil {
			return err
		}
		graphics, width = !l.Symbol.native(p, l.Via), b.Width
	case KindImage:
		graphics, width = true, l.Image.Width
	}
	if graphics && !p.Graphics.GSv0 {
		return fmt.Errorf("%w: profile %s prints no graphics", ErrDocument, p.ID)
	}
	if width > p.Paper.WidthDots {
		return fmt.Errorf("%w: image of %d dots on paper of %d: make it narrower", ErrDocument, width, p.Paper.WidthDots)
	}
	return nil
}

func checkColumns(columns []Column) error {
	if len(columns) == 0 || len(columns) > maxColumns {
		return fmt.Errorf("%d columns, want 1 to %d", len(columns), maxColumns)
	}
	rest := 0
	for _, c := range columns {
		if c.Width < Fit || c.Width > maxColumnWidth {
			return fmt.Errorf("column width %d, want at most %d", c.Width, maxColumnWidth)
		}
		if c.Width == Rest {
			rest++
		}
		if err := checkText(c.Text); err != nil {
			return err
		}
	}
	if rest > 1 {
		return fmt.Errorf("%d columns take the rest, want at most 1", rest)
	}
	return nil
}

func checkText(text string) error {
	if len(text) > maxTextBytes {
		return fmt.Errorf("text of %d bytes, want at most %d", len(text), maxTextBytes)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("text %q is not UTF-8", text)
	}
	for _, c := range text {
		if unicode.IsControl(c) && c != '\n' {
			return fmt.Errorf("control character %q in text", c)
		}
	}
	return nil
}
