package escpos

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// peersDir holds the receipt programs of other people.
const peersDir = "../../tools/peers"

// peer runs one of the programs in tools/peers, which are built on other people's receipt programs.
func peer(t testing.TB, script string, stdin []byte) []byte {
	t.Helper()
	node := program(t, "node")
	if _, err := os.Stat(filepath.Join(peersDir, "node_modules")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed: CI must run npm ci there", peersDir)
		}
		t.Skipf("%s is not installed: npm ci there, or tools/deps.sh test", peersDir)
	}
	cmd := exec.CommandContext(t.Context(), node, filepath.Join(peersDir, script))
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, stderr.String())
	}
	return out
}

// command is what npos cuts out of a stream: offset, length and name.
type command struct {
	at, length int
	name       string
}

func (c *command) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&c.at, &c.length, &c.name})
}

// Another program's parser cuts all that we send at the same places as we do.
func TestNposParsesEveryByteThatIsSent(t *testing.T) {
	e := newEncoder(t)
	jobs, streams := map[string]*Job{}, map[string][]byte{}
	for _, id := range ProfileIDs() {
		p, err := LoadProfile(id)
		if err != nil {
			t.Fatal(err)
		}
		for lang, d := range papers() {
			name := id + " " + lang
			if jobs[name], err = e.Encode(d, p, 17); err != nil {
				t.Fatal(err)
			}
			streams[name] = jobs[name].Bytes()
		}
	}
	request, err := json.Marshal(streams)
	if err != nil {
		t.Fatal(err)
	}
	var cut map[string]json.RawMessage
	if err := json.Unmarshal(peer(t, "commands.js", request), &cut); err != nil {
		t.Fatal(err)
	}
	for name, job := range jobs {
		t.Run(name, func(t *testing.T) {
			var commands []command
			if err := json.Unmarshal(cut[name], &commands); err != nil {
				t.Fatalf("npos: %s", cut[name])
			}
			sameFraming(t, job, commands)
		})
	}
}

// sameFraming checks that commands follow each other without a gap, that no segment ends inside one, that pictures
// have the rows that they announce, and that letters are letters.
func sameFraming(t *testing.T, job *Job, commands []command) {
	t.Helper()
	const textNode, raster, rasterHead = "STX", "GSv0", 8
	stream, at := job.Bytes(), 0
	inside := map[int]string{}
	for _, c := range commands {
		if c.at != at {
			t.Fatalf("%s at byte %d, the one before ends at %d", c.name, c.at, at)
		}
		at += c.length
		if at > len(stream) {
			t.Fatalf("%s at byte %d wants %d bytes, of %d", c.name, c.at, c.length, len(stream))
		}
		b := stream[c.at:at]
		switch {
		case c.name == textNode && slices.ContainsFunc(b, func(c byte) bool { return c < ' ' && c != '\n' }):
			t.Errorf("text with control characters: %q", b)
		case c.name == raster && len(b) != rasterHead+(int(b[4])+int(b[5])<<8)*(int(b[6])+int(b[7])<<8):
			t.Errorf("a picture of %d bytes: % x", len(b), b[:rasterHead])
		}
		for i := c.at + 1; i < at && c.name != textNode; i++ {
			inside[i] = c.name
		}
	}
	if at != len(stream) {
		t.Errorf("%d of %d bytes are read", at, len(stream))
	}
	at = 0
	for i, s := range job.Segments {
		at += len(s.Bytes)
		if name := inside[at]; name != "" {
			t.Errorf("segment %d ends in the middle of %s", i+1, name)
		}
	}
}

// What a customer holds under a scanner is the paper, not the preview.
func TestAScannerReadsTheCodesOnThePaperOfEveryPrinter(t *testing.T) {
	zbar := program(t, "zbarimg")
	e := newEncoder(t)
	symbols := []struct {
		symbol Symbol
		want   string
	}{
		{Symbol{Kind: Code128, Data: "C7Q2K9XM4"}, "CODE-128:C7Q2K9XM4"},
		{Symbol{Kind: QR, Data: "LB1:0AB%2F$ZZ9K"}, "QR-Code:LB1:0AB%2F$ZZ9K"},
		{Symbol{Kind: EAN13, Data: "9821234500507"}, "EAN-13:9821234500507"},
		{Symbol{Kind: GS1128, Data: "(01)04012345678901(10)A7"}, "CODE-128:010401234567890110A7"},
	}
	for id, personality := range personalities() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			p, err := LoadProfile(id)
			if err != nil {
				t.Fatal(err)
			}
			press := newPress(t, personality)
			for i, s := range symbols {
				d := &Document{Lang: "en"}
				d.AddSymbol(s.symbol)
				d.Cut()
				job, err := e.Encode(d, p, JobNo(i))
				if err != nil {
					t.Fatal(err)
				}
				preview, err := e.Preview(d, p)
				if err != nil {
					t.Fatal(err)
				}
				sheet := press.print(t, job, preview.Paper.Height-1, p.Cutter.Partial)
				path := filepath.Join(t.TempDir(), "sheet.png")
				f, err := os.Create(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(png.Encode(f, sheet), f.Close()); err != nil {
					t.Fatal(err)
				}
				out, err := exec.CommandContext(t.Context(), zbar, "-q", "--nodbus", path).Output()
				if got := strings.TrimSpace(string(out)); got != s.want {
					t.Errorf("zbarimg reads %q, want %q (%v)", got, s.want, err)
				}
			}
		})
	}
}
