//go:build mutate

package loyalty

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEveryWrongEditIsCaught applies each edit of testdata/mutations.txt to a copy of one file and runs the package's tests
// with it. An edit that no test notices fails here, as does one whose text is no longer in the engine.
func TestEveryWrongEditIsCaught(t *testing.T) {
	list, err := os.ReadFile(filepath.Join("testdata", "mutations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	unescape := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	for _, paragraph := range strings.Split(string(list), "\n\n") {
		edit := strings.Split(strings.TrimSpace(paragraph), "\n")
		if len(edit) != 3 || strings.HasPrefix(edit[0], "#") {
			continue
		}
		from, to := unescape.Replace(edit[1]), unescape.Replace(edit[2])
		t.Run(edit[0]+" "+edit[1], func(t *testing.T) { mutate(t, filepath.Join(here, edit[0]), from, to) })
	}
}

func mutate(t *testing.T, file, from, to string) {
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), from) {
		t.Fatal("the engine has no such text: renew the edit")
	}
	dir := t.TempDir()
	wrong, overlay := filepath.Join(dir, "wrong.go"), filepath.Join(dir, "overlay.json")
	files, err := json.Marshal(map[string]any{"Replace": map[string]string{file: wrong}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{wrong: []byte(strings.Replace(string(source), from, to, 1)), overlay: files} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	run := exec.CommandContext(ctx, "go", "test", "-count=1", "-failfast", "-overlay", overlay, ".", "-rapid.checks=60", "-rapid.nofailfile")
	out, err := run.CombinedOutput()
	switch {
	case err == nil:
		t.Error("no test noticed")
	case strings.Contains(string(out), "[build failed]"):
		t.Errorf("the wrong edit does not compile:\n%s", out)
	}
}
