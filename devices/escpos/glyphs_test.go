package escpos

import (
	"testing"

	"pgregory.net/rapid"

	"loyaltill/devices/escpos/render"
)

func TestCellsAreSentColumnByColumnWithoutTheirBlankRight(t *testing.T) {
	var c render.Cell
	c[0] = 1 << 11       // top left
	c[23] = 1 << 10      // second column, bottom
	c[8] = 1<<11 | 1<<10 // ninth row of both
	want := []byte{0x80, 0x80, 0x00, 0x00, 0x80, 0x01}
	if got := columns(c); string(got) != string(want) {
		t.Errorf("got % x, want % x", got, want)
	}
	if sendable(c) != c {
		t.Error("a harmless cell was changed")
	}
}

func TestSentCellsHoldNoRealTimeCommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c render.Cell
		for x := range render.CellWidth {
			for part := range columnBytes {
				b := rapid.SampledFrom([]byte{0x10, 0x04, 0x05, 0x14, 0x01, 0x00}).Draw(t, "b")
				for bit := range 8 {
					if b&(0x80>>bit) != 0 {
						c[part*8+bit] |= 1 << (render.CellWidth - 1 - x)
					}
				}
			}
		}
		data := columns(c)
		if realTimeAt(data) >= 0 {
			t.Fatalf("% x", data)
		}
		sent := sendable(c)
		for y := range sent {
			if sent[y]&c[y] != c[y] {
				t.Fatalf("row %d lost dots", y)
			}
		}
		if again := sendable(sent); again != sent {
			t.Fatal("what is sent changes when it is sent again")
		}
	})
}

// cellsNumbered makes distinct cells.
func cellsNumbered(numbers ...int) []render.Cell {
	out := make([]render.Cell, len(numbers))
	for i, n := range numbers {
		out[i][0] = uint16(n)
	}
	return out
}

func TestGlyphSetTakesTheCodesPrintedLongestAgo(t *testing.T) {
	g := newGlyphSet(&Profile{Graphics: Graphics{UserChars: 3}})
	steps := []struct {
		need []int
		sent int
		ok   bool
	}{
		{[]int{1, 2, 1}, 2, true},
		{[]int{2, 3}, 1, true},
		{[]int{4}, 1, true},           // takes the code of 1
		{[]int{2, 3, 4}, 0, true},     // all still there
		{[]int{1}, 1, true},           // was given up
		{[]int{1, 2, 3, 4}, 0, false}, // more than there are codes
		{[]int{0}, 0, true},           // blank is the space
	}
	for i, s := range steps {
		sent, ok := g.admit(cellsNumbered(s.need...))
		if ok != s.ok || len(sent) != s.sent {
			t.Fatalf("step %d: sent %d, %v; want %d, %v", i, len(sent), ok, s.sent, s.ok)
		}
		if !ok {
			continue
		}
		codes := g.print(cellsNumbered(s.need...))
		for j, a := range s.need {
			for k, b := range s.need {
				if (a == b) != (codes[j] == codes[k]) {
					t.Fatalf("step %d: codes %q for %v", i, codes, s.need)
				}
			}
		}
	}
}

func TestGlyphsOfNeighbouringCodesShareACommand(t *testing.T) {
	cells := cellsNumbered(1<<11, 1<<11|1, 1<<10)
	got := definitions([]glyph{{'!', cells[0]}, {'"', cells[1]}, {'$', cells[2]}}, 1000)
	if len(got) != 2 || string(got[0][:5]) != "\x1b&\x03!\"" || string(got[1][:5]) != "\x1b&\x03$$" {
		t.Errorf("got %q", got)
	}
	if n := len(definitions([]glyph{{'!', cells[1]}, {'"', cells[1]}}, 60)); n != 2 {
		t.Errorf("%d commands within 60 bytes, want 2", n)
	}
}
