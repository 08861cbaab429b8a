package printersim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxFaults is how many faults may wait or act on one printer.
const maxFaults = 64

// The moments at which a fault may strike.
const (
	atNow     = "now"
	atByte    = "byte"    // after n more bytes have been received
	atRow     = "row"     // after n more rows have been printed or fed
	atSegment = "segment" // when the n-th process id from now has been printed, before its answer
	atCut     = "cut"     // when the n-th cut from now begins
	atTime    = "time"    // n milliseconds from now
)

// ErrFault is wrapped by every refusal of a fault description.
var ErrFault = errors.New("fault refused")

// Fault is something that goes wrong at a chosen moment.
type Fault struct {
	Kind  string `json:"kind"`
	At    string `json:"at,omitempty"`     // now (default), byte, row, segment, cut, time
	N     int    `json:"n,omitempty"`      // how many of these from now; 0 is the next
	ForMS int    `json:"for_ms,omitempty"` // mends itself after this time; 0: stays until it is mended
	MS    int    `json:"ms,omitempty"`     // delay of ack-delay and slow-answers
	Count int    `json:"count,omitempty"`  // answers or bytes that are hit, 1 when absent
	Size  int    `json:"size,omitempty"`   // of small-buffer
	Mask  int    `json:"mask,omitempty"`   // bits that byte-flip turns, 1 when absent
	Name  string `json:"name,omitempty"`   // device name under which unplug comes back
}

// faultKind is what a fault does and how it is mended.
type faultKind struct {
	strike func(m *machine, f Fault)
	mend   func(m *machine, f Fault)
}

func faultKinds() map[string]faultKind {
	all := make(map[string]faultKind)
	addSensorFaults(all)
	addErrorFaults(all)
	addLinkFaults(all)
	addAnswerFaults(all)
	return all
}

// FaultKinds lists the names of all faults.
func FaultKinds() []string { return slices.Sorted(maps.Keys(faultKinds())) }

func addSensorFaults(all map[string]faultKind) {
	all["paper-near-end"] = faultKind{
		func(m *machine, _ Fault) { m.setRoll(nearEndMM - 1) },
		func(m *machine, _ Fault) { m.setRoll(defaultRoll) },
	}
	all["paper-out"] = faultKind{
		func(m *machine, _ Fault) { m.setPaper(false) },
		func(m *machine, _ Fault) { m.loadRoll(0) },
	}
	all["cover-open"] = faultKind{
		func(m *machine, _ Fault) { m.setCover(true) },
		func(m *machine, _ Fault) { m.setCover(false) },
	}
	all["feed-button"] = faultKind{
		func(m *machine, _ Fault) { m.feedButton = true; m.changed() },
		func(m *machine, _ Fault) { m.feedButton = false; m.changed() },
	}
}

func addErrorFaults(all map[string]faultKind) {
	all["cutter-jam"] = faultKind{ // strikes with the next cut; freeing the blade does not clear the error
		func(m *machine, _ Fault) { m.jammed = true },
		func(m *machine, _ Fault) { m.jammed = false },
	}
	all["overheat"] = faultKind{
		func(m *machine, _ Fault) { m.overheated = true; m.changed() },
		func(m *machine, _ Fault) { m.overheated = false; m.changed() },
	}
	all["unrecoverable"] = faultKind{ // only switching off and on ends it
		func(m *machine, _ Fault) { m.unrecoverable = true; m.changed() },
		func(*machine, Fault) {},
	}
	all["power-off"] = faultKind{
		func(m *machine, _ Fault) { m.setPower(false) },
		func(m *machine, _ Fault) { m.setPower(true) },
	}
	all["small-buffer"] = faultKind{
		func(m *machine, f Fault) { m.rxSize = f.Size },
		func(m *machine, _ Fault) { m.rxSize = m.fullSize() },
	}
	all["stuck-xoff"] = faultKind{ // busy for ever: nothing leaves the receive buffer
		func(m *machine, _ Fault) {
			m.stuck, m.rxFull = true, true
			m.respond(statusResponse, 0, []byte{xoff})
		},
		func(m *machine, _ Fault) {
			m.stuck, m.rxFull = false, false
			m.respond(statusResponse, 0, []byte{xon})
		},
	}
}

