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
		cells = append(cells, r.cellsOf(r.shapeRun(text, run), run.rtl)...)
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

// cellsOf gives every glyph that advances a cell of its own and puts each mark
// (advance zero) into the cell of its letter. The shaper returns glyphs in visual
// order, so a mark comes after its letter in left-to-right runs and before it in
// right-to-left runs.
func (r *Renderer) cellsOf(buf *harfbuzz.Buffer, rtl bool) []shapedCell {
	var cells []shapedCell
	var waiting []placed
	for i, info := range buf.Info {
		pos := buf.Pos[i]
		glyph := placed{gid: info.Glyph, dx: pos.XOffset, dy: pos.YOffset}
		switch {
		case pos.XAdvance > 0:
			cell := shapedCell{glyphs: append([]placed{glyph}, waiting...), text: info.Cluster}
			waiting = nil
			cells = append(cells, cell)
		case r.invisible(info.Glyph):
		case rtl:
			waiting = append(waiting, glyph)
		case len(cells) == 0:
			cells = append(cells, shapedCell{glyphs: []placed{glyph}, text: info.Cluster})
		default:
			last := &cells[len(cells)-1]
			glyph.dx += r.advance // relative to the letter's own origin
			last.glyphs = append(last.glyphs, glyph)
		}
	}
	if len(waiting) > 0 {
		cells = append(cells, shapedCell{glyphs: waiting})
	}
	return cells
}

// invisible says that a glyph has no outline, as the shaper leaves for characters
// that only steer: joiners, direction marks, isolates.
func (r *Renderer) invisible(gid font.GID) bool {
	outline, ok := r.face.GlyphDataOutline(gid)
	return !ok || len(outline.Segments) == 0
}
