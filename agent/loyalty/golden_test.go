package loyalty

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Bytes that were signed, hashed and uploaded must come out the same in later versions of the engine: a change here is a
// change of format, and needs a new DocumentFormat, quote label or entry version.
func TestBytesStayTheSame(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("testdata", "golden", "programme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, string(doc))
	golden(t, "programme.json", p.Canonical())

	member := &MemberState{ID: 42, Tier: "gold", Medium: MediumPurse, Available: 500, Lots: []Lot{
		{ID: "7-1-9.1", Remaining: 120, Earned: "2026-02-01", Expires: "2027-02-28"},
		{ID: "7-1-4.1", Remaining: 60, Earned: "2026-01-05", Expires: "2027-01-31"},
	}}
	lines := groceries()
	lines[0].Labels, lines[1].Discount, lines[3].Brand = []string{"red", "bio"}, 20, "Fazer"
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: lines, Rounding: 2, Redeem: &Ask{All: true}}, Member: member}, testHead(12))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "entry.json", body)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSuffix(want, []byte("\n")), got) {
		t.Errorf("%s changed:\n%s\nwant:\n%s", name, got, want)
	}
}
