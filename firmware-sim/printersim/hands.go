package printersim

import (
	"fmt"
	"time"
)

// setCover opens or closes the lid. The head stops at once.
func (m *machine) setCover(open bool) {
	if m.coverOpen == open {
		return
	}
	m.coverOpen = open
	m.note("cover", map[bool]string{true: "opened", false: "closed"}[open])
	m.changed()
}

// setPaper takes the paper away or threads a roll. With a new roll the old strip comes off.
func (m *machine) setPaper(loaded bool) {
	if m.paper.loaded == loaded {
		return
	}
	m.paper.loaded = loaded
	if loaded {
		m.tearOff()
		m.note("paper", "loaded")
	} else {
		m.note("paper", "out")
	}
	m.changed()
}

// setPower switches the printer. Off loses everything but the paper; on takes the start-up time.
func (m *machine) setPower(on bool) {
	if m.power == on {
		return
	}
	m.power = on
	if on {
		m.note("power", "on")
		m.bootEnds = m.now.Add(m.scaled(m.pers.BootTime))
		return
	}
	m.note("power", "off")
	m.rx, m.rxFull, m.asb, m.offlineMode, m.bootEnds, m.clearEnds = nil, false, 0, 0, time.Time{}, time.Time{}
	m.cutterError, m.overheated, m.unrecoverable, m.stuck = false, false, false, false
	m.mech.clear()
	m.out.clear()
	m.realTime = realTime{}
	m.in.start(m)
	m.changed()
}

func (m *machine) setRoll(mm int) {
	m.paper.rollRows = mm * m.paper.rowsPerMM
	m.changed()
}

// loadRoll threads a roll of mm millimetres, or, for 0, what is left of the old one or a new one if that is used up.
func (m *machine) loadRoll(mm int) {
	if mm > 0 {
		m.paper.rollRows = mm * m.paper.rowsPerMM
	} else if m.paper.rollRows <= 0 {
		m.paper.rollRows = defaultRoll * m.paper.rowsPerMM
	}
	m.setPaper(true)
	m.changed()
}

// setLink pulls the cable or puts it back. The printer itself goes on.
func (m *machine) setLink(up bool, name string) {
	if m.linked == up {
		return
	}
	m.linked = up
	m.linkLives++
	if up {
		m.linkName = name
		m.note("link", "plugged in")
	} else {
		m.out.clear()
		m.note("link", "unplugged")
	}
}

// tearByHand takes off what hangs out of the printer at the cutter's edge.
func (m *machine) tearByHand() {
	if s, ok := m.paper.cut(m.now); ok {
		s.Torn = true
		m.counts.Sheets++
		m.note("torn", fmt.Sprintf("sheet %d, %d rows, by hand", s.N, s.Rows))
	}
}
