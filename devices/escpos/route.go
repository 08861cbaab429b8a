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

// RefusedError says that no route can print some characters. Nothing was sent.
type RefusedError struct {
	Profile string
	Runes   []rune
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("printer profile %s cannot print %+q", e.Profile, e.Runes)
}

// add takes each character once.
func (e *RefusedError) add(runes []rune) {
	for _, c := range runes {
		if !slices.Contains(e.Runes, c) {
			e.Runes = append(e.Runes, c)
		}
	}
}

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

// decide takes the first route that prints the row whole.
func (rt *router) decide(row row) (decision, error) {
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
	cells, err := rt.cells(row)
	if err != nil {
		return decision{}, err
	}
	if send, ok := rt.glyphs.admit(slices.Concat(cells...)); ok {
		d := decision{route: routeCells, send: send, codes: make([][]byte, len(cells))}
		for i, c := range cells {
			if c != nil {
				d.codes[i] = rt.glyphs.print(c)
			}
		}
		return d, nil
	}
	if !rt.profile.Graphics.GSv0 {
		return decision{}, &RefusedError{Profile: rt.profile.ID, Runes: row.outside(rt.pages)}
	}
	return decision{route: routeRaster}, nil
}

// cells is what the printer would have to be sent to print each span by codes, nil
// for spans in ASCII, which print in its own letters.
func (rt *router) cells(row row) ([][]render.Cell, error) {
	all := make([][]render.Cell, len(row.spans))
	refused := &RefusedError{Profile: rt.profile.ID}
	for i, s := range row.spans {
		if _, own := ascii.bytes(s); own {
			continue
		}
		cells, err := rt.encoder.downloadedCells(s)
		var missing *render.MissingError
		switch {
		case errors.As(err, &missing):
			refused.add(missing.Runes)
		case err != nil:
			return nil, err
		}
		all[i] = cells
	}
	if refused.Runes != nil {
		return nil, refused
	}
	return all, nil
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
	for _, c := range norm.NFC.String(text) {
		b, ok := p.encode(c)
		if !ok {
			return nil, false
		}
		out = append(out, b)
	}
	return out, len(out) == s.cells
}

// outside lists the characters of the row that no page holds.
func (r row) outside(pages []codePage) []rune {
	var out []rune
	for _, s := range r.spans {
		for _, c := range norm.NFC.String(s.text) {
			held := c >= ' ' && c <= '~' || slices.ContainsFunc(pages, func(p codePage) bool {
				_, ok := p.encode(c)
				return ok
			})
			if !held && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
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
