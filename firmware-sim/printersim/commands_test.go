package printersim

import (
	"fmt"
	"strings"
	"testing"
)

// trial shows what one command does: the same bytes are sent with it and without it.
type trial struct {
	name               string
	before, cmd, after string
	change             func(*Personality)
	setUp              func(*bed)
}

// effect is everything that a host or a customer could notice.
func (c trial) effect(t *testing.T, cmd string) string {
	change := c.change
	if change == nil {
		change = func(*Personality) {}
	}
	b := newBed(t, change)
	if c.setUp != nil {
		c.setUp(b)
	}
	b.send(c.before, cmd, c.after)
	b.settle()
	said := b.answers()
	return fmt.Sprintf("%q %q %x %d %d %v", said, b.m.paper.text(), b.m.paper.dots, b.m.counts.DrawerPulses, b.m.counts.Sheets, b.m.online())
}

const (
	cellA   = "\x1b&\x03AA\x01\xff\x0f\xf0"
	anEAN   = "\x1dkC\x0c475000000012"
	storeBW = "\x1d8L\x0b\x00\x00\x000p0\x01\x011\x04\x00\x01\x00\xf0"
)

func trials() []trial {
	kanji := func(p *Personality) { p.KanjiAtBoot = true }
	return []trial{
		{name: "ESC @ puts settings back", before: "\x1d!\x11", cmd: "\x1b@", after: "x\n"},
		{name: "ESC ! print mode", cmd: "\x1b!\x30", after: "x\n"},
		{name: "ESC E emphasised", cmd: "\x1bE\x01", after: "x\n"},
		{name: "ESC G double-strike", cmd: "\x1bG\x01", after: "x\n"},
		{name: "ESC - underline", cmd: "\x1b-\x02", after: "x\n"},
		{name: "ESC M font B", cmd: "\x1bM\x01", after: "x\n"},
		{name: "ESC t code page", cmd: "\x1bt\x33", after: "\xe2\n"},
		{name: "ESC R country", cmd: "\x1bR\x02", after: "[\n"},
		{name: "ESC { upside down", cmd: "\x1b{\x01", after: "x\n"},
		{name: "ESC V turned", cmd: "\x1bV\x01", after: "x\n"},
		{name: "ESC SP character spacing", cmd: "\x1b \x04", after: "xx\n"},
		{name: "ESC = another peripheral", cmd: "\x1b=\x02", after: "x\n"},
		{name: "ESC % user-defined characters", before: cellA, cmd: "\x1b%\x01", after: "A\n"},
		{name: "ESC & defines them", before: "\x1b%\x01", cmd: cellA, after: "A\n"},
		{name: "ESC ? cancels one", before: cellA + "\x1b%\x01", cmd: "\x1b?A", after: "A\n"},
		{name: "FS . ends Kanji mode", cmd: "\x1c.", after: "\xc7\xc7\n", change: kanji},
		{name: "FS & begins it", before: "\x1c.", cmd: "\x1c&", after: "\xc7\xc7\n", change: kanji},
		{name: "GS ! size", cmd: "\x1d!\x77", after: "x\n"},
		{name: "GS B reverse", cmd: "\x1dB\x01", after: "x\n"},
		{name: "ESC a justification", cmd: "\x1ba\x02", after: "x\n"},
		{name: "ESC 2 default line spacing", before: "\x1b3\x60", cmd: "\x1b2", after: "x\n"},
		{name: "ESC 3 line spacing", cmd: "\x1b3\x60", after: "x\n"},
		{name: "ESC $ absolute position", cmd: "\x1b$\x40\x00", after: "x\n"},
		{name: "ESC \\ relative position", before: "x", cmd: "\x1b\\\x40\x00", after: "x\n"},
		{name: "ESC D tab stops", cmd: "\x1bD\x03\x00", after: "\tx\n"},
		{name: "GS L left margin", cmd: "\x1dL\x40\x00", after: "x\n"},
		{name: "GS W width of the print area", cmd: "\x1dW\x18\x00", after: "xxx\n"},
		{name: "GS P motion units", cmd: "\x1dP\x65\x65", after: "\x1bJ\x20"},
		{name: "ESC d lines", before: "x", cmd: "\x1bd\x03"},
		{name: "ESC J dots", before: "x", cmd: "\x1bJ\x40"},
		{name: "ESC i cut", before: "x\x1bd\x09", cmd: "\x1bi"},
		{name: "ESC m cut", before: "x\x1bd\x09", cmd: "\x1bm"},
		{name: "GS V 0 cut", before: "x\x1bd\x09", cmd: "\x1dV\x00"},
		{name: "GS V 1 cut", before: "x\x1bd\x09", cmd: "\x1dV\x01"},
		{name: "GS V 48 cut", before: "x\x1bd\x09", cmd: "\x1dV0"},
		{name: "GS V 49 cut", before: "x\x1bd\x09", cmd: "\x1dV1"},
		{name: "GS V 65 feed and cut", before: "x\n", cmd: "\x1dVA\x00"},
		{name: "GS V 66 feed and cut", before: "x\n", cmd: "\x1dVB\x00"},
		{name: "ESC p drawer", cmd: "\x1bp\x00\x19\x19"},
		{name: "ESC c 4 stops near the end of the roll", cmd: "\x1bc4\x03", after: "x\n", setUp: func(b *bed) { b.m.setRoll(nearEndMM) }},
		{name: "ESC c 5 disables the feed button", cmd: "\x1bc5\x01", after: "x\n", setUp: func(b *bed) { b.fault(Fault{Kind: "feed-button", At: atRow, N: 1}) }},
		{name: "GS a automatic status", cmd: "\x1da\x0f"},
		{name: "GS r 1 paper", cmd: "\x1dr\x01"},
		{name: "GS r 2 drawer", cmd: "\x1dr2"},
		{name: "GS I 1 model", cmd: "\x1dI\x01"},
		{name: "GS I 2 type", cmd: "\x1dI\x02"},
		{name: "GS I 3 version", cmd: "\x1dI3"},
		{name: "GS I 65 firmware", cmd: "\x1dIA"},
		{name: "GS I 66 maker", cmd: "\x1dIB"},
		{name: "GS I 67 model name", cmd: "\x1dIC"},
		{name: "GS I 68 serial number", cmd: "\x1dID"},
		{name: "GS I 69 fonts", cmd: "\x1dIE"},
		{name: "GS ( H fn 48 process id", cmd: id("AB12")},
		{name: "GS ( H fn 49 offline", cmd: "\x1d(H\x03\x00102", after: "x\n", setUp: func(b *bed) { b.fault(Fault{Kind: "cover-open", At: atRow, N: 1}) }},
		{name: "GS ( D no pulse in real time", cmd: "\x1d(D\x03\x00\x14\x01\x00", after: "\x10\x14\x01\x00\x01"},
		{name: "GS ( L fn 112 stores", cmd: "\x1d(L\x0b\x000p0\x01\x011\x04\x00\x01\x00\xf0", after: "\x1d(L\x02\x0002"},
		{name: "GS ( L fn 50 prints", before: storeBW, cmd: "\x1d(L\x02\x0002"},
		{name: "GS 8 L fn 112 stores", cmd: storeBW, after: "\x1d(L\x02\x0002"},
		{name: "GS ( k fn 165 model", before: "\x1d(k\x06\x001P0abc", cmd: "\x1d(k\x04\x001A1\x00", after: "\x1d(k\x03\x001Q0"},
		{name: "GS ( k fn 167 module", before: "\x1d(k\x06\x001P0abc", cmd: "\x1d(k\x03\x001C\x05", after: "\x1d(k\x03\x001Q0"},
		{name: "GS ( k fn 169 error correction", before: "\x1d(k\x06\x001P0abc", cmd: "\x1d(k\x03\x001E3", after: "\x1d(k\x03\x001Q0"},
		{name: "GS ( k fn 180 stores", cmd: "\x1d(k\x06\x001P0abc", after: "\x1d(k\x03\x001Q0"},
		{name: "GS ( k fn 181 prints", before: "\x1d(k\x06\x001P0abc", cmd: "\x1d(k\x03\x001Q0"},
		{name: "GS ( k fn 182 tells the size", before: "\x1d(k\x06\x001P0abc", cmd: "\x1d(k\x03\x001R0"},
		{name: "GS v 0 raster picture", cmd: "\x1dv0\x00\x01\x00\x01\x00\xff"},
		{name: "ESC * column picture", cmd: "\x1b*\x21\x01\x00\xff\xff\xff", after: "\n"},
		{name: "GS H readable characters", cmd: "\x1dH\x02", after: anEAN},
		{name: "GS f their font", before: "\x1dH\x02", cmd: "\x1df\x01", after: anEAN},
		{name: "GS h height of bars", cmd: "\x1dh\x20", after: anEAN},
		{name: "GS w width of bars", cmd: "\x1dw\x02", after: anEAN},
		{name: "GS k bar code", cmd: anEAN},
		{name: "DLE EOT status", cmd: "\x10\x04\x01"},
		{name: "DLE DC4 fn 1 pulse", cmd: "\x10\x14\x01\x00\x01"},
		{name: "DLE DC4 fn 2 power", cmd: "\x10\x14\x02\x01\x08"},
		{name: "DLE DC4 fn 8 clear", before: "half a line", cmd: clearAll},
		{name: "DLE ENQ goes on after a cutter error", cmd: "\x10\x05\x01", setUp: func(b *bed) {
			b.fault(Fault{Kind: "cutter-jam", ForMS: 1000})
			b.send("x\n", feedAndCut)
			b.settle()
		}},
	}
}

