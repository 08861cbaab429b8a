//go:build unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"loyaltill/sync/headoffice"
)

// A client in another language, written from docs/wire.md alone, does all that a store does against the real program.
func TestAClientWrittenFromTheDocumentAlone(t *testing.T) {
	for _, tool := range []string{"python3", "zstd", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	p := newProcess(t)
	var code headoffice.Code
	raw := p.run("enrol", "--dir", p.dir, "--store", "7", "--name", "Rīga 7", "--time-zone", "Europe/Riga", "--language", "lv", "--code")
	if err := json.Unmarshal(raw, &code); err != nil {
		t.Fatal(err)
	}
	p.start()
	defer p.terminate()
	cmd := exec.CommandContext(t.Context(), "python3", filepath.Join("testdata", "client.py"), "https://"+p.listen, code.Code,
		filepath.Join("..", "..", "docs", "wire-vectors.json"), t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
