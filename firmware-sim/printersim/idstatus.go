package printersim

import "fmt"

// transmitStatus is GS r: in its turn in the data, and said when the data before it is processed, not printed.
func (m *machine) transmitStatus(p []byte) {
	switch p[2] {
	case 1, '1':
		m.respond(statusResponse, 0, []byte{bit(m.nearEnd(), 0x03) | bit(!m.paper.loaded, 0x0C)})
	case 2, '2':
		m.respond(statusResponse, 0, []byte{bit(m.drawerOpen, 0x01)})
	}
}

// transmitID is GS I: 1 to 3 one byte, 65 to 69 header 5F, text and NUL.
func (m *machine) transmitID(p []byte) {
	var text string
	switch p[2] {
	case 1, '1': // model
		m.respond(statusResponse, 0, []byte{0x20})
		return
	case 2, '2': // type: cutter fitted
		m.respond(statusResponse, 0, []byte{0x02})
		return
	case 3, '3': // ROM version
		m.respond(statusResponse, 0, []byte{0x01})
		return
	case 65:
		text = m.pers.Firmware
	case 66:
		text = m.pers.Maker
	case 67:
		text = m.pers.Model
	case 68:
		text = m.cfg.Serial
	case 69: // no double-byte font
	default:
		return
	}
	m.respond(statusResponse, 0, append(append([]byte{0x5F}, text...), 0))
}

// parenthesis sorts out GS ( x pL pH.
func (m *machine) parenthesis(p []byte) {
	switch p[2] {
	case 'H':
		m.requestResponse(p)
	case 'D':
		m.enableRealTime(p[5:])
	case 'L':
		m.graphicsCommand(p[5:])
	case 'k':
		m.symbolCommand(p[5:])
	default:
		m.unsupported(p)
	}
}

// requestResponse is GS ( H. fn 48: the id is answered when the data before it has been printed.
func (m *machine) requestResponse(p []byte) {
	if m.pers.NoProcessID {
		m.unsupported(p)
		return
	}
	switch q := p[5:]; {
	case len(q) == 6 && q[0] == '0' && q[1] == '0':
		for _, b := range q[2:] {
			if b < 0x20 || b > 0x7E {
				m.note("ignored", "process id out of range")
				return
			}
		}
		m.markID(string(q[2:]))
	case len(q) == 3 && q[0] == '1' && q[1] == '0' && q[2]&^'0' <= 2:
		m.offlineMode = q[2] &^ '0'
	default:
		m.note("ignored", fmt.Sprintf("GS ( H % x", q))
	}
}

func (m *machine) markID(id string) {
	if !m.in.line.empty() {
		m.in.line.ids = append(m.in.line.ids[max(len(m.in.line.ids)-maxLineIDs+1, 0):], id)
		return
	}
	m.queue(op{kind: opMark, id: id})
}

// enableRealTime is GS ( D 20 [a b]...: a names the real-time command, b 0 or 48 disables it.
func (m *machine) enableRealTime(q []byte) {
	if len(q) < 3 || q[0] != 20 {
		return
	}
	for i := 1; i+1 < len(q); i += 2 {
		off := q[i+1]&^'0' == 0
		switch q[i] {
		case 1:
			m.realTime.noPulse = off
		case 2:
			m.realTime.noPowOff = off
		}
	}
}
