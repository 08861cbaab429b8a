package printerdb

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"loyaltill/devices/escpos"
)

const database = "testdata/profile"

func TestEveryProfileOfTheDatabaseIsImportedOrSaysWhyNot(t *testing.T) {
	all, err := Import(database)
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	seen := map[string]bool{}
	for _, i := range all {
		if i.Refused != "" {
			refused = append(refused, i.Name)
			continue
		}
		if seen[i.Profile.ID] {
			t.Errorf("two profiles are called %s", i.Profile.ID)
		}
		seen[i.Profile.ID] = true
		if len(i.Profile.Pages.Verified) > 0 || i.Profile.Status != (escpos.Answers{}) || i.Profile.Graphics.UserChars > 0 {
			t.Errorf("%s promises what the database does not know", i.Name)
		}
		if !strings.Contains(i.Profile.Attribution, "CC BY 4.0") {
			t.Errorf("%s has no attribution", i.Name)
		}
	}
	want := []string{"AF-240", "OCD-100", "OCD-300"}
	if len(all) != 50 || !slices.Equal(refused, want) {
		t.Errorf("%d profiles, refused %v, want 50 and %v", len(all), refused, want)
	}
}

// codePagesOf reads slots and pages out of the source without any YAML library,
// through its ancestors.
func codePagesOf(t *testing.T, name string) map[int]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(database, name+".yml"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n  codePages:\n")
	if !found {
		parent := regexp.MustCompile(`(?m)^  inherits: (\S+)`).FindStringSubmatch(string(text))
		if parent == nil {
			return nil
		}
		return codePagesOf(t, parent[1])
	}
	slots := map[int]string{}
	for _, m := range regexp.MustCompile(`(?m)^    (\d+): ([A-Za-z0-9_-]+)|^  \w`).FindAllStringSubmatch(section, -1) {
		if m[1] == "" {
			break // the next setting
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		slots[n] = m[2]
	}
	return slots
}

func TestSlotsAreThoseOfTheSource(t *testing.T) {
	all, err := Import(database)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, i := range all {
		if i.Refused != "" {
			continue
		}
		source := codePagesOf(t, i.Name)
		if slices.ContainsFunc(i.Notes, func(n string) bool { return strings.Contains(n, "Star's own command") }) {
			source = nil
		}
		for theirs, ours := range pageNames() {
			want := -1
			for slot, page := range source {
				if page == theirs && (want < 0 || slot < want) {
					want = slot
				}
			}
			got := -1
			if m := regexp.MustCompile(`(?m)^'?` + ours + `'? = (\d+)`).FindStringSubmatch(string(i.Text)); m != nil {
				got, _ = strconv.Atoi(m[1])
			}
			if got != want {
				t.Errorf("%s: page %s has slot %d, want %d", i.Name, ours, got, want)
			}
			if want >= 0 {
				compared++
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d slots were compared", compared)
	}
}

func TestWhatTheDatabaseDoesNotKnowIsSaid(t *testing.T) {
	tests := []struct {
		name, id string
		columns  int
		note     string
	}{
		{"TM-T88V", "epson-tm-t88v", 42, ""},
		{"TM-T20II-42col", "epson-tm-t20ii-42col", 42, "its letters are wider than 12 dots: 504 of 546 dots used"},
		{"RP332", "rongta-rp332", 42, "width not known: 504 dots of its 42 columns taken"},
		{"TM-U220", "epson-tm-u220", 33, "no raster graphics"},
		{"TSP800", "star-tsp800", 42, "set the printer to ESC/POS emulation"},
		{"NT-80-V-UL", "netum-nt-80-v-ul", 48, ""},
	}
	for _, tt := range tests {
		got, err := Import(filepath.Join(database, tt.name+".yml"))
		if err != nil || len(got) != 1 || got[0].Refused != "" {
			t.Fatalf("%s: %v, %v", tt.name, got, err)
		}
		p, notes := got[0].Profile, strings.Join(got[0].Notes, "; ")
		if p.ID != tt.id || p.Paper.Columns() != tt.columns || !strings.Contains(notes, tt.note) {
			t.Errorf("%s: id %s, %d columns, notes %q", tt.name, p.ID, p.Paper.Columns(), notes)
		}
	}
}

func TestAnImportedProfilePrints(t *testing.T) {
	got, err := Import(filepath.Join(database, "TM-T88V.yml"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := escpos.ParseProfile(got[0].Text)
	if err != nil || again.Symbols.QR != escpos.SymbolNative || !again.Cutter.Partial {
		t.Errorf("got %+v, %v", again, err)
	}
}

func TestBadSourcesAreRefusedByName(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct{ name, file, text, want string }{
		{"no YAML", "a.yml", "a: [", "a.yml"},
		{"another name inside", "a.yml", "b:\n  name: b\n", "want one profile called as the file"},
		{"an ancestor that is missing", "a.yml", "a:\n  inherits: b\n", "inherits b, which is not in the folder"},
		{"its own ancestor", "a.yml", "a:\n  inherits: a\n", "inherits through more than 8"},
		{"no profile at all", "a.txt", "", "is no profile of the database"},
	}
	for _, tt := range tests {
		_, err := Import(write(tt.file, tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		write("a.yml", "a:\n  name: a\n")
	}
	for _, path := range []string{t.TempDir(), filepath.Join(folder, "none")} {
		if _, err := Import(path); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
}
