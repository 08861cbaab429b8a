package pcscd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// enter marks the program that was started again, until it has set up its view.
const enter = "LOYALTILL_PCSCD_ENTER"

// Available is nil when Start works here, or will after Isolate.
func Available(ctx context.Context) error {
	inst, err := inspect(ctx)
	if err != nil {
		return err
	}
	if isolated(inst.run) || os.Geteuid() == 0 {
		return nil
	}
	if _, err := os.Stat(inst.run); err != nil {
		return fmt.Errorf("%w: not root, and %s does not exist", ErrUnavailable, inst.run)
	}
	return nil
}

// Isolate starts this program again, with its arguments, in a mount namespace where the directory of the service's socket is
// empty and private. In the first process it returns done and the exit code of the second: end with it. In the second it
// returns at once, and so it does wherever the view is private already. Call it first in main or TestMain.
func Isolate(ctx context.Context) (code int, done bool, err error) {
	inst, err := inspect(ctx)
	if err != nil {
		return 0, false, err
	}
	if os.Getenv(enter) != "" {
		return 0, false, makePrivate(inst.run)
	}
	if isolated(inst.run) {
		return 0, false, nil
	}
	return again(inst)
}

// makePrivate covers the directory of the socket. No other program sees it.
func makePrivate(dir string) error {
	if err := os.Unsetenv(enter); err != nil {
		return fmt.Errorf("enter private view: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("enter private view: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("enter private view: %w", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return fmt.Errorf("enter private view: cover %s: %w", dir, err)
	}
	return nil
}

// isolated looks for the cover in this process's list of mounts.
func isolated(dir string) bool {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line) // the fifth is the mount point, the type follows a lone dash
		if len(fields) > 4 && fields[4] == dir && strings.Contains(line, " - tmpfs ") {
			return true
		}
	}
	return false
}

// again runs this program in new namespaces and waits for it. It dies with this process.
func again(inst installation) (code int, done bool, err error) {
	runtime.LockOSThread() // the kernel ties a child's death signal to the thread that made it
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), enter+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM) // a terminal sends SIGINT to both, SIGTERM is passed on
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, false, fmt.Errorf("%w: start again in private view of %s: %w", ErrUnavailable, inst.run, err)
	}
	over := make(chan struct{})
	go passOn(signals, over, cmd.Process)
	err = cmd.Wait()
	close(over)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 1, true, fmt.Errorf("run in private view: %w", err)
	}
	if code = cmd.ProcessState.ExitCode(); code < 0 {
		code = 1 // ended by a signal
	}
	return code, true, nil
}

func passOn(signals <-chan os.Signal, over <-chan struct{}, to *os.Process) {
	for {
		select {
		case <-over:
			return
		case s := <-signals:
			if s == syscall.SIGTERM {
				_ = to.Signal(s) // it may have ended
			}
		}
	}
}
