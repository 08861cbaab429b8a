package printersim

// bitmap is a one-bit picture, rows packed with the leftmost dot in the highest bit, as the print head takes them.
type bitmap struct {
	w, h, stride int
	bits         []byte
}

func newBitmap(w, h int) *bitmap {
	stride := (w + 7) / 8
	return &bitmap{w: w, h: h, stride: stride, bits: make([]byte, stride*h)}
}

func (b *bitmap) at(x, y int) bool {
	if x < 0 || y < 0 || x >= b.w || y >= b.h {
		return false
	}
	return b.bits[y*b.stride+x>>3]&(0x80>>(x&7)) != 0
}

func (b *bitmap) set(x, y int) {
	if x < 0 || y < 0 || x >= b.w || y >= b.h {
		return
	}
	b.bits[y*b.stride+x>>3] |= 0x80 >> (x & 7)
}

func (b *bitmap) row(y int) []byte { return b.bits[y*b.stride : (y+1)*b.stride] }

func (b *bitmap) fill(x, y, w, h int) {
	for dy := range h {
		for dx := range w {
			b.set(x+dx, y+dy)
		}
	}
}

// draw sets the dots of src with its top left corner at x, y; dots outside are lost, as they are beside the head.
func (b *bitmap) draw(src *bitmap, x, y int) {
	for sy := range src.h {
		for sx := range src.w {
			if src.at(sx, sy) {
				b.set(x+sx, y+sy)
			}
		}
	}
}

func (b *bitmap) scaled(wide, high int) *bitmap {
	if wide == 1 && high == 1 {
		return b
	}
	out := newBitmap(b.w*wide, b.h*high)
	for y := range b.h {
		for x := range b.w {
			if b.at(x, y) {
				out.fill(x*wide, y*high, wide, high)
			}
		}
	}
	return out
}

// emphasised prints every dot again one to the right.
func (b *bitmap) emphasised() *bitmap {
	out := newBitmap(b.w, b.h)
	out.draw(b, 0, 0)
	out.draw(b, 1, 0)
	return out
}

func (b *bitmap) inverted() *bitmap {
	out := newBitmap(b.w, b.h)
	for y := range b.h {
		for x := range b.w {
			if !b.at(x, y) {
				out.set(x, y)
			}
		}
	}
	return out
}

func (b *bitmap) quarterTurn() *bitmap {
	out := newBitmap(b.h, b.w)
	for y := range b.h {
		for x := range b.w {
			if b.at(x, y) {
				out.set(b.h-1-y, x)
			}
		}
	}
	return out
}

func (b *bitmap) halfTurn() *bitmap {
	out := newBitmap(b.w, b.h)
	for y := range b.h {
		for x := range b.w {
			if b.at(x, y) {
				out.set(b.w-1-x, b.h-1-y)
			}
		}
	}
	return out
}
