package escpos

import "loyaltill/devices/escpos/render"

// Codes of user-defined characters (ESC &). The space stays a space.
const (
	firstUserCode = '!'
	lastUserCode  = '~'
	maxUserCodes  = lastUserCode - firstUserCode + 1

	// cellBytes is three bytes a column, the dot on top in the highest bit.
	columnBytes = render.CellHeight / 8
	cellBytes   = render.CellWidth * columnBytes
)

// glyphSet is the cells that a job sends to the printer before its first line, each
// with the code that prints it.
type glyphSet struct {
	codes map[render.Cell]byte
	order []render.Cell
	limit int
}

func newGlyphSet(p *Profile) *glyphSet {
	return &glyphSet{codes: make(map[render.Cell]byte), limit: min(p.Graphics.UserChars, maxUserCodes)}
}

// admit takes the cells into the set, all or, when they do not fit, none.
func (g *glyphSet) admit(cells []render.Cell) bool {
	var fresh []render.Cell
	pending := make(map[render.Cell]bool)
	for _, c := range cells {
		if _, known := g.codes[c]; !known && !pending[c] && !c.Blank() {
			pending[c] = true
			fresh = append(fresh, c)
		}
	}
	if len(g.order)+len(fresh) > g.limit {
		return false
	}
	for _, c := range fresh {
		g.codes[c] = firstUserCode + byte(len(g.order))
		g.order = append(g.order, c)
	}
	return true
}

// code is the byte that prints a cell of the set.
func (g *glyphSet) code(c render.Cell) byte {
	if c.Blank() {
		return ' '
	}
	return g.codes[c]
}

// columns is a cell as ESC & takes it, without the blank columns at its right, and
// with no real-time command in it.
func columns(c render.Cell) []byte {
	out := make([]byte, cellBytes)
	last := 0
	for x := range render.CellWidth {
		for y := range render.CellHeight {
			if c.Dot(x, y) {
				out[x*columnBytes+y/8] |= 0x80 >> (y % 8)
				last = x
			}
		}
	}
	out = out[:(last+1)*columnBytes]
	defuse(out)
	return out
}

// sendable is the cell with the dots that its columns really have.
func sendable(c render.Cell) render.Cell {
	data := columns(c)
	var out render.Cell
	for i, b := range data {
		x, top := i/columnBytes, i%columnBytes*8
		for bit := range 8 {
			if b&(0x80>>bit) != 0 {
				out[top+bit] |= 1 << (render.CellWidth - 1 - x)
			}
		}
	}
	return out
}

// definitions is the set as ESC & commands of at most limit bytes.
func (g *glyphSet) definitions(limit int) [][]byte {
	const head, codeAt = 5, 4
	var out [][]byte
	var command []byte
	for i, c := range g.order {
		data := columns(c)
		code := firstUserCode + byte(i)
		if command == nil || len(command)+1+len(data) > limit {
			if command != nil {
				out = append(out, command)
			}
			command = make([]byte, 0, limit)
			command = append(command, esc, '&', columnBytes, code, code)
		}
		command[codeAt] = code
		command = append(command, byte(len(data)/columnBytes))
		command = append(command, data...)
	}
	if len(command) > head {
		out = append(out, command)
	}
	return out
}

// downloadedCells is what a span prints when its cells are sent.
func (e *Encoder) downloadedCells(s span) ([]render.Cell, error) {
	cells, err := e.renderer.Line(s.text, s.dir)
	if err != nil {
		return nil, err
	}
	for i, c := range cells {
		cells[i] = sendable(c)
	}
	return cells, nil
}
