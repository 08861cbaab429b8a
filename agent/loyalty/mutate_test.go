//go:build mutate

package loyalty

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// chosenEdit is the file that says which edit is in effect: one program holds them all, as building it takes longest.
const chosenEdit = "package loyalty\n\nimport \"os\"\n\nvar wrongEdit = os.Getenv(\"WRONG_EDIT\")\n"

// wrongEdit is a paragraph of testdata/mutations.txt.
type wrongEdit struct {
	line           int // of the paragraph: its number
	file, from, to string
}

// TestEveryWrongEditIsCaught runs the package's tests with each edit of testdata/mutations.txt, the vectors first, as they
// notice most and are quick. An edit that no test notices fails here, as does one whose text is no longer in the engine or
// that does not compile.
func TestEveryWrongEditIsCaught(t *testing.T) {
	edits := readEdits(t)
	tests := buildEdits(t, edits)
	if out, err := runEdit(t.Context(), tests, 0, "."); err != nil {
		t.Fatalf("without any edit: %v\n%s", err, out)
	}
	for _, e := range edits {
		t.Run(e.file+" "+e.from, func(t *testing.T) {
			t.Parallel()
			for _, some := range []string{"^TestVectors$", "."} {
				if _, err := runEdit(t.Context(), tests, e.line, some); err != nil {
					return
				}
			}
			t.Errorf("testdata/mutations.txt:%d: no test noticed", e.line)
		})
	}
}

func readEdits(t *testing.T) []wrongEdit {
	list, err := os.ReadFile(filepath.Join("testdata", "mutations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var edits []wrongEdit
	unescape := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	line := 1
	for paragraph := range strings.SplitSeq(strings.TrimSpace(string(list)), "\n\n") {
		lines := strings.Split(paragraph, "\n")
		switch {
		case strings.HasPrefix(paragraph, "#"):
		case len(lines) != 3:
			t.Errorf("testdata/mutations.txt:%d: an edit has three lines, this has %d", line, len(lines))
		default:
			edits = append(edits, wrongEdit{line, lines[0], unescape.Replace(lines[1]), unescape.Replace(lines[2])})
		}
		line += len(lines) + 1
	}
	return edits
}

// buildEdits builds the tests with every edit in them.
func buildEdits(t *testing.T, edits []wrongEdit) string {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay, tests := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "loyalty.test")
	replace := map[string]string{}
	put := func(name, source string) {
		replace[filepath.Join(here, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("chosen_edit.go", chosenEdit)
	byFile := map[string][]wrongEdit{}
	for _, e := range edits {
		byFile[e.file] = append(byFile[e.file], e)
	}
	for file, edits := range byFile {
		put(file, withEdits(t, file, edits))
	}
	files, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, files, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", tests, ".").CombinedOutput(); err != nil {
		t.Fatalf("a wrong edit does not compile:\n%s", out)
	}
	return tests
}

// withEdits puts before the body of each function its wrong bodies, each for when its edit is chosen.
func withEdits(t *testing.T, file string, edits []wrongEdit) string {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set, source := token.NewFileSet(), string(data)
	parsed, err := parser.ParseFile(set, file, data, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	out := source
	for _, d := range slices.Backward(parsed.Decls) {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		start, end := set.Position(f.Body.Lbrace).Offset+1, set.Position(f.Body.Rbrace).Offset
		bodies := ""
		for i, e := range edits {
			at, from, to := e.in(source)
			if at < start || at+len(from) > end {
				continue
			}
			edits[i].file = "" // done
			bodies += fmt.Sprintf("\nif wrongEdit == \"%d\" {\n//line testdata/mutations.txt@%d:1\n%s\n", e.line, e.line, source[start:at]+to+source[at+len(from):end])
			if f.Type.Results == nil {
				bodies += "return\n"
			}
			bodies += "}\n"
		}
		out = out[:start] + bodies + out[start:]
	}
	for _, e := range edits {
		if e.file != "" {
			t.Errorf("testdata/mutations.txt:%d: no function of %s has this text: renew the edit", e.line, file)
		}
	}
	return out
}

// in is where the edit differs from the source, and how; -1 when its text is not there.
func (e *wrongEdit) in(source string) (at int, from, to string) {
	if at = strings.Index(source, e.from); at < 0 {
		return -1, "", ""
	}
	from, to = e.from, e.to
	for from != "" && to != "" && from[0] == to[0] {
		at, from, to = at+1, from[1:], to[1:]
	}
	for from != "" && to != "" && from[len(from)-1] == to[len(to)-1] {
		from, to = from[:len(from)-1], to[:len(to)-1]
	}
	return at, from, to
}

func runEdit(ctx context.Context, tests string, edit int, some string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	run := exec.CommandContext(ctx, tests, "-test.failfast", "-test.run", some, "-rapid.checks=60", "-rapid.nofailfile")
	run.Env = append(os.Environ(), "WRONG_EDIT="+strconv.Itoa(edit))
	return run.CombinedOutput()
}
