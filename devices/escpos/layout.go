package escpos

import (
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
	for _, part := range l.wrap(line.Text, width) {
		s := span{cells: l.renderer.Width(part), text: part, dir: dir}
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

// cellText is a column's text, wrapped, with the place of the column.
type cellText struct {
	x, width int
	lines    []string
}

// columnRows lays columns side by side. Shorter ones end on the last row, so that
// a price stands at the end of a name that needs two rows. Right-to-left
// documents mirror the order of columns, never the inside of an amount.
func (l *layout) columnRows(line *Line) []row {
	total := l.width(line.Style)
	widths := l.columnWidths(line.Columns, total)
	cells := make([]cellText, len(line.Columns))
	x, height := 0, 1
	for i, c := range line.Columns {
		cell := cellText{x: x, width: widths[i], lines: l.wrap(c.Text, widths[i])}
		if l.base == render.RTL {
			cell.x = total - x - widths[i]
		}
		cells[i] = cell
		x += widths[i]
		height = max(height, len(cell.lines))
	}
	rows := make([]row, height)
	for y := range rows {
		rows[y].style = line.Style
		for i := range cells {
			c := &cells[i]
			if l.base == render.RTL {
				c = &cells[len(cells)-1-i] // spans stand from left to right
			}
			n := y - (height - len(c.lines))
			if n < 0 {
				continue
			}
			col := line.Columns[i]
			if l.base == render.RTL {
				col = line.Columns[len(cells)-1-i]
			}
			s := span{cells: l.renderer.Width(c.lines[n]), text: c.lines[n], dir: directionOf(col.Dir, l.base)}
			s.x = c.x + offset(c.width, s.cells, col.Align, l.base)
			rows[y].spans = append(rows[y].spans, spansOf(s)...)
		}
	}
	return rows
}

// minRest is the narrowest column that may take the rest; amounts that leave less
// are given less themselves and wrap.
const minRest = 8

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
			widths[i] = max(l.renderer.Width(c.Text), 1)
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
		widths[widest]--
		used--
	}
	if rest >= 0 {
		widths[rest] = total - used
	}
	return widths
}
