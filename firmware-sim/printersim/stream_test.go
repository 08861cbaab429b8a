package printersim

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type skippedCommand struct{ name, bytes string }

// skippedCommands are those of page mode and of other models.
func skippedCommands() []skippedCommand {
	return []skippedCommand{
		{"page mode: ESC L, ESC W, ESC T, GS $, GS \\, CAN, FF, ESC S", "\x1bL\x1bWABCDEFGH\x1bT\x01\x1d$AA\x1d\\AA\x18\x0c\x1bS"},
		{"ESC FF", "\x1b\x0c"},
		{"GS ( A test print", "\x1d(A\x02\x00AB"},
		{"GS ( C NV user memory", "\x1d(C\x05\x00ABCDE"},
		{"GS ( E user setup", "\x1d(E\x03\x00ABC"},
		{"GS ( K print control", "\x1d(K\x02\x00AB"},
		{"GS ( M saves settings", "\x1d(M\x02\x00AB"},
		{"GS ( N effects", "\x1d(N\x02\x00AB"},
		{"GS ( x with a length of two bytes", "\x1d(C\x00\x01" + strings.Repeat("A", 256)},
		{"GS ( k PDF417", "\x1d(k\x07\x000P0ABCD"},
		{"GS ( L fn 64", "\x1d(L\x04\x000@AB"},
		{"GS * downloaded picture", "\x1d*\x02\x01" + strings.Repeat("A", 16)},
		{"GS / prints it", "\x1d/\x00"},
		{"GS 8 L too large to hold", "\x1d8L\x01\x00\x02\x00" + strings.Repeat("A", 0x20001)},
		{"GS : macro, GS ^ runs it", "\x1d:\x1d^ABC"},
		{"GS g counters", "\x1dg0AAA\x1dg2AAA"},
		{"GS C counter printing", "\x1dC0AA\x1dC1ABCDEF\x1dC2AA\x1dC;1;2;3;4;5;\x1dc"},
		{"FS p prints an NV picture", "\x1cpAA"},
		{"FS q defines two", "\x1cq\x02\x01\x00\x02\x00" + strings.Repeat("A", 16) + "\x01\x00\x01\x00" + strings.Repeat("B", 8)},
		{"FS g 1 writes NV user memory", "\x1cg1\x00\x00\x00\x00\x00\x03\x00AAA"},
		{"FS g 2 reads it", "\x1cg2\x00\x00\x00\x00\x00\x03\x00"},
		{"ESC ( A buzzer", "\x1b(A\x05\x00ABCDE"},
		{"FS ( A kanji font", "\x1c(A\x02\x00AB"},
		{"ESC u, ESC v", "\x1bu\x00\x1bv"},
		{"FS ! and other kanji settings", "\x1c!A\x1c-A\x1cSAA\x1cWA\x1c?AA\x1c2AA" + strings.Repeat("A", 72)},
		{"GS T, GS b, GS FF", "\x1dTA\x1dbA\x1d\x0c"},
		{"ESC K, ESC e feed back", "\x1bKA\x1beA"},
	}
}

func TestCommandsOfOtherModesAreSkippedWithTheirExactLength(t *testing.T) {
	for _, c := range append(skippedCommands(), []skippedCommand{
		{"ESC c 3, 4, 5", "\x1bc3A\x1bc4A\x1bc5A"},
		{"ESC U, ESC r, FS C", "\x1bUA\x1brA\x1cCA"},
		{"ESC D with and without positions", "\x1bD\x08\x10\x00\x1bD\x00"},
		{"real-time commands", "\x10\x04\x01\x10\x04\x07\x01\x10\x05\x01\x10\x14\x01\x00\x01\x10\x14\x03ABCDE\x10\x14\x07A"},
		{"control codes without a meaning here", "\x00\x01\x02\x07\x0b\x0d\x0e\x0f\x11\x13\x19\x1f"},
	}...) {
		b := newBed(t)
		b.send("a", c.bytes, "z\n")
		b.want(c.name, b.text(), "az\n")
		if b.m.counts.Unknown != 0 {
			t.Errorf("%s: %d unknown commands", c.name, b.m.counts.Unknown)
		}
	}
}

func TestUnknownCommandsPrintAsText(t *testing.T) {
	b := newBed(t)
	b.send("\x1bX7\x1dZ8\x1c\x809\n") // FS 0x80: the prefix goes, the rest is text
	b.want("paper", b.text(), "X7Z8Ç9\n")
	if b.m.counts.Unknown != 3 {
		t.Errorf("%d unknown commands", b.m.counts.Unknown)
	}
}

func TestBytesBeyondTheReceiveBufferAreLostAndCounted(t *testing.T) {
	b := newBed(t)
	b.m.setCover(true)
	b.send(strings.Repeat("x", 4096+10))
	if b.m.counts.BufferOverflows != 10 || len(b.m.rx) != 4096 {
		t.Errorf("%d lost, %d held", b.m.counts.BufferOverflows, len(b.m.rx))
	}
	b.want("real-time commands are seen all the same", eot4(b), "\x1a\x16\x12\x12")
}

