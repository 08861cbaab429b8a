package printersim

import (
	"fmt"
	"slices"
	"time"
)

// maxQueuedRows is the print buffer: the interpreter waits while more rows than this are queued.
const maxQueuedRows = 512

// maxQueuedOps bounds what has no rows: process ids, cuts, pulses.
const maxQueuedOps = 1024

// maxFeedRows bounds one feed command, as the 1016 mm of the manual do.
const maxFeedRows = 8128

type opKind int

const (
	opBand  opKind = iota // rows of dots
	opFeed                // rows without dots
	opCut                 // the cutter, once across
	opMark                // a process id, answered when its turn comes
	opPulse               // drawer kick
)

// tornMark stands in the text layer beside a line that is only partly on its sheet.
const tornMark = "[torn]"

// op is one thing for the mechanism to do. A band's text joins the text layer when its last row is on paper.
type op struct {
	kind opKind
	band *bitmap
	next int // next row of the band
	rows int // of a feed
	id   string
	text string
	say  bool
	torn bool // the paper came off in the middle of the band
	pin  int
	took time.Duration
}

// mechanism prints one row after the other. It works on the operation at the head of its queue until stopped.
type mechanism struct {
	queue []op
	busy  bool      // the head operation's current step is under way
	ends  time.Time // when that step ends
}

// rows is how much printing and feeding waits.
func (m *mechanism) rows() int {
	n := 0
	for i := range m.queue {
		switch m.queue[i].kind {
		case opBand:
			n += m.queue[i].band.h - m.queue[i].next
		case opFeed:
			n += m.queue[i].rows
		default: // nothing moves
		}
	}
	return n
}

func (m *mechanism) clear() { m.queue, m.busy = nil, false }

// halt abandons the step under way; it is done again from its start when the printer goes on.
func (m *mechanism) halt() { m.busy = false }

// stepTime is how long the next step of an operation takes.
func (m *machine) stepTime(o *op) time.Duration {
	switch o.kind {
	case opBand, opFeed:
		return m.scaled(m.pers.RowTime)
	case opCut:
		return m.scaled(m.pers.CutTime)
	case opPulse:
		return m.scaled(o.took)
	default:
		return 0
	}
}

// scaled divides a mechanical duration by the printer's speed. At least a microsecond passes, so time always moves.
func (m *machine) scaled(d time.Duration) time.Duration {
	return max(time.Duration(float64(d)/m.cfg.Speed)*time.Duration(max(m.slowness, 1)), time.Microsecond)
}

// work starts the next step if the mechanism is free and nothing holds it. Operations without duration are done at once.
func (m *machine) work() {
	for !m.mech.busy && len(m.mech.queue) > 0 && m.online() {
		o := m.mech.queue[0]
		if o.kind == opCut && !m.cutterMoves() {
			return
		}
		if o.takesTime() {
			m.mech.busy, m.mech.ends = true, m.now.Add(m.stepTime(&o))
			return
		}
		m.popOp() // before its effect: a fault may empty the queue
		if o.kind == opMark {
			m.answerProcessID(o.id)
		} else if o.say {
			m.said(&o)
		}
	}
}

func (o *op) takesTime() bool {
	switch o.kind {
	case opBand:
		return o.next < o.band.h
	case opFeed:
		return o.rows > 0
	case opCut, opPulse:
		return true
	default:
		return false
	}
}

func (m *machine) popOp() {
	m.mech.queue = m.mech.queue[1:]
	if len(m.mech.queue) == 0 {
		m.mech.queue = nil
	}
}

// cutterMoves starts a cut. A fault may have been waiting for exactly this moment, and the blade may be stuck.
func (m *machine) cutterMoves() bool {
	m.faults.reached(m, atCut, 1)
	if !m.online() {
		return false
	}
	if m.jammed {
		m.cutterError = true
		m.note("error", "cutter jammed")
		m.changed()
		return false
	}
	return true
}

// stepDone ends the step under way at its due time. The queue is brought up to date first: the effect may be a fault
// that empties it.
func (m *machine) stepDone() {
	m.mech.busy = false
	o := &m.mech.queue[0]
	switch o.kind {
	case opBand:
		row := o.band.row(o.next)
		o.next++
		m.rowDone(row)
	case opFeed:
		o.rows--
		m.rowDone(nil)
	case opCut:
		m.popOp()
		m.cutDone()
	case opPulse:
		pin := o.pin
		m.popOp()
		m.pulseDone(pin)
	default: // takes no time
	}
}

func (m *machine) rowDone(dots []byte) {
	m.paper.advance(dots)
	m.counts.Rows++
	if m.paper.rows() > maxStripRows {
		m.tearOff()
	}
	if m.paper.use() && m.paper.loaded {
		m.setPaper(false)
	}
	if m.paper.remainingMM() == nearEndMM {
		m.changed()
	}
	m.faults.reached(m, atRow, 1)
}

func (m *machine) cutDone() {
	m.counts.Cuts++
	s, ok := m.paper.cut(m.now)
	if !ok {
		m.note("cut", "no paper past the cutter")
		return
	}
	m.counts.Sheets++
	m.note("cut", fmt.Sprintf("sheet %d, %d rows", s.N, s.Rows))
}

// said adds a finished band's text to the text layer.
func (m *machine) said(o *op) {
	text := o.text
	if o.torn {
		text = tornMark + " " + text
	}
	m.paper.say(text)
	if o.kind == opBand {
		m.note("line", text)
	}
}

// tearOff ends the strip. A band that is half printed leaves its text on both pieces.
func (m *machine) tearOff() {
	if len(m.mech.queue) > 0 {
		if o := &m.mech.queue[0]; o.kind == opBand && o.next > 0 && o.next < o.band.h && o.say {
			m.paper.say(o.text + " " + tornMark)
			o.torn = true
		}
	}
	if s, ok := m.paper.tear(m.now); ok {
		m.counts.Sheets++
		m.note("torn", fmt.Sprintf("sheet %d, %d rows", s.N, s.Rows))
	}
}

func (m *machine) pulseDone(pin int) {
	m.counts.DrawerPulses++
	m.drawerOpen = true
	m.note("drawer", fmt.Sprintf("pulse on pin %d", pin))
	m.changed()
}

// answerProcessID is reached only when everything in front of the id has left the mechanism.
func (m *machine) answerProcessID(id string) {
	m.note("printed", "process id "+fmt.Sprintf("%q", id))
	m.faults.reached(m, atSegment, 1)
	if m.ackLose > 0 {
		m.ackLose--
		m.counts.AcksLost++
		m.note("fault", "process id answer lost")
		return
	}
	data := append(append([]byte{0x37, 0x22}, id...), 0) // GS ( H fn 48: header, identifier, id, NUL
	if m.ackXOFF > 0 {
		m.ackXOFF--
		m.ackXOFFAt = m.ackXOFFAt%(len(data)-1) + 1
		data = slices.Insert(data, m.ackXOFFAt, xoff, xon)
	}
	delay := m.ackDelay
	if held := m.ackHeld.Sub(m.now); held > 0 {
		m.out.dropIDs()
		delay += held
	}
	if m.respond(processIDResponse, delay, data) {
		m.counts.AcksSent++
	}
}
