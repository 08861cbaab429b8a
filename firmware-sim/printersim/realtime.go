package printersim

import (
	"fmt"
	"time"
)

const (
	dle = 0x10
	eot = 0x04
	enq = 0x05
	dc4 = 0x14
)

// clearTime is how long DLE DC4 fn 8 takes before its answer.
const clearTime = 30 * time.Millisecond

// realTime watches the incoming stream for real-time commands. It does not know where commands begin, so it also finds
// them inside pictures; the bytes stay in the stream and the command they interrupt is corrupted by them, as on paper.
type realTime struct {
	seen     []byte
	noPulse  bool // GS ( D switched DLE DC4 fn 1 off
	noPowOff bool // and fn 2
}

// realTimeLength is the length of the real-time command that begins with p: 0 while it cannot be told, -1 if it is none.
func realTimeLength(p []byte) int {
	if p[0] != dle {
		return -1
	}
	if len(p) == 1 {
		return 0
	}
	if len(p) == 2 {
		if p[1] == eot || p[1] == enq || p[1] == dc4 {
			return 0
		}
		return -1
	}
	switch {
	case p[1] == enq, p[1] == eot && p[2] != 7 && p[2] != 8 && p[2] != 18:
		return 3
	case p[1] == eot: // of ink and interface models: n a
		return 4
	}
	switch p[2] { // DLE DC4 fn
	case 1, 2: // m t; 1 8
		return 5
	case 3: // buzzer: a n r t1 t2
		return 8
	case 7: // m
		return 4
	case 8:
		return 10
	}
	return -1
}

func (r *realTime) scan(m *machine, b byte) {
	r.seen = append(r.seen, b)
	for len(r.seen) > 0 {
		n := realTimeLength(r.seen)
		if n < 0 {
			r.seen = r.seen[1:]
			continue
		}
		if n == 0 || len(r.seen) < n {
			return
		}
		cmd := append([]byte(nil), r.seen[:n]...)
		r.seen = r.seen[n:]
		m.realTimeCommand(cmd)
	}
}

func (m *machine) realTimeCommand(cmd []byte) {
	switch cmd[1] {
	case eot:
		m.sendRealTimeStatus(cmd[2])
	case enq:
		m.realTimeRequest(cmd[2])
	case dc4:
		m.realTimeDC4(cmd)
	}
}

func (m *machine) sendRealTimeStatus(n byte) {
	if b, ok := m.statusByte(n); ok {
		m.respond(statusResponse, 0, []byte{b})
	}
}

// realTimeRequest is DLE ENQ: it matters only after a cutter error.
func (m *machine) realTimeRequest(n byte) {
	if !m.cutterError || n < 1 || n > 2 || (n == 1 && m.pers.EnqClearsOnly) {
		return
	}
	m.note("recover", fmt.Sprintf("DLE ENQ %d", n))
	m.cutterError = false
	if n == 2 {
		m.clearBuffers()
	}
	m.changed()
}

func (m *machine) realTimeDC4(cmd []byte) {
	switch cmd[2] {
	case 1: // pulse: pin 0-1, time 1-8 times 100 ms; not while an error holds the printer
		if !m.realTime.noPulse && cmd[3] <= 1 && cmd[4] >= 1 && cmd[4] <= 8 && m.online() {
			m.pulseDone(2 + 3*int(cmd[3]))
		}
	case 2:
		if !m.realTime.noPowOff && cmd[3] == 1 && cmd[4] == 8 {
			m.note("power", "switched off by command")
			m.setPower(false)
		}
	case 8:
		if string(cmd[3:]) == "\x01\x03\x14\x01\x06\x02\x08" && !m.pers.NoClear {
			m.realTimeClear()
		}
	}
}

// realTimeClear empties the buffers, ends a half-received command and leaves a recoverable error. What arrives before
// its answer is lost: the manual says to send nothing until then.
func (m *machine) realTimeClear() {
	m.counts.Clears++
	m.note("clear", fmt.Sprintf("%d bytes and %d rows dropped", len(m.rx), m.mech.rows()))
	m.cutterError = false
	m.clearBuffers()
	m.clearEnds = m.now.Add(clearTime)
	m.changed()
}

// clearBuffers drops received and unprinted data. Process ids go with their data, without an answer.
func (m *machine) clearBuffers() {
	m.rx = nil
	m.mech.clear()
	m.out.dropIDs()
	m.in.cancel()
	m.flow()
}