func TestACloneWithAFullBufferIsDeafToRealTimeCommands(t *testing.T) {
	b := newBed(t, func(p *Personality) { p.RealTimeAtAll = false })
	b.m.setCover(true)
	b.send(strings.Repeat("x", 4096))
	b.want("answers", eot4(b), "")
}

func TestXOFFComesBeforeTheBufferIsFullAndXONWhenThereIsRoom(t *testing.T) {
	b := newBed(t, func(p *Personality) { p.XONXOFF = true })
	b.m.setCover(true)
	b.send(strings.Repeat("x", 4096-17))
	b.want("17 free", b.answers(), "")
	b.send("x")
	b.want("16 free", b.answers(), "\x13")
	b.m.setCover(false)
	b.m.settle()
	b.want("room again", b.answers(), "\x11")
}

func TestARealTimeCommandInsideAPictureIsExecutedAndStaysInThePicture(t *testing.T) {
	b := newBed(t)
	b.send("\x1dv0\x00\x04\x00\x01\x00", "\x10\x04\x01\xff", feedAndCut)
	b.want("executed", b.answers(), "\x12")
	b.settle()
	row := b.sheet(1).row(tmT20III().HeadToCutter)
	b.want("and printed", string(row[:4]), "\x10\x04\x01\xff")
}

func TestADrawerPulseHiddenInAPictureOpensTheDrawerUnlessDisabled(t *testing.T) {
	picture := "\x1dv0\x00\x05\x00\x01\x00\x10\x14\x01\x00\x01"
	b := newBed(t)
	b.send(picture)
	if b.m.counts.DrawerPulses != 1 {
		t.Errorf("%d pulses", b.m.counts.DrawerPulses)
	}
	b = newBed(t)
	b.send("\x1d(D\x03\x00\x14\x01\x00", picture)
	if b.m.counts.DrawerPulses != 0 {
		t.Error("GS ( D did not disable DLE DC4 fn 1")
	}
}

func TestAClearEndsAHalfReceivedPicture(t *testing.T) {
	b := newBed(t)
	b.send("\x1dv0\x00\x48\x00\x90\x01", strings.Repeat("\xff", 5000), clearAll)
	b.pass(time.Second)
	b.answers()
	b.send("clean\n")
	b.settle()
	lines := b.m.paper.lines
	b.want("last line", lines[len(lines)-1].text, "clean")
}

func TestACloneWithoutFn8PrintsOn(t *testing.T) {
	b := newBed(t, func(p *Personality) { p.NoClear = true })
	b.m.setPaper(false)
	b.send("before\n", clearAll, "after\n")
	b.pass(time.Second)
	b.want("no answer", b.answers(), "")
	b.m.loadRoll(0)
	b.want("everything prints", b.text(), "before\nafter\n")
}

func TestACloneInKanjiModeEatsLatvianLetters(t *testing.T) {
	b := newBed(t, func(p *Personality) { p.KanjiAtBoot = true })
	b.send("\x1bt\x33Kop\xe2 1\n", "\x1c.Kop\xe2 1\n")
	b.want("paper", b.text(), "Kop□1\nKopā 1\n")
}

func TestACloneSwallowsTheLineFeedBehindAPicture(t *testing.T) {
	for _, swallows := range []bool{false, true} {
		b := newBed(t, func(p *Personality) { p.SwallowLFAfterRas = swallows })
		b.send("\x1dv0\x00\x01\x00\x01\x00\xff\n\nx\n")
		want := "[graphics 8x1]\n\n\nx\n"
		if swallows {
			want = "[graphics 8x1]\n\nx\n"
		}
		b.want("paper", b.text(), want)
	}
}

func TestAPeripheralThatIsNotSelectedPrintsNothing(t *testing.T) {
	b := newBed(t)
	b.send("\x1b=\x02not for us\n\x1dV\x00\x1b=\x01for us\n")
	b.want("paper", b.text(), "for us\n")
}

// However a stream is cut into pieces, the paper is the same.
func TestPiecesDoNotMatter(t *testing.T) {
	stream := "\x1b@\x1bt\x33R\xe7\xedins\n\x1bE\x01\x1d!\x11SUM\x1d!\x00\x1bE\x00\n\x1d(k\x04\x001A2\x00" +
		"\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0\x1dkI\x06{BAB12\x1dv0\x00\x02\x00\x03\x00abcdef" +
		"\x1b&\x03AB\x02abcdef\x01xyz\x1b%\x01ABC\x1b%\x00\n" + id("ID01") + feedAndCut
	whole := newBed(t)
	whole.send(stream)
	want := whole.text()
	rapid.Check(t, func(r *rapid.T) {
		b := newBed(t)
		for rest := stream; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(r, "piece")
			b.send(rest[:n])
			b.pass(time.Duration(rapid.IntRange(0, 50).Draw(r, "ms")) * time.Millisecond)
			rest = rest[n:]
		}
		if got := b.text(); got != want {
			r.Fatalf("got %q\nwant %q", got, want)
		}
		if string(b.sheet(1).dots) != string(whole.sheet(1).dots) {
			r.Fatal("the dots differ")
		}
	})
}
