package printersim

import "time"

// State is what a printer tells about itself over the control interface.
type State struct {
	Name        string     `json:"name"`
	Device      string     `json:"device"`
	Personality string     `json:"personality"`
	Clock       time.Time  `json:"clock"` // the printer's
	Virtual     bool       `json:"virtual"`
	WidthDots   int        `json:"width_dots"`
	Power       bool       `json:"power"`
	Booting     bool       `json:"booting"`
	Online      bool       `json:"online"`
	Plugged     bool       `json:"plugged"`
	Jammed      bool       `json:"jammed"` // the blade sticks, or will at the next cut
	Cover       string     `json:"cover"`  // open or closed
	Drawer      string     `json:"drawer"` // open or closed
	Paper       PaperState `json:"paper"`
	Errors      []string   `json:"errors"` // cutter, overheat, unrecoverable
	Buffer      Buffer     `json:"buffer"`
	RowsQueued  int        `json:"rows_queued"`
	LineWaiting bool       `json:"line_waiting"` // characters received that no line feed has printed yet
	Counts      Counts     `json:"counts"`
	Faults      []Fault    `json:"faults"` // waiting or acting
}

// PaperState is the roll and the strip.
type PaperState struct {
	Loaded      bool `json:"loaded"`
	NearEnd     bool `json:"near_end"`
	RemainingMM int  `json:"remaining_mm"`
	StripRows   int  `json:"strip_rows"` // from the head to the end that hangs out
}

// Buffer is the receive buffer.
type Buffer struct {
	Size int  `json:"size"`
	Used int  `json:"used"`
	Full bool `json:"full"`
}

func (m *machine) state() State {
	s := State{
		Name: m.cfg.Name, Personality: m.pers.Name, Clock: m.now, Virtual: m.cfg.Virtual, WidthDots: m.pers.WidthDots, Power: m.power, Booting: !m.bootEnds.IsZero(), Online: m.online(),
		Plugged: m.linked, Jammed: m.jammed, Cover: openOrClosed(m.coverOpen), Drawer: openOrClosed(m.drawerOpen),
		Paper: PaperState{
			Loaded: m.paper.loaded, NearEnd: m.nearEnd(), RemainingMM: m.paper.remainingMM(),
			StripRows: m.paper.rows(),
		},
		Errors: []string{}, Buffer: Buffer{Size: m.rxSize, Used: len(m.rx), Full: m.rxFull},
		RowsQueued: m.mech.rows(), LineWaiting: !m.in.line.empty(), Counts: m.counts, Faults: []Fault{},
	}
	for _, e := range []struct {
		on   bool
		name string
	}{{m.cutterError, "cutter"}, {m.overheated, "overheat"}, {m.unrecoverable, "unrecoverable"}} {
		if e.on {
			s.Errors = append(s.Errors, e.name)
		}
	}
	for _, f := range m.faults.pending {
		s.Faults = append(s.Faults, f.Fault)
	}
	return s
}

func openOrClosed(open bool) string {
	if open {
		return "open"
	}
	return "closed"
}
