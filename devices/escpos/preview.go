package escpos

import (
	"fmt"
	"strings"
	"unicode"

	"loyaltill/devices/escpos/render"
)

// Preview is the paper as the printer will leave it, and for every line of the
// document how it gets there.
type Preview struct {
	Paper  *render.Bitmap
	Routes []string // "text", "text page 1257", "graphics"; "" for what is no text
}

// Preview draws the document, with the very dots that Encode makes the printer print.
// A cut shows as a dashed line in the margin that the cutter needs.
func (e *Encoder) Preview(d *Document, p *Profile) (*Preview, error) {
	plan, err := e.plan(d, p)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	out := &Preview{}
	var strips []strip
	for _, b := range plan {
		out.Routes = append(out.Routes, routesOf(b))
		drawn, err := e.strips(b, p, d.direction())
		if err != nil {
			return nil, fmt.Errorf("preview: %w", err)
		}
		strips = append(strips, drawn...)
	}
	height := 0
	for _, s := range strips {
		height += s.height
	}
	out.Paper = render.NewBitmap(p.Paper.WidthDots, max(height, 1))
	y := 0
	for _, s := range strips {
		if s.bitmap != nil {
			out.Paper.Draw(s.x, y, s.bitmap)
		}
		y += s.height
	}
	return out, nil
}

// strip is a piece of paper: what is on it and how far it moves the paper.
type strip struct {
	x, height int
	bitmap    *render.Bitmap
}

func routesOf(b plannedBlock) string {
	var names []string
	for _, d := range b.routes {
		if name := d.String(); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func (e *Encoder) strips(b plannedBlock, p *Profile, base render.Direction) ([]strip, error) {
	switch b.line.Kind {
	case KindSymbol:
		bitmap, _, err := b.line.Symbol.picture(p.Paper.WidthDots)
		if err != nil {
			return nil, err
		}
		if b.line.Symbol.native(p, b.line.Via) {
			return []strip{{x: (p.Paper.WidthDots - bitmap.Width) / 2, height: bitmap.Height, bitmap: bitmap}}, nil
		}
		return bandStrips(picture{bitmap: bitmap, align: alignCenter}, p), nil
	case KindImage:
		return bandStrips(picture{bitmap: b.line.Image, align: alignCenter}, p), nil
	case KindFeed:
		return []strip{{height: b.line.Count * p.Paper.LineDots}}, nil
	case KindCut:
		return []strip{{height: p.Paper.CutFeedDots}, {height: 1, bitmap: dashes(p.Paper.WidthDots)}}, nil
	}
	var out []strip
	for i, r := range b.rows {
		bitmap, err := e.paperRow(p, r, b.routes[i])
		if err != nil {
			return nil, err
		}
		if b.routes[i].route == routeRaster {
			out = append(out, bandStrips(trim(bitmap, base), p)...)
			continue
		}
		out = append(out, strip{height: bitmap.Height, bitmap: bitmap})
	}
	return out, nil
}

// bandStrips draws the bands as they are sent.
func bandStrips(pic picture, p *Profile) []strip {
	var out []strip
	for _, band := range bands(pic.bitmap, p.Graphics.MaxRows, bandLimit(p)) {
		free := p.Paper.WidthDots - band.Stride()*8 // GS v 0 counts whole bytes
		x := 0
		switch pic.align {
		case alignCenter:
			x = free / 2
		case alignRight:
			x = free
		}
		out = append(out, strip{x: x, height: band.Height, bitmap: band})
	}
	return out
}

func dashes(width int) *render.Bitmap {
	const on, period = 6, 12
	b := render.NewBitmap(width, 1)
	for x := 0; x < width; x += period {
		b.FillRect(x, 0, on, 1)
	}
	return b
}

// PlainText lays the document out as on paper with one character for each cell,
// columns of a right-to-left document mirrored, the letters of each column in
// reading order. It is for logs, previews in a terminal and tests.
func (e *Encoder) PlainText(d *Document, p *Profile) (string, error) {
	plan, err := e.plan(d, p)
	if err != nil {
		return "", fmt.Errorf("plain text: %w", err)
	}
	var out strings.Builder
	for _, b := range plan {
		switch b.line.Kind {
		case KindSymbol:
			fmt.Fprintf(&out, "[%s %s]\n", b.line.Symbol.Kind, b.line.Symbol.Data)
		case KindImage:
			fmt.Fprintf(&out, "[image %d x %d]\n", b.line.Image.Width, b.line.Image.Height)
		case KindFeed:
			out.WriteString(strings.Repeat("\n", b.line.Count))
		case KindCut:
			out.WriteString("[cut]\n")
		case KindRule:
			out.WriteString(strings.Repeat(b.line.Text, p.Paper.Columns()) + "\n")
			continue
		case KindDrawer:
			fmt.Fprintf(&out, "[drawer pin %d]\n", b.line.Count)
		}
		for _, r := range b.rows {
			plainRow(&out, r)
		}
	}
	return out.String(), nil
}

func plainRow(out *strings.Builder, r row) {
	sx, _ := r.style.scale()
	x := 0
	for _, s := range r.spans {
		out.WriteString(strings.Repeat(" ", max(s.x*sx-x, 0)))
		out.WriteString(readable(s.text))
		x = s.x*sx + s.cells
	}
	out.WriteString("\n")
}

// readable leaves out the controls of the bidirectional order, which a terminal
// cannot show, and keeps the joiners, which are spelling.
func readable(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case blank(c):
			return ' '
		case unicode.Is(unicode.Bidi_Control, c):
			return -1
		default:
			return c
		}
	}, text)
}
