package printersim

import (
	"fmt"
	"slices"
	"strings"
)

// placed is something in the line buffer: a character cell or a column picture.
type placed struct {
	dots *bitmap
	x    int
	text string
	base int // width of an unscaled cell of its font, the unit of columns in the text layer
}

const (
	maxLineCells = 1024 // a host that keeps printing over one line gets it printed
	maxLineIDs   = 64   // process ids waiting for one line; the oldest go first
)

// lineBuffer collects a line until something prints it.
type lineBuffer struct {
	cells []placed
	x     int
	ids   []string // process ids that wait for this line
}

func (l *lineBuffer) empty() bool { return len(l.cells) == 0 }

func (l *lineBuffer) height() int {
	h := 0
	for _, c := range l.cells {
		h = max(h, c.dots.h)
	}
	return h
}

// text is the line as people read it: blanks stand for whole cells that were left free.
func (l *lineBuffer) text(left int) string {
	var b strings.Builder
	end := -left
	cells := slices.Clone(l.cells)
	slices.SortStableFunc(cells, func(a, b placed) int { return a.x - b.x })
	for _, c := range cells {
		if gap := (c.x - end + c.base/2) / c.base; gap > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		b.WriteString(c.text)
		end = c.x + c.dots.w
	}
	return strings.TrimRight(b.String(), " ")
}

// place puts something at the current position, after printing the line if it does not fit in what is left of it.
func (in *interpreter) place(m *machine, dots *bitmap, text string, base int) {
	_, width := in.set.area(m.pers.WidthDots)
	if !in.line.empty() && (in.line.x+dots.w > width || len(in.line.cells) >= maxLineCells) {
		in.lineFeed(m)
	}
	if dots.w > width {
		m.note("ignored", "character wider than the print area")
		return
	}
	in.line.cells = append(in.line.cells, placed{dots: dots, x: in.line.x, text: text, base: base})
	in.line.x += dots.w
}

func (in *interpreter) putByte(m *machine, b byte) {
	if in.set.userCharacters {
		if cell, ok := in.user[b]; ok {
			in.place(m, in.set.dress(cell), "▒", shapeOf(in.set.font).width)
			return
		}
	}
	r := in.set.runeOf(b)
	in.place(m, in.set.dress(m.rom.cell(r, in.set.font)), string(r), shapeOf(in.set.font).width)
}

// putKanji prints the two bytes of a double-byte character, which this font does not have, as a box of two cells.
func (in *interpreter) putKanji(m *machine) {
	box := newBitmap(24, 24)
	box.fill(2, 2, 20, 20)
	inner := newBitmap(24, 24)
	inner.fill(4, 4, 16, 16)
	for i := range box.bits {
		box.bits[i] &^= inner.bits[i]
	}
	in.place(m, box, "□", 12)
}

// dress gives a cell the style of the moment. Spacing belongs to the cell, so underline and reverse cover it.
func (s *settings) dress(cell *bitmap) *bitmap {
	out := cell
	if s.bold || s.doubleStrike {
		out = out.emphasised()
	}
	if s.rightSpace > 0 {
		wider := newBitmap(out.w+s.rightSpace, out.h)
		wider.draw(out, 0, 0)
		out = wider
	}
	out = out.scaled(s.wide, s.high)
	if s.underline > 0 && !s.turned && !s.reverse {
		lined := newBitmap(out.w, out.h)
		lined.draw(out, 0, 0)
		lined.fill(0, out.h-s.underline, out.w, s.underline)
		out = lined
	}
	if s.reverse {
		out = out.inverted()
	}
	if s.turned {
		out = out.quarterTurn()
	}
	return out
}

// lineFeed prints the line and moves to the next.
func (in *interpreter) lineFeed(m *machine) { in.feedLines(m, 1) }

// feedLines is ESC d, and LF for one: the line, if there is one, counts as the first.
func (in *interpreter) feedLines(m *machine, n int) {
	had := in.printLine(m)
	rows := n * in.set.lineRows
	blank := n
	if had > 0 {
		blank = n - 1
	}
	rows = min(max(rows-had, 0), maxFeedRows)
	if blank > 0 {
		m.queue(op{kind: opFeed, rows: rows, say: true, text: strings.Repeat("\n", blank-1)})
	} else if rows > 0 {
		m.queue(op{kind: opFeed, rows: rows})
	}
}

// feedRows is ESC J: the line, then as many rows from its top, at least its height.
func (in *interpreter) feedRows(m *machine, rows int) {
	had := in.printLine(m)
	if rest := rows - had; rest > 0 {
		m.queue(op{kind: opFeed, rows: min(rest, maxFeedRows)})
	}
}

// printLine hands the line buffer to the mechanism and gives the height of what it printed.
func (in *interpreter) printLine(m *machine) int {
	l := in.line
	in.line = lineBuffer{}
	height := l.height()
	if height > 0 {
		left, width := in.set.area(m.pers.WidthDots)
		shift := left + in.set.indent(l.x, width)
		band := newBitmap(m.pers.WidthDots, height)
		for _, c := range l.cells {
			band.draw(c.dots, shift+c.x, height-c.dots.h)
		}
		if in.set.upsideDown {
			band = band.halfTurn()
		}
		m.queue(op{kind: opBand, band: band, say: true, text: l.text(shift)})
	}
	for _, id := range l.ids {
		m.queue(op{kind: opMark, id: id})
	}
	return height
}

// indent is how far ESC a moves something of a width.
func (s *settings) indent(w, area int) int {
	switch s.align {
	case 1:
		return max(area-w, 0) / 2
	case 2:
		return max(area-w, 0)
	}
	return 0
}

func (in *interpreter) tab(m *machine) {
	cell := shapeOf(in.set.font).width*in.set.wide + in.set.rightSpace
	for _, col := range in.set.tabs {
		if x := col * cell; x > in.line.x {
			in.moveTo(m, x)
			return
		}
	}
}

// moveTo sets the print position; one outside the print area is ignored.
func (in *interpreter) moveTo(m *machine, x int) {
	if _, width := in.set.area(m.pers.WidthDots); x < 0 || x > width {
		m.note("ignored", fmt.Sprintf("position %d outside the print area", x))
		return
	}
	in.line.x = x
}

// sizeUserCharacters: ESC & y c1 c2, then for each code x and x*y bytes.
func sizeUserCharacters(p []byte) int {
	if len(p) < 5 {
		return 5
	}
	y, n := int(p[2]), 5
	if y != 3 || p[3] < 0x20 || p[4] > 0x7E || p[4] < p[3] {
		return 5 // refused; what follows prints as text, as the devices do
	}
	for range int(p[4]) - int(p[3]) + 1 {
		if len(p) <= n {
			return n + 1
		}
		n += 1 + int(p[n])*y
	}
	return n
}

// defineCharacters is ESC &: columns from left to right, three bytes each, the highest bit on top.
func (m *machine) defineCharacters(p []byte) {
	if len(p) == 5 {
		m.note("ignored", "ESC & with values out of range")
		return
	}
	at := 5
	for code := int(p[3]); code <= int(p[4]); code++ {
		x := int(p[at])
		at++
		cell := newBitmap(12, 24)
		for col := range x {
			for row := range 24 {
				if p[at+col*3+row/8]&(0x80>>(row%8)) != 0 {
					cell.set(col, row)
				}
			}
		}
		at += x * 3
		m.in.user[byte(code)] = cell
	}
}

func (m *machine) queue(o op) { m.mech.queue = append(m.mech.queue, o) }
