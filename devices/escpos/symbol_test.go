package escpos

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	boombuler "github.com/boombuler/barcode/code128"
	"pgregory.net/rapid"

	"loyaltill/devices/escpos/render"
)

func TestCode128BarsEqualThoseOfAnotherEncoder(t *testing.T) {
	// The other encoder chooses code sets its own way, so only texts without digits
	// must come out the same; between them they use every value of set B.
	for first := ' '; first <= '~'; first += 7 {
		var data []rune
		for c := first; c < first+7 && c <= '~'; c++ {
			if c < '0' || c > '9' {
				data = append(data, c)
			}
		}
		if len(data) == 0 {
			continue
		}
		ours, err := encodeCode128(string(data))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := boombuler.Encode(string(data))
		if err != nil {
			t.Fatal(err)
		}
		want := modulesOf(theirs)[0]
		got := ours.bars()
		if len(got) != len(want) {
			t.Fatalf("%q: %d modules, want %d", string(data), len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%q: module %d is %v", string(data), i, got[i])
			}
		}
	}
}

func TestEveryCode128PatternIsElevenModulesWide(t *testing.T) {
	seen := map[string]bool{}
	for v := range code128Stop {
		pattern := code128Widths[v*6 : v*6+6]
		sum := 0
		for _, w := range pattern {
			sum += int(w - '0')
		}
		if sum != 11 || seen[pattern] {
			t.Errorf("value %d: pattern %s is %d wide or not unique", v, pattern, sum)
		}
		seen[pattern] = true
	}
}

func TestCode128TakesTheShorterCodeSet(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"letters", "AB", "{BAB"},
		{"digits", "123456", "{C\x0c\x22\x38"},
		{"digits at the end", "A1234", "{BA{C\x0c\x22"},
		{"few digits within letters", "A1234B", "{BA1234B"},
		{"many digits within letters", "A123456B", "{BA{C\x0c\x22\x38{BB"},
		{"an odd count", "12345", "{B1{C\x17\x2d"},
		{"a brace is doubled", "{A", "{B{{A"},
		{"digits that would be a status query stay letters", "160401", "{B160401"},
	}
	for _, tt := range tests {
		c, err := encodeCode128(tt.data)
		if err != nil {
			t.Fatal(err)
		}
		if string(c.native) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, c.native, tt.want)
		}
	}
}

func TestSymbolsThatCannotBeAreRefusedWithTheReason(t *testing.T) {
	e, p := newEncoder(t), epson(t)
	tests := map[string]Symbol{
		"letters outside Code 128": {Kind: Code128, Data: "Ā"},
		"empty":                    {Kind: Code128},
		"wider than the paper":     {Kind: Code128, Data: strings.Repeat("A", 40)},
		"an EAN of ten digits":     {Kind: EAN13, Data: "1234567890"},
		"an EAN with a bad check":  {Kind: EAN13, Data: "4006381333932"},
		"an EAN with a letter":     {Kind: EAN13, Data: "98112345678A"},
		"a GTIN with a bad check":  {Kind: GS1128, Data: "(01)04012345678902"},
		"a GTIN that is too short": {Kind: GS1128, Data: "(01)0401234567890"},
		"no identifier":            {Kind: GS1128, Data: "04012345678901"},
		"a value that is missing":  {Kind: GS1128, Data: "(10)"},
		"GS1 of 49 characters":     {Kind: GS1128, Data: "(10)" + strings.Repeat("1", 47)},
		"more than a QR code has":  {Kind: QR, Data: strings.Repeat("x", 1201)},
		"unknown":                  {Kind: "morse", Data: "1"},
		"bars too fine":            {Kind: Code128, Data: "A", Module: 1},
	}
	for name, s := range tests {
		d := &Document{Lang: "en"}
		d.AddSymbol(s)
		if _, err := e.Encode(d, p, 1); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// read lets zbarimg read a picture of a symbol.
func read(t *testing.T, b *render.Bitmap) string {
	t.Helper()
	zbar := program(t, "zbarimg")
	png, err := b.PNG()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "paper.png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(zbar, "-q", "--raw", path).Output()
	if err != nil {
		t.Fatalf("zbarimg reads nothing: %v", err)
	}
	return strings.TrimSpace(string(out))
}

func TestAScannerReadsTheCodesOnPaper(t *testing.T) {
	for _, id := range ProfileIDs() {
		for _, s := range []Symbol{
			{Kind: Code128, Data: "C7Q2K9XM4"},
			{Kind: Code128, Data: "2026112200012345"},
			{Kind: Code128, Data: "a{b-12345678-z"},
			{Kind: QR, Data: "https://example.lv/k/C7Q2K9XM4"},
			{Kind: EAN13, Data: "4006381333931"},
			{Kind: EAN13, Data: "9821234500507"},
			{Kind: GS1128, Data: "(01)04012345678901(10)A7"},
			{Kind: GS1128, Data: "(10)A7(21)55"},
		} {
			t.Run(id+" "+string(s.Kind)+" "+s.Data, func(t *testing.T) {
				p, err := LoadProfile(id)
				if err != nil {
					t.Fatal(err)
				}
				d := lines("Kupons")
				d.Feed(1)
				d.AddSymbol(s)
				d.Feed(1)
				d.Cut()
				preview, err := newEncoder(t).Preview(d, p)
				if err != nil {
					t.Fatal(err)
				}
				want := strings.NewReplacer("(21)", "\x1d21", "(", "", ")", "").Replace(s.Data)
				if got := read(t, preview.Paper); got != want {
					t.Errorf("read %q, want %q", got, want)
				}
			})
		}
	}
}

func TestCode128IsNeverARealTimeCommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringOfN(rapid.SampledFrom([]rune("0146")), 1, 40, -1).Draw(t, "digits")
		c, err := encodeCode128(digits)
		if err != nil {
			t.Fatal(err)
		}
		if realTimeAt(c.native) >= 0 {
			t.Fatalf("%q", c.native)
		}
	})
}

func TestNativeAndDrawnBarcodesHaveTheSameBars(t *testing.T) {
	s := Symbol{Kind: Code128, Data: "C7Q2K9XM4"}
	bitmap, module, err := s.picture(576)
	if err != nil {
		t.Fatal(err)
	}
	command, err := s.command(module)
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte("\x1dhP\x1dw\x03\x1dkI\x0b{BC7Q2K9XM4"); !bytes.Equal(command, want) {
		t.Errorf("command %q, want %q", command, want)
	}
	const modules = 11*(1+9+1) + 13 // start, data, check; stop
	if bitmap.Width != modules*module || bitmap.Height != defaultBarHeight {
		t.Errorf("%d x %d dots", bitmap.Width, bitmap.Height)
	}
}
