package pcscd

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// installation is what the machine has: the service, where its socket goes, and the driver of the virtual readers.
type installation struct {
	program string
	run     string // directory of the socket
	driver  string
	flags   []string
}

const askLimit = 5 * time.Second

// inspect asks the installed pcscd how it was built.
func inspect(ctx context.Context) (installation, error) {
	program, err := exec.LookPath("pcscd")
	if err != nil {
		const outsidePath = "/usr/sbin/pcscd" // not in the path of ordinary users
		if _, err := os.Stat(outsidePath); err != nil {
			return installation{}, fmt.Errorf("%w: pcscd is not installed", ErrUnavailable)
		}
		program = outsidePath
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	features, err := exec.CommandContext(ctx, program, "--version").CombinedOutput()
	if err != nil {
		return installation{}, fmt.Errorf("%w: pcscd --version: %w", ErrUnavailable, err)
	}
	inst := installation{program: program, run: feature(features, "ipcdir"), flags: []string{"--foreground"}}
	if inst.run == "" {
		return installation{}, fmt.Errorf("%w: pcscd does not tell its ipcdir", ErrUnavailable)
	}
	inst.driver = filepath.Join(feature(features, "usbdropdir"), "serial", "libifdvpcd.so")
	if _, err := os.Stat(inst.driver); err != nil {
		return installation{}, fmt.Errorf("%w: the driver of the virtual readers (vsmartcard-vpcd) is not installed", ErrUnavailable)
	}
	// Newer services ask polkit who may use a card; older ones do not know the option. Help may end with any status.
	help, _ := exec.CommandContext(ctx, program, "--help").CombinedOutput()
	if strings.Contains(string(help), "disable-polkit") {
		inst.flags = append(inst.flags, "--disable-polkit")
	}
	return inst, nil
}

func feature(text []byte, name string) string {
	if m := regexp.MustCompile(name + `=(\S+)`).FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

func (i installation) socket() string { return filepath.Join(i.run, "pcscd.comm") }
