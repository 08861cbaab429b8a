package printersim

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
)

// maxPictureRows bounds the picture of everything; older paper is left out.
const maxPictureRows = 40_000

const (
	inkWhite = iota
	inkBlack
	inkGap // between two sheets
)

const gapRows = 8

// piece is a length of paper to be drawn: a sheet or the strip.
type piece struct {
	dots   []byte
	stride int
	width  int
}

func (p piece) rows() int { return len(p.dots) / p.stride }

// picture stacks pieces into one image with a grey bar between two of them.
func picture(pieces []piece, width int) *image.Paletted {
	height := 0
	for i, p := range pieces {
		if i > 0 {
			height += gapRows
		}
		height += p.rows()
	}
	colours := color.Palette{color.White, color.Black}
	if len(pieces) > 1 {
		colours = append(colours, color.Gray{Y: 0xA0})
	}
	img := image.NewPaletted(image.Rect(0, 0, width, max(height, 1)), colours)
	y := 0
	for i, p := range pieces {
		if i > 0 {
			for j := range gapRows * img.Stride {
				img.Pix[y*img.Stride+j] = inkGap
			}
			y += gapRows
		}
		paint(img, p, y)
		y += p.rows()
	}
	return img
}

func paint(img *image.Paletted, p piece, top int) {
	for row := range p.rows() {
		dots := p.dots[row*p.stride : (row+1)*p.stride]
		line := img.Pix[(top+row)*img.Stride:]
		for x := range p.width {
			if dots[x>>3]&(0x80>>(x&7)) != 0 {
				line[x] = inkBlack
			}
		}
	}
}

func writePNG(w io.Writer, img image.Image) error {
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	return e.Encode(w, img)
}

// pieces gives the newest sheets and the strip, oldest first, as far as they fit a picture of at most so many rows; 0
// is as many as a picture may have. What is too long loses its beginning.
func (p *paper) pieces(width, most int) []piece {
	if most == 0 || most > maxPictureRows {
		most = maxPictureRows
	}
	last := func(dots []byte, rows int) piece {
		return piece{dots[max(len(dots)-rows*p.stride, 0):], p.stride, width}
	}
	all := []piece{last(p.dots, most)}
	left := most - p.rows() - gapRows
	for i := len(p.sheets) - 1; i >= 0 && left > 0; i-- {
		all = append(all, last(p.sheets[i].dots, left))
		left -= p.sheets[i].Rows + gapRows
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

func textOf(lines []textLine) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.String()
}

// text is everything that the kept paper says, sheets divided by a rule that tells how they came off.
func (p *paper) text() string {
	var b strings.Builder
	for _, s := range p.sheets {
		b.WriteString(textOf(s.lines))
		if s.Torn {
			b.WriteString("~~~~~~~~ torn off ~~~~~~~~\n")
		} else {
			b.WriteString("-------- cut --------\n")
		}
	}
	b.WriteString(textOf(p.lines))
	return b.String()
}
