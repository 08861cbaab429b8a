package escpos

import (
	"fmt"

	"loyaltill/devices/escpos/render"
)

// Control codes.
const (
	lf  = 0x0A
	esc = 0x1B
	fs  = 0x1C
	gs  = 0x1D
)

// n of ESC a.
const (
	alignLeft byte = iota
	alignCenter
	alignRight
)

// Encoder turns documents into jobs and pictures. Several goroutines may use one.
type Encoder struct{ renderer *render.Renderer }

// NewEncoder returns an encoder that draws with the renderer.
func NewEncoder(r *render.Renderer) *Encoder { return &Encoder{renderer: r} }

// Encode lays the document out for the profile and returns its bytes in segments.
// The same input gives the same bytes. A character that cannot be printed is a
// *RefusedError, a document that cannot be laid out wraps ErrDocument.
func (e *Encoder) Encode(d *Document, p *Profile, no JobNo) (*Job, error) {
	plan, err := e.plan(d, p)
	if err != nil {
		return nil, fmt.Errorf("encode job %d: %w", no, err)
	}
	w := writer{profile: p, base: d.direction(), encoder: e}
	w.start()
	for _, b := range plan {
		if err := w.block(b); err != nil {
			return nil, fmt.Errorf("encode job %d: %w", no, err)
		}
	}
	job := &Job{No: no, Profile: p.Revision(), Confirm: p.Confirm()}
	if job.Segments, err = segments(w.chunks, p, no); err != nil {
		return nil, fmt.Errorf("encode job %d: %w", no, err)
	}
	return job, nil
}

// chunk is bytes that stay together in one segment.
type chunk struct {
	kind  SegmentKind
	bytes []byte
}

// writer emits chunks and knows how the printer stands after them.
type writer struct {
	profile *Profile
	base    render.Direction
	encoder *Encoder
	chunks  []chunk

	page  string // selected code page, "" after ESC @
	style Style
	align byte
	user  bool // ESC % 1: codes print the cells that were sent
	// pending is what belongs before the next line: commands that print nothing.
	pending []byte
}

// start brings the printer into a known state, whatever ran before.
func (w *writer) start() {
	w.pending = append(w.pending, esc, '@')
	if w.profile.Quirks.CancelKanjiFirst {
		w.pending = append(w.pending, fs, '.') // firmware that boots in double-byte mode
	}
	if w.profile.Status.ASB {
		const all = 0x0F // drawer, online, error, paper
		w.pending = append(w.pending, gs, 'a', all)
	}
}

func (w *writer) emit(kind SegmentKind, bytes ...byte) {
	w.chunks = append(w.chunks, chunk{kind: kind, bytes: append(w.pending, bytes...)})
	w.pending = nil
}

