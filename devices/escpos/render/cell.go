// Package render turns text into dots for a receipt printer: bidirectional
// order, shaping, and one-bit glyphs on a grid of 12 x 24 cells. It owns the
// typeface and a bounded cache of glyphs. It must never know about printers,
// bytes or code pages, and never touch a disk or a clock.
//
// The rule of the grid, which a printer's ROM in the same typeface follows dot
// for dot: DejaVu Sans Mono at 20 dots per em, baseline 19 dots below the top of
// the cell, glyph origin at the left edge of its cell, nothing drawn outside the
// cell, a dot black when at least half of it is covered. Because every origin is
// on the grid, joined letters meet exactly at cell borders and equal letters are
// equal cells.
package render

// The grid. printing.md "Profile file": cell_a = [12, 24].
const (
	CellWidth  = 12
	CellHeight = 24

	emDots   = 20
	baseline = 19
)

// Cell is one glyph cell, top row first; bit 11 of a row is its leftmost dot.
type Cell [CellHeight]uint16

// Bold returns the cell as a printer emphasises it: each dot also printed one
// dot further right, within the cell.
func (c Cell) Bold() Cell {
	for y, row := range c {
		c[y] = row | row>>1
	}
	return c
}

// Blank says that the cell has no ink.
func (c Cell) Blank() bool { return c == Cell{} }

// Dot says whether the dot at column x, row y is black.
func (c Cell) Dot(x, y int) bool { return c[y]&(1<<(CellWidth-1-x)) != 0 }
