//go:build mutate

package mutate

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

// chosenEdit is the file that each edited package gets.
const chosenEdit = "package %s\n\nimport \"os\"\n\nvar wrongEdit = os.Getenv(\"WRONG_EDIT\")\n"

// runLimit bounds one run of the tests.
const runLimit = 10 * time.Minute

// Edit is a paragraph of a list of edits: a file, relative to the folder of the tests, a text in one of its functions, and
// what stands there instead.
type Edit struct {
	Line           int // of the paragraph in the list: the edit's number
	File, From, To string
}

// Read reads a list of edits.
func Read(t *testing.T, list string) []Edit {
	t.Helper()
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var edits []Edit
	unescape := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	line := 1
	for paragraph := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.Split(paragraph, "\n")
		switch {
		case strings.HasPrefix(paragraph, "#"):
		case len(lines) != 3:
			t.Errorf("%s:%d: an edit has three lines, this has %d", list, line, len(lines))
		default:
			edits = append(edits, Edit{line, lines[0], unescape.Replace(lines[1]), unescape.Replace(lines[2])})
		}
		line += len(lines) + 1
	}
	return edits
}

// Build builds the tests of this folder with every edit in them.
func Build(t *testing.T, list string, edits []Edit) (tests string) {
	t.Helper()
	dir := t.TempDir()
	overlay, tests := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "edited.test")
	replace, files := map[string]string{}, 0
	put := func(path, source string) {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		files++
		replace[abs] = filepath.Join(dir, fmt.Sprintf("%d.go", files))
		if err := os.WriteFile(replace[abs], []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	byFile := map[string][]Edit{}
	for _, e := range edits {
		byFile[e.File] = append(byFile[e.File], e)
	}
	for file, edits := range byFile {
		name, source := edited(t, list, file, edits)
		put(file, source)
		put(filepath.Join(filepath.Dir(file), "chosen_edit.go"), fmt.Sprintf(chosenEdit, name))
	}
	document, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, document, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", tests, ".").CombinedOutput(); err != nil {
		t.Fatalf("a wrong edit does not compile:\n%s", out)
	}
	return tests
}

// edited puts before the body of each function its wrong bodies, each for when its edit is chosen.
func edited(t *testing.T, list, file string, edits []Edit) (name, source string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set, source := token.NewFileSet(), string(data)
	parsed, err := parser.ParseFile(set, file, data, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	out, done := source, map[int]bool{}
	for _, d := range slices.Backward(parsed.Decls) {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		start, end := set.Position(f.Body.Lbrace).Offset+1, set.Position(f.Body.Rbrace).Offset
		bodies := ""
		for _, e := range edits {
			at, from, to := e.in(source)
			if at < start || at+len(from) > end {
				continue
			}
			done[e.Line] = true
			bodies += fmt.Sprintf("\nif wrongEdit == \"%d\" {\n//line %s@%d:1\n%s\n", e.Line, list, e.Line, source[start:at]+to+source[at+len(from):end])
			if f.Type.Results == nil {
				bodies += "return\n"
			}
			bodies += "}\n"
		}
		out = out[:start] + bodies + out[start:]
	}
	for _, e := range edits {
		if !done[e.Line] {
			t.Errorf("%s:%d: no function of %s has this text: renew the edit", list, e.Line, file)
		}
	}
	return parsed.Name.Name, out
}

// in is where the edit differs from the source, and how; -1 when its text is not there.
func (e *Edit) in(source string) (at int, from, to string) {
	if at = strings.Index(source, e.From); at < 0 {
		return -1, "", ""
	}
	from, to = e.From, e.To
	for from != "" && to != "" && from[0] == to[0] {
		at, from, to = at+1, from[1:], to[1:]
	}
	for from != "" && to != "" && from[len(from)-1] == to[len(to)-1] {
		from, to = from[:len(from)-1], to[:len(to)-1]
	}
	return at, from, to
}

// Run runs the built tests with one edit in effect, 0 for none.
func Run(ctx context.Context, tests string, edit int, args ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, runLimit)
	defer stop()
	run := exec.CommandContext(ctx, tests, append([]string{"-test.failfast"}, args...)...)
	run.Env = append(os.Environ(), "WRONG_EDIT="+strconv.Itoa(edit))
	return run.CombinedOutput()
}
