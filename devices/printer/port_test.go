//go:build unix

package printer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"

	"loyaltill/devices"
)

// openPTY returns the printer's end of a cable and the name of ours.
func openPTY(t *testing.T) (master *os.File, name string) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := slave.Close(); err != nil {
		t.Fatal(err)
	}
	return master, slave.Name()
}

func open(t *testing.T, device string) Port {
	t.Helper()
	p, err := openPort(context.Background(), device, lineSettings{baud: 38400, parity: "none"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPortThatCannotBeOpenedSaysWhatToDo(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain.txt")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, taken := openPTY(t)
	holder := open(t, taken)
	defer func() { _ = holder.Close() }()
	link := filepath.Join(t.TempDir(), "by-another-name")
	if err := os.Symlink(taken, link); err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		name, device string
		state        devices.State
		code         devices.Code
	}{
		{"nothing is plugged in", "/dev/no-such-printer", devices.Absent, CodeAbsent},
		{"the name is an ordinary file", plain, devices.Attention, CodeBadDevice},
		{"the name is a folder", t.TempDir(), devices.Attention, CodeBadDevice},
		{"another printer of ours holds it", taken, devices.Attention, CodePortTaken},
		{"another printer of ours holds it under another name", link, devices.Attention, CodePortTaken},
		{"nobody listens at the address", "tcp:127.0.0.1:1", devices.Absent, CodeRefused},
		{"the name is no USB printer", "usb:" + plain, devices.Attention, CodeBadDevice},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openPort(context.Background(), c.device, lineSettings{baud: 9600})
			var open *openError
			if !errors.As(err, &open) || open.state != c.state || open.code != c.code {
				t.Fatalf("got %+v, want %s %s", err, c.state, c.code)
			}
		})
	}
}

func TestThePortIsFreeAgainAfterClose(t *testing.T) {
	_, name := openPTY(t)
	for range 3 {
		if err := open(t, name).Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// everyByte is what a line must carry unchanged: flow control characters, line ends, 0 and 255 included.
func everyByte() []byte {
	b := make([]byte, 1024)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// oneByteAtATime is a line whose writes are interrupted all the time.
type oneByteAtATime struct{ Port }

func (p oneByteAtATime) Write(b []byte) (int, error) { return p.Port.Write(b[:1]) }

func TestEveryByteArrivesAlsoAfterShortWrites(t *testing.T) {
	for _, c := range []struct {
		name string
		wrap func(Port) Port
	}{
		{"whole writes", func(p Port) Port { return p }},
		{"short writes without an error", func(p Port) Port { return oneByteAtATime{p} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			master, name := openPTY(t)
			w := newWire(c.wrap(open(t, name)))
			w.send(everyByte())
			got := make([]byte, 1024)
			if _, err := io.ReadFull(master, got); err != nil {
				t.Fatal(err)
			}
			if err := <-w.wrote; err != nil || !bytes.Equal(got, everyByte()) {
				t.Errorf("wrote: %v; arrived unchanged: %t", err, bytes.Equal(got, everyByte()))
			}
			if _, err := master.Write(everyByte()[:256]); err != nil {
				t.Fatal(err)
			}
			var back []byte
			for len(back) < 256 {
				back = append(back, <-w.in...)
			}
			if !bytes.Equal(back, everyByte()[:256]) {
				t.Errorf("came back changed: %x", back)
			}
			if hung, err := w.close(); hung != nil || err != nil {
				t.Errorf("close: hung %v, %v", hung, err)
			}
		})
	}
}

// countedPort counts what the line has taken.
type countedPort struct {
	Port
	taken atomic.Int64
}

func (p *countedPort) Write(b []byte) (int, error) {
	n, err := p.Port.Write(b)
	p.taken.Add(int64(n))
	return n, err
}

func (p *countedPort) waitUntilItTakesNoMore(t *testing.T) {
	t.Helper()
	var before int64
	quiet := 0
	for deadline := time.Now().Add(patience); quiet < 10; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the line takes everything")
		}
		now := p.taken.Load()
		if quiet++; now != before || now == 0 {
			quiet = 0
		}
		before = now
	}
}

func TestAPortThatTakesNothingIsGivenUpAndLeavesNothingBehind(t *testing.T) {
	master, name := openPTY(t)
	counted := &countedPort{Port: open(t, name)}
	w := newWire(counted)
	w.send(make([]byte, 1<<20)) // nobody reads
	counted.waitUntilItTakesNoMore(t)
	hung, err := w.close()
	if hung == nil {
		t.Fatalf("the write came back by itself: %v", err)
	}
	again := open(t, name) // the port is free although the write still hangs
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	if !waitFor(hung, patience) {
		t.Error("the write hangs although the other side is gone")
	}
}

func TestUnpluggingIsNoticedAtOnce(t *testing.T) {
	master, name := openPTY(t)
	w, now := newWire(open(t, name)), steadyClock(t)
	start := now()
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.lost:
	case <-time.After(patience):
		t.Fatal("not noticed")
	}
	if took := now().Sub(start); took > time.Second {
		t.Errorf("noticed after %s", took)
	}
	if hung, _ := w.close(); hung != nil {
		t.Error("a write hangs")
	}
}

func TestANetworkPrinterGetsWhatWasWrittenBeforeClose(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	got := make(chan []byte, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			got <- nil
			return
		}
		defer func() { _ = conn.Close() }()
		all, _ := io.ReadAll(conn)
		got <- all
	}()
	w := newWire(open(t, "tcp:"+l.Addr().String()))
	w.send(everyByte())
	if err := <-w.wrote; err != nil {
		t.Fatal(err)
	}
	if hung, err := w.close(); hung != nil || err != nil {
		t.Errorf("close: hung %v, %v", hung, err)
	}
	if all := <-got; !bytes.Equal(all, everyByte()) {
		t.Errorf("%d bytes arrived", len(all))
	}
}

func TestAWriteThatHangsIsGivenUpAndTheJobIsNotCalledPrinted(t *testing.T) {
	master, name := openPTY(t) // nobody reads
	prof := profile(t, "safe")
	prof.IO.LineMS = 0
	p := newPrinter(t, Config{Device: name, Profile: prof, Baud: 1_000_000})
	p.timing = quick()
	p.timing.stuckWrite = 100 * time.Millisecond
	start(t, p)
	pr := begin(t, p, receipt(t, prof, 1, 1500))
	waitStatus(t, p, "the port to be given up", func(st Status) bool { return st.Abandoned == 1 })
	if o := pr.wait(t); o.Outcome != Interrupted || o.Cause != CauseStalled {
		t.Errorf("got %+v", o)
	}
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	waitStatus(t, p, "the write to come back", func(st Status) bool { return st.Abandoned == 0 })
}

func TestAPortIsLeftAloneWhileTooManyWritesHang(t *testing.T) {
	path := filepath.Join(t.TempDir(), "paper.bin")
	p := newPrinter(t, Config{Device: "file:" + path, Profile: profile(t, "safe")})
	p.timing = quick()
	hung := make([]chan struct{}, maxAbandoned)
	for i := range hung {
		hung[i] = make(chan struct{})
		p.hung = append(p.hung, hung[i])
	}
	start(t, p)
	waitStatus(t, p, "the hanging writes", func(st Status) bool { return st.Abandoned == maxAbandoned })
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the port was opened: %v", err)
	}
	close(hung[0])
	waitState(t, p, StatePrintedOnly)
}
