package escpos

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"loyaltill/devices/escpos/render"
)

// route is how a row reaches the paper (printing.md, Per-line encoding decision).
type route uint8

const (
	routeASCII  route = iota + 1 // 1: the printer's letters, any page
	routePage                    // 2, 3: the printer's letters in one code page
	routeCells                   // 4: cells sent to the printer as user-defined characters
	routeRaster                  // 5: graphics
)

// decision is the route of a row.
type decision struct {
	route route
	page  codePage // for routePage
	send  []glyph  // for routeCells: what the printer must get before the row
	codes [][]byte // for routeCells: what each span prints; nil for its own letters
}

// Refused is a character that no route can print, and the first line of the document
// that has it, counted from 1.
type Refused struct {
	Rune rune
	Line int
}

// RefusedError says that no route can print some characters. Nothing was sent.
type RefusedError struct {
	Profile    string
	Characters []Refused
}

func (e *RefusedError) Error() string {
	names := make([]string, len(e.Characters))
	for i, c := range e.Characters {
		names[i] = fmt.Sprintf("%+q in line %d", c.Rune, c.Line)
	}
	return fmt.Sprintf("printer profile %s cannot print %s; change the text, or choose a printer that prints graphics", e.Profile, strings.Join(names, ", "))
}

// add takes each character once.
func (e *RefusedError) add(line int, runes []rune) {
	for _, r := range runes {
		if !slices.ContainsFunc(e.Characters, func(c Refused) bool { return c.Rune == r }) {
			e.Characters = append(e.Characters, Refused{Rune: r, Line: line})
		}
	}
}

// unprintable is the characters of a row that no route of the printer prints.
type unprintable []rune

func (u unprintable) Error() string { return fmt.Sprintf("no route prints %+q", []rune(u)) }

// router decides for every row of one document.
type router struct {
	profile   *Profile
	encoder   *Encoder
	pages     []codePage
	preferred codePage // the page that holds most rows; no name when the profile has none
	glyphs    *glyphSet
}

// newRouter chooses one page for the whole document: the one that leaves the
// fewest rows without it, the earlier in the list when equal.
func newRouter(p *Profile, e *Encoder, blocks []block) *router {
	rt := &router{profile: p, encoder: e, pages: p.Pages.usable(), glyphs: newGlyphSet(p)}
	best := -1
	for _, page := range rt.pages {
		held := 0
		for _, b := range blocks {
			for _, row := range b.rows {
				if row.fits(page) {
					held++
				}
			}
		}
		if held > best {
			best, rt.preferred = held, page
		}
	}
	return rt
}

// ascii is a page with ASCII only, which every printer has.
var ascii = codePage{name: "ascii"}

// decide takes the first route that prints the row whole, or the one that its line
// asks for. A row that none prints is an unprintable.
func (rt *router) decide(row row, via Via) (decision, error) {
	if via != ViaBest {
		return rt.forced(row, via)
	}
	if row.fits(ascii) {
		return decision{route: routeASCII}, nil
	}
	if rt.preferred.name != "" && row.fits(rt.preferred) {
		return decision{route: routePage, page: rt.preferred}, nil
	}
	for _, page := range rt.pages {
		if row.fits(page) {
			return decision{route: routePage, page: page}, nil
		}
	}
	graphics := rt.profile.Graphics
	if graphics.UserChars > 0 {
		if d, ok, err := rt.byCells(row); ok || err != nil {
			return d, err
		}
	}
	if !graphics.GSv0 {
		return decision{}, unprintable(row.outside(rt.pages))
	}
	return decision{route: routeRaster}, rt.encoder.drawable(row)
}

