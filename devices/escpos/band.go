package escpos

import (
	"image"

	"loyaltill/devices/escpos/render"
)

// gsv0Head is the length of GS v 0 before its rows.
const gsv0Head = 8

// paperRow draws a row of letters at its place on the full width of the paper,
// with the white below it up to the line pitch.
func (e *Encoder) paperRow(p *Profile, r row, d decision) (*render.Bitmap, error) {
	sx, sy := r.style.scale()
	b := render.NewBitmap(p.Paper.WidthDots, rowPitch(p, r.style))
	for i, s := range r.spans {
		cells, err := e.renderer.Line(s.text, s.dir)
		if err != nil {
			return nil, err
		}
		for at, c := range cells {
			if d.route == routeCells && d.codes[i] != nil {
				c = sendable(c)
			}
			if r.style.Bold {
				c = c.Bold()
			}
			b.DrawCell((s.x+at)*render.CellWidth*sx, 0, c, sx, sy)
		}
	}
	return b, nil
}

// rowPitch is how far a row moves the paper: the line pitch, or the height of its
// letters when that is more.
func rowPitch(p *Profile, s Style) int {
	_, sy := s.scale()
	return max(p.Paper.LineDots, render.CellHeight*sy)
}

// picture is a bitmap for GS v 0 and where it stands.
type picture struct {
	bitmap *render.Bitmap
	align  byte // n of ESC a
}

// trim cuts the white at the side away from the reading direction: graphics keep
// to the margin on their own, so no printer needs to know a position.
func trim(b *render.Bitmap, base render.Direction) picture {
	ink := b.Ink()
	if ink.Empty() {
		ink = image.Rect(0, 0, 8, 1)
	}
	if base == render.RTL {
		left := ink.Min.X / 8 * 8 // the paper's width is a multiple of 8, so whole bytes stay
		return picture{bitmap: b.Crop(image.Rect(left, 0, b.Width, b.Height)), align: alignRight}
	}
	right := (ink.Max.X + 7) / 8 * 8
	return picture{bitmap: b.Crop(image.Rect(0, 0, right, b.Height)), align: alignLeft}
}

// bands cuts a picture into pieces that one segment holds, and makes each safe to
// send. The preview draws the same pieces.
func bands(b *render.Bitmap, maxRows, maxBytes int) []*render.Bitmap {
	rows := min(maxRows, max((maxBytes-gsv0Head)/b.Stride(), 1))
	var out []*render.Bitmap
	for y := 0; y < b.Height; y += rows {
		band := b.Crop(image.Rect(0, y, b.Width, min(y+rows, b.Height)))
		defuse(band.Bits)
		out = append(out, band)
	}
	return out
}

// defuse breaks each sequence that a printer would execute at once as a real-time
// command: the byte 0x10 before it gets its neighbouring dot, which nobody sees.
func defuse(bits []byte) {
	for {
		at := realTimeAt(bits)
		if at < 0 {
			return
		}
		bits[at] |= 0x08
		bits = bits[at+1:]
	}
}

// Real-time commands begin with DLE and EOT, ENQ or DC4 and a small number.
const (
	dle = 0x10
	eot = 0x04
	enq = 0x05
	dc4 = 0x14

	realTimeMaxN = 0x0F
)

// realTimeAt finds the first real-time command in data, or -1. One that has begun
// at the end of data counts, since what follows may complete it.
func realTimeAt(data []byte) int {
	for i := 0; i+1 < len(data); i++ {
		if data[i] != dle || i+2 < len(data) && data[i+2] > realTimeMaxN {
			continue
		}
		if c := data[i+1]; c == eot || c == enq || c == dc4 {
			return i
		}
	}
	return -1
}

// gsv0 is the command GS v 0 with the band's rows.
func gsv0(b *render.Bitmap) []byte {
	stride := b.Stride()
	out := make([]byte, 0, gsv0Head+len(b.Bits))
	out = append(out, gs, 'v', '0', 0, byte(stride), byte(stride>>8), byte(b.Height), byte(b.Height>>8))
	return append(out, b.Bits...)
}
