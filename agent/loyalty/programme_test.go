package loyalty

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// compileFile compiles one of the programmes that are published for authors.
func compileFile(t testing.TB, name string) *Programme {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", name))
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, string(doc))
}

func compile(t testing.TB, doc string) *Programme {
	t.Helper()
	p, err := Compile([]byte(doc))
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	return p
}

func TestEveryPublishedProgrammeCompilesAndItsCanonicalFormIsTheSameProgramme(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "programmes", "*.yaml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("found %d programmes, %v", len(files), err)
	}
	for _, file := range files {
		p := compileFile(t, filepath.Base(file))
		again := compile(t, string(p.Canonical()))
		if again.Digest() != p.Digest() || !bytes.Equal(again.Canonical(), p.Canonical()) {
			t.Errorf("%s: the canonical form compiles to another programme:\n%s\n%s", file, p.Canonical(), again.Canonical())
		}
	}
}
