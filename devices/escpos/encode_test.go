package escpos

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

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
	if !errors.As(err, &refused) || !slices.Equal(refused.Characters, []Refused{{'茶', 1}, {'🍵', 2}}) || refused.Profile != "epson-tm-t20iii-80" {
		t.Errorf("got %v, want both characters named", err)
	}
}

func TestPrinterWithoutGraphicsRefusesWhatItHasNoLetterFor(t *testing.T) {
	p := rasterOnly(t)
	p.Graphics.GSv0 = false
	_, err := newEncoder(t).Encode(lines("Kopā", "خوش"), p, 1)
	var refused *RefusedError
	if !errors.As(err, &refused) || !slices.Equal(refused.Characters, []Refused{{'خ', 2}, {'و', 2}, {'ش', 2}}) {
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

func TestAPrinterWithoutGraphicsTransliteratesOnlyWhereTheStoreSaysSo(t *testing.T) {
	p := rasterOnly(t)
	p.Graphics.GSv0, p.Letters.Transliterate = false, true
	d := &Document{Lang: "fa", Dir: RTL}
	d.AddColumns(Style{}, Column{Text: "شیر کم‌چرب ۱ لیتری"}, Column{Text: "52.50", Width: Fit, Align: End, Dir: LTR})
	d.Text(Start, Style{}, "Սուրճ և Жук")
	d.Text(Start, Style{}, "Ķirbju sēklas")
	got := texts(ops(t, d, p))
	for _, want := range []string{transliterationNote, "52.50", "shyr kmchrb 1 lytry", "Surch ev Zhuk", "\xcdirbju s\xe7klas"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the paper:\n%s", want, got)
		}
	}
	d.Text(Start, Style{}, "茶")
	_, err := newEncoder(t).Encode(d, p, 1)
	var refused *RefusedError
	if !errors.As(err, &refused) || !slices.Contains(refused.Characters, Refused{'茶', 4}) {
		t.Errorf("got %v, want what has no Latin form refused", err)
	}
}

func TestALogoThatIsTooWideIsRefusedBeforeTheFirstByte(t *testing.T) {
	d := lines("Labdien")
	d.AddImage(render.NewBitmap(600, 10))
	_, err := newEncoder(t).Encode(d, epson(t), 1)
	if !errors.Is(err, ErrDocument) || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), "image of 600 dots on paper of 576") {
		t.Errorf("got %v", err)
	}
	if _, err := newEncoder(t).Preview(d, epson(t)); !errors.Is(err, ErrDocument) {
		t.Errorf("preview: %v", err)
	}
}

func TestALineOfACommissioningTicketGoesTheWayItAsksFor(t *testing.T) {
	p := epson(t)
	p.Pages.Verified = nil
	way := func(via Via, text string) []op {
		return ops(t, &Document{Lang: "lv", Lines: []Line{{Kind: KindText, Text: text, Via: via}}}, p)
	}
	if got := texts(way("cp775", "ā")); got != "\x83\n" {
		t.Errorf("page 775: %q", got)
	}
	if n := count(way(ViaCells, "ā"), "\x1b&"); n != 1 {
		t.Errorf("cells were sent %d times", n)
	}
	if n := count(way(ViaRaster, "a"), "\x1dv"); n != 1 {
		t.Errorf("%d pictures", n)
	}
	_, err := newEncoder(t).Encode(&Document{Lang: "lv", Lines: []Line{{Kind: KindText, Text: "ж", Via: "cp775"}}}, p, 1)
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Errorf("a letter that the page lacks: %v", err)
	}
	_, err = newEncoder(t).Encode(&Document{Lang: "lv", Lines: []Line{{Kind: KindText, Text: "a", Via: "cp866"}}}, p, 1)
	if !errors.Is(err, ErrDocument) {
		t.Errorf("a page without a slot: %v", err)
	}
}

func TestAPrinterWithoutPage1257PrintsTheBalticLettersFrom775(t *testing.T) {
	p := epson(t)
	p.Pages.Verified = []string{"cp437", "cp852", "cp775"}
	got := ops(t, lines("Ķirbju sēklas", "Zażółć gęślą", "Õunad", "Šaltibarščiai ąžuolų"), p)
	for _, o := range got {
		if o.name == "\x1bt" && o.data[0] != *p.Pages.CP775 {
			t.Errorf("page %d was selected, want only that of 775, %d", o.data[0], *p.Pages.CP775)
		}
	}
	if count(got, "\x1bt") != 1 || count(got, "\x1b&") > 0 {
		t.Errorf("%d page switches, %d times cells", count(got, "\x1bt"), count(got, "\x1b&"))
	}
}

func TestALineThatOnlyAnotherPageHoldsGetsThatPageAndTheNextTheReceiptsAgain(t *testing.T) {
	p := epson(t)
	p.Pages.Verified = []string{"cp1257", "cp437"}
	got := ops(t, lines("Kopā", "ñandú", "Ķirsis"), p)
	var pages []byte
	for _, o := range got {
		if o.name == "\x1bt" {
			pages = append(pages, o.data[0])
		}
	}
	if want := []byte{*p.Pages.CP1257, *p.Pages.CP437, *p.Pages.CP1257}; !bytes.Equal(pages, want) {
		t.Errorf("pages %v, want %v", pages, want)
	}
}

func TestNoWordHasLettersOfThePrinterAndDrawnOnes(t *testing.T) {
	got := ops(t, lines("Kafija Սուրճ кофе шт2"), epson(t))
	if letters := strings.TrimSpace(texts(got)); letters != "" {
		t.Errorf("%q was printed in the printer's letters beside drawn ones", letters)
	}
}