func (w *writer) block(b plannedBlock) error {
	switch b.line.Kind {
	case KindSymbol:
		return w.symbol(*b.line.Symbol, b.line.Via)
	case KindImage:
		w.picture(picture{bitmap: b.line.Image, align: alignCenter})
	case KindFeed:
		w.feed(b.line.Count)
	case KindCut:
		w.cut()
	case KindDrawer:
		w.drawer(b.line.Count)
	}
	for i, r := range b.rows {
		if err := w.row(r, b.routes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) row(r row, d decision) error {
	if d.route == routeRaster {
		b, err := w.encoder.paperRow(w.profile, r, d)
		if err != nil {
			return err
		}
		w.picture(trim(b, w.base))
		return nil
	}
	page := ascii
	if d.route == routePage {
		page = d.page
		if w.page != page.name {
			w.page = page.name
			w.pending = append(w.pending, esc, 't', page.slot)
		}
	}
	for _, command := range definitions(d.send, bandLimit(w.profile)) {
		w.emit(SegmentRaster, command...)
	}
	w.setAlign(alignLeft)
	if len(r.spans) > 0 {
		w.setStyle(r.style)
	}
	line := w.pending
	w.pending = nil
	x := 0
	for i, s := range r.spans {
		letters, own := page.bytes(s)
		if d.route == routeCells && d.codes[i] != nil {
			letters, own = d.codes[i], false
		} else if !own {
			return fmt.Errorf("row %q left its page", s.text) // decided otherwise a moment ago
		}
		line = w.selectSet(line, !own)
		line = append(line, w.gap(x, s.x, r.style)...)
		line = append(line, letters...)
		x = s.x + s.cells
	}
	w.emit(SegmentText, append(line, lf)...)
	return nil
}

// selectSet is ESC %: the cells that were sent, or the printer's own letters.
func (w *writer) selectSet(line []byte, user bool) []byte {
	if w.user == user {
		return line
	}
	w.user = user
	n := byte(0)
	if user {
		n = 1
	}
	return append(line, esc, '%', n)
}

// gap moves from letter x to letter to: by spaces, or by ESC $ where that is shorter.
func (w *writer) gap(x, to int, s Style) []byte {
	const escDollar = 4
	n := to - x
	if n > escDollar && !w.profile.Quirks.ESCDollarIgnored {
		sx, _ := s.scale()
		dots := to * render.CellWidth * sx
		return []byte{esc, '$', byte(dots), byte(dots >> 8)}
	}
	out := make([]byte, max(n, 0))
	for i := range out {
		out[i] = ' '
	}
	return out
}

func (w *writer) setStyle(s Style) {
	if s.Bold != w.style.Bold {
		n := byte(0)
		if s.Bold {
			n = 1
		}
		w.pending = append(w.pending, esc, 'E', n)
	}
	sx, sy := s.scale()
	if ox, oy := w.style.scale(); sx != ox || sy != oy {
		w.pending = append(w.pending, gs, '!', byte((sx-1)<<4|(sy-1)))
	}
	w.style = s
}

// setAlign is only valid at the beginning of a line, where every chunk begins.
func (w *writer) setAlign(n byte) {
	if w.align != n {
		w.align = n
		w.pending = append(w.pending, esc, 'a', n)
	}
}

func (w *writer) picture(pic picture) {
	w.setAlign(pic.align)
	for _, band := range bands(pic.bitmap, w.profile.Graphics.MaxRows, bandLimit(w.profile)) {
		w.emit(SegmentRaster, gsv0(band)...)
		if w.profile.Quirks.LFSwallowedAfterGSv0 {
			w.pending = append(w.pending, lf)
		}
	}
}

func (w *writer) symbol(s Symbol, via Via) error {
	b, module, err := s.picture(w.profile.Paper.WidthDots)
	if err != nil {
		return err
	}
	if !s.native(w.profile, via) {
		w.picture(picture{bitmap: b, align: alignCenter})
		return nil
	}
	command, err := s.command(module)
	if err != nil {
		return err
	}
	w.setAlign(alignCenter)
	w.emit(SegmentText, command...)
	return nil
}

// feed moves by whole lines; three bytes of ESC d beat more than three LF.
func (w *writer) feed(lines int) {
	const escD = 3
	if lines > escD {
		w.emit(SegmentText, esc, 'd', byte(lines))
		return
	}
	for range lines {
		w.emit(SegmentText, lf)
	}
}

// cut is GS V function B, which feeds the print to the knife by itself. A printer
// without a knife feeds to its tear bar.
func (w *writer) cut() {
	const fullB, partialB = 65, 66
	switch cutter := w.profile.Cutter; {
	case cutter.Partial:
		w.emit(SegmentCut, gs, 'V', partialB, 0)
	case cutter.Full:
		w.emit(SegmentCut, gs, 'V', fullB, 0)
	default:
		pitch := w.profile.Paper.LineDots
		w.emit(SegmentCut, esc, 'd', byte((w.profile.Paper.CutFeedDots+pitch-1)/pitch))
	}
}

// drawer is ESC p pin on off, in units of 2 ms.
func (w *writer) drawer(pin int) {
	const unitMS = 2
	m := byte(0)
	if pin == 5 {
		m = 1
	}
	d := w.profile.Drawer
	w.emit(SegmentDrawer, esc, 'p', m, byte(d.OnMS/unitMS), byte(d.OffMS/unitMS))
}
