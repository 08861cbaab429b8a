package printersim

import (
	"fmt"
	"image"

	"github.com/go-fonts/dejavu/dejavusansmono"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// cellShape is the geometry of one built-in font.
type cellShape struct {
	width, height int
	em            float32
	baseline      float32
}

// shapeOf gives font A (0) or B (1); see the package comment for the rule that these numbers belong to.
func shapeOf(font int) cellShape {
	if font == 1 {
		return cellShape{width: 9, height: 17, em: 14, baseline: 13}
	}
	return cellShape{width: 12, height: 24, em: 20, baseline: 19}
}

// blackFrom is the smallest alpha (coverage of one half) that makes a dot.
const blackFrom = 128

// rom holds the built-in characters. It belongs to one machine and is filled as characters are first used.
type rom struct {
	font  *sfnt.Font
	buf   sfnt.Buffer
	cells map[romKey]*bitmap
}

type romKey struct {
	r    rune
	font int
}

func newROM() (*rom, error) {
	f, err := sfnt.Parse(dejavusansmono.TTF)
	if err != nil {
		return nil, fmt.Errorf("parse built-in font: %w", err)
	}
	return &rom{font: f, cells: make(map[romKey]*bitmap)}, nil
}

// cell is the picture of one character. It must not be changed by the caller.
func (m *rom) cell(r rune, font int) *bitmap {
	key := romKey{r, font}
	if c, ok := m.cells[key]; ok {
		return c
	}
	c := m.rasterise(r, shapeOf(font))
	m.cells[key] = c
	return c
}

func (m *rom) rasterise(r rune, shape cellShape) *bitmap {
	out := newBitmap(shape.width, shape.height)
	gid, err := m.font.GlyphIndex(&m.buf, r)
	if err != nil {
		return out
	}
	upem := m.font.UnitsPerEm()
	// A size of upem in raw 26.6 units makes sfnt return coordinates in font units, unrounded.
	segments, err := m.font.LoadGlyph(&m.buf, gid, fixed.Int26_6(upem), nil)
	if err != nil {
		return out
	}
	z := vector.NewRasterizer(shape.width, shape.height)
	scale := shape.em / float32(upem)
	at := func(p fixed.Point26_6) (float32, float32) {
		return float32(p.X) * scale, shape.baseline + float32(p.Y)*scale
	}
	trace(z, segments, at)
	mask := image.NewAlpha(image.Rect(0, 0, shape.width, shape.height))
	z.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	for y := range shape.height {
		for x := range shape.width {
			if mask.AlphaAt(x, y).A >= blackFrom {
				out.set(x, y)
			}
		}
	}
	return out
}

func trace(z *vector.Rasterizer, segments sfnt.Segments, at func(fixed.Point26_6) (float32, float32)) {
	for i, s := range segments {
		ax, ay := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				z.ClosePath()
			}
			z.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			z.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			bx, by := at(s.Args[1])
			z.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			bx, by := at(s.Args[1])
			cx, cy := at(s.Args[2])
			z.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	z.ClosePath()
}