// forced is the route that a line of a commissioning ticket is there to show.
func (rt *router) forced(row row, via Via) (decision, error) {
	switch via {
	case ViaRaster:
		return decision{route: routeRaster}, rt.encoder.drawable(row)
	case ViaCells:
		d, ok, err := rt.byCells(row)
		if !ok && err == nil {
			err = fmt.Errorf("%w: the line needs more than the %d cells of the profile", ErrDocument, rt.profile.Graphics.UserChars)
		}
		return d, err
	}
	page, ok := rt.profile.Pages.page(string(via))
	if !ok {
		return decision{}, fmt.Errorf("%w: the profile has no slot for page %s", ErrDocument, via)
	}
	if !row.fits(page) {
		return decision{}, unprintable(row.outside([]codePage{page}))
	}
	return decision{route: routePage, page: page}, nil
}

// byCells sends the row's letters to the printer, unless no set of cells holds them.
func (rt *router) byCells(row row) (decision, bool, error) {
	cells, err := rt.cells(row)
	if err != nil {
		return decision{}, false, err
	}
	send, ok := rt.glyphs.admit(slices.Concat(cells...))
	if !ok {
		return decision{}, false, nil
	}
	d := decision{route: routeCells, send: send, codes: make([][]byte, len(cells))}
	for i, c := range cells {
		if c != nil {
			d.codes[i] = rt.glyphs.print(c)
		}
	}
	return d, true, nil
}

// cells is what the printer would have to be sent to print each span by codes, nil
// for spans in ASCII, which print in its own letters: a span stands by itself, so
// that no word has letters of both kinds.
func (rt *router) cells(row row) ([][]render.Cell, error) {
	all := make([][]render.Cell, len(row.spans))
	for i, s := range row.spans {
		if _, own := ascii.bytes(s); own {
			continue
		}
		cells, err := rt.encoder.downloadedCells(s)
		if lacking := rt.encoder.drawable(row); err != nil && lacking != nil {
			return nil, lacking // of the whole row
		}
		if err != nil {
			return nil, err
		}
		all[i] = cells
	}
	return all, nil
}

// drawable returns as unprintable what the typeface lacks.
func (e *Encoder) drawable(row row) error {
	var lacking unprintable
	for _, s := range row.spans {
		var missing *render.MissingError
		if errors.As(e.renderer.Check(s.text), &missing) {
			lacking = append(lacking, missing.Runes...)
		}
	}
	if lacking == nil {
		return nil
	}
	return lacking
}

// fits says that the row can be sent as letters of the page.
func (r row) fits(page codePage) bool {
	for _, s := range r.spans {
		if _, ok := page.bytes(s); !ok {
			return false
		}
	}
	return true
}

// bytes encodes a span, or reports that the page or the order does not allow it.
func (p codePage) bytes(s span) ([]byte, bool) {
	text, ok := printable(s.text, s.dir)
	if !ok {
		return nil, false
	}
	out := make([]byte, 0, len(text))
	for _, c := range norm.NFC.String(text) { // marks that are left over have no byte
		b, ok := p.encode(c)
		if !ok {
			return nil, false
		}
		out = append(out, b)
	}
	return out, len(out) == s.cells
}

// outside lists the characters that keep the row from being sent as letters: those
// that no page holds, else all of a span that the printer would have to reorder.
func (r row) outside(pages []codePage) []rune {
	var lacking, reordered []rune
	for _, s := range r.spans {
		_, inOrder := printable(s.text, s.dir)
		for _, c := range norm.NFC.String(s.text) {
			_, held := ascii.encode(c)
			held = held || slices.ContainsFunc(pages, func(p codePage) bool {
				_, ok := p.encode(c)
				return ok
			})
			if !held {
				lacking = append(lacking, c)
			}
			if !inOrder && !blank(c) && c != ' ' {
				reordered = append(reordered, c)
			}
		}
	}
	if lacking == nil {
		return reordered
	}
	return lacking
}

// String describes the route beside a preview.
func (d decision) String() string {
	switch d.route {
	case routeASCII:
		return "text"
	case routePage:
		return "text page " + strings.TrimPrefix(d.page.name, "cp")
	case routeCells:
		return "downloaded glyphs"
	case routeRaster:
		return "graphics"
	default:
		return "undecided"
	}
}
