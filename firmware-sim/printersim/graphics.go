package printersim

import "fmt"

// maxGraphicsRows bounds a stored picture; the models of this family hold about 2400 rows.
const maxGraphicsRows = 2400

// rasterStream takes the bytes of GS v 0 and prints each row as it is complete, as the devices do.
type rasterStream struct {
	row    *bitmap
	x      int // byte in the row
	across int // bytes in a row
	left   int // rows still to come
	high   int
	shift  int
	wide   int
}

func tailRaster(p []byte) int { return le16(p[4:]) * le16(p[6:]) }

// rasterCommand is GS v 0 m xL xH yL yH. In the middle of a line its data would print as text.
func (m *machine) rasterCommand(p []byte) {
	if p[2] != '0' || p[3]&^'0' > 3 {
		m.unsupported(p)
		return
	}
	across, rows := le16(p[4:]), le16(p[6:])
	if m.pers.RasterLowHeight && rows > 0xFF {
		rows &= 0xFF
		m.in.tail = across * rows
	}
	if across == 0 || rows == 0 {
		return
	}
	if !m.in.line.empty() {
		m.note("ignored", "GS v 0 in the middle of a line; its data prints as text")
		m.in.sink = func(m *machine, b byte) { m.in.single(m, b) }
		return
	}
	mode := p[3] &^ '0'
	s := &rasterStream{across: across, left: rows, wide: 1 + int(mode&1), high: 1 + int(mode>>1)}
	left, width := m.in.set.area(m.pers.WidthDots)
	s.shift = left + m.in.set.indent(min(across*8*s.wide, width), width)
	s.row = newBitmap(min(across*8, m.pers.WidthDots), 1)
	text := fmt.Sprintf("[graphics %dx%d]", across*8*s.wide, rows*s.high)
	m.in.sink = func(m *machine, b byte) { s.take(m, b, text) }
}

func (s *rasterStream) take(m *machine, b byte, text string) {
	if s.x < s.row.stride {
		s.row.bits[s.x] = b
	}
	if s.x++; s.x < s.across {
		return
	}
	s.x = 0
	s.left--
	band := newBitmap(m.pers.WidthDots, s.high)
	band.draw(s.row.scaled(s.wide, s.high), s.shift, 0)
	clear(s.row.bits)
	o := op{kind: opBand, band: band}
	if s.left == 0 {
		o.say, o.text = true, text
		m.in.skipLF = m.pers.SwallowLFAfterRas
	}
	m.queue(o)
}

// sizeEightL: GS 8 L p1-p4 and the data, if it can be held.
func sizeEightL(p []byte) int {
	if len(p) < 7 {
		return 7
	}
	if n := le32(p[3:]); n <= maxCommand {
		return 7 + n
	}
	return 7
}

func tailEightL(p []byte) int {
	if len(p) > 7 {
		return 0
	}
	return le32(p[3:])
}

func (m *machine) eightL(p []byte) {
	if p[2] != 'L' || len(p) == 7 {
		m.unsupported(p)
		return
	}
	m.graphicsCommand(p[7:])
}

// graphicsCommand is GS ( L and GS 8 L without their length: fn 112 stores a picture, fn 50 prints it.
func (m *machine) graphicsCommand(q []byte) {
	if len(q) < 2 || q[0] != '0' {
		return
	}
	switch q[1] {
	case 112:
		m.storeGraphics(q)
	case 2, 50:
		m.printGraphics()
	default:
		m.note("unsupported", fmt.Sprintf("GS ( L fn %d", q[1]))
		m.counts.Unsupported++
	}
}

// storeGraphics: m fn a bx by c xL xH yL yH and the rows, x in dots.
func (m *machine) storeGraphics(q []byte) {
	if len(q) < 10 || q[2] != '0' || q[3] < 1 || q[3] > 2 || q[4] < 1 || q[4] > 2 {
		m.note("ignored", "GS ( L fn 112 with values out of range")
		return
	}
	w, h, data := le16(q[6:]), le16(q[8:]), q[10:]
	across := (w + 7) / 8
	if w == 0 || h == 0 || h > maxGraphicsRows || len(data) < across*h {
		m.note("ignored", "GS ( L fn 112 whose size and data differ")
		return
	}
	stored := newBitmap(min(w, m.pers.WidthDots), h)
	for y := range h {
		row := bitmap{w: w, h: 1, stride: across, bits: data[y*across : (y+1)*across]}
		for x := range stored.w {
			if row.at(x, 0) {
				stored.set(x, y)
			}
		}
	}
	m.in.graphics = stored.scaled(int(q[3]), int(q[4]))
}

func (m *machine) printGraphics() {
	g := m.in.graphics
	if g == nil {
		return
	}
	m.in.graphics = nil
	m.printBand(g, fmt.Sprintf("[graphics %dx%d]", g.w, g.h))
}

// printBand prints a picture as a line of its own, placed by ESC a.
func (m *machine) printBand(g *bitmap, text string) {
	left, width := m.in.set.area(m.pers.WidthDots)
	band := newBitmap(m.pers.WidthDots, g.h)
	band.draw(g, left+m.in.set.indent(g.w, width), 0)
	m.queue(op{kind: opBand, band: band, say: true, text: text})
}

// sizeBitImage: ESC * m nL nH and n columns of one or three bytes.
func sizeBitImage(p []byte) int {
	if len(p) < 5 {
		return 5
	}
	switch p[2] {
	case 0, 1:
		return 5 + le16(p[3:])
	case 32, 33:
		return 5 + 3*le16(p[3:])
	}
	return 5
}

// bitImage is ESC *: a column picture in the line. 8-dot modes are three rows high per bit, single density is two wide.
func (m *machine) bitImage(p []byte) {
	if len(p) == 5 {
		m.unsupported(p)
		return
	}
	perColumn, wide, high := 1, 2, 3
	if p[2] >= 32 {
		perColumn, high = 3, 1
	}
	if p[2]&1 != 0 {
		wide = 1
	}
	n := le16(p[3:])
	if n == 0 {
		return
	}
	dots := newBitmap(min(n*wide, m.pers.WidthDots), 24)
	for col := range n {
		for i := range perColumn {
			for b := range 8 {
				if p[5+col*perColumn+i]&(0x80>>b) != 0 {
					dots.fill(col*wide, (i*8+b)*high, wide, high)
				}
			}
		}
	}
	m.in.place(m, dots, fmt.Sprintf("[columns %dx24]", dots.w), 12)
}
