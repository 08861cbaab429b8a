package escpos

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"loyaltill/devices/escpos/render"
)

// documents draws documents of every kind of line in mixed scripts.
func documents() *rapid.Generator[*Document] {
	letters := rapid.SliceOfN(rapid.SampledFrom([]rune("aZ 1.-(?)ĀķžŁżõü€„”سیبلاهٔ\u200cپگ۱۲٬٫աբև՝Жя\u0301\u200e\u2068\u2069\u00a0\n")), 0, 60)
	return rapid.Custom(func(t *rapid.T) *Document {
		d := &Document{Lang: "lv", Dir: rapid.SampledFrom([]Direction{LTR, RTL}).Draw(t, "dir")}
		word := func() string { return string(letters.Draw(t, "text")) }
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			style := Style{
				Bold:  rapid.Bool().Draw(t, "bold"),
				Width: rapid.IntRange(0, 3).Draw(t, "width"), Height: rapid.IntRange(0, 3).Draw(t, "height"),
			}
			align := rapid.SampledFrom([]Align{Start, Center, End}).Draw(t, "align")
			switch rapid.IntRange(0, 6).Draw(t, "kind") {
			case 0:
				d.Text(align, style, word())
			case 1, 2:
				d.AddColumns(style, Column{Text: word()},
					Column{Text: word(), Width: rapid.IntRange(-1, 30).Filter(func(n int) bool { return n != Rest }).Draw(t, "col"), Align: align, Dir: LTR},
					Column{Text: word(), Width: Fit, Align: End, Dir: LTR})
			case 3:
				d.Rule('-')
			case 4:
				d.Feed(rapid.IntRange(1, maxFeed).Draw(t, "feed"))
			case 5:
				b := render.NewBitmap(rapid.IntRange(1, 384).Draw(t, "w"), rapid.IntRange(1, 60).Draw(t, "h"))
				copy(b.Bits, rapid.SliceOfN(rapid.SampledFrom([]byte{0x10, 0x04, 0x05, 0x14, 0x01, 0xFF}), len(b.Bits), len(b.Bits)).Draw(t, "bits"))
				d.AddImage(b)
			default:
				data := rapid.StringOfN(rapid.SampledFrom([]rune("0123456789AZ{-")), 1, 9, -1).Draw(t, "code")
				d.AddSymbol(Symbol{Kind: rapid.SampledFrom([]SymbolKind{Code128, QR}).Draw(t, "symbol"), Data: data})
			}
		}
		d.Cut()
		return d
	})
}

func profiles(t testing.TB) map[string]*Profile {
	t.Helper()
	out := map[string]*Profile{}
	for _, id := range ProfileIDs() {
		p, err := LoadProfile(id)
		if err != nil {
			t.Fatal(err)
		}
		out[id] = p
	}
	return out
}

// originalMarks counts the question marks that the document itself has.
func originalMarks(d *Document) int {
	n := 0
	for _, l := range d.Lines {
		n += strings.Count(l.Text, "?")
		for _, c := range l.Columns {
			n += strings.Count(c.Text, "?")
		}
	}
	return n
}

func TestWhateverIsPrinted(t *testing.T) {
	e := newEncoder(t)
	all := profiles(t)
	rapid.Check(t, func(t *rapid.T) {
		d := documents().Draw(t, "document")
		p := *all[rapid.SampledFrom(ProfileIDs()).Draw(t, "profile")]
		p.Graphics.UserChars = rapid.SampledFrom([]int{0, 8, 95}).Draw(t, "user characters")
		job, err := e.Encode(d, &p, 3)
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		got, err := walk(job.Bytes())
		if err != nil {
			t.Fatalf("the stream does not parse: %v", err)
		}
		if at := realTimeAt(job.Bytes()); at >= 0 {
			t.Fatalf("a real-time command at byte %d", at)
		}
		if marks := strings.Count(texts(got), "?"); marks > originalMarks(d) {
			t.Fatalf("%d question marks, the document has %d", marks, originalMarks(d))
		}
		checkWidths(t, got, &p)
		checkSegments(t, job, &p)
	})
}

// checkWidths follows the print position along every line.
func checkWidths(t *rapid.T, got []op, p *Profile) {
	x, scale, user := 0, 1, false
	sent := map[byte]bool{' ': true}
	for _, o := range got {
		switch o.name {
		case "\x1b&":
			for code := o.data[1]; code <= o.data[2]; code++ {
				sent[code] = true
			}
		case "\x1b%":
			user = o.data[0] == 1
		case "text":
			for _, code := range o.data {
				if user && !sent[code] {
					t.Fatalf("code %q is printed before its cell was sent", code)
				}
			}
			x += len(o.data) * render.CellWidth * scale
		case "LF":
			x = 0
		case "\x1b$":
			to := int(o.data[0]) | int(o.data[1])<<8
			if to < x {
				t.Fatalf("the print position goes back from %d to %d", x, to)
			}
			x = to
		case "\x1d!":
			scale = int(o.data[0]>>4) + 1
		case "\x1dv":
			if w := int(o.data[2]) * 8; w > p.Paper.WidthDots {
				t.Fatalf("a band of %d dots on paper of %d", w, p.Paper.WidthDots)
			}
			if x != 0 {
				t.Fatalf("graphics begin at dot %d of a line", x)
			}
		}
		if x > p.Paper.WidthDots {
			t.Fatalf("a line of %d dots on paper of %d", x, p.Paper.WidthDots)
		}
	}
}

func checkSegments(t *rapid.T, job *Job, p *Profile) {
	for i, s := range job.Segments {
		if len(s.Bytes) > min(segmentMax, p.IO.Window) {
			t.Fatalf("segment %d has %d bytes", i, len(s.Bytes))
		}
		part, err := walk(s.Bytes)
		if err != nil {
			t.Fatalf("segment %d is no whole number of commands: %v", i, err)
		}
		if drawn := count(part, "\x1dv")+count(part, "\x1b&") > 0; drawn != (s.Kind == SegmentRaster) {
			t.Fatalf("segment %d is marked %v", i, s.Kind)
		}
		if want := (job.Confirm == ConfirmPrinted); (s.Ack != [4]byte{}) != want {
			t.Fatalf("segment %d has id %q at level %d", i, s.Ack, job.Confirm)
		}
	}
	if last := job.Segments[len(job.Segments)-1]; last.Kind != SegmentCut {
		t.Fatalf("the last segment is %v", last.Kind)
	}
}

func TestDefusedGraphicsHoldNoRealTimeCommandAndKeepAllTheirDots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.SampledFrom([]byte{0x10, 0x04, 0x05, 0x14, 0x01, 0x08, 0x00}), 0, 400).Draw(t, "bits")
		after := bytes.Clone(before)
		defuse(after)
		if at := realTimeAt(after); at >= 0 {
			t.Fatalf("still a command at %d", at)
		}
		for i := range after {
			if after[i]&before[i] != before[i] {
				t.Fatalf("byte %d lost dots", i)
			}
			if after[i] != before[i] && before[i] != dle {
				t.Fatalf("byte %d was changed without need", i)
			}
		}
	})
}
