package printersim

import (
	"time"
)

const (
	xon  = 0x11
	xoff = 0x13
)

// Counts are totals since the simulator started; a power cycle of the printer does not reset them.
type Counts struct {
	Bytes           int `json:"bytes"`
	Rows            int `json:"rows"`
	Sheets          int `json:"sheets"`
	Cuts            int `json:"cuts"`
	DrawerPulses    int `json:"drawer_pulses"`
	BufferOverflows int `json:"buffer_overflows"` // bytes lost because the receive buffer was full
	AcksSent        int `json:"acks_sent"`
	AcksLost        int `json:"acks_lost"`
	Clears          int `json:"clears"`
	LostInClear     int `json:"lost_in_clear"` // bytes that came between a clear and its answer
	Unsupported     int `json:"unsupported"`   // commands parsed and skipped
	Unknown         int `json:"unknown"`       // commands that printed as text
}

// machine is one printer without its cable. It is not safe for concurrent use and knows no clock but the one passed in.
type machine struct {
	cfg  PrinterConfig
	pers Personality
	rom  *rom
	now  time.Time

	rx       []byte // receive buffer
	rxSize   int
	rxFull   bool
	realTime realTime
	in       interpreter
	mech     mechanism
	paper    *paper
	out      responses
	faults   faultPlan
	journal  journal
	counts   Counts

	power      bool
	bootEnds   time.Time // zero when started up
	clearEnds  time.Time // zero unless a clear is under way
	linked     bool
	linkName   string // name under which the device comes back, "" the same
	linkLives  int    // counts plug-ins, so that the runner sees a change
	deaf       bool   // the link is there and carries nothing
	coverOpen  bool
	drawerOpen bool

	jammed        bool // the blade is stuck
	cutterError   bool // the printer has noticed
	overheated    bool
	unrecoverable bool
	feedButton    bool

	asb         byte // mask of GS a
	asbSent     [4]byte
	offlineMode byte // GS ( H fn 49: 0 off, 1 on, 2 with cause
	wasOnline   bool

	lateness time.Duration // of the next answer, where a model spreads them
	lastDue  time.Time

	line        lineNoise // between host and printer
	slowness    int       // times that the mechanism takes longer; 0 is 1
	ackHeld     time.Time // process ids wait until then, and only the latest is said
	ackDelay    time.Duration
	ackLose     int
	ackXOFF     int
	ackXOFFAt   int // the last answer was interrupted before this byte
	answerDelay time.Duration
	stuck       bool
}

// newMachine is a printer that has been on for a while, with a full roll.
func newMachine(cfg PrinterConfig, pers Personality, now time.Time) (*machine, error) {
	r, err := newROM()
	if err != nil {
		return nil, err
	}
	m := &machine{cfg: cfg, pers: pers, rom: r, now: now, power: true, linked: true, linkLives: 1, wasOnline: true}
	m.rxSize = m.fullSize()
	m.paper = newPaper(pers)
	m.in.start(m)
	return m, nil
}

// fullSize is the receive buffer without a fault.
func (m *machine) fullSize() int {
	if m.cfg.BufferSize > 0 {
		return m.cfg.BufferSize
	}
	return m.pers.BufferSize
}

func (m *machine) note(kind, text string) { m.journal.add(m.now, kind, text) }

// online says whether the printer works on commands and moves paper.
func (m *machine) online() bool {
	return m.power && m.bootEnds.IsZero() && !m.coverOpen && !m.paperStops() && !m.cutterError && !m.overheated &&
		!m.unrecoverable && !m.feedButton
}

// receive takes bytes from the cable. Real-time commands act at once; everything goes into the receive buffer.
func (m *machine) receive(now time.Time, data []byte) {
	m.advance(now)
	for _, b := range data {
		for _, b := range m.faults.spoil(b) {
			m.receiveByte(m.line.toPrinter(b))
		}
		m.faults.reached(m, atByte, 1)
	}
	m.settle()
}

