package printersim

import (
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

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
		func(m *machine, _ Fault) { m.feedButton = !m.in.set.buttonsOff; m.changed() },
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
	all["slow-mechanism"] = faultKind{
		func(m *machine, f Fault) { m.slowness = f.times() },
		func(m *machine, _ Fault) { m.slowness = 0 },
	}
	all["stuck-busy"] = faultKind{ // nothing leaves the receive buffer, and nobody says so: DSR is on another wire
		func(m *machine, _ Fault) { m.stuck = true },
		func(m *machine, _ Fault) { m.stuck = false },
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
	all["wrong-baud"] = faultKind{
		func(m *machine, _ Fault) { m.line.speed = true },
		func(m *machine, _ Fault) { m.line.speed = false },
	}
	all["wrong-parity"] = faultKind{
		func(m *machine, _ Fault) { m.line.parity = true },
		func(m *machine, _ Fault) { m.line.parity = false },
	}
	all["second-host"] = faultKind{ // its bytes come between ours
		(*machine).hearSecondHost,
		func(*machine, Fault) {},
	}
	for _, kind := range []string{"byte-drop", "byte-flip", "byte-dup", "nul-burst"} {
		all[kind] = faultKind{
			func(m *machine, f Fault) {
				f.Count = f.count()
				m.faults.spoilers = append(m.faults.spoilers, f)
			},
			func(m *machine, _ Fault) { m.faults.spoilers = nil },
		}
	}
}

func addAnswerFaults(all map[string]faultKind) {
	all["ack-lost"] = faultKind{
		func(m *machine, f Fault) { m.ackLose += f.count() },
		func(m *machine, _ Fault) { m.ackLose = 0 },
	}
	all["ack-xoff"] = faultKind{
		func(m *machine, f Fault) { m.ackXOFF += f.count() },
		func(m *machine, _ Fault) { m.ackXOFF = 0 },
	}
	all["ack-delay"] = faultKind{
		func(m *machine, f Fault) { m.ackDelay = f.wait() },
		func(m *machine, _ Fault) { m.ackDelay = 0 },
	}
	all["ack-coalesced"] = faultKind{
		func(m *machine, f Fault) { m.ackHeld = m.now.Add(f.wait()) },
		func(m *machine, _ Fault) { m.ackHeld = time.Time{} },
	}
	all["slow-answers"] = faultKind{
		func(m *machine, f Fault) { m.answerDelay = f.wait() },
		func(m *machine, _ Fault) { m.answerDelay = 0 },
	}
}

// hearSecondHost is a program that writes to the same port: a line of its own and a process id that is not ours.
func (m *machine) hearSecondHost(f Fault) {
	data, err := hex.DecodeString(f.Data)
	if err != nil || len(data) == 0 {
		data = []byte("second host\n\x1d(H\x06\x0000~~~~")
	}
	for _, b := range data {
		m.receiveByte(b)
	}
}