func addLinkFaults(all map[string]faultKind) {
	all["unplug"] = faultKind{
		func(m *machine, f Fault) { m.setLink(false, f.Name) },
		func(m *machine, f Fault) { m.setLink(true, f.Name) },
	}
	all["black-hole"] = faultKind{
		func(m *machine, _ Fault) { m.deaf = true },
		func(m *machine, _ Fault) { m.deaf = false },
	}
	for _, kind := range []string{"byte-drop", "byte-flip", "byte-dup", "nul-burst"} {
		all[kind] = faultKind{
			func(m *machine, f Fault) { m.faults.spoilers = append(m.faults.spoilers, f) },
			func(m *machine, _ Fault) { m.faults.spoilers = nil },
		}
	}
}

func addAnswerFaults(all map[string]faultKind) {
	all["ack-lost"] = faultKind{
		func(m *machine, f Fault) { m.ackLose += f.Count },
		func(m *machine, _ Fault) { m.ackLose = 0 },
	}
	all["ack-xoff"] = faultKind{
		func(m *machine, f Fault) { m.ackXOFF += f.Count },
		func(m *machine, _ Fault) { m.ackXOFF = 0 },
	}
	all["ack-delay"] = faultKind{
		func(m *machine, f Fault) { m.ackDelay = time.Duration(f.MS) * time.Millisecond },
		func(m *machine, _ Fault) { m.ackDelay = 0 },
	}
	all["slow-answers"] = faultKind{
		func(m *machine, f Fault) { m.answerDelay = time.Duration(f.MS) * time.Millisecond },
		func(m *machine, _ Fault) { m.answerDelay = 0 },
	}
}

// pendingFault is a fault that waits for its moment, or that has struck and is not mended.
type pendingFault struct {
	Fault
	left   int // until it strikes
	struck bool
	when   time.Time // strikes or mends by the clock
}

type faultPlan struct {
	pending  []*pendingFault
	spoilers []Fault // byte faults that act on what comes next
}

// check completes a fault description and refuses what makes no sense.
func (f *Fault) check() error {
	kinds := faultKinds()
	if _, ok := kinds[f.Kind]; !ok {
		return fmt.Errorf("%w: kind %q is none of %s", ErrFault, f.Kind, strings.Join(FaultKinds(), ", "))
	}
	if f.At == "" {
		f.At = atNow
	}
	if !slices.Contains([]string{atNow, atByte, atRow, atSegment, atCut, atTime}, f.At) {
		return fmt.Errorf("%w: at %q is none of now, byte, row, segment, cut, time", ErrFault, f.At)
	}
	const maxMS, maxCount = 3_600_000, 1_000_000
	if f.N < 0 || f.ForMS < 0 || f.ForMS > maxMS || f.MS < 0 || f.MS > maxMS || f.Count < 0 || f.Count > maxCount {
		return fmt.Errorf("%w: a number of %s is out of range", ErrFault, f.Kind)
	}
	if f.At == atTime && f.N > maxMS {
		return fmt.Errorf("%w: more than an hour ahead", ErrFault)
	}
	if f.Count == 0 {
		f.Count = 1
	}
	if f.Mask == 0 {
		f.Mask = 1
	}
	if f.Kind == "small-buffer" && (f.Size < 1 || f.Size > 1<<20) {
		return fmt.Errorf("%w: small-buffer needs a size from 1 to %d", ErrFault, 1<<20)
	}
	return nil
}

