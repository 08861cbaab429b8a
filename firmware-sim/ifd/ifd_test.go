package ifd

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

func TestDriverHasEveryEntryOfAnIFDHandler(t *testing.T) {
	library, err := Build(t.Context(), t.TempDir())
	if errors.Is(err, ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(library)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"IFDHCreateChannel", "IFDHCreateChannelByName", "IFDHCloseChannel", "IFDHGetCapabilities", "IFDHSetCapabilities",
		"IFDHSetProtocolParameters", "IFDHPowerICC", "IFDHTransmitToICC", "IFDHControl", "IFDHICCPresence",
	} {
		if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == want && s.Section != elf.SHN_UNDEF }) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestWhatIsMissingForTheDriverIsNamed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	bare := t.TempDir()
	for _, name := range []string{"sh", "dirname"} {
		program, err := exec.LookPath(name)
		if err != nil && os.Getenv("CI") == "" {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(bare, filepath.Base(program))); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bare)
	_, err := Build(t.Context(), t.TempDir())
	if !errors.Is(err, ErrUnavailable) || err.Error() != ErrUnavailable.Error()+": gcc is not installed" {
		t.Errorf("without a compiler: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Build(t.Context(), t.TempDir()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without a shell: %v", err)
	}
}
