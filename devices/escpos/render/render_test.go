package render

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func newRenderer(t testing.TB) *Renderer {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWidthCountsLettersNotRunes(t *testing.T) {
	tests := []struct {
		name, text string
		want       int
	}{
		{"Latin", "Āzija", 5},
		{"a composed letter and its parts are one cell", "A\u0304", 1},
		{"a zero-width non-joiner has no cell", "کم\u200cچرب", 5},
		{"lam-alef is one cell for two runes", "لا", 1},
		{"vowel marks stand on their letters", "مَدْرَسَه", 5},
		{"direction marks have no cell", "\u200e12\u200f", 2},
		{"isolates have no cell", "\u2068A.B.\u2069", 4},
		{"no-break space is a cell", "1\u00a0000", 5},
		{"Armenian", "խանութ", 6},
		{"nothing", "", 0},
	}
	r := newRenderer(t)
	for _, tt := range tests {
		if got := r.Width(tt.text, LTR); got != tt.want {
			t.Errorf("%s: %q is %d cells, want %d", tt.name, tt.text, got, tt.want)
		}
	}
}

// order returns the runes as they stand on paper from left to right.
func order(t *testing.T, text string, base Direction) string {
	t.Helper()
	r := newRenderer(t)
	runes := prepare(text)
	if base == RTL {
		runes = isolate(runes)
	}
	var out []rune
	for _, run := range visualRuns(runes, base) {
		part := slices.Clone(runes[run.start:run.end])
		if run.rtl {
			slices.Reverse(part)
		}
		out = append(out, part...)
	}
	if n := len(r.shape(prepare(text), base)); n == 0 {
		t.Errorf("%q has no cells", text)
	}
	return string(slices.DeleteFunc(out, directs))
}

func TestOrderOnPaper(t *testing.T) {
	const alef, beh, teh = "ا", "ب", "ت"
	tests := []struct {
		name, text string
		base       Direction
		want       string
	}{
		{"Latin stays", "abc 12", LTR, "abc 12"},
		{"a Persian word is reversed", alef + beh + teh, RTL, teh + beh + alef},
		{"a number keeps its order in a Persian line", alef + " ۱۲۳ " + beh, RTL, beh + " ۱۲۳ " + alef},
		{"A.B. keeps its last stop", alef + " A.B.", RTL, "A.B. " + alef},
		{"A.B. keeps its last stop in brackets", alef + " (A.B.)", RTL, ")A.B.( " + alef},
		{"a Latin phrase stays one", alef + " Coca Cola 1.5 L " + beh, RTL, beh + " Coca Cola 1.5 L " + alef},
		{"numbers apart are counted from the right", alef + " 12 34", RTL, "34 12 " + alef},
		{"a negative number keeps its sign", alef + " -5", RTL, "-5 " + alef},
		{"the full stop of a sentence is the sentence's", alef + " Visa.", RTL, ".Visa " + alef},
		{"an author's isolate is left alone", alef + " \u2066a.\u2069", RTL, "a. " + alef},
		{"a Persian name in a Latin line", "x " + alef + beh + " y", LTR, "x " + beh + alef + " y"},
		{"Persian money in a left-to-right column", "-۱۲٫۵۰", LTR, "-۱۲٫۵۰"},
	}
	for _, tt := range tests {
		if got := order(t, tt.text, tt.base); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestOneWayIsWhatAPrinterMayBeSentInOrder(t *testing.T) {
	tests := []struct {
		name, text string
		base       Direction
		want       bool
	}{
		{"Latin", "Āzija 12", LTR, true},
		{"Persian", "سیب", LTR, false},
		{"a number in a right-to-left line", "12.50", RTL, true},
		{"a Latin name in a right-to-left line", "A.B.", RTL, true},
		{"numbers apart in a right-to-left line", "12 34", RTL, false},
		{"quotes", "„Lielā”…", LTR, true},
	}
	for _, tt := range tests {
		if got := OneWay(tt.text, tt.base); got != tt.want {
			t.Errorf("%s: OneWay(%q) = %v", tt.name, tt.text, got)
		}
	}
}

// inkInColumn says whether a column of a cell has ink.
func inkInColumn(c Cell, x int) bool {
	for y := range CellHeight {
		if c.Dot(x, y) {
			return true
		}
	}
	return false
}

func TestJoinedLettersMeetAtTheCellBorder(t *testing.T) {
	r := newRenderer(t)
	for _, word := range []string{"سیب", "شیر", "بستنی", "نمکی"} {
		cells, err := r.Line(word, RTL)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(cells); i++ {
			if joins := word == "سیب" || word == "بستنی" || word == "نمکی"; joins {
				if !inkInColumn(cells[i-1], CellWidth-1) || !inkInColumn(cells[i], 0) {
					t.Errorf("%s: letters %d and %d do not touch", word, i, i+1)
				}
			}
		}
	}
	cells, err := r.Line("ادا", RTL) // these letters never join to the left
	if err != nil {
		t.Fatal(err)
	}
	if inkInColumn(cells[2], 0) && inkInColumn(cells[1], CellWidth-1) {
		t.Error("letters that do not join touch")
	}
}

func TestUnknownCharactersAreNamedNotDrawn(t *testing.T) {
	r := newRenderer(t)
	_, err := r.Line("Tee 茶 and 茶 🍵", LTR)
	var missing *MissingError
	if !errors.As(err, &missing) || string(missing.Runes) != "茶🍵" {
		t.Errorf("got %v, want a MissingError for both characters once", err)
	}
	if err := r.Check("Ķirbis سیب խնձոր \u2068x\u2069"); err != nil {
		t.Errorf("all of these can be drawn: %v", err)
	}
}

func TestEqualTextIsEqualDotsWhateverWasDrawnBefore(t *testing.T) {
	fresh := newRenderer(t)
	worn := newRenderer(t)
	for c := rune(0x21); len(worn.cells) < maxCachedCells-1 && c < 0x2F00; c++ {
		if _, err := worn.Line(string(c)+"\u0301", LTR); err != nil {
			continue // not in the typeface
		}
	}
	text := "Šķiņķis سیب"
	for range 3 {
		a, err := fresh.Line(text, LTR)
		if err != nil {
			t.Fatal(err)
		}
		b, err := worn.Line(text, LTR)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a, b) {
			t.Fatal("the cache changes dots")
		}
	}
	if len(worn.cells) > maxCachedCells {
		t.Errorf("%d cells are kept, at most %d may be", len(worn.cells), maxCachedCells)
	}
}

func TestEveryLineHasAsManyCellsAsItsWidth(t *testing.T) {
	r := newRenderer(t)
	letters := rapid.SliceOf(rapid.SampledFrom([]rune("aZ 1.-()ĀķžŁżõü€„”سیبلاهٔ\u200cپگ۱۲٬٫աբև՝֊Жя\u0301\u200e\u2068\u2069")))
	rapid.Check(t, func(t *rapid.T) {
		text := string(letters.Draw(t, "text"))
		for _, base := range []Direction{LTR, RTL} {
			cells, err := r.Line(text, base)
			if err != nil {
				t.Fatal(err)
			}
			if len(cells) != r.Width(text, base) {
				t.Fatalf("%q: %d cells, width %d", text, len(cells), r.Width(text, base))
			}
		}
	})
}

func TestBoldIsTheSameDotsAndTheirRightNeighbours(t *testing.T) {
	r := newRenderer(t)
	cells, err := r.Line("Ķ", LTR)
	if err != nil {
		t.Fatal(err)
	}
	plain, bold := cells[0], cells[0].Bold()
	for y := range CellHeight {
		for x := range CellWidth {
			want := plain.Dot(x, y) || x > 0 && plain.Dot(x-1, y)
			if bold.Dot(x, y) != want {
				t.Fatalf("dot %d, %d is %v", x, y, bold.Dot(x, y))
			}
		}
	}
}

func TestBitmapCropsTrimsAndBecomesAPNG(t *testing.T) {
	b := NewBitmap(20, 10)
	b.FillRect(9, 3, 2, 4)
	b.Blacken(-1, 0)
	b.Blacken(20, 10)
	if want := image.Rect(9, 3, 11, 7); b.Ink() != want {
		t.Errorf("ink %v, want %v", b.Ink(), want)
	}
	c := b.Crop(b.Ink())
	if c.Width != 2 || c.Height != 4 || !c.Dot(0, 0) || !c.Dot(1, 3) {
		t.Errorf("cropped to %d x %d", c.Width, c.Height)
	}
	data, err := b.PNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for y := range 10 {
		for x := range 20 {
			red, _, _, _ := img.At(x, y).RGBA()
			if (red == 0) != b.Dot(x, y) {
				t.Fatalf("dot %d, %d differs in the png", x, y)
			}
		}
	}
	for _, bad := range []*Bitmap{{Width: 8, Height: 1}, {Width: -8, Height: 1}, {Width: 1 << 20, Height: 1}} {
		if bad.Check() == nil {
			t.Errorf("bitmap of %d x %d with %d bytes was taken", bad.Width, bad.Height, len(bad.Bits))
		}
	}
}

func BenchmarkLine(b *testing.B) {
	r := newRenderer(b)
	for _, text := range []string{"Rudzu maize „Lielā” 500 g", "شیر کم‌چرب ۱ لیتری پاستوریزه"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Line(text, RTL); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
