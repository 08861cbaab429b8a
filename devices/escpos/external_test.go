package escpos

import (
	"os"
	"os/exec"
	"testing"
)

// program finds an external program that judges our output. Outside CI a test may
// do without it; CI installs it.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: CI must install it", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}
