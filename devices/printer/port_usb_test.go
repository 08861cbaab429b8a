//go:build linux

package printer

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"loyaltill/firmware-sim/printersim"
)

// The kernel's USB printer device is a character device without line settings; a pty with raw ones stands in for it.
func TestAUSBPrinterPrintsAndTellsHowItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t, printersim.PrinterConfig{Speed: simSpeed})
	p := r.driver(t, Config{Device: "usb:" + r.device})
	start(t, p)
	waitState(t, p, StateReady)
	job := receipt(t, p.cfg.Profile, 1, 30)
	confirm(t, p, job)
	if s := r.sheets(t); complete(s, job) != 1 || len(s) != 1 {
		t.Errorf("sheets: %q", s)
	}
	r.fault(t, printersim.Fault{Kind: "cover-open"})
	waitState(t, p, StateCoverOpen)
	r.mend(t)
	waitState(t, p, StateReady)
	r.fault(t, printersim.Fault{Kind: "unplug"})
	waitStatus(t, p, "absent", func(st Status) bool { return st.Link == LinkAbsent })
	r.mend(t)
	waitState(t, p, StateReady)
}

const holdPort = "PRINTER_TEST_HOLD_PORT"

// TestHoldAPort is the other process of the test below.
func TestHoldAPort(t *testing.T) {
	name := os.Getenv(holdPort)
	if name == "" {
		t.Skip("not the other process")
	}
	if _, err := lockPort(name); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stdout.WriteString("held\n"); err != nil {
		t.Fatal(err)
	}
	select {} // until it is killed
}

func TestThePortOfADeadProcessIsTakenOver(t *testing.T) {
	_, name := openPTY(t)
	other := exec.Command(os.Args[0], "-test.run", "^TestHoldAPort$")
	other.Env = append(os.Environ(), holdPort+"="+name)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	if _, err := lockPort(name); err == nil {
		t.Error("the port of a living process was taken")
	}
	if err := other.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	lock, err := lockPort(name)
	if err != nil {
		t.Fatalf("the port of a dead process: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}
