package cardsim

import "bytes"

const (
	sw1More    = 0x61
	sw1WrongLe = 0x6C
	maxHeld    = 256 // what one byte of status word can announce
)

// held is an answer that a card under T=0 keeps back: until GET RESPONSE fetches it, or until its command comes again with
// the right Le. Any other command forgets it.
type held struct {
	command []byte // without Le; nil: GET RESPONSE is awaited
	answer  []byte
}

// hold keeps the answer's data back. An answer without data, or with more than a status word can tell, passes.
func hold(kind FaultKind, capdu, answer []byte) (instead []byte, h *held) {
	n := len(answer) - 2
	if n < 1 || n > maxHeld {
		return answer, nil
	}
	if kind == GetResponse {
		return []byte{sw1More, byte(n)}, &held{answer: answer}
	}
	return []byte{sw1WrongLe, byte(n)}, &held{command: withoutLe(capdu), answer: answer}
}

func withoutLe(capdu []byte) []byte {
	cmd, ok := parseCommand(capdu)
	if !ok {
		return capdu
	}
	return bytes.Join([][]byte{{cmd.cla, cmd.ins, cmd.p1, cmd.p2}, cmd.lc, cmd.data}, nil)
}

// fetch answers a command that asks for what is held.
func (h *held) fetch(capdu []byte) (answer []byte, rest *held, ok bool) {
	cmd, parsed := parseCommand(capdu)
	if h == nil || !parsed {
		return nil, nil, false
	}
	n := len(h.answer) - 2
	if h.command != nil {
		return h.answer, nil, cmd.le == n && bytes.Equal(withoutLe(capdu), h.command)
	}
	switch {
	case cmd.ins != insGetResponse || cmd.cla != 0 || len(cmd.data) != 0:
		return nil, nil, false
	case cmd.le >= n || cmd.le == 0:
		return h.answer, nil, true
	}
	later := &held{answer: h.answer[cmd.le:]}
	return append(bytes.Clone(h.answer[:cmd.le]), sw1More, byte(n-cmd.le)), later, true
}
