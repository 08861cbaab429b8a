package render

import (
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
)

// placed is a glyph and how far, in font units, it stands from the origin of its cell.
type placed struct {
	gid    font.GID
	dx, dy int32
}

// shapedCell is what one cell of the grid shows: a letter and the marks on it.
type shapedCell struct {
	glyphs []placed
	text   int // index of the first rune it came from
}

// shape lays text on the grid, left to right as on paper.
func (r *Renderer) shape(text []rune, base Direction) []shapedCell {
	if base == RTL {
		text = isolate(text)
	}
	var cells []shapedCell
	for _, run := range visualRuns(text, base) {
		cells = append(cells, r.cellsOf(r.shapeRun(text, run))...)
	}
	return cells
}

// shapeRun fills the buffer with the glyphs of a run, seen between its neighbours.
func (r *Renderer) shapeRun(text []rune, run run) *harfbuzz.Buffer {
	buf := r.buffer
	buf.Clear()
	buf.AddRunes(text, run.start, run.end-run.start)
	buf.Props = harfbuzz.SegmentProperties{
		Direction: harfbuzz.LeftToRight,
		Script:    run.script,
		Language:  language.NewLanguage(languageOf(run.script)),
	}
	if run.rtl {
		buf.Props.Direction = harfbuzz.RightToLeft
	}
	buf.Shape(r.hbFont, nil)
	return buf
}

// languageOf names the language whose letter forms a script takes. Persian is
// the product's only language in Arabic script; the others have no choice to make.
func languageOf(script language.Script) string {
	if script == language.Arabic {
		return "fa"
	}
	return "en"
}

// cellsOf gives every cluster of the shaper one cell: a letter with its marks, or a
// ligature. Glyphs come in visual order, so a mark stands behind its letter in
// left-to-right runs and before it in right-to-left runs; either way its offset
// counts from where the pen stands.
func (r *Renderer) cellsOf(buf *harfbuzz.Buffer) []shapedCell {
	var cells []shapedCell
	for i := 0; i < len(buf.Info); {
		cell := shapedCell{text: buf.Info[i].Cluster}
		pen, visible := int32(0), false
		for ; i < len(buf.Info) && buf.Info[i].Cluster == cell.text; i++ {
			pos, gid := buf.Pos[i], buf.Info[i].Glyph
			visible = visible || pos.XAdvance > 0 || !r.invisible(gid)
			glyph := placed{gid: gid, dx: pen + pos.XOffset, dy: pos.YOffset}
			if pos.XAdvance > 0 {
				// Also a mark that the typeface gives a width stands on the letter.
				glyph.dx = pos.XOffset
				pen = r.advance
			}
			cell.glyphs = append(cell.glyphs, glyph)
		}
		if visible {
			cells = append(cells, cell)
		}
	}
	return cells
}

// invisible says that a glyph has no outline, as the shaper leaves for characters
// that only steer: joiners, direction marks, isolates.
func (r *Renderer) invisible(gid font.GID) bool {
	outline, ok := r.face.GlyphDataOutline(gid)
	return !ok || len(outline.Segments) == 0
}
