//go:build linux

package printer

import (
	"bytes"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"loyaltill/firmware-sim/printersim"
)

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func aPrinterAtAnotherSpeedIsFoundAndNothingComesOutGarbled(t *testing.T) {
	t.Parallel()
	r := newRig(t, printersim.PrinterConfig{Baud: 19200, Speed: simSpeed})
	p := r.driver(t, Config{}) // whose speed is 38400
	start(t, p)
	waitStatus(t, p, "the printer", func(st Status) bool { return st.State == StateReady && st.Baud == 19200 })
	job := receipt(t, p.cfg.Profile, 1, 10)
	confirm(t, p, job)
	if s := r.sheets(t); len(s) != 1 || complete(s, job) != 1 {
		t.Errorf("sheets: %q", s)
	}
}

// What is sent at a wrong speed may come out as letters: a round must stay within a line, and not come again and again.
func TestTryingSpeedsPrintsNoLineAndIsNotRepeatedForAWhile(t *testing.T) {
	t.Parallel()
	master, name := openPTY(t)
	var skipped time.Duration
	p := New(Config{Name: "lane 1", Device: name, Profile: tmT20III(t)}, zerolog.Nop(), func() time.Time { return time.Now().Add(skipped) })
	p.timing.answer = moment
	sent := func() (n int) {
		buf := make([]byte, 256)
		if err := master.SetReadDeadline(time.Now().Add(moment)); err != nil {
			t.Fatal(err)
		}
		n, _ = master.Read(buf) // nothing, when the round did not take place
		if bytes.Contains(buf[:n], []byte{'\n'}) {
			t.Errorf("a line would come out: % x", buf[:n])
		}
		return n
	}
	p.hunt(t.Context(), name, 38400)
	if n := sent(); n == 0 || n >= p.cfg.Profile.Paper.Columns() {
		t.Errorf("a round is %d bytes", n)
	}
	p.hunt(t.Context(), name, 38400)
	if n := sent(); n != 0 {
		t.Errorf("the next round came at once: %d bytes", n)
	}
	skipped = huntAgain
	p.hunt(t.Context(), name, 38400)
	if n := sent(); n == 0 {
		t.Error("no round after the pause")
	}
}

// A web server is no printer, whatever it says.
func TestSomethingThatIsNoPrinterIsToldApart(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n"))
			_, _ = c.Read(make([]byte, 1)) // until the host goes
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	p := newPrinter(t, Config{Device: "tcp:" + l.Addr().String(), Profile: tmT20III(t)})
	p.timing = quick()
	p.timing.answer, p.timing.discover = 2*moment, 2*moment
	start(t, p)
	waitStatus(t, p, "not a printer", func(st Status) bool { return st.Health.Code == CodeBadDevice })
}

func TestASerialLineThatAnswersNonsenseIsAskedAboutItsSpeed(t *testing.T) {
	t.Parallel()
	master, name := openPTY(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 64)
		for again := time.NewTicker(5 * time.Millisecond); ; {
			n, err := master.Read(buf)
			switch {
			case errors.Is(err, unix.EIO): // the host tries another speed
				<-again.C
			case err != nil:
				again.Stop()
				return
			default:
				_, _ = master.Write(bytes.Repeat([]byte{0xF8}, n))
			}
		}
	}()
	t.Cleanup(func() {
		_ = master.Close()
		<-ended
	})
	p := newPrinter(t, Config{Device: name, Profile: tmT20III(t)})
	p.timing = quick()
	p.timing.answer, p.timing.discover = moment, moment
	start(t, p)
	waitStatus(t, p, "wrong speed", func(st Status) bool { return st.Health.Code == CodeWrongSpeed })
}
