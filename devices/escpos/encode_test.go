package escpos

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"loyaltill/devices/escpos/render"
)

func newEncoder(t testing.TB) *Encoder {
	t.Helper()
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	return NewEncoder(r)
}

func epson(t testing.TB) *Profile {
	t.Helper()
	p, err := LoadProfile("epson-tm-t20iii-80")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rasterOnly is the Epson without user-defined characters.
func rasterOnly(t testing.TB) *Profile {
	t.Helper()
	p := epson(t)
	p.Graphics.UserChars = 0
	return p
}

// lines makes a Latvian document of paragraphs.
func lines(texts ...string) *Document {
	d := &Document{Lang: "lv"}
	for _, text := range texts {
		d.Text(Start, Style{}, text)
	}
	return d
}

// ops encodes and walks.
func ops(t testing.TB, d *Document, p *Profile) []op {
	t.Helper()
	job, err := newEncoder(t).Encode(d, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	out, err := walk(job.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// texts is what the stream prints as letters, in the bytes of its code page.
func texts(in []op) string {
	var out strings.Builder
	user := false
	for _, o := range in {
		switch o.name {
		case "\x1b%":
			user = o.data[0] == 1
		case "text":
			if user {
				continue // codes of cells
			}
			out.Write(o.data)
		case "LF":
			out.WriteByte('\n')
		}
	}
	return out.String()
}

func count(in []op, name string) int {
	n := 0
	for _, o := range in {
		if o.name == name {
			n++
		}
	}
	return n
}

func TestJobBeginsByPuttingThePrinterInAKnownState(t *testing.T) {
	job, err := newEncoder(t).Encode(lines("Labdien"), epson(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := "\x1b@\x1c.\x1da\x0fLabdien\n\x1d(H\x06\x0000 !  "
	if got := string(job.Segments[0].Bytes); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLatvianIsPrintedInThePrintersLettersWithOnePageSwitch(t *testing.T) {
	got := ops(t, lines("Kopā", "Total", "Ķirbju sēklas", "Šķiņķis"), epson(t))
	if n := count(got, "\x1bt"); n != 1 {
		t.Errorf("%d page switches, want 1", n)
	}
	if want := "Kop\xe2\nTotal\n\xcdirbju s\xe7klas\n\xd0\xedi\xf2\xedis\n"; texts(got) != want {
		t.Errorf("got %q, want %q", texts(got), want)
	}
}

func TestEnglishNeedsNoPage(t *testing.T) {
	if n := count(ops(t, lines("Total 12.50"), epson(t)), "\x1bt"); n != 0 {
		t.Errorf("%d page switches, want none", n)
	}
}

func TestThePageThatHoldsMostLinesIsTaken(t *testing.T) {
	p := rasterOnly(t)
	p.Pages.Verified = []string{"cp1257", "cp437"}
	got := ops(t, lines("Œuvre façade è", "façade è", "ñandú è", "Kopā"), p)
	if n := count(got, "\x1bt"); n != 2 {
		t.Errorf("%d page switches, want one for French lines and one for the Latvian line", n)
	}
	if count(got, "\x1dv") == 0 {
		t.Error("a line that neither page holds must be drawn")
	}
}

func TestPersianIsDrawnAndAmountsBesideLatinAreNot(t *testing.T) {
	d := &Document{Lang: "fa", Dir: RTL}
	d.Text(Start, Style{}, "سیب")
	d.AddColumns(Style{}, Column{Text: "A.B."}, Column{Text: "52.50 EUR", Width: Fit, Align: End, Dir: LTR})
	got := ops(t, d, rasterOnly(t))
	if n := count(got, "\x1dv"); n != 1 {
		t.Errorf("%d raster bands, want 1", n)
	}
	if want := "52.50 EURA.B.\n"; texts(got) != want {
		t.Errorf("letters %q, want %q", texts(got), want)
	}
}

func TestRightToLeftGraphicsKeepToTheRightMargin(t *testing.T) {
	d := &Document{Lang: "fa", Dir: RTL}
	d.Text(Start, Style{}, "سیب")
	var align, width byte
	for _, o := range ops(t, d, rasterOnly(t)) {
		switch o.name {
		case "\x1ba":
			align = o.data[0]
		case "\x1dv":
			width = o.data[2]
		}
	}
	if align != alignRight || width > 8 {
		t.Errorf("align %d, %d bytes a row; want right and only the word's width", align, width)
	}
}

func TestPersianIsPrintedByCellsThatWereSentOnce(t *testing.T) {
	d := &Document{Lang: "fa", Dir: RTL}
	for range 20 {
		d.Text(Start, Style{}, "سیب و سیب")
	}
	got := ops(t, d, epson(t))
	if n := count(got, "\x1b&"); n != 1 || count(got, "\x1dv") != 0 {
		t.Errorf("%d times cells were sent, %d raster bands; want 1 and 0", n, count(got, "\x1dv"))
	}
	if n := count(got, "\x1b%"); n != 1 {
		t.Errorf("%d changes of the character set, want 1", n)
	}
}

func TestAmountsInAsciiBesidePersianArePrintedInThePrintersLetters(t *testing.T) {
	d := &Document{Lang: "fa", Dir: RTL}
	d.AddColumns(Style{}, Column{Text: "سیب"}, Column{Text: "52.50", Width: Fit, Align: End, Dir: LTR})
	if got := texts(ops(t, d, epson(t))); got != "52.50\n" {
		t.Errorf("letters %q", got)
	}
}

func TestALineWithMoreCellsThanThePrinterHoldsIsDrawn(t *testing.T) {
	p := epson(t)
	p.Graphics.UserChars = 4
	d := &Document{Lang: "hy"}
	d.Text(Start, Style{}, "խնձոր")
	d.Text(Start, Style{}, "հաց")
	d.Text(Start, Style{}, "կաթ")
	got := ops(t, d, p)
	if count(got, "\x1dv") == 0 || count(got, "\x1b&") < 2 {
		t.Error("want the long word drawn, and codes used again for the short ones")
	}
}

func TestCharactersThatNobodyHasAreRefusedByName(t *testing.T) {
	_, err := newEncoder(t).Encode(lines("Tēja 茶", "🍵"), epson(t), 1)
	var refused *RefusedError
	if !errors.As(err, &refused) || string(refused.Runes) != "茶🍵" || refused.Profile != "epson-tm-t20iii-80" {
		t.Errorf("got %v, want both characters named", err)
	}
}

func TestPrinterWithoutGraphicsRefusesWhatItHasNoLetterFor(t *testing.T) {
	p := rasterOnly(t)
	p.Graphics.GSv0 = false
	_, err := newEncoder(t).Encode(lines("Kopā", "خوش"), p, 1)
	var refused *RefusedError
	if !errors.As(err, &refused) || string(refused.Runes) != "خوش" {
		t.Errorf("got %v, want the Persian letters named", err)
	}
}

func TestSafeProfilePrintsEverythingWithoutAPage(t *testing.T) {
	p, err := LoadProfile("safe")
	if err != nil {
		t.Fatal(err)
	}
	d := lines("Total 12.50", "Kopā")
	d.AddSymbol(Symbol{Kind: Code128, Data: "C7Q2K9XM4"})
	d.Cut()
	got := ops(t, d, p)
	for _, name := range []string{"\x1bt", "\x1dk", "\x1dV", "\x1da", "\x1d(", "\x1b$"} {
		if count(got, name) > 0 {
			t.Errorf("%q was sent to a printer that may not have it", name)
		}
	}
	if count(got, "\x1dv") == 0 || count(got, "\x1bd") != 1 {
		t.Error("the drawn line or the feed to the tear bar is missing")
	}
}

func TestCommitIDStandsBehindTheCut(t *testing.T) {
	d := lines(strings.Split(strings.Repeat("Ķirbju sēklas 500 g\n", 200), "\n")...)
	d.Cut()
	job, err := newEncoder(t).Encode(d, epson(t), 9024)
	if err != nil {
		t.Fatal(err)
	}
	last := job.Segments[len(job.Segments)-1]
	if last.Kind != SegmentCut || job.CommitID() != last.Ack {
		t.Fatalf("last segment is %v with id %q, commit id %q", last.Kind, last.Ack, job.CommitID())
	}
	if want := "\x1dVB\x00\x1d(H\x06\x0000~~"; !strings.HasPrefix(string(last.Bytes), want) {
		t.Errorf("got %q, want the cut and then the id", last.Bytes)
	}
	seen := map[[4]byte]bool{}
	for i, s := range job.Segments {
		if seen[s.Ack] {
			t.Errorf("segment %d repeats id %q", i, s.Ack)
		}
		seen[s.Ack] = true
		for _, c := range s.Ack {
			if c < 0x20 || c > 0x7E {
				t.Errorf("segment %d: id %q is not printable ASCII", i, s.Ack)
			}
		}
		if len(s.Bytes) > segmentMax {
			t.Errorf("segment %d has %d bytes", i, len(s.Bytes))
		}
	}
	if len(job.Segments) < 4 {
		t.Errorf("%d segments for a long report", len(job.Segments))
	}
}

func TestConfirmationFollowsTheProfile(t *testing.T) {
	p := epson(t)
	p.Status.ProcessID = false
	job, err := newEncoder(t).Encode(lines("a"), p, 1)
	if err != nil {
		t.Fatal(err)
	}
	if job.Confirm != ConfirmProcessed || !bytes.HasSuffix(job.Bytes(), []byte("\x1dr\x01")) || job.CommitID() != [4]byte{} {
		t.Errorf("level %d, bytes %q", job.Confirm, job.Bytes())
	}
	p.Status.GSR = false
	if job, err = newEncoder(t).Encode(lines("a"), p, 1); err != nil || job.Confirm != ConfirmNone {
		t.Errorf("level %d, %v", job.Confirm, err)
	}
}

func TestDrawerKickIsASegmentOfItsOwn(t *testing.T) {
	d := lines("Labdien")
	d.Drawer(2)
	d.Text(Start, Style{}, "Paldies")
	job, err := newEncoder(t).Encode(d, epson(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(job.Segments) != 3 || job.Segments[1].Kind != SegmentDrawer {
		t.Fatalf("%d segments", len(job.Segments))
	}
	if want := "\x1bp\x00\x3c\x78"; !strings.HasPrefix(string(job.Segments[1].Bytes), want) {
		t.Errorf("got %q, want pin 2 for 120 ms", job.Segments[1].Bytes)
	}
}

func TestStoredJobComesBackTheSame(t *testing.T) {
	d := lines("Ķirbju sēklas", "سیب")
	d.Cut()
	job, err := newEncoder(t).Encode(d, epson(t), 4711)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := job.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back Job
	if err := back.UnmarshalBinary(stored); err != nil {
		t.Fatal(err)
	}
	again, err := back.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, stored) || !bytes.Equal(back.Bytes(), job.Bytes()) || back.CommitID() != job.CommitID() || back.No != 4711 {
		t.Error("the job changed in storage")
	}
	for i := range stored {
		broken := bytes.Clone(stored)
		broken[i] ^= 0x20
		if err := new(Job).UnmarshalBinary(broken); !errors.Is(err, ErrStoredJob) {
			t.Fatalf("byte %d changed: got %v, want ErrStoredJob", i, err)
		}
		if err := new(Job).UnmarshalBinary(stored[:i]); !errors.Is(err, ErrStoredJob) {
			t.Fatalf("cut to %d bytes: got %v, want ErrStoredJob", i, err)
		}
	}
}

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

func FuzzEncode(f *testing.F) {
	for _, text := range []string{"Kopā 12,50 €", "شیر کم‌چرب ۱", "Սուրճ", "a\u0301\u0301\u0301", "\u2067\u2068x", strings.Repeat("x", 200)} {
		f.Add(text, text, uint8(0), false)
		f.Add(text, "12.50", uint8(0x21), true)
	}
	e := newEncoder(f)
	p := epson(f)
	f.Fuzz(func(t *testing.T, text, amount string, scale uint8, rtl bool) {
		d := &Document{Lang: "lv"}
		if rtl {
			d.Dir = RTL
		}
		style := Style{Width: int(scale >> 4), Height: int(scale & 0x0F), Bold: rtl}
		d.Text(Center, style, text)
		d.AddColumns(style, Column{Text: text}, Column{Text: amount, Width: Fit, Align: End, Dir: LTR})
		d.Cut()
		job, err := e.Encode(d, p, 1)
		var refused *RefusedError
		if errors.As(err, &refused) || errors.Is(err, ErrDocument) {
			return
		}
		if err != nil {
			t.Fatalf("an error of no kind: %v", err)
		}
		if _, err := walk(job.Bytes()); err != nil {
			t.Fatalf("%q: %v", job.Bytes(), err)
		}
		if realTimeAt(job.Bytes()) >= 0 {
			t.Fatal("a real-time command in the stream")
		}
	})
}

func FuzzStoredJob(f *testing.F) {
	job, err := newEncoder(f).Encode(lines("Labdien"), epson(f), 1)
	if err != nil {
		f.Fatal(err)
	}
	stored, err := job.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Fuzz(func(t *testing.T, data []byte) {
		var j Job
		if err := j.UnmarshalBinary(data); err != nil {
			return
		}
		again, err := j.MarshalBinary()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("read and stored differ: %v", err)
		}
	})
}
