package escpos

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode"
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
	good := profileText(t, "epson-tm-t20iii-80")
	tests := []struct{ name, old, new, want string }{
		{"unknown key", "dpi = 203", "dpi = 203\ncolour = true", "line 10: paper.colour: unknown key"},
		{"broken syntax", "dpi = 203", "dpi = = 203", "line 9: "},
		{"wrong type", "dpi = 203", `dpi = "many"`, "line 9: paper.dpi: "},
		{"other schema", "schema = 1", "schema = 2", "line 3: schema: 2, want 1 to 1"},
		{"an id that is no file name", `id = "epson`, `id = "../epson`, "line 4: id: "},
		{"cells that the renderer does not draw", "[12, 24]", "[9, 17]", "line 10: paper.cell_a: [9 17], want [12, 24]"},
		{"a page without a slot", `verified = ["cp1257"]`, `verified = ["cp1250"]`, `pages.verified: names "cp1250", which has no slot; add a line cp1250 = SLOT`},
		{"a page that nobody knows", `verified = ["cp1257"]`, `verified = ["cp42"]`, `pages.verified: "cp42", want of cp437`},
		{"a slot beyond ESC t", "cp437 = 0", "cp437 = 256", "line 34: pages.cp437: "},
		{"a window larger than the buffer", "window = 2048", "window = 8192", "line 20: io.window: 8192, want at most io.rx_buffer"},
		{"a band longer than clones take", "max_rows = 128", "max_rows = 256", "graphics.max_rows: 256, want 1 to 128"},
		{"a symbol printed by magic", `qr = "native"`, `qr = "magic"`, `symbols.qr: "magic", want one of native, raster`},
		{"a drawer pin that is no pin", "pins = [2]", "pins = [7]", `drawer.pins: "7", want of 2, 5`},
		{"paper that is no paper", "width_dots = 576", "width_dots = 5", "line 8: paper.width_dots: 5, want 192 to 2048"},
		{"half a byte of paper", "width_dots = 576", "width_dots = 578", "paper.width_dots: 578, want a multiple of 8"},
		{"a setting left out", "dpi = 203\n", "", "line 7: paper.dpi: 0, want 100 to 400"},
	}
	for _, tt := range tests {
		text := strings.Replace(good, tt.old, tt.new, 1)
		_, err := ParseProfile([]byte(text))
		if !errors.Is(err, ErrProfile) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestAllFaultsOfAProfileAreNamedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.toml")
	text := strings.NewReplacer("dpi = 203", "dpi = 1", "line_ms = 50", "line_ms = 0").Replace(profileText(t, "safe"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ReadProfile(path)
	var faults ProfileFaults
	if !errors.As(err, &faults) || len(faults) != 2 || faults[0].Field != "paper.dpi" || faults[1].Field != "io.line_ms" {
		t.Fatalf("got %v", err)
	}
	for _, f := range faults {
		if f.File != path || f.Line == 0 {
			t.Errorf("fault %+v does not say where", f)
		}
	}
}

func TestAConfigurationNamesAProfileByIDOrFile(t *testing.T) {
	folder := t.TempDir()
	mine := strings.Replace(profileText(t, "safe"), `id = "safe"`, `id = "kitchen"`, 1)
	if err := os.WriteFile(filepath.Join(folder, "kitchen.toml"), []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, profile, folder, want string }{
		{"a shipped profile", "safe", "", "safe"},
		{"one of the folder", "kitchen", folder, "kitchen"},
		{"a shipped one beside a folder", "safe", folder, "safe"},
		{"the path of a file", filepath.Join(folder, "kitchen.toml"), "", "kitchen"},
	}
	for _, tt := range tests {
		p, err := FindProfile(tt.profile, tt.folder)
		if err != nil || p.ID != tt.want {
			t.Errorf("%s: got %v, %v", tt.name, p, err)
		}
	}
	for _, name := range []string{"", "none", "../kitchen", filepath.Join(folder, "none.toml")} {
		if _, err := FindProfile(name, filepath.Join(folder, "sub")); !errors.Is(err, ErrProfile) {
			t.Errorf("profile %q: %v", name, err)
		}
	}
}

func TestTheRevisionOfAProfileChangesWithItsFile(t *testing.T) {
	text := profileText(t, "safe")
	revision := func(text string) string {
		p, err := ParseProfile([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return p.Revision()
	}
	if a, b := revision(text), revision(strings.Replace(text, "line_ms = 50", "line_ms = 60", 1)); a == b || !strings.HasPrefix(a, "safe@") || a != revision(text) {
		t.Errorf("revisions %s and %s", a, b)
	}
}

func TestAProfileIsWrittenAsItIsRead(t *testing.T) {
	for _, id := range ProfileIDs() {
		p, err := LoadProfile(id)
		if err != nil {
			t.Fatal(err)
		}
		text, err := p.File()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseProfile(text)
		if err != nil {
			t.Fatal(err)
		}
		again.revision = p.revision // another file
		if !reflect.DeepEqual(p, again) {
			t.Errorf("%s: read %+v, want %+v", id, again, p)
		}
	}
}

func profileText(t *testing.T, id string) string {
	t.Helper()
	text, err := profileFiles.ReadFile("profiles/" + id + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBalticPagesHoldTheLettersOfTheProduct(t *testing.T) {
	const letters = "ĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽž" + "ĄąĘęĖėĮįŲų" + "ÕõÄäÖöÜü" + "ĆćŁłŃńÓóŚśŹźŻż" + "„”“"
	for _, page := range pageTables()[:2] {
		if !(codePage{high: page.high}).holds(letters) {
			t.Errorf("%s lacks a letter", page.name)
		}
	}
	if b, ok := pageTables()[0].high('€'); !ok || b != 0x80 {
		t.Errorf("euro sign is %#x in cp1257", b)
	}
}

// pythonPages are our pages in the words of another library.
func pythonPages() map[string]string {
	names := map[string]string{"iso8859-2": "iso8859_2", "iso8859-15": "iso8859_15"}
	for _, page := range pageTables() {
		if names[page.name] == "" {
			names[page.name] = page.name
		}
	}
	return names
}

func TestPagesAreThoseOfAnotherLibrary(t *testing.T) {
	const script = "import sys\nfor b in range(128,256):\n c=bytes([b]).decode(sys.argv[1],'replace')\n print(ord(c))"
	python := program(t, "python3")
	for _, page := range pageTables() {
		out, err := exec.Command(python, "-c", script, pythonPages()[page.name]).Output()
		if err != nil {
			t.Fatal(err)
		}
		b := 0x80
		for field := range strings.FieldsSeq(string(out)) {
			n, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := codePage{high: page.high}.encode(rune(n))
			if unknown := rune(n) == '\ufffd' || unicode.IsControl(rune(n)); ok == unknown || ok && got != byte(b) {
				t.Errorf("%s: %q is %#x (%v), want %#x", page.name, rune(n), got, ok, b)
			}
			b++
		}
		if b != 0x100 {
			t.Errorf("%s: %d bytes were compared", page.name, b-0x80)
		}
	}
}
