package printersim

import (
	"fmt"
	"strings"
	"testing"
)

// art draws rows of a sheet from row top, with # for ink.
func art(s *Sheet, top, rows, left, width int) string {
	var b strings.Builder
	stride := len(s.dots) / s.Rows
	all := bitmap{w: stride * 8, h: s.Rows, stride: stride, bits: s.dots}
	for y := top; y < top+rows; y++ {
		for x := left; x < left+width; x++ {
			if all.at(x, y) {
				b.WriteByte('#')
			} else {
				b.WriteByte('.')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const lead = 96 // rows between head and cutter of the default model

func TestBuiltInCharactersFollowTheRule(t *testing.T) {
	b := newBed(t)
	b.send("H\xcbg\n", feedAndCut)
	b.settle()
	// H stands on row 18, the last above the baseline; g goes below it; the cell is 12 dots wide.
	b.want("H", art(b.sheet(1), lead, 24, 0, 12), strings.Join([]string{
		"............", "............", "............", "............", "..#......#..", ".##......##.", ".##......##.",
		".##......##.", ".##......##.", ".##......##.", ".##########.", ".##########.", ".##......##.", ".##......##.",
		".##......##.", ".##......##.", ".##......##.", ".##......##.", ".##......##.", "............", "............",
		"............", "............", "............", "",
	}, "\n"))
}

// Nothing of a letter that the shops' languages need is cut off by its cell.
func TestLettersWithDiacriticsFitTheirCell(t *testing.T) {
	rom, err := newROM()
	if err != nil {
		t.Fatal(err)
	}
	const letters = "ĀČĒĢĪĶĻŅŠŪŽāčēģīķļņšūž ĄĘĖĮŲŁŃŚŹŻĆąęėįųłńśźżć ÕÄÖÜõäöüÅå jgpqy|{}[]()ÇŞÁÉ€"
	for _, r := range letters {
		roomy := rom.rasterise(r, cellShape{width: 12, height: 60, em: 20, baseline: 39})
		cell, inCell, inRoom := rom.cell(r, 0), 0, 0
		for y := range roomy.h {
			for x := range roomy.w {
				inRoom += bool2int(roomy.at(x, y))
				inCell += bool2int(cell.at(x, y))
			}
		}
		if inCell != inRoom || (inCell == 0 && r != ' ') {
			t.Errorf("%c: %d dots in its cell of %d", r, inCell, inRoom)
		}
	}
}

func TestACutGoesThroughWhatIsNotPastTheCutter(t *testing.T) {
	b := newBed(t)
	b.send("first\n", "second\n", "third\n", "fourth\n", "fifth\n", "\x1dV\x00")
	b.want("paper", b.text(), "first\nsecond\n-------- cut --------\nthird\nfourth\nfifth\n")
	if rows := b.sheet(1).Rows; rows != 150 {
		t.Errorf("the sheet has %d rows; 246 were past the head, the last 96 of them not yet past the cutter", rows)
	}
	b = newBed(t)
	b.send("first\n", "\x1dVA\x10")
	b.settle()
	if rows := b.sheet(1).Rows; rows != lead+30+16 {
		t.Errorf("fed to the cutter, the sheet has %d rows", rows)
	}
}

func TestACutInTheMiddleOfALineDoesNothing(t *testing.T) {
	b := newBed(t)
	b.send("half", "\x1dV\x00", " done\n")
	b.want("paper", b.text(), "half done\n")
}

func TestARasterPictureIsOnPaperDotForDot(t *testing.T) {
	for _, c := range []struct{ name, bytes, want string }{
		{"GS v 0", "\x1dv0\x00\x01\x00\x02\x00\xf0\x81", "####....\n#......#\n........\n"},
		{"double width", "\x1dv0\x01\x01\x00\x01\x00\xa0", "##..##..\n........\n........\n"},
		{"double height", "\x1dv0\x32\x01\x00\x01\x00\xa0", "#.#.....\n#.#.....\n........\n"},
		{"GS ( L fn 112 and 50", "\x1d(L\x0c\x000p0\x01\x011\x04\x00\x02\x00\xf0\x90\x1d(L\x02\x0002", "####....\n#..#....\n........\n"},
		{"GS 8 L, twice as high", "\x1d8L\x0b\x00\x00\x000p0\x01\x021\x04\x00\x01\x00\xf0\x1d(L\x02\x0002", "####....\n####....\n........\n"},
		{"ESC *, 24 dots, double density", "\x1b*\x21\x02\x00\xe0\x00\x00\x40\x00\x00\n", "#.......\n##......\n#.......\n"},
		{"ESC *, 8 dots, single density", "\x1b*\x00\x01\x00\x80\n", "##......\n##......\n##......\n"},
	} {
		b := newBed(t)
		b.send(c.bytes, feedAndCut)
		b.settle()
		b.want(c.name, art(b.sheet(1), lead, 3, 0, 8), c.want)
	}
}

func TestPicturesAreJustified(t *testing.T) {
	for align, x := range []int{0, 284, 568} {
		b := newBed(t)
		b.send(fmt.Sprintf("\x1ba%c\x1dv0\x00\x01\x00\x01\x00\xff", align), feedAndCut)
		b.settle()
		b.want("justified", art(b.sheet(1), lead, 1, x, 8), "########\n")
	}
}

func TestDownloadedCellsPrintTheirColumns(t *testing.T) {
	b := newBed(t)
	b.send("\x1b&\x03AA\x02", "\xff\x00\x01", "\x00\xff\x00", "A\x1b%\x01AB\x1b?AA\x1b%\x00\n", feedAndCut)
	b.want("text layer", b.text(), "A▒BA\n-------- cut --------\n")
	b.want("dots", art(b.sheet(1), lead, 24, 12, 3), strings.Repeat("#..\n", 8)+strings.Repeat(".#.\n", 8)+
		strings.Repeat("...\n", 7)+"#..\n")
}

func TestStyles(t *testing.T) {
	plain := newBed(t)
	plain.send("I\n", feedAndCut)
	plain.settle()
	ink := func(b *bed, top, rows, left, width int) int {
		return strings.Count(art(b.sheet(1), top, rows, left, width), "#")
	}
	one := ink(plain, lead, 24, 0, 12)
	for _, c := range []struct {
		name, bytes string
		ok          func(b *bed) bool
	}{
		{"double size has four times the dots", "\x1d!\x11I\n", func(b *bed) bool { return ink(b, lead, 48, 0, 24) == 4*one }},
		{"ESC ! double height has twice", "\x1b!\x10I\n", func(b *bed) bool { return ink(b, lead, 48, 0, 12) == 2*one }},
		{"emphasised has more", "\x1bE\x01I\n", func(b *bed) bool { return ink(b, lead, 24, 0, 12) > one }},
		{"double-strike is the same as emphasised", "\x1bG\x01I\n", func(b *bed) bool { return ink(b, lead, 24, 0, 12) > one }},
		{"underline adds the last row", "\x1b-\x01 \n", func(b *bed) bool { return ink(b, lead+23, 1, 0, 12) == 12 && ink(b, lead, 23, 0, 12) == 0 }},
		{"reverse inverts the cell", "\x1dB\x01I\n", func(b *bed) bool { return ink(b, lead, 24, 0, 12) == 12*24-one }},
		{"upside down turns the line to the far edge", "\x1b{\x01I\n", func(b *bed) bool { return ink(b, lead, 24, 564, 12) == one }},
		{"turned keeps the dots", "\x1bV\x01I\n", func(b *bed) bool { return ink(b, lead, 12, 0, 24) == one }},
		{"character spacing widens the cell", "\x1b \x0a I\n", func(b *bed) bool { return ink(b, lead, 24, 22, 12) == one }},
		{"font B is smaller", "\x1bM\x01I\n", func(b *bed) bool { n := ink(b, lead, 17, 0, 9); return n > 0 && n < one }},
		{"absolute position", "\x1b$\x64\x00I\n", func(b *bed) bool { return ink(b, lead, 24, 100, 12) == one }},
		{"relative position", "\x1b\\\x64\x00I\n", func(b *bed) bool { return ink(b, lead, 24, 100, 12) == one }},
		{"tab stop", "\tI\n", func(b *bed) bool { return ink(b, lead, 24, 96, 12) == one }},
		{"own tab stop", "\x1bD\x04\x00\tI\n", func(b *bed) bool { return ink(b, lead, 24, 48, 12) == one }},
		{"left margin", "\x1dL\x30\x00I\n", func(b *bed) bool { return ink(b, lead, 24, 48, 12) == one }},
		{"area and right justification", "\x1dL\x30\x00\x1dW\x60\x00\x1ba\x02I\n", func(b *bed) bool { return ink(b, lead, 24, 48+96-12, 12) == one }},
	} {
		styled := newBed(t)
		styled.send(c.bytes, feedAndCut)
		styled.settle()
		if !c.ok(styled) {
			t.Errorf("%s:\n%s", c.name, art(styled.sheet(1), lead, 48, 0, 60))
		}
	}
}

func TestFeeding(t *testing.T) {
	for _, c := range []struct {
		name, bytes string
		rows        int
	}{
		{"LF", "\n", 30},
		{"text and LF", "x\n", 30},
		{"ESC d", "x\x1bd\x03", 90},
		{"ESC J is counted from the top of the line", "x\x1bJ\x32", 50},
		{"ESC J feeds at least the line", "x\x1bJ\x01", 24},
		{"ESC 3", "\x1b3\x40x\n", 64},
		{"ESC 2", "\x1b3\x40\x1b2x\n", 30},
		{"line feed of high characters", "\x1d!\x03x\n", 96},
		{"GS P halves the unit", "\x1dP\x00\x65\x1bJ\x0a", 20},
		{"a line longer than the paper", strings.Repeat("x", 49) + "\n", 60},
	} {
		b := newBed(t)
		b.send(c.bytes)
		b.settle()
		if got := b.m.paper.rows() - lead; got != c.rows {
			t.Errorf("%s: %d rows, want %d", c.name, got, c.rows)
		}
	}
}

func TestTheTextLayerKeepsColumns(t *testing.T) {
	b := newBed(t)
	b.send("Milk", "\x1b$\xa4\x01", "2,40\n", "\x1ba\x01CENTRE\n", "\x1ba\x00\x1d!\x11WIDE\x1d!\x00\n", "\x1bR\x02[{\n")
	b.want("paper", b.text(), "Milk"+strings.Repeat(" ", 31)+"2,40\n"+strings.Repeat(" ", 21)+"CENTRE\nWIDE\nÄä\n")
}
