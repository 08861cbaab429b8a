package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// demo plays the morning with a programme and gives what it printed.
func demo(t *testing.T, programme string) (string, error) {
	t.Helper()
	bin := programs(t)
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "demo"), "-bin", bin, "-out", t.TempDir(),
		"-programme", programme, "-story", "../demo/morning.yaml")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func TestTheDemoEndsWell(t *testing.T) {
	out, err := demo(t, "../demo/programme.yaml")
	if err != nil || !strings.Contains(out, "\nOK: ") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestTheDemoFailsWhenARateIsChanged(t *testing.T) {
	right, err := os.ReadFile("../demo/programme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Replace(right, []byte("points: 10, per"), []byte("points: 11, per"), 1)
	if bytes.Equal(right, wrong) {
		t.Fatal("the programme has no rate to change")
	}
	path := filepath.Join(t.TempDir(), "programme.yaml")
	if err := os.WriteFile(path, wrong, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := demo(t, path)
	if err == nil || !strings.Contains(out, "worked out by hand") {
		t.Fatalf("%v\n%s", err, out)
	}
}
