package printersim

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// maxForeign is how much a second host says at once.
const maxForeign = 4096

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
	MS    int    `json:"ms,omitempty"`     // delay of ack-delay and slow-answers, how long ack-coalesced gathers; 1000 when absent
	Times int    `json:"times,omitempty"`  // how much slower slow-mechanism is, 10 when absent
	Count int    `json:"count,omitempty"`  // answers or bytes that are hit, 1 when absent
	Size  int    `json:"size,omitempty"`   // of small-buffer
	Mask  int    `json:"mask,omitempty"`   // bits that byte-flip turns, 1 when absent
	Name  string `json:"name,omitempty"`   // device name under which unplug comes back
	Data  string `json:"data,omitempty"`   // what second-host sends, in hexadecimal; a line and a process id when absent
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
	if err := f.checkNumbers(); err != nil {
		return err
	}
	if data, err := hex.DecodeString(f.Data); err != nil || len(data) > maxForeign {
		return fmt.Errorf("%w: data is at most %d bytes in hexadecimal", ErrFault, maxForeign)
	}
	return nil
}

// What a field means when it is absent.
func (f Fault) count() int          { return cmp.Or(f.Count, 1) }
func (f Fault) mask() byte          { return byte(cmp.Or(f.Mask, 1)) }
func (f Fault) times() int          { return cmp.Or(f.Times, 10) }
func (f Fault) wait() time.Duration { return time.Duration(cmp.Or(f.MS, 1000)) * time.Millisecond }

func (f *Fault) checkNumbers() error {
	const maxMS, maxCount, maxTimes, maxSize = 3_600_000, 1_000_000, 1000, 1 << 20
	for _, v := range []struct {
		field     string
		got, most int
	}{
		{"n", f.N, math.MaxInt32},
		{"for_ms", f.ForMS, maxMS},
		{"ms", f.MS, maxMS},
		{"count", f.Count, maxCount},
		{"times", f.Times, maxTimes},
		{"size", f.Size, maxSize},
		{"mask", f.Mask, 0xFF},
	} {
		if v.got < 0 || v.got > v.most {
			return fmt.Errorf("%w: %s is from 0 to %d, not %d", ErrFault, v.field, v.most, v.got)
		}
	}
	if f.At == atTime && f.N > maxMS {
		return fmt.Errorf("%w: more than an hour ahead", ErrFault)
	}
	if f.Kind == "small-buffer" && f.Size == 0 {
		return fmt.Errorf("%w: small-buffer needs a size from 1 to %d", ErrFault, maxSize)
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
		return []byte{b ^ f.mask()}
	case "byte-dup":
		return []byte{b, b}
	default: // nul-burst
		return append(make([]byte, count), b)
	}
}
