package escpos

import "bytes"

const (
	xon  = 0x11
	xoff = 0x13

	blockHeader = 0x37 // responses
	infoHeader  = 0x5F // printer information B
	blockEnd    = 0x00

	blockProcessID = 0x22 // GS ( H fn 48
	blockOffline   = 0x23 // GS ( H fn 49
	blockCleared   = 0x25 // DLE DC4 fn 8

	maxBlockData  = 80 // longest text the manuals allow between header and NUL
	maxCauses     = 10 // offline causes in one block
	maxUnanswered = 16 // DLE EOT queries remembered
)

// StatusParser turns the bytes a printer sends into events. Answers carry fixed bits that tell them apart, so the parser
// finds its way back after lost or foreign bytes; XON and XOFF may stand anywhere, also inside another answer. The zero
// value is ready to use.
type StatusParser struct {
	held  []byte // the beginning of an answer
	asked []StatusQuery
}

// Asked notes a DLE EOT query that is about to be sent: the answer itself does not say which query it belongs to.
func (p *StatusParser) Asked(q StatusQuery) {
	if len(p.asked) == maxUnanswered {
		p.asked = p.asked[1:]
	}
	p.asked = append(p.asked, q)
}

// Unanswered counts the queries whose answer has not come.
func (p *StatusParser) Unanswered() int { return len(p.asked) }

// Forget drops the open queries: call it when their answers have been given up, so that a late one is not taken for the
// answer to a newer question.
func (p *StatusParser) Forget() { p.asked = p.asked[:0] }

// Feed takes bytes as they came in and returns the answers that they complete.
func (p *StatusParser) Feed(in []byte) []StatusEvent {
	var events []StatusEvent
	for _, b := range in {
		switch b {
		case xon:
			events = append(events, StatusEvent{Kind: StatusXON})
			continue
		case xoff:
			events = append(events, StatusEvent{Kind: StatusXOFF})
			continue
		}
		p.held = append(p.held, b)
		for len(p.held) > 0 {
			ev, n := p.take()
			if n == 0 {
				break
			}
			events = append(events, ev)
			p.held = p.held[:copy(p.held, p.held[n:])]
		}
	}
	return events
}

// take reads one answer from the start of what is held and says how many bytes it used; 0 asks for more bytes.
func (p *StatusParser) take() (StatusEvent, int) {
	switch b := p.held[0]; {
	case b == blockHeader, b == infoHeader:
		return p.takeBlock()
	case b&0x93 == 0x12: // 0xx1xx10
		return p.takeRealTime(b), 1
	case b&0x93 == 0x10: // 0xx1xx00
		return p.takeASB()
	case b&0x90 == 0: // 0xx0xxxx
		return StatusEvent{Kind: StatusByte, Data: string(p.held[:1])}, 1
	default:
		return noise(p.held[:1]), 1
	}
}

func (p *StatusParser) takeRealTime(b byte) StatusEvent {
	if len(p.asked) == 0 {
		return noise([]byte{b})
	}
	q := p.asked[0]
	p.asked = p.asked[:copy(p.asked, p.asked[1:])]
	known, set := conditions(b, realTimeRules(q))
	return StatusEvent{Kind: StatusRealTime, Query: q, Known: known, Set: set}
}

func (p *StatusParser) takeASB() (StatusEvent, int) {
	for i, b := range p.held[1:] {
		if b&0x90 != 0 { // bytes 2-4 are 0xx0xxxx: this one begins another answer
			return noise(p.held[:i+1]), i + 1
		}
	}
	if len(p.held) < 4 {
		return StatusEvent{}, 0
	}
	return asbEvent(p.held), 4
}

// takeBlock reads header, data, NUL. Ids and texts contain every status pattern, so what cannot become a block is
// dropped whole instead of being read as statuses.
func (p *StatusParser) takeBlock() (StatusEvent, int) {
	torn := len(p.held) - 1 // how much to drop; the byte that does not fit may begin another answer
	switch b := p.held[torn]; {
	case torn == 0:
		return StatusEvent{}, 0
	case b == blockEnd:
		if ev, ok := blockEvent(p.held[:torn]); ok {
			return ev, len(p.held)
		}
		torn = len(p.held)
	case blockGoesOn(p.held):
		return StatusEvent{}, 0
	}
	if i := bytes.LastIndexByte(p.held[1:torn], blockHeader); i >= 0 && knownBlock(p.held[i+1:]) {
		torn = i + 1 // the next answer began inside the torn one
	}
	return noise(p.held[:torn]), torn
}

// blockGoesOn reports whether the bytes can be the beginning of a block that has not reached its NUL.
func blockGoesOn(held []byte) bool {
	b := held[len(held)-1]
	if b < 0x20 || b > 0x7F {
		return false
	}
	if held[0] == infoHeader {
		return len(held) <= 1+maxBlockData
	}
	data := len(held) - 2
	switch held[1] {
	case blockProcessID:
		return data <= 4
	case blockOffline:
		return data <= maxCauses && (data == 0 || b >= 0x40)
	case blockCleared:
		return data == 0
	default:
		return data <= maxBlockData
	}
}

// blockEvent reads a block without its NUL.
func blockEvent(block []byte) (StatusEvent, bool) {
	if block[0] == infoHeader {
		return StatusEvent{Kind: StatusInfo, Data: string(block[1:])}, true
	}
	if len(block) < 2 {
		return StatusEvent{}, false
	}
	data := block[2:]
	switch block[1] {
	case blockProcessID:
		if len(data) != 4 {
			return StatusEvent{}, false
		}
		return StatusEvent{Kind: StatusProcessID, ID: [4]byte(data)}, true
	case blockCleared:
		return StatusEvent{Kind: StatusCleared}, true
	case blockOffline:
		return StatusEvent{Kind: StatusOffline, Data: string(data)}, true
	default:
		return StatusEvent{Kind: StatusInfo, Data: string(block[1:])}, true
	}
}

// knownBlock reports whether b may begin one of the responses that the driver waits for.
func knownBlock(b []byte) bool {
	if len(b) < 2 {
		return true
	}
	return b[1] == blockProcessID || b[1] == blockOffline || b[1] == blockCleared
}

func noise(b []byte) StatusEvent { return StatusEvent{Kind: StatusNoise, Data: string(b)} }
