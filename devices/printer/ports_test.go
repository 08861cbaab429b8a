package printer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPortsAreTheEntriesOfTheFolder(t *testing.T) {
	folder := t.TempDir()
	want := filepath.Join(folder, "usb-EPSON_TM-T20III")
	if err := os.WriteFile(want, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	got := Ports(folder)
	if !slices.Contains(got, want) || slices.Contains(got, filepath.Join(folder, "folder")) {
		t.Errorf("got %q", got)
	}
	if got := Ports(filepath.Join(folder, "nowhere")); slices.Contains(got, want) {
		t.Errorf("got %q", got)
	}
}
