package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// Bitmap is a one-bit picture: rows of Stride bytes, a set bit is black, the
// high bit of a byte is its leftmost dot. It is the layout of printer graphics.
type Bitmap struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bits   []byte `json:"bits"`
}

// NewBitmap returns a white bitmap.
func NewBitmap(width, height int) *Bitmap {
	return &Bitmap{Width: width, Height: height, Bits: make([]byte, (width+7)/8*height)}
}

// Check says whether the size and the bits agree, for bitmaps that come from outside.
func (b *Bitmap) Check() error {
	const maxSide = 1 << 15
	if b.Width < 1 || b.Height < 1 || b.Width > maxSide || b.Height > maxSide {
		return fmt.Errorf("bitmap of %d x %d dots: sides must be 1 to %d", b.Width, b.Height, maxSide)
	}
	if want := b.Stride() * b.Height; len(b.Bits) != want {
		return fmt.Errorf("bitmap of %d x %d dots: %d bytes of bits, want %d", b.Width, b.Height, len(b.Bits), want)
	}
	return nil
}

// Stride is the number of bytes in a row.
func (b *Bitmap) Stride() int { return (b.Width + 7) / 8 }

// Row returns row y, shared with the bitmap.
func (b *Bitmap) Row(y int) []byte {
	s := b.Stride()
	return b.Bits[y*s : (y+1)*s]
}

// Dot says whether a dot is black; outside the bitmap everything is white.
func (b *Bitmap) Dot(x, y int) bool {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return false
	}
	return b.Bits[y*b.Stride()+x/8]&(0x80>>(x%8)) != 0
}

// Blacken sets a dot; outside the bitmap it does nothing.
func (b *Bitmap) Blacken(x, y int) {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return
	}
	b.Bits[y*b.Stride()+x/8] |= 0x80 >> (x % 8)
}

// FillRect blackens a rectangle.
func (b *Bitmap) FillRect(x, y, width, height int) {
	for dy := range height {
		for dx := range width {
			b.Blacken(x+dx, y+dy)
		}
	}
}

// DrawCell draws a cell with its top left corner at x, y, each dot enlarged to
// scaleX by scaleY as printers enlarge their ROM characters.
func (b *Bitmap) DrawCell(x, y int, c Cell, scaleX, scaleY int) {
	for cy, row := range c {
		if row == 0 {
			continue
		}
		for cx := range CellWidth {
			if c.Dot(cx, cy) {
				b.FillRect(x+cx*scaleX, y+cy*scaleY, scaleX, scaleY)
			}
		}
	}
}

// Draw adds the black dots of another bitmap with its top left corner at x, y.
func (b *Bitmap) Draw(x, y int, src *Bitmap) {
	for sy := range src.Height {
		for at, dots := range src.Row(sy) {
			for bit := 0; dots != 0; bit, dots = bit+1, dots<<1 { // most bytes are white
				if dots&0x80 != 0 && at*8+bit < src.Width {
					b.Blacken(x+at*8+bit, y+sy)
				}
			}
		}
	}
}

// Ink returns the smallest rectangle that holds every black dot, empty when all is white.
func (b *Bitmap) Ink() image.Rectangle {
	var ink image.Rectangle
	for y := range b.Height {
		row := b.Row(y)
		if len(bytes.Trim(row, "\x00")) == 0 {
			continue
		}
		for x := range b.Width {
			if b.Dot(x, y) {
				ink = ink.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return ink
}

// Crop copies the part of the bitmap inside r, white where r reaches outside.
func (b *Bitmap) Crop(r image.Rectangle) *Bitmap {
	out := NewBitmap(r.Dx(), r.Dy())
	if r.Min.X%8 == 0 && r.Dx()%8 == 0 && r.In(image.Rect(0, 0, b.Width, b.Height)) {
		for y := range r.Dy() {
			copy(out.Row(y), b.Row(r.Min.Y + y)[r.Min.X/8:])
		}
		return out
	}
	for y := range r.Dy() {
		for x := range r.Dx() {
			if b.Dot(r.Min.X+x, r.Min.Y+y) {
				out.Blacken(x, y)
			}
		}
	}
	return out
}

// PNG encodes the bitmap as a two-colour PNG.
func (b *Bitmap) PNG() ([]byte, error) {
	img := image.NewPaletted(image.Rect(0, 0, b.Width, b.Height), color.Palette{color.White, color.Black})
	for y := range b.Height {
		for x := range b.Width {
			if b.Dot(x, y) {
				img.Pix[y*img.Stride+x] = 1
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("encode bitmap as png: %w", err)
	}
	return out.Bytes(), nil
}
