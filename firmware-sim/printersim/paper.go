package printersim

import (
	"fmt"
	"sort"
	"time"
)

const (
	maxSheets     = 500    // sheets kept; the oldest go first
	maxStripRows  = 80_000 // 10 m without a cut: the strip is torn off
	maxStripLines = 20_000 // of text; the rest of the strip is only in its picture
	defaultRoll   = 80_000 // mm of a new roll
	nearEndMM     = 1_500  // the near-end sensor sees the core
)

// textLine is what one printed band says, at the row where it ends.
type textLine struct {
	row  int
	text string
}

// Sheet is a piece of paper that left the printer.
type Sheet struct {
	N    int       `json:"n"` // counts from 1
	Rows int       `json:"rows"`
	Torn bool      `json:"torn"` // not cut: the roll was taken out, or nobody cut for metres
	At   time.Time `json:"at"`

	dots  []byte
	lines []textLine
}

// paper is the roll and the strip that hangs out of the printer. Rows are appended at the head.
type paper struct {
	stride int
	lead   int // rows between cutter and head
	dots   []byte
	fresh  int // rows of the strip that are older than the last cut or roll change
	lines  []textLine

	sheets []*Sheet
	count  int // sheets ever

	loaded    bool
	rollRows  int // rows left on the roll
	rowsPerMM int
}

func newPaper(pers Personality) *paper {
	perMM := (pers.DPI*10 + 127) / 254 // 8 at 203 dots an inch, 7 at 180
	p := &paper{stride: (pers.WidthDots + 7) / 8, lead: pers.HeadToCutter, loaded: true, rollRows: defaultRoll * perMM, rowsPerMM: perMM}
	p.thread()
	return p
}

// thread starts a strip with new paper, which reaches from the head to the cutter.
func (p *paper) thread() {
	p.dots, p.lines, p.fresh = nil, nil, p.lead
	for range p.lead {
		p.advance(nil)
	}
}

func (p *paper) rows() int { return len(p.dots) / p.stride }

// advance moves the paper one row and leaves dots on it; nil is a feed.
func (p *paper) advance(dots []byte) {
	row := make([]byte, p.stride)
	copy(row, dots)
	p.dots = append(p.dots, row...)
}

// use takes one row from the roll and says whether the roll is now at its end.
func (p *paper) use() bool {
	p.rollRows--
	return p.rollRows <= 0
}

func (p *paper) remainingMM() int { return max(p.rollRows, 0) / p.rowsPerMM }

// say adds to the text layer what ends at the row under the head.
func (p *paper) say(text string) {
	if len(p.lines) < maxStripLines {
		p.lines = append(p.lines, textLine{row: p.rows(), text: text})
	}
}

// cut severs the strip at the cutter. What lies between cutter and head stays and becomes the top of the next sheet.
func (p *paper) cut(at time.Time) (*Sheet, bool) {
	rows := p.rows() - p.lead
	if rows <= 0 {
		return nil, false
	}
	s := p.sever(rows, at, false)
	p.fresh = p.rows()
	return s, true
}

// tear takes the whole strip off, head to end, and threads what is left of the roll.
func (p *paper) tear(at time.Time) (*Sheet, bool) {
	if p.rows() <= p.fresh {
		p.thread()
		return nil, false
	}
	s := p.sever(p.rows(), at, true)
	p.thread()
	return s, true
}

func (p *paper) sever(rows int, at time.Time, torn bool) *Sheet {
	p.count++
	split := sort.Search(len(p.lines), func(i int) bool { return p.lines[i].row > rows })
	s := &Sheet{
		N: p.count, Rows: rows, Torn: torn, At: at,
		dots:  append([]byte(nil), p.dots[:rows*p.stride]...),
		lines: append([]textLine(nil), p.lines[:split]...),
	}
	rest := append([]textLine(nil), p.lines[split:]...)
	for i := range rest {
		rest[i].row -= rows
	}
	p.dots = append([]byte(nil), p.dots[rows*p.stride:]...)
	p.lines = rest
	if len(p.sheets) >= maxSheets {
		p.sheets = append(p.sheets[:0], p.sheets[1:]...)
	}
	p.sheets = append(p.sheets, s)
	return s
}

// sheet gives sheet n, 0 the newest.
func (p *paper) sheet(n int) (*Sheet, error) {
	if len(p.sheets) == 0 {
		return nil, fmt.Errorf("sheet %d: none has left the printer", n)
	}
	if n == 0 {
		return p.sheets[len(p.sheets)-1], nil
	}
	i := n - p.sheets[0].N
	if i < 0 || i >= len(p.sheets) {
		return nil, fmt.Errorf("sheet %d: kept are %d to %d", n, p.sheets[0].N, p.sheets[len(p.sheets)-1].N)
	}
	return p.sheets[i], nil
}
