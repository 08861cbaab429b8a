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

// glyph is a cell and the code that it is sent under.
type glyph struct {
	code byte
	cell render.Cell
}

// glyphSet is the cells that the printer holds at one line of a job. A line that
// needs more takes the codes that were printed longest ago.
type glyphSet struct {
	codes map[render.Cell]byte
	slots []slot // by code, from firstUserCode
	limit int
	row   int // lines admitted so far
}

type slot struct {
	cell render.Cell
	used int // the last line that printed it
}

func newGlyphSet(p *Profile) *glyphSet {
	return &glyphSet{codes: make(map[render.Cell]byte), limit: min(p.Graphics.UserChars, maxUserCodes)}
}

// admit takes the cells of a line into the set and returns those that must be sent
// before it. It reports false, and changes nothing, when no set can hold them.
func (g *glyphSet) admit(cells []render.Cell) ([]glyph, bool) {
	needed := make(map[render.Cell]bool)
	var fresh []render.Cell
	for _, c := range cells {
		if c.Blank() || needed[c] {
			continue
		}
		needed[c] = true
		if _, held := g.codes[c]; !held {
			fresh = append(fresh, c)
		}
	}
	if len(needed) > g.limit {
		return nil, false
	}
	g.row++
	for c := range needed {
		if code, held := g.codes[c]; held {
			g.slots[code-firstUserCode].used = g.row
		}
	}
	send := make([]glyph, len(fresh))
	for i, c := range fresh {
		at := g.free()
		g.slots[at] = slot{cell: c, used: g.row}
		g.codes[c] = firstUserCode + byte(at)
		send[i] = glyph{code: g.codes[c], cell: c}
	}
	return send, true
}

// free returns the index of a slot for a new cell: the next unused one, else the
// one that was printed longest ago.
func (g *glyphSet) free() int {
	if len(g.slots) < g.limit {
		g.slots = append(g.slots, slot{})
		return len(g.slots) - 1
	}
	oldest := 0
	for i := range g.slots {
		if g.slots[i].used < g.slots[oldest].used {
			oldest = i
		}
	}
	delete(g.codes, g.slots[oldest].cell)
	return oldest
}

// print returns the codes of cells that the set holds.
func (g *glyphSet) print(cells []render.Cell) []byte {
	out := make([]byte, len(cells))
	for i, c := range cells {
		out[i] = ' '
		if !c.Blank() {
			out[i] = g.codes[c]
		}
	}
	return out
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

// definitions is ESC & for the glyphs: codes that follow each other share a command
// of at most limit bytes.
func definitions(glyphs []glyph, limit int) [][]byte {
	const lastCode = 4 // place of c2
	var out [][]byte
	var command []byte
	for i, g := range glyphs {
		data := columns(g.cell)
		if i == 0 || g.code != glyphs[i-1].code+1 || len(command)+1+len(data) > limit {
			if command != nil {
				out = append(out, command)
			}
			command = []byte{esc, '&', columnBytes, g.code, g.code}
		}
		command[lastCode] = g.code
		command = append(command, byte(len(data)/columnBytes))
		command = append(command, data...)
	}
	if command != nil {
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
