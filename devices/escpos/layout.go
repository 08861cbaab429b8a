package escpos

import (
	"slices"
	"strings"

	"loyaltill/devices/escpos/render"
)

// span is a text at its place in a row, shaped by itself.
type span struct {
	x     int // first cell, counted from the left in letters of the row's size
	cells int
	text  string
	dir   render.Direction
}

// row is one line of letters on the grid, its spans from left to right.
type row struct {
	style Style
	spans []span
}

// block is what a document line becomes: rows of letters, or the line itself when
// it is no text.
type block struct {
	line *Line
	rows []row
}

// layout puts documents on the grid of one paper.
type layout struct {
	renderer *render.Renderer
	columns  int // letters of normal size in a line
	base     render.Direction
}

func (l *layout) blocks(d *Document) []block {
	out := make([]block, 0, len(d.Lines))
	for i := range d.Lines {
		line := &d.Lines[i]
		b := block{line: line}
		switch line.Kind {
		case KindText:
			b.rows = l.text(line)
		case KindColumns:
			b.rows = l.columnRows(line)
		case KindRule:
			b.rows = l.rule(line)
		}
		out = append(out, b)
	}
	return out
}

// width is the number of letters of a style that fit in a line.
func (l *layout) width(s Style) int {
	x, _ := s.scale()
	return max(l.columns/x, 1)
}

func (l *layout) text(line *Line) []row {
	width := l.width(line.Style)
	dir := directionOf(line.Dir, l.base)
	var rows []row
	for _, part := range l.wrap(line.Text, dir, width) {
		s := span{cells: l.renderer.Width(part, dir), text: part, dir: dir}
		s.x = offset(width, s.cells, line.Align, l.base)
		rows = append(rows, row{style: line.Style, spans: spansOf(s)})
	}
	return rows
}

// spansOf leaves out a span without letters: an empty row has none.
func spansOf(s span) []span {
	if s.cells == 0 {
		return nil
	}
	return []span{s}
}

// offset is the first cell of a text within a column. Reading begins at the right
// in a right-to-left document.
func offset(width, cells int, align Align, base render.Direction) int {
	free := max(width-cells, 0)
	switch {
	case align == Center:
		return free / 2
	case (align == End) == (base == render.LTR):
		return free
	default:
		return 0
	}
}

// rule repeats one character across the paper in the widest letters that divide
// it, since a wide dash costs one byte instead of up to eight.
func (l *layout) rule(line *Line) []row {
	scale := 1
	for s := 2; s <= maxScale; s++ {
		if l.columns%s == 0 {
			scale = s
		}
	}
	n := l.columns / scale
	return []row{{
		style: Style{Width: scale},
		spans: []span{{cells: n, text: strings.Repeat(line.Text, n), dir: render.LTR}},
	}}
}

// placedColumn is a column's text, wrapped, at its place.
type placedColumn struct {
	x, width int
	lines    []string
	align    Align
	dir      render.Direction
}

// columnRows lays columns side by side. Shorter ones end on the last row, so that
// a price stands at the end of a name that needs two rows.
func (l *layout) columnRows(line *Line) []row {
	total := l.width(line.Style)
	if total < minColumn*len(line.Columns) {
		return l.stacked(line)
	}
	columns := l.place(line.Columns, total)
	height := 1
	for _, c := range columns {
		height = max(height, len(c.lines))
	}
	rows := make([]row, height)
	for y := range rows {
		rows[y].style = line.Style
		for _, c := range columns {
			n := y - (height - len(c.lines))
			if n < 0 {
				continue
			}
			s := span{cells: l.renderer.Width(c.lines[n], c.dir), text: c.lines[n], dir: c.dir}
			s.x = c.x + offset(c.width, s.cells, c.align, l.base)
			rows[y].spans = append(rows[y].spans, spansOf(s)...)
		}
	}
	return rows
}

// stacked gives each column lines of its own, when letters are too large for
// columns side by side.
func (l *layout) stacked(line *Line) []row {
	var rows []row
	for _, c := range line.Columns {
		rows = append(rows, l.text(&Line{Text: c.Text, Style: line.Style, Align: c.Align, Dir: c.Dir})...)
	}
	return rows
}

// place wraps columns and puts them on the line, returned from left to right. A
// right-to-left document mirrors their order, never the inside of an amount.
func (l *layout) place(columns []Column, total int) []placedColumn {
	widths := l.columnWidths(columns, total)
	placed := make([]placedColumn, len(columns))
	x := 0
	for i, c := range columns {
		dir := directionOf(c.Dir, l.base)
		placed[i] = placedColumn{x: x, width: widths[i], align: c.Align, dir: dir, lines: l.wrap(c.Text, dir, widths[i])}
		x += widths[i]
	}
	if l.base == render.RTL {
		for i := range placed {
			placed[i].x = total - placed[i].x - placed[i].width
		}
		slices.Reverse(placed)
	}
	return placed
}

// minRest is the narrowest column that may take the rest: amounts that leave less
// are given less themselves and wrap. minColumn is the narrowest of all.
const (
	minRest   = 8
	minColumn = 2 // a letter and the gap before it
)

// columnWidths shares the line: fixed and fitted columns take theirs, one column
// takes the rest. When they ask for more than there is, the widest gives way.
func (l *layout) columnWidths(columns []Column, total int) []int {
	widths := make([]int, len(columns))
	rest, used := -1, 0
	for i, c := range columns {
		switch c.Width {
		case Rest:
			rest = i
			continue
		case Fit:
			widths[i] = max(l.renderer.Width(c.Text, directionOf(c.Dir, l.base)), 1)
			if i > 0 {
				widths[i]++ // the gap to the column before
			}
		default:
			widths[i] = c.Width
		}
		used += widths[i]
	}
	least := 0
	if rest >= 0 {
		least = min(minRest, total/2)
	}
	for used > total-least {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= minColumn {
			break // the rest gives way then
		}
		widths[widest]--
		used--
	}
	if rest >= 0 {
		widths[rest] = total - used
	}
	return widths
}
