package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"slices"
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"golang.org/x/image/vector"
	"golang.org/x/text/unicode/norm"
)

// maxCachedCells bounds the glyph cache: about ten scripts' worth of letters, 200 KB.
const maxCachedCells = 4096

// coverHalf is the smallest alpha of a dot at least half covered.
const coverHalf = 0x80

// Renderer shapes and draws text. It may be used by several goroutines.
type Renderer struct {
	mu      sync.Mutex // guards everything below: the shaper's buffers are reused
	face    *font.Face
	hbFont  *harfbuzz.Font
	buffer  *harfbuzz.Buffer
	advance int32   // width of a cell in font units
	scale   float32 // font units to dots
	raster  *vector.Rasterizer
	cells   map[string]Cell
	key     []byte
}

// New loads the typeface.
func New() (*Renderer, error) {
	face, err := font.ParseTTF(bytes.NewReader(dejavusansmono.TTF))
	if err != nil {
		return nil, fmt.Errorf("parse DejaVu Sans Mono: %w", err)
	}
	space, ok := face.NominalGlyph(' ')
	if !ok {
		return nil, fmt.Errorf("DejaVu Sans Mono has no space")
	}
	return &Renderer{
		face:    face,
		hbFont:  harfbuzz.NewFont(face),
		buffer:  harfbuzz.NewBuffer(),
		advance: int32(face.HorizontalAdvance(space)),
		scale:   emDots / float32(face.Upem()),
		raster:  vector.NewRasterizer(CellWidth, CellHeight),
		cells:   make(map[string]Cell),
	}, nil
}

// MissingError names the characters for which the typeface has no glyph.
type MissingError struct{ Runes []rune }

func (e *MissingError) Error() string {
	return fmt.Sprintf("no glyph for %+q", e.Runes)
}

// Check returns a *MissingError when text has characters that cannot be drawn.
func (r *Renderer) Check(text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var missing []rune
	for _, c := range norm.NFC.String(text) {
		if _, ok := r.face.NominalGlyph(c); !ok && !steers(c) && !slices.Contains(missing, c) {
			missing = append(missing, c)
		}
	}
	if missing != nil {
		return &MissingError{Runes: missing}
	}
	return nil
}

// steers says that a character only steers order and joining and takes no cell.
func steers(c rune) bool { return unicode.Is(unicode.Cf, c) }

// Width is the number of cells that text takes: letters, not runes. A joiner has
// no cell, lam-alef is one cell for two runes, a mark stands on its letter.
func (r *Renderer) Width(text string, base Direction) int {
	if simple(text) {
		n := 0
		for range text {
			n++
		}
		return n
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.shape(prepare(text), base))
}

// simple says that each rune of text is one cell, so that shaping can tell nothing new.
func simple(text string) bool {
	for _, c := range text {
		switch {
		case c >= ' ' && c <= '~', c >= 0xA0 && c <= 0x24F && c != 0xAD: // Latin without the soft hyphen
		case c >= 0x400 && c <= 0x481: // Cyrillic letters
		case c >= 0x531 && c <= 0x556, c >= 0x561 && c <= 0x586: // Armenian letters
		case c == '€', c == '–', c == '—':
		default:
			return false
		}
	}
	return true
}

// prepare gives the runes to shape: composed, and with plain spaces, since the
// typeface may give the no-break kinds another width.
func prepare(text string) []rune {
	runes := []rune(norm.NFC.String(text))
	for i, c := range runes {
		if c == '\u00a0' || c == '\u202f' || c == '\u2009' {
			runes[i] = ' '
		}
	}
	return runes
}

// Line returns the cells of text from left to right as they stand on paper. It
// returns a *MissingError rather than draw a box for an unknown character.
func (r *Renderer) Line(text string, base Direction) ([]Cell, error) {
	if err := r.Check(text); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	shaped := r.shape(prepare(text), base)
	cells := make([]Cell, len(shaped))
	for i, s := range shaped {
		cells[i] = r.cell(s.glyphs)
	}
	return cells, nil
}

// cell returns the dots of a letter with its marks, from the cache when it can.
func (r *Renderer) cell(glyphs []placed) Cell {
	r.key = r.key[:0]
	for _, g := range glyphs {
		r.key = binary.LittleEndian.AppendUint32(r.key, uint32(g.gid))
		r.key = binary.LittleEndian.AppendUint32(r.key, uint32(g.dx))
		r.key = binary.LittleEndian.AppendUint32(r.key, uint32(g.dy))
	}
	if c, ok := r.cells[string(r.key)]; ok {
		return c
	}
	if len(r.cells) >= maxCachedCells {
		clear(r.cells)
	}
	c := r.draw(glyphs)
	r.cells[string(r.key)] = c
	return c
}

// draw rasterises glyphs into one cell by the rule of the grid.
func (r *Renderer) draw(glyphs []placed) Cell {
	var cell Cell
	dots := image.NewAlpha(image.Rect(0, 0, CellWidth, CellHeight))
	for _, g := range glyphs {
		outline, ok := r.face.GlyphDataOutline(g.gid)
		if !ok {
			continue
		}
		r.raster.Reset(CellWidth, CellHeight)
		r.raster.DrawOp = draw.Src
		r.trace(outline.Segments, g)
		r.raster.Draw(dots, dots.Bounds(), image.Opaque, image.Point{})
		for y := range CellHeight {
			for x := range CellWidth {
				if dots.Pix[y*dots.Stride+x] >= coverHalf {
					cell[y] |= 1 << (CellWidth - 1 - x)
				}
			}
		}
	}
	return cell
}

// trace hands an outline to the rasteriser, in dots from the top left of the cell.
// Points count in whole font units, also those that a TrueType outline only implies
// between two others: readers of outlines differ by half a unit there, which is
// enough to turn a dot that is half covered.
func (r *Renderer) trace(segments []opentype.Segment, g placed) {
	at := func(p opentype.SegmentPoint) (x, y float32) {
		return (whole(p.X) + float32(g.dx)) * r.scale, baseline - (whole(p.Y)+float32(g.dy))*r.scale
	}
	for _, s := range segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			r.raster.ClosePath()
			r.raster.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			r.raster.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			r.raster.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			r.raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	r.raster.ClosePath()
}

// whole rounds font units towards zero.
func whole(units float32) float32 { return float32(int32(units)) }