func TestEveryCommandDoesSomething(t *testing.T) {
	tried := make(map[[2]byte]bool)
	for _, c := range trials() {
		t.Run(c.name, func(t *testing.T) {
			if c.effect(t, c.cmd) == c.effect(t, "") {
				t.Error("with it and without it are the same")
			}
		})
		tried[[2]byte{c.cmd[0], c.cmd[1]}] = true
	}
	// These change nothing on this printer: print direction, colour, Kanji code system.
	for _, quiet := range []string{"\x1bU", "\x1br", "\x1cC", "\x1cq"} { // FS q is skipped, and counts its pictures
		tried[[2]byte([]byte(quiet))] = true
	}
	for code, c := range commandTable(tmT20III()) {
		if c.run != nil && !tried[code] {
			t.Errorf("nothing tries %q", code)
		}
	}
}

func TestEverySkippedCommandIsInTheTrace(t *testing.T) {
	all := ""
	for _, c := range skippedCommands() {
		all += c.bytes
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t)
			b.send(c.bytes)
			if b.m.counts.Unsupported == 0 {
				t.Error("it is not counted")
			}
			if events := b.m.journal.after(0); len(events) == 0 || events[0].Kind != "unsupported" {
				t.Errorf("the journal says %v", events)
			}
		})
	}
	for code, c := range commandTable(tmT20III()) {
		if c.run == nil && !strings.Contains(all, string(code[:])) {
			t.Errorf("nothing tries %q", code)
		}
	}
}
