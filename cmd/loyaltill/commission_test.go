package main

import (
	"bytes"
	"context"
	"image/png"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices/escpos"
	"loyaltill/firmware-sim/printersim"
)

// simulated is a printer of a personality on a TCP port.
func simulated(t *testing.T, personality string) string {
	t.Helper()
	return plugged(t, printersim.PrinterConfig{TCPAddr: "127.0.0.1:0", Personality: personality})
}

func plugged(t *testing.T, cfg printersim.PrinterConfig) string {
	t.Helper()
	cfg.Name, cfg.Speed = "till", 1000
	bench, err := printersim.OpenBench([]printersim.PrinterConfig{cfg}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bench.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	return bench.Devices()["till"]
}

func TestATicketsAnswersBecomeAProfile(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "mine.toml")
	c := printerCommissionCommand{Device: simulated(t, "tm-t20iii"), Profile: "epson-tm-t20iii-80", Out: out, Wait: time.Minute}
	var said bytes.Buffer
	// Five pages, Code 128, EAN-13, QR, graphics, cells, sensor, cut; one answer has to be asked for again.
	err := c.run(t.Context(), streams{&said, &said}, strings.NewReader("y\nmaybe\ny\nn\nn\nn\ny\nn\ny\ny\nn\ny\ny\n"))
	if err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	p, err := escpos.ReadProfile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cp1257", "cp775"}; !slices.Equal(p.Pages.Verified, want) {
		t.Errorf("verified %v, want %v", p.Pages.Verified, want)
	}
	if p.Symbols.EAN13 != escpos.SymbolRaster || p.Symbols.Code128 != escpos.SymbolNative || p.Graphics.UserChars != 0 || !p.Graphics.GSv0 || !p.Status.ProcessID {
		t.Errorf("got %+v %+v %+v", p.Symbols, p.Graphics, p.Status)
	}
	for _, want := range []string{"printing ", "ĀāČčĒē", "tells printed"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q was not said:\n%s", want, &said)
		}
	}
}

func TestTheTicketCanBeSeenWithoutAPrinter(t *testing.T) {
	var out bytes.Buffer
	c := printerTicketCommand{Profile: "generic-80"}
	if err := c.Run(streams{out: &out}); err != nil || !strings.Contains(out.String(), "cut") {
		t.Errorf("questions %q, %v", out.String(), err)
	}
	c.Out = filepath.Join(t.TempDir(), "ticket.png")
	if err := c.Run(streams{}); err != nil {
		t.Fatal(err)
	}
	drawn, err := os.ReadFile(c.Out)
	if err == nil {
		_, err = png.DecodeConfig(bytes.NewReader(drawn))
	}
	if err != nil {
		t.Error(err)
	}
}

// Whatever the given profile says, what the printer answered is what counts.
func TestACommissionedPrinterIsCalledWhatItWasHeardToBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		printer, profile string
		want             escpos.Answers
	}{
		{"clone-no-process-id", "epson-tm-t20iii-80", escpos.Answers{DLEEOT: true, ASB: true, GSR: true, ClearFn8: true}},
		{"clone-no-clear", "epson-tm-t20iii-80", escpos.Answers{DLEEOT: true, ASB: true, GSR: true}},
		{"generic-80", "epson-tm-m30-80", escpos.Answers{DLEEOT: true, ASB: true, GSR: true}},
		{"tm-t20iii", "generic-80", escpos.Answers{DLEEOT: true, ASB: true, ClearFn8: true, ProcessID: true}},
		{"clone-mute-sensors", "generic-80", escpos.Answers{DLEEOT: true, ClearFn8: true, ProcessID: true}},
	} {
		t.Run(c.printer, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "mine.toml")
			run := printerCommissionCommand{Device: simulated(t, c.printer), Profile: c.profile, Out: out, Wait: time.Minute}
			var said bytes.Buffer
			if err := run.run(t.Context(), streams{&said, &said}, strings.NewReader(strings.Repeat("n\n", 20))); err != nil {
				t.Fatalf("%v\n%s", err, &said)
			}
			p, err := escpos.ReadProfile(out)
			if err != nil {
				t.Fatal(err)
			}
			if p.Status != c.want || len(p.Pages.Verified) > 0 || p.Cutter != (escpos.Cutter{}) {
				t.Errorf("%+v, want %+v; verified %v, %+v", p.Status, c.want, p.Pages.Verified, p.Cutter)
			}
		})
	}
}

func TestThePrintersSpeedIsFoundAndWritten(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has the simulated serial line")
	}
	folder := t.TempDir()
	device := plugged(t, printersim.PrinterConfig{PTYLink: filepath.Join(folder, "tty"), Baud: 19200})
	out := filepath.Join(folder, "mine.toml")
	c := printerCommissionCommand{Device: device, Profile: "epson-tm-t20iii-80", Out: out, Wait: 2 * time.Minute}
	var said bytes.Buffer
	if err := c.run(t.Context(), streams{&said, &said}, strings.NewReader(strings.Repeat("y\n", 12))); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	if p, err := escpos.ReadProfile(out); err != nil || p.IO.Baud != 19200 {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestCommissioningWritesNothingThatWasNotAnswered(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	old := filepath.Join(folder, "old.toml")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	device, one := simulated(t, "tm-t20iii"), "file:"+filepath.Join(folder, "paper")
	tests := []struct {
		name, device, profile, out, answers, want string
	}{
		{"the end of the answers", one, "generic-58", "a.toml", "y\n", "question 2 was not answered"},
		{"neither yes nor no", one, "generic-58", "b.toml", "1\n2\n3\n", "question 1 wants y or n"},
		{"a file that is there", device, "safe", "old.toml", "", "is there already; name another file with --out"},
		{"a profile that is not", device, "none", "c.toml", "", `no profile "none"`},
		{"no port", filepath.Join(folder, "ttyS9"), "safe", "d.toml", "", "The printer is not connected"},
		{"what is no printer", silentPort(t), "safe", "e.toml", "", "it is none, or its speed is neither 9600 nor a usual one; set it with --baud"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := printerCommissionCommand{Device: tt.device, Profile: tt.profile, Out: filepath.Join(folder, tt.out), Wait: time.Minute}
			var said bytes.Buffer
			err := c.run(t.Context(), streams{&said, &said}, strings.NewReader(tt.answers))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*.toml")); err != nil || len(left) != 1 {
		t.Errorf("files %v, %v", left, err)
	}
}

// silentPort takes connections and says nothing.
func silentPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return "tcp:" + l.Addr().String() // the system takes connections for whoever listens
}
