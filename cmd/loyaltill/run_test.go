package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/agent"
)

// A changed configuration that does not start gives way to the one before, once: what does not start either is said.
func TestAChangeThatDoesNotStartGivesWayToTheTillsBefore(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "loyaltill.toml")
	text := func(till string) []byte {
		return fmt.Appendf(nil, "data = %q\nidentity = %q\n[[lane]]\nnumber = 1\nname = %q\n", filepath.Join(folder, "data"), filepath.Join(folder, "identity"), till)
	}
	if err := agent.SaveConfig(file, text("before")); err != nil {
		t.Fatal(err)
	}
	if err := agent.ChangeConfig(file, text("after")); err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	run := runCommand{configured: configured{Config: file}}
	if err := run.Run(t.Context(), streams{&out, &log}); err == nil {
		t.Fatal("it runs without an identity")
	}
	if n := strings.Count(log.String(), "does not start"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
	for ext, want := range map[string]string{"": string(text("before")), agent.FailedExt: string(text("after"))} {
		if got, err := os.ReadFile(file + ext); err != nil || string(got) != want {
			t.Errorf("the configuration%s: %v\n%s", ext, err, got)
		}
	}
}