func (m *machine) receiveByte(b byte) {
	if !m.power || !m.linked || m.deaf || !m.bootEnds.IsZero() {
		return
	}
	m.counts.Bytes++
	room, clearing := len(m.rx) < m.rxSize, !m.clearEnds.IsZero()
	if room || m.pers.RealTimeAtAll {
		m.realTime.scan(m, b)
	}
	switch {
	case clearing:
		m.counts.LostInClear++
	case !m.power, !m.clearEnds.IsZero(): // the last byte of a command that took effect at once
	case !room:
		m.counts.BufferOverflows++
		if m.counts.BufferOverflows == 1 || m.counts.BufferOverflows%1000 == 0 {
			m.note("overflow", "receive buffer full, byte lost")
		}
	default:
		m.rx = append(m.rx, b)
		m.drain()
		m.flow()
	}
}

// flow reports busy and ready as the fill of the buffer passes its two thresholds.
func (m *machine) flow() {
	free := m.rxSize - len(m.rx)
	fullAt := min(m.pers.FullFree, m.rxSize/2)
	switch {
	case !m.rxFull && free <= fullAt:
		m.rxFull = true
		m.sendFlow(xoff)
	case m.rxFull && free >= min(m.pers.ReleaseFree, m.rxSize) && !m.stuck:
		m.rxFull = false
		m.sendFlow(xon)
	}
}

func (m *machine) sendFlow(code byte) {
	if m.pers.XONXOFF {
		m.respond(statusResponse, 0, []byte{code})
	}
}

// drain lets the interpreter take what it may from the receive buffer.
func (m *machine) drain() {
	for len(m.rx) > 0 && m.interprets() {
		b := m.rx[0]
		m.rx = m.rx[1:]
		m.in.feed(m, b)
	}
	if len(m.rx) == 0 {
		m.rx = nil
	}
}

func (m *machine) interprets() bool {
	return m.online() && !m.stuck && m.clearEnds.IsZero() && len(m.mech.queue) < maxQueuedOps && m.mech.rows() <= maxQueuedRows
}

// settle lets everything happen that needs no time to pass.
func (m *machine) settle() {
	for {
		m.drain()
		m.work()
		if len(m.rx) == 0 || !m.interprets() {
			break
		}
	}
	m.flow()
}

// next is when something happens by itself.
func (m *machine) next() (time.Time, bool) {
	var at time.Time
	earliest := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if m.mech.busy {
		earliest(m.mech.ends)
	}
	earliest(m.bootEnds)
	earliest(m.clearEnds)
	earliest(m.faults.nextTime())
	if i := m.out.first(); i >= 0 && m.out.queue[i].due.After(m.now) {
		earliest(m.out.queue[i].due)
	}
	return at, !at.IsZero()
}

// advance moves the clock and does what falls due on the way, each thing at its own instant.
func (m *machine) advance(now time.Time) {
	m.settle()
	for {
		at, ok := m.next()
		if !ok || at.After(now) {
			break
		}
		if at.After(m.now) {
			m.now = at
		}
		m.fallDue()
		m.settle()
	}
	if now.After(m.now) {
		m.now = now
	}
}

func (m *machine) fallDue() {
	due := func(t time.Time) bool { return !t.IsZero() && !t.After(m.now) }
	if m.mech.busy && due(m.mech.ends) {
		m.stepDone()
	}
	if due(m.bootEnds) {
		m.bootEnds = time.Time{}
		m.note("power", "started up")
		m.sendFlow(xon)
		m.changed()
	}
	if due(m.clearEnds) {
		m.clearEnds = time.Time{}
		m.respond(clearResponse, 0, []byte{0x37, 0x25, 0}) // DLE DC4 fn 8
	}
	m.faults.timePasses(m)
}

// respond queues an answer for the host and says whether there is a way to it.
func (m *machine) respond(kind responseKind, delay time.Duration, data []byte) bool {
	if !m.power || !m.linked || m.deaf {
		return false
	}
	due := m.now.Add(delay + m.answerDelay + m.pers.StatusDelay)
	if m.pers.StatusSpread > 0 {
		due = due.Add(m.lateness)
		m.lateness = (m.lateness + time.Second) % (m.pers.StatusSpread + time.Second)
		m.lastDue = later(due, m.lastDue) // late, but in their order
		due = m.lastDue
	}
	m.out.put(m.now, response{due: due, kind: kind, data: data})
	return true
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// take is what the cable carries to the host next, if it is due.
func (m *machine) take(now time.Time) ([]byte, bool) {
	m.advance(now)
	if m.deaf {
		return nil, false
	}
	data, ok := m.out.take(m.now)
	return m.line.toHost(data), ok
}
