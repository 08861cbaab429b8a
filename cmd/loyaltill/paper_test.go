package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/receipt"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

var update = flag.Bool("update", false, "rewrite the pictures and the table of fields")

// The pictures of docs/img are what the command draws today, byte for byte; make pictures draws them.
func TestPicturesOfTheDocumentationAreTheProducts(t *testing.T) {
	for paper, name := range map[string]string{"sale": "receipt", "coupon": "coupon"} {
		for _, l := range i18n.Langs() {
			path := filepath.Join("..", "..", "docs", "img", fmt.Sprintf("%s-%s.png", name, l))
			drawn := filepath.Join(t.TempDir(), "paper.png")
			var out, bad bytes.Buffer
			if code := run(t.Context(), []string{"paper", "preview", paper, "--lang", string(l), "-o", drawn}, streams{&out, &bad}); code != 0 {
				t.Fatalf("exit %d: %s", code, bad.String())
			}
			now, err := os.ReadFile(drawn)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(path, now, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if shown, err := os.ReadFile(path); err != nil || !bytes.Equal(shown, now) {
				t.Errorf("%s is not what the product prints (%v): look at it, then make pictures", path, err)
			}
		}
	}
}

// Marks around the table of fields in docs/paper.md.
const (
	tableBegins = "<!-- fields: made by go test ./cmd/loyaltill -run FieldsOfPaper -update -->\n"
	tableEnds   = "<!-- end of fields -->\n"
)

// The documentation tells every field of every paper, from the tables that templates are checked with.
func TestTheDocumentationListsTheFieldsOfPaper(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "paper.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), tableBegins)
	_, after, ended := strings.Cut(rest, tableEnds)
	if !found || !ended {
		t.Fatalf("%s has no table of fields", path)
	}
	want := before + tableBegins + fieldTables() + tableEnds + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Errorf("%s lists other fields than templates are checked with: run with -update", path)
	}
}

func fieldTables() string {
	var out strings.Builder
	papers := receipt.Papers()
	brand := []string{"store", "address", "registration", "footer"}
	for _, p := range papers {
		fmt.Fprintf(&out, "\n### %s\n\n| field | kind | on paper | |\n|---|---|---|---|\n", p.Name)
		for _, f := range p.Fields {
			if !slices.Contains(brand, f.Name) {
				fieldRow(&out, f, "")
			}
		}
	}
	return out.String() + "\n"
}

func fieldRow(out *strings.Builder, f template.Field, list string) {
	fmt.Fprintf(out, "| `%s%s` | %s | %s | %s |\n", list, f.Name, f.Kind, where(f), f.Doc)
	for _, item := range f.Fields {
		fieldRow(out, item, list+f.Name+".")
	}
}

// where says in two words whether a field may be absent, and whether a template may leave it out.
func where(f template.Field) string {
	switch {
	case f.Must && f.Always:
		return "always"
	case f.Must:
		return "when there"
	}
	return "if you like"
}
