package escpos

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// paper is what stands on paper in plain text, for the 48-column profile.
func paper(t testing.TB, d *Document) string {
	t.Helper()
	text, err := newEncoder(t).PlainText(d, epson(t))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const ruler = "|" + "----------------------------------------------" + "|\n" // 48 wide

func TestColumns(t *testing.T) {
	tests := []struct {
		name string
		dir  Direction
		cols []Column
		want string
	}{
		{
			"name at the left, price at the right", LTR,
			[]Column{{Text: "Piens"}, {Text: "1,29", Width: Fit, Align: End}},
			"Piens                                       1,29\n",
		},
		{
			"a long name wraps and the price stands on its last line", LTR,
			[]Column{{Text: "Kafija, grauzdēta, malta, godīgā tirdzniecība, 500 g"}, {Text: "8,99", Width: 6, Align: End}},
			"Kafija, grauzdēta, malta, godīgā\n" +
				"tirdzniecība, 500 g                         8,99\n",
		},
		{
			"a word longer than its column is cut between letters", LTR,
			[]Column{{Text: strings.Repeat("ā", 50)}, {Text: "1,00", Width: 6, Align: End}},
			strings.Repeat("ā", 42) + "\n" + strings.Repeat("ā", 8) + strings.Repeat(" ", 36) + "1,00\n",
		},
		{
			"a right-to-left paper has its first column at the right", RTL,
			[]Column{{Text: "موز"}, {Text: "۲ × ۵۰", Width: Fit, Align: End, Dir: LTR}, {Text: "۱۰۰", Width: 5, Align: End, Dir: LTR}},
			"۱۰۰  ۲ × ۵۰                                  موز\n",
		},
		{
			"a joiner takes no place, so the price does not move", RTL,
			[]Column{{Text: "کم\u200cچرب"}, {Text: "1.00", Width: Fit, Align: End, Dir: LTR}},
			"1.00                                       کم\u200cچرب\n",
		},
		{
			"an amount as wide as the paper leaves room for its name", LTR,
			[]Column{{Text: "Kopā"}, {Text: strings.Repeat("9", 60), Width: Fit, Align: End}},
			strings.Repeat(" ", 8) + strings.Repeat("9", 40) + "\nKopā" + strings.Repeat(" ", 24) + strings.Repeat("9", 20) + "\n",
		},
		{
			"centred", LTR,
			[]Column{{Text: "abcd", Align: Center}},
			"                      abcd\n",
		},
	}
	for _, tt := range tests {
		d := &Document{Lang: "lv", Dir: tt.dir}
		d.AddColumns(Style{}, tt.cols...)
		if got := paper(t, d); got != tt.want {
			t.Errorf("%s:\n%sgot\n%swant\n%s", tt.name, ruler, got, tt.want)
		}
	}
}

func TestColumnsOfLettersTooLargeStandBelowEachOther(t *testing.T) {
	d := &Document{Lang: "lv"}
	columns := make([]Column, maxColumns)
	for i := range columns {
		columns[i] = Column{Text: "ab", Width: Fit}
	}
	d.AddColumns(Style{Width: 8}, columns...)
	if got, want := paper(t, d), strings.Repeat("ab\n", maxColumns); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParagraphs(t *testing.T) {
	tests := []struct {
		name, text string
		style      Style
		want       string
	}{
		{"newlines break", "a\nb", Style{}, "a\nb\n"},
		{"an empty paragraph is an empty line", "", Style{}, "\n"},
		{"large letters have half the columns", strings.Repeat("ab ", 9), Style{Width: 2}, "ab ab ab ab ab ab ab ab\nab\n"},
		{"no-break spaces hold together", strings.Repeat("x", 45) + " 1\u00a0000", Style{}, strings.Repeat("x", 45) + "\n1 000\n"},
		{"exactly full", strings.Repeat("x", 48), Style{}, strings.Repeat("x", 48) + "\n"},
	}
	for _, tt := range tests {
		d := &Document{Lang: "lv"}
		d.Text(Start, tt.style, tt.text)
		got := paper(t, d)
		if trimmed := trimEnds(got); trimmed != trimEnds(tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, trimmed, tt.want)
		}
	}
}

func trimEnds(s string) string {
	rows := strings.Split(s, "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n")
}

// ink is the letters of a text, without spaces and controls, in no order.
func ink(text string) map[rune]int {
	letters := map[rune]int{}
	for _, c := range text {
		if !unicode.IsSpace(c) && !unicode.Is(unicode.Cf, c) {
			letters[c]++
		}
	}
	return letters
}

func TestLayoutLosesNoLetterAndLeavesNoLineWiderThanThePaper(t *testing.T) {
	e := newEncoder(t)
	rapid.Check(t, func(t *rapid.T) {
		d := documents().Draw(t, "document")
		l := layout{renderer: e.renderer, columns: rapid.IntRange(16, 64).Draw(t, "columns"), base: d.direction()}
		for _, b := range l.blocks(d) {
			before, after := b.line.Text, ""
			for _, c := range b.line.Columns {
				before += c.Text
			}
			for _, r := range b.rows {
				end := 0
				for _, s := range r.spans {
					if s.x < end {
						t.Fatalf("spans overlap in %+v", r)
					}
					end = s.x + s.cells
					after += s.text
				}
				if width := l.width(r.style); end > width {
					t.Fatalf("row of %d letters in a line of %d: %+v", end, width, r)
				}
			}
			if b.line.Kind == KindRule {
				continue
			}
			want, got := ink(before), ink(after)
			for c, n := range want {
				if got[c] != n {
					t.Fatalf("%q: %d of %q on paper, want %d", before, got[c], c, n)
				}
			}
		}
	})
}

func TestDocumentsOfTheWrongFormAreRefused(t *testing.T) {
	e, p := newEncoder(t), epson(t)
	bad := map[string]Line{
		"unknown kind":      {Kind: "poem"},
		"no columns":        {Kind: KindColumns},
		"two rests":         {Kind: KindColumns, Columns: []Column{{Text: "a"}, {Text: "b"}}},
		"feed of nothing":   {Kind: KindFeed},
		"drawer pin":        {Kind: KindDrawer, Count: 3},
		"no symbol":         {Kind: KindSymbol},
		"no image":          {Kind: KindImage},
		"letters too large": {Kind: KindText, Text: "a", Style: Style{Width: 9}},
		"rule of a word":    {Kind: KindRule, Text: "ab"},
		"control character": {Kind: KindText, Text: "a\tb"},
		"not UTF-8":         {Kind: KindText, Text: "a\xff"},
		"endless text":      {Kind: KindText, Text: strings.Repeat("x", maxTextBytes+1)},
	}
	for name, line := range bad {
		if _, err := e.Encode(&Document{Lines: []Line{line}}, p, 1); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := e.Encode(&Document{}, p, 1); err == nil {
		t.Error("an empty document was taken")
	}
}
