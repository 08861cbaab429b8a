package printersim

import (
	"testing"
	"time"
)

// FuzzStream feeds anything to the printer. It must neither panic nor hold more than its limits, and after a clear it
// must print cleanly.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		"text\n", "\x1b@\x1bt\x33\x1d!\x77X\n", "\x1dv0\x00\x02\x00\x02\x00abcd", feedAndCut, clearAll, id("AB01"),
		"\x1b&\x03\x20\x22\x02abcdef\x00\x01abc\x1b%\x01 !\"\n", "\x1dkI\x06{BAB12", "\x1dk\x04AB\x00", "\x1b*\x21\x02\x00abcdef\n",
		"\x1d(k\x04\x001A2\x00\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0\x1d(k\x03\x001R0", "\x1d(L\x0c\x000p0\x01\x011\x10\x00\x01\x00ab\x1d(L\x02\x0002",
		"\x1bD\x02\x04\x00\x09a\x09b\n", "\x1b{\x01up\n", "\x1bV\x01turned\n", "\x1dP\x01\x01\x1b3\xff\n", "\x10\x14\x01\x00\x01\x10\x05\x02",
		"\x1bp\x00\xff\xff\x1dL\xff\xff\x1dW\x00\x00abc\n", "\x1b$\xff\x00x\x1b\\\x00\xffy\n", "\x1cq\x01\xff\xff\xff\xff", "\x1b3\x00\n\n\n",
	} {
		f.Add([]byte(seed), byte(0))
		f.Add([]byte(seed), byte(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, model byte) {
		names := PersonalityNames()
		b := newBed(t, func(p *Personality) { *p = Personalities()[names[int(model)%len(names)]] })
		for len(data) > 0 {
			n := min(len(data), 512)
			b.m.receive(b.now, data[:n])
			data = data[n:]
			b.pass(200 * time.Millisecond)
			if len(b.m.mech.queue) > 2*maxQueuedOps || len(b.m.rx) > b.m.rxSize || len(b.m.out.queue) > maxResponses ||
				len(b.m.in.cmd) > maxCommand+16 || len(b.m.in.line.cells) > maxLineCells+1 || len(b.m.paper.lines) > maxStripLines {
				t.Fatal("a limit is exceeded")
			}
		}
		if b.m.pers.NoClear || !b.m.power {
			return
		}
		b.send(clearAll)
		b.settle()
		b.send("\x1b=\x01\x1b@\x1c.plain\n")
		b.settle()
		if lines := b.m.paper.lines; b.m.online() && (len(lines) == 0 || lines[len(lines)-1].text != "plain") {
			t.Fatal("it does not print cleanly after a clear")
		}
	})
}
