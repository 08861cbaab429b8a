package escpos

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

func TestShippedProfilesAreValidAndNamedAsTheirFiles(t *testing.T) {
	for _, id := range ProfileIDs() {
		p, err := LoadProfile(id)
		if err != nil {
			t.Error(err)
			continue
		}
		if p.ID != id {
			t.Errorf("file %s holds profile %s", id, p.ID)
		}
	}
}

func TestEightyMillimetrePaperHasFortyEightColumns(t *testing.T) {
	if n := epson(t).Paper.Columns(); n != 48 {
		t.Errorf("%d columns", n)
	}
}

func TestBadProfilesAreRefusedWithLineOrReason(t *testing.T) {
	good, err := profileFiles.ReadFile("profiles/epson-tm-t20iii-80.toml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, want string }{
		{"unknown key", "dpi = 203", "dpi = 203\ncolour = true", `line 10: unknown key "paper.colour"`},
		{"broken syntax", "dpi = 203", "dpi = = 203", "line 9, column"},
		{"wrong type", "dpi = 203", `dpi = "many"`, "line 9, column"},
		{"other schema", "schema = 1", "schema = 2", "schema 2, want 1"},
		{"cells that the renderer does not draw", "[12, 24]", "[9, 17]", "paper.cell_a"},
		{"a page without a slot", `verified = ["cp1257"]`, `verified = ["cp1250"]`, `"cp1250", which has no slot`},
		{"a window larger than the buffer", "window = 2048", "window = 8192", "io.window"},
		{"a symbol printed by magic", `qr = "native"`, `qr = "magic"`, `"magic"`},
		{"a drawer pin that is no pin", "pins = [2]", "pins = [7]", "drawer pin 7"},
		{"paper that is no paper", "width_dots = 576", "width_dots = 5", "paper.width_dots"},
	}
	for _, tt := range tests {
		text := strings.Replace(string(good), tt.old, tt.new, 1)
		_, err := ParseProfile([]byte(text))
		if !errors.Is(err, ErrProfile) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	for _, id := range []string{"", "none", "../profiles/safe", `..\safe`} {
		if _, err := LoadProfile(id); !errors.Is(err, ErrProfile) || !strings.Contains(err.Error(), "shipped are") {
			t.Errorf("profile %q: %v", id, err)
		}
	}
}

func TestBalticPagesHoldTheLettersOfTheProduct(t *testing.T) {
	const letters = "ĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽž" + "ĄąĘęĖėĮįŲų" + "ÕõÄäÖöÜü" + "ĆćŁłŃńÓóŚśŹźŻż" + "„”“"
	for _, name := range []string{pageCP1257, pageCP775} {
		for _, c := range letters {
			if _, ok := (codePage{name: name}).encode(c); !ok {
				t.Errorf("%s lacks %q", name, c)
			}
		}
	}
	if b, ok := (codePage{name: pageCP1257}).encode('€'); !ok || b != 0x80 {
		t.Errorf("euro sign is %#x in cp1257", b)
	}
}

func TestPagesAreOneToOne(t *testing.T) {
	pages := map[string]*charmap.Charmap{
		pageCP437: charmap.CodePage437, pageCP852: charmap.CodePage852, pageCP858: charmap.CodePage858, pageCP1257: charmap.Windows1257,
	}
	for name, table := range pages {
		for b := 0x80; b <= 0xFF; b++ {
			c := table.DecodeByte(byte(b))
			if c == '\ufffd' {
				continue
			}
			if got, ok := (codePage{name: name}).encode(c); !ok || got != byte(b) {
				t.Errorf("%s: %q is %#x, want %#x", name, c, got, b)
			}
		}
	}
	seen := map[rune]bool{}
	for _, c := range cp775 {
		if seen[c] {
			t.Errorf("cp775 has %q twice", c)
		}
		seen[c] = true
	}
	if len(seen) != 128 {
		t.Errorf("cp775 has %d characters, want 128", len(seen))
	}
}
