package printersim

import "fmt"

const (
	ht  = 0x09
	lf  = 0x0A
	ff  = 0x0C
	can = 0x18
	esc = 0x1B
	fs  = 0x1C
	gs  = 0x1D
)

// maxCommand bounds a command that is held until it is complete: the longest has a 16 bit length. Longer ones stream.
const maxCommand = 1 << 17

// command is one entry of the command table: how long it is and what it does.
type command struct {
	args int // parameter bytes behind the two command bytes
	// size replaces args where the length is in the data: the least total length that p leaves possible. When that is
	// the length of p, the command is complete.
	size func(p []byte) int
	// tail is how many bytes follow the complete command that are not held but streamed or skipped.
	tail func(p []byte) int
	run  func(m *machine, p []byte) // nil: parsed with its exact length and skipped
}

func (c command) least(p []byte) int {
	if c.size != nil {
		return c.size(p)
	}
	return 2 + c.args
}

// interpreter turns the byte stream into lines, pictures and actions. It keeps what a half-received command needs.
type interpreter struct {
	table map[[2]byte]command
	cmd   []byte
	need  int
	tail  int
	sink  func(m *machine, b byte) // takes the streamed bytes; nil skips them

	nvImages  int // images of FS q that are still to come
	skipLF    bool
	kanji     bool
	kanjiLead byte
	asleep    bool // ESC = 0

	set      settings
	line     lineBuffer
	user     map[byte]*bitmap
	graphics *bitmap // stored by GS ( L fn 112, printed by fn 50
	qr       qrSymbol
}

// start brings the interpreter to its state after power-on.
func (in *interpreter) start(m *machine) {
	*in = interpreter{table: commandTable(m.pers), kanji: m.pers.KanjiAtBoot}
	in.reset(m)
}

// reset is ESC @: settings and characters that no line feed has printed go, with the process ids behind them. The
// receive buffer and what the mechanism has to do stay.
func (in *interpreter) reset(m *machine) {
	in.set = defaultSettings(m)
	in.line = lineBuffer{}
	in.user = make(map[byte]*bitmap)
	in.graphics = nil
	in.qr = qrSymbol{module: 3, level: '0', model: '2'}
	in.kanji, in.kanjiLead = m.pers.KanjiAtBoot, 0
}

// cancel drops a half-received command and unprinted text, as DLE DC4 fn 8 does; settings stay.
func (in *interpreter) cancel() {
	in.cmd, in.need, in.tail, in.sink, in.nvImages, in.skipLF, in.kanjiLead = nil, 0, 0, nil, 0, false, 0
	in.line = lineBuffer{}
}

// feed takes the next byte from the receive buffer.
func (in *interpreter) feed(m *machine, b byte) {
	switch {
	case in.tail > 0:
		in.tail--
		if in.sink != nil {
			in.sink(m, b)
		}
		if in.tail == 0 {
			in.sink = nil
		}
	case in.nvImages > 0:
		in.feedNVImage(b)
	case len(in.cmd) == 0 && b != esc && b != gs && b != fs && b != dle:
		in.single(m, b)
	default:
		in.cmd = append(in.cmd, b)
		if len(in.cmd) >= in.need {
			in.complete(m)
		}
	}
}

// complete asks the table how long the command at hand is and runs it when it is all there.
func (in *interpreter) complete(m *machine) {
	if len(in.cmd) < 2 {
		in.need = 2
		return
	}
	if in.cmd[0] == dle {
		in.passRealTime(m)
		return
	}
	c, known := in.table[[2]byte{in.cmd[0], in.cmd[1]}]
	if !known {
		in.unknown(m)
		return
	}
	if in.need = c.least(in.cmd); len(in.cmd) < in.need {
		return
	}
	p := in.cmd
	in.cmd, in.need = nil, 0
	in.skipLF = false
	if c.tail != nil {
		in.tail = c.tail(p)
	}
	if in.asleep && p[1] != '=' {
		return
	}
	if c.run == nil {
		m.unsupported(p)
		return
	}
	c.run(m, p)
}

// passRealTime steps over a real-time command: it was executed when it came in.
func (in *interpreter) passRealTime(m *machine) {
	n := realTimeLength(in.cmd)
	if n < 0 {
		rest := in.cmd[1:]
		in.cmd, in.need = nil, 0
		for _, b := range rest {
			in.feed(m, b)
		}
		return
	}
	if n == len(in.cmd) {
		in.cmd, in.need = nil, 0
		return
	}
	in.need = max(n, len(in.cmd)+1)
}

// unknown prints what is not a command as text, without its prefix, as the devices do.
func (in *interpreter) unknown(m *machine) {
	p := in.cmd
	in.cmd, in.need = nil, 0
	m.counts.Unknown++
	m.note("unknown", fmt.Sprintf("% x", p))
	in.feed(m, p[1])
}

func (m *machine) unsupported(p []byte) {
	m.counts.Unsupported++
	m.note("unsupported", fmt.Sprintf("% x, %d bytes", p[:min(len(p), 8)], len(p)+m.in.tail))
}

// single handles a byte that begins no command.
func (in *interpreter) single(m *machine, b byte) {
	if in.asleep {
		return
	}
	if in.kanjiLead != 0 {
		in.kanjiLead = 0
		in.putKanji(m)
		return
	}
	skipLF := in.skipLF
	in.skipLF = false
	switch {
	case b == lf:
		if !skipLF {
			in.lineFeed(m)
		}
	case b == ht:
		in.tab(m)
	case b == ff || b == can: // of page mode
		m.unsupported([]byte{b})
	case b < 0x20: // CR alone and the rest do nothing
	case b >= 0x81 && in.kanji:
		in.kanjiLead = b
	default:
		in.putByte(m, b)
	}
}

// feedNVImage follows FS q: each image is xL xH yL yH and x*y*8 bytes.
func (in *interpreter) feedNVImage(b byte) {
	in.cmd = append(in.cmd, b)
	if len(in.cmd) < 4 {
		return
	}
	in.tail = le16(in.cmd[0:]) * le16(in.cmd[2:]) * 8
	in.cmd = nil
	in.nvImages--
}

func le16(p []byte) int { return int(p[0]) | int(p[1])<<8 }

func le32(p []byte) int { return le16(p) | le16(p[2:])<<16 }
