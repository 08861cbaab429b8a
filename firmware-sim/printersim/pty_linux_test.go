package printersim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

func serialPrinter(t *testing.T) PrinterConfig {
	return PrinterConfig{Name: "till", PTYLink: filepath.Join(t.TempDir(), "till"), Speed: 500}
}

func openSerial(t *testing.T, path string, baud int) serial.Port {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		port, err := serial.Open(path, &serial.Mode{BaudRate: baud})
		if err == nil {
			t.Cleanup(func() { port.Close() })
			if err := port.SetReadTimeout(patience); err != nil {
				t.Fatal(err)
			}
			return port
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestAHostPrintsOverASerialLine(t *testing.T) {
	d := openDesk(t, serialPrinter(t))
	port := openSerial(t, d.bench.Devices()["till"], 38400)
	write(t, port, "\x10\x04\x01")
	expect(t, port, "\x12")
	write(t, port, "\x1da\x0f")
	expect(t, port, "\x10\x00\x00\x0f")
	write(t, port, "\x1bt\x33R\xe7\xedins\r\n"+feedAndCut+id("CUT1"))
	expect(t, port, "\x37\x22CUT1\x00")
	if got := string(d.do("GET", "/printers/till/sheets/1.txt", "")); got != "Rēķins\n" {
		t.Errorf("sheet says %q", got)
	}
	d.do("POST", "/printers/till/paper", `{"loaded":false}`)
	expect(t, port, "\x18\x00\x0f\x0f")
	d.do("POST", "/printers/till/paper", `{"loaded":true}`)
	expect(t, port, "\x10\x00\x00\x0f")
}

func TestAllBytesPassTheLineUnchanged(t *testing.T) {
	d := openDesk(t, serialPrinter(t))
	port := openSerial(t, d.bench.Devices()["till"], 38400)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	write(t, port, "\x1dv0\x00\x40\x00\x04\x00"+string(all)+feedAndCut+id("CUT1"))
	// The picture holds no complete real-time command, so the process id is the first answer.
	expect(t, port, "\x37\x22CUT1\x00")
	var dots []byte
	p := d.bench.printers["till"]
	if err := p.do(t.Context(), func(m *machine) {
		for row := range 4 {
			dots = append(dots, m.paper.sheets[0].row(lead + row)[:64]...)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if string(dots) != string(all) {
		t.Errorf("printed % x", dots)
	}
}

func TestAnUnpluggedLineVanishesAndReturnsUnderAnyName(t *testing.T) {
	cfg := serialPrinter(t)
	d := openDesk(t, cfg)
	port := openSerial(t, cfg.PTYLink, 9600)
	write(t, port, "half a line")
	d.until("till", "received", func(s State) bool { return s.Counts.Bytes == 11 })
	d.do("POST", "/printers/till/fault", `{"kind":"unplug","name":"till-2"}`)
	if n, err := port.Read(make([]byte, 1)); err == nil && n > 0 {
		t.Errorf("read %d bytes from a line that is gone", n)
	}
	if _, err := os.Stat(cfg.PTYLink); err == nil {
		t.Error("the device is still there")
	}
	d.do("DELETE", "/printers/till/fault", "")
	s := d.state("till")
	if filepath.Base(s.Device) != "till-2" {
		t.Errorf("back as %s", s.Device)
	}
	port = openSerial(t, s.Device, 9600)
	write(t, port, " and its end\n"+id("ID01"))
	expect(t, port, "\x37\x22ID01\x00")
	if got := string(d.do("GET", "/printers/till/paper.txt", "")); got != "half a line and its end\n" {
		t.Errorf("the printer forgot: %q", got)
	}
}

func TestUnpluggedAtAByteThePrinterHasExactlyTheBytesBefore(t *testing.T) {
	cfg := serialPrinter(t)
	d := openDesk(t, cfg)
	d.do("POST", "/printers/till/fault", `{"kind":"unplug","at":"byte","n":7,"for_ms":50}`)
	port := openSerial(t, cfg.PTYLink, 9600)
	write(t, port, "0123456789\n")
	d.until("till", "back", func(s State) bool { return s.Plugged && len(s.Faults) == 0 && s.Counts.Bytes == 7 })
	port = openSerial(t, cfg.PTYLink, 9600)
	write(t, port, "\n"+id("ID01"))
	expect(t, port, "\x37\x22ID01\x00")
	if got := string(d.do("GET", "/printers/till/paper.txt", "")); got != "0123456\n" {
		t.Errorf("paper says %q", got)
	}
}

// A killed host leaves its exclusive lock on the line and answers that it never read. Its successor must meet neither.
func TestTheHostAfterAKilledOneFindsACleanLine(t *testing.T) {
	cfg := serialPrinter(t)
	d := openDesk(t, cfg)
	killed, err := os.OpenFile(cfg.PTYLink, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := control(killed, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0) }); err != nil {
		t.Fatal(err)
	}
	old, err := os.Readlink(cfg.PTYLink)
	if err != nil {
		t.Fatal(err)
	}
	write(t, killed, "\x1da\x0f")
	d.until("till", "heard", func(s State) bool { return s.Counts.Bytes == 3 })
	killed.Close()
	for deadline := time.Now().Add(patience); ; {
		fresh, err := os.Readlink(cfg.PTYLink)
		if err == nil && fresh != old {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the line of the killed host is still there")
		}
	}
	port := openSerial(t, cfg.PTYLink, 9600)
	write(t, port, "\x10\x04\x01")
	expect(t, port, "\x12")
}

func TestAWrongSpeedGivesGarbage(t *testing.T) {
	cfg := serialPrinter(t)
	cfg.Baud = 19200
	d := openDesk(t, cfg)
	port := openSerial(t, cfg.PTYLink, 9600)
	write(t, port, "hello\n")
	d.until("till", "heard", func(s State) bool { return s.Counts.Bytes == 6 })
	if err := port.SetMode(&serial.Mode{BaudRate: 19200}); err != nil {
		t.Fatal(err)
	}
	write(t, port, "\n\x10\x04\x01")
	expect(t, port, "\x12")
	if got := string(d.do("GET", "/printers/till/paper.txt", "")); strings.Contains(got, "hello") || got == "" {
		t.Errorf("paper says %q", got)
	}
}

func TestALineTakesItsTime(t *testing.T) {
	cfg := serialPrinter(t)
	cfg.Baud = 9600
	openDesk(t, cfg)
	port := openSerial(t, cfg.PTYLink, 9600)
	start := time.Now()
	write(t, port, strings.Repeat("\x00", 480)+"\x10\x04\x01")
	expect(t, port, "\x12")
	if took := time.Since(start); took < 480*time.Millisecond {
		t.Errorf("480 bytes at 9600 baud took %v", took)
	}
}

func TestADeviceFileIsNeverReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newPrinter(PrinterConfig{Name: "a", PTYLink: path}, time.Now, zerolog.Nop()); err == nil {
		t.Error("a file was replaced by a printer")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "data" {
		t.Errorf("%q %v", data, err)
	}
}