// plan takes a checked fault. It strikes at once when its moment is now.
func (p *faultPlan) plan(m *machine, f Fault) error {
	if len(p.pending) >= maxFaults {
		return fmt.Errorf("%w: %d are pending already", ErrFault, maxFaults)
	}
	pf := &pendingFault{Fault: f, left: max(f.N, 1)}
	if f.At == atTime {
		pf.when = m.now.Add(time.Duration(f.N) * time.Millisecond)
	}
	p.pending = append(p.pending, pf)
	if f.At == atNow || (f.N == 0 && (f.At == atByte || f.At == atRow)) {
		p.strike(m, pf)
	}
	return nil
}

func (p *faultPlan) strike(m *machine, pf *pendingFault) {
	pf.struck, pf.when = true, time.Time{}
	m.note("fault", pf.Kind+" at "+pf.At)
	faultKinds()[pf.Kind].strike(m, pf.Fault)
	if pf.ForMS > 0 {
		pf.when = m.now.Add(time.Duration(pf.ForMS) * time.Millisecond)
	}
}

// reached counts n bytes, rows, process ids or cuts and strikes what waited for them.
func (p *faultPlan) reached(m *machine, at string, n int) {
	for _, pf := range slices.Clone(p.pending) {
		if pf.struck || pf.At != at {
			continue
		}
		pf.left -= n
		if pf.left <= 0 {
			p.strike(m, pf)
		}
	}
}

func (p *faultPlan) nextTime() time.Time {
	var at time.Time
	for _, pf := range p.pending {
		if !pf.when.IsZero() && (at.IsZero() || pf.when.Before(at)) {
			at = pf.when
		}
	}
	return at
}

func (p *faultPlan) timePasses(m *machine) {
	for _, pf := range slices.Clone(p.pending) {
		if pf.when.IsZero() || pf.when.After(m.now) {
			continue
		}
		if pf.struck {
			p.mend(m, pf)
		} else {
			p.strike(m, pf)
		}
	}
}

func (p *faultPlan) mend(m *machine, pf *pendingFault) {
	p.forget(pf)
	m.note("mended", pf.Kind)
	faultKinds()[pf.Kind].mend(m, pf.Fault)
}

func (p *faultPlan) forget(pf *pendingFault) {
	p.pending = slices.DeleteFunc(p.pending, func(other *pendingFault) bool { return other == pf })
}

// mendAll undoes what has struck and forgets what waits.
func (p *faultPlan) mendAll(m *machine) {
	for _, pf := range slices.Clone(p.pending) {
		if pf.struck {
			p.mend(m, pf)
		} else {
			p.forget(pf)
		}
	}
}

// settled forgets struck faults of a kind that somebody put right by hand.
func (p *faultPlan) settled(kind string) {
	p.pending = slices.DeleteFunc(p.pending, func(pf *pendingFault) bool { return pf.struck && pf.Kind == kind })
}

// spoil gives what becomes of one byte on the wire.
func (p *faultPlan) spoil(b byte) []byte {
	if len(p.spoilers) == 0 {
		return []byte{b}
	}
	f := &p.spoilers[0]
	count := f.Count
	f.Count--
	if f.Count <= 0 || f.Kind == "nul-burst" {
		p.spoilers = p.spoilers[1:]
	}
	switch f.Kind {
	case "byte-drop":
		return nil
	case "byte-flip":
		return []byte{b ^ byte(f.Mask)}
	case "byte-dup":
		return []byte{b, b}
	default: // nul-burst
		return append(make([]byte, count), b)
	}
}

func (m *machine) setRoll(mm int) {
	m.paper.rollRows = mm * rowsPerMM
	m.changed()
}

// loadRoll threads a roll of mm millimetres, or, for 0, what is left of the old one or a new one if that is used up.
func (m *machine) loadRoll(mm int) {
	if mm > 0 {
		m.paper.rollRows = mm * rowsPerMM
	} else if m.paper.rollRows <= 0 {
		m.paper.rollRows = defaultRoll * rowsPerMM
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
