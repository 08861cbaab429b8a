// Package ifd makes the driver with which pcscd reaches simulated readers over unix sockets: readers with a pinpad, that can be
// unplugged, that say when a card is mute, and that have a serial number. The driver itself is C: driver/handler.c, with its frames
// in README.md; the simulator's side is firmware-sim/cardsim.
//
// It owns the source and its build. It must never be needed: where there is no compiler the other virtual readers do.
package ifd

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrUnavailable says that the driver cannot be built here. The text names what is missing.
var ErrUnavailable = errors.New("no driver for readers with a pinpad")

//go:embed driver/handler.c
var source []byte

//go:embed driver/build.sh
var script []byte

const (
	buildLimit = time.Minute
	missing    = 3 // the script's exit status for a compiler or header that is not there
)

// Build makes the driver in dir, which it needs for itself, and tells the path of the library.
func Build(ctx context.Context, dir string) (string, error) {
	for name, text := range map[string][]byte{"handler.c": source, "build.sh": script} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return "", fmt.Errorf("build reader driver: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	library := filepath.Join(dir, "libifdloyaltill.so")
	out, err := exec.CommandContext(ctx, "sh", filepath.Join(dir, "build.sh"), library).CombinedOutput()
	var exit *exec.ExitError
	switch said := strings.TrimSpace(string(out)); {
	case err == nil:
		return library, nil
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	case errors.As(err, &exit) && exit.ExitCode() == missing:
		return "", fmt.Errorf("%w: %s", ErrUnavailable, said)
	default:
		return "", fmt.Errorf("build reader driver: %w: %s", err, said)
	}
}
