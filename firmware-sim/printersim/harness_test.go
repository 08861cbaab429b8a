package printersim

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bed is a machine on a clock that only the test moves.
type bed struct {
	t   *testing.T
	m   *machine
	now time.Time
}

func newBed(t *testing.T, change ...func(*Personality)) *bed {
	t.Helper()
	pers := tmT20III()
	for _, c := range change {
		c(&pers)
	}
	b := &bed{t: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	m, err := newMachine(PrinterConfig{Name: "bed", Speed: 1, Serial: "X000000001"}, pers, b.now)
	if err != nil {
		t.Fatal(err)
	}
	b.m = m
	return b
}

// send puts bytes on the wire, all at one instant.
func (b *bed) send(parts ...string) {
	for _, p := range parts {
		b.m.receive(b.now, []byte(p))
	}
}

func (b *bed) pass(d time.Duration) {
	b.now = b.now.Add(d)
	b.m.advance(b.now)
}

// settle lets the mechanism finish everything it can.
func (b *bed) settle() { b.pass(5 * time.Minute) }

// answers takes everything that is due.
func (b *bed) answers() string {
	var all []byte
	for {
		data, ok := b.m.take(b.now)
		if !ok {
			return string(all)
		}
		all = append(all, data...)
	}
}

func (b *bed) fault(f Fault) {
	b.t.Helper()
	if err := f.check(); err != nil {
		b.t.Fatal(err)
	}
	if err := b.m.faults.plan(b.m, f); err != nil {
		b.t.Fatal(err)
	}
	b.m.settle()
}

// text is what the paper says after everything printed.
func (b *bed) text() string {
	b.settle()
	return b.m.paper.text()
}

func (b *bed) sheet(n int) *Sheet {
	b.t.Helper()
	s, err := b.m.paper.sheet(n)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bed) want(what, got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// row is one row of a sheet as dots.
func (s *Sheet) row(n int) []byte {
	stride := len(s.dots) / s.Rows
	return s.dots[n*stride : (n+1)*stride]
}

func id(s string) string { return "\x1d(H\x06\x0000" + s }

const (
	feedAndCut = "\x1dVB\x00"
	clearAll   = "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
)

func savePNG(t *testing.T, s *Sheet, width int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sheet.png")
	var b bytes.Buffer
	if err := writePNG(&b, picture([]piece{{s.dots, (width + 7) / 8, width}}, width)); err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(b.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// zbar reads the symbols on a picture with an independent program.
func zbar(t *testing.T, path string) []string {
	t.Helper()
	program, err := exec.LookPath("zbarimg")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("zbarimg is missing; CI installs zbar-tools")
		}
		t.Skip("zbarimg (Debian: zbar-tools) is not installed")
	}
	out, err := exec.Command(program, "-q", "--nodbus", path).Output()
	if err != nil {
		t.Fatalf("zbarimg reads nothing: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
