package printersim

import "time"

// cutCommand is GS V and its old forms. In the middle of a line it does nothing.
func (m *machine) cutCommand(feed int) {
	if m.pers.NoCutter {
		m.note("ignored", "cut: this model has no cutter")
		return
	}
	if !m.in.line.empty() {
		m.note("ignored", "cut in the middle of a line")
		return
	}
	if feed > 0 {
		m.queue(op{kind: opFeed, rows: min(feed, maxFeedRows)})
	}
	m.queue(op{kind: opCut})
}

// cutOrFeedAndCut is GS V: 0, 1, 48, 49 cut here; 65, 66 and their kin feed to the cutter and n units more.
func (m *machine) cutOrFeedAndCut(p []byte) {
	switch p[2] {
	case 0, 1, '0', '1':
		m.cutCommand(0)
	case 65, 66, 103, 104:
		m.cutCommand(m.pers.HeadToCutter + m.in.set.down(int(p[3])))
	default:
		m.unsupported(p)
	}
}

// drawerPulse is ESC p m t1 t2: pin 2 or 5, on for t1 times 2 ms. It waits its turn behind what is printed before it.
func (m *machine) drawerPulse(p []byte) {
	if n := p[2] &^ '0'; n <= 1 {
		m.queue(op{kind: opPulse, pin: 2 + 3*int(n), took: 2 * time.Millisecond * time.Duration(p[3])})
	}
}

// sensorsAndButtons is ESC c 3, 4 and 5. Form 3 says which sensor moves the paper-end signal of a parallel port, which
// this printer does not have.
func (m *machine) sensorsAndButtons(p []byte) {
	switch p[2] {
	case '3':
	case '4':
		m.in.set.stopsNearEnd = p[3]&0x03 != 0
		m.changed()
	case '5':
		m.in.set.buttonsOff = p[3]&1 != 0
	default:
		m.unsupported(p)
	}
}
