package commission

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
)

var update = flag.Bool("update", false, "draw the ticket of the documentation anew")

func encoder(t *testing.T) *escpos.Encoder {
	t.Helper()
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	return escpos.NewEncoder(r)
}

func shipped(t *testing.T, id string) *escpos.Profile {
	t.Helper()
	p, err := escpos.LoadProfile(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryProfilesTicketCanBePrinted(t *testing.T) {
	for _, id := range escpos.ProfileIDs() {
		for name, heard := range map[string]Heard{"mute": {}, "answering": {Answers: true, Model: "EPSON TM-T20III", PaperLow: true}} {
			ticket := New(shipped(t, id), heard)
			preview, err := encoder(t).Preview(ticket.Document, ticket.Profile)
			if err != nil {
				t.Errorf("%s, %s: %v", id, name, err)
				continue
			}
			routes := strings.Join(preview.Routes, " ")
			if !strings.Contains(routes, "downloaded glyphs") || !strings.Contains(routes, "graphics") {
				t.Errorf("%s: routes %s", id, routes)
			}
		}
	}
}

func TestTheTicketInTheDocumentationIsThisOne(t *testing.T) {
	ticket := New(shipped(t, "epson-tm-t20iii-80"), Heard{Answers: true, Model: "EPSON TM-T20III"})
	preview, err := encoder(t).Preview(ticket.Document, ticket.Profile)
	if err != nil {
		t.Fatal(err)
	}
	png, err := preview.Paper.PNG()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "..", "docs", "img", "commissioning-ticket.png")
	if *update {
		if err := os.WriteFile(path, png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if published, err := os.ReadFile(path); err != nil || !bytes.Equal(published, png) {
		t.Errorf("%s is another ticket (%v); draw it anew: go test ./devices/escpos/commission -update", path, err)
	}
}

// answer answers every question alike, but for those about one thing.
func answer(t *testing.T, p *escpos.Profile, heard Heard, all bool, except string) *escpos.Profile {
	t.Helper()
	ticket := New(p, heard)
	answers := make([]bool, len(ticket.Questions))
	for i, q := range ticket.Questions {
		answers[i] = all != (except != "" && strings.HasPrefix(q.Text, except))
	}
	out, err := ticket.Apply(heard, answers)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNothingReadableLeavesNothingOn(t *testing.T) {
	p := answer(t, shipped(t, "epson-tm-t88v-80"), Heard{}, false, "")
	if len(p.Pages.Verified) > 0 || p.Graphics.GSv0 || p.Graphics.UserChars > 0 || p.Symbols.QR != escpos.SymbolRaster || p.Status != (escpos.Answers{}) || p.Cutter != (escpos.Cutter{}) {
		t.Errorf("got %+v", p)
	}
}

func TestWhatIsReadableIsOnAfterwards(t *testing.T) {
	p := answer(t, shipped(t, "generic-80"), Heard{Answers: true, Processed: true}, true, "")
	if p.Graphics.UserChars != maxUserChars || p.Symbols.QR != escpos.SymbolNative || !p.Status.GSR || p.Status.ProcessID || len(p.Pages.Verified) != 1 {
		t.Errorf("got %+v", p)
	}
}

func TestARollSensorIsThereWhenItSaidLowAndWasRight(t *testing.T) {
	for _, c := range []struct {
		name                 string
		had, low, right, has bool
	}{
		{"it says low, and it is", false, true, true, true},
		{"it says low, and it is not", true, true, false, false},
		{"it says nothing of an empty roll", true, false, false, false},
		{"it says nothing of a full roll: no news", true, false, true, true},
	} {
		given := *shipped(t, "epson-tm-m30-80")
		given.Status.NearEnd = c.had
		except := ""
		if !c.right {
			except = "roll sensor"
		}
		if p := answer(t, &given, Heard{Answers: true, PaperLow: c.low}, true, except); p.Status.NearEnd != c.has {
			t.Errorf("%s: near_end %v", c.name, p.Status.NearEnd)
		}
	}
}
