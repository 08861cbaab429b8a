package printersim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// patience bounds every wait of a test for something that must happen.
const patience = time.Minute

// desk is a running bench and its control interface.
type desk struct {
	t     *testing.T
	bench *Bench
	url   string
	stop  func()
}

func openDesk(t *testing.T, printers ...PrinterConfig) *desk {
	t.Helper()
	before := goleak.IgnoreCurrent()
	bench, err := OpenBench(printers, zerolog.New(zerolog.NewTestWriter(t)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- bench.Run(ctx) }()
	server := httptest.NewServer(bench.Handler())
	d := &desk{t: t, bench: bench, url: server.URL}
	d.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("bench: %v", err)
		}
		d.stop = func() {}
	}
	t.Cleanup(func() {
		d.stop()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t, before)
	})
	return d
}

func (d *desk) ask(method, path, body string) (int, []byte) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// do asks for something that must succeed.
func (d *desk) do(method, path, body string) []byte {
	d.t.Helper()
	code, answer := d.ask(method, path, body)
	if code != http.StatusOK {
		d.t.Fatalf("%s %s %s: %d %s", method, path, body, code, answer)
	}
	return answer
}

func (d *desk) state(name string) State {
	d.t.Helper()
	var s State
	if err := json.Unmarshal(d.do("GET", "/printers/"+name, ""), &s); err != nil {
		d.t.Fatal(err)
	}
	return s
}

// until polls the state until it is as wanted.
func (d *desk) until(name, what string, ok func(State) bool) State {
	d.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		s := d.state(name)
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("%s: never %s: %+v", name, what, s)
		}
	}
}

func dialTCP(t *testing.T, d *desk, name string) net.Conn {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.state(name).Device, "tcp:"))
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			conn.SetDeadline(time.Now().Add(patience))
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// expect reads exactly what the printer must answer.
func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	for n := 0; n < len(want); {
		m, err := r.Read(got[n:])
		n += m
		if err != nil || m == 0 { // a serial port answers a timeout with nothing
			t.Fatalf("read %q and %v, want %q", got[:n], err, want)
		}
	}
	if string(got) != want {
		t.Fatalf("read %q, want %q", got, want)
	}
}

func netPrinter(name string) PrinterConfig {
	return PrinterConfig{Name: name, TCPAddr: "127.0.0.1:0", Speed: 500}
}

func TestAHostPrintsOverTCP(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	host := dialTCP(t, d, "net")
	write(t, host, "\x10\x04\x01")
	expect(t, host, "\x12")
	write(t, host, "\x1bt\x33Kop\xe2\n"+feedAndCut+id("CUT1"))
	expect(t, host, "\x37\x22CUT1\x00")
	if got := string(d.do("GET", "/printers/net/sheets/1.txt", "")); got != "Kopā\n" {
		t.Errorf("sheet says %q", got)
	}
}

func TestANetworkPrinterServesOneHostAtATime(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	first := dialTCP(t, d, "net")
	write(t, first, "\x10\x04\x01")
	expect(t, first, "\x12")
	second := dialTCP(t, d, "net")
	if n, err := second.Read(make([]byte, 1)); err == nil {
		t.Errorf("the second host read %d bytes", n)
	}
	first.Close()
	for deadline := time.Now().Add(patience); ; {
		third := dialTCP(t, d, "net")
		_, werr := io.WriteString(third, "\x10\x04\x01")
		n, rerr := third.Read(make([]byte, 1))
		if werr == nil && rerr == nil && n == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody is served after the first host left")
		}
	}
}

func TestANetworkHostIsHeldBackInsteadOfOverflowing(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	d.do("POST", "/printers/net/cover", `{"open":true}`)
	host := dialTCP(t, d, "net")
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(host, strings.Repeat("line\n", 2000)+feedAndCut)
		written <- err
	}()
	d.until("net", "full", func(s State) bool { return s.Buffer.Used == s.Buffer.Size })
	d.do("POST", "/printers/net/cover", `{"open":false}`)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	d.do("POST", "/printers/net/wait", `{"sheets":1,"timeout_ms":60000}`)
	s := d.until("net", "done", func(s State) bool { return s.RowsQueued == 0 && s.Buffer.Used == 0 })
	if s.Counts.BufferOverflows != 0 || s.Counts.Bytes != 10_004 {
		t.Errorf("counts %+v", s.Counts)
	}
}

func TestANetworkPrinterThatIsOffOrUnpluggedIsGone(t *testing.T) {
	for _, c := range []struct{ why, away, back, awayBody, backBody, method string }{
		{"power", "/power", "/power", `{"on":false}`, `{"on":true}`, "POST"},
		{"cable", "/fault", "/fault", `{"kind":"unplug"}`, ``, "DELETE"},
	} {
		d := openDesk(t, netPrinter("net"))
		host := dialTCP(t, d, "net")
		write(t, host, "\x10\x04\x01")
		expect(t, host, "\x12")
		d.do("POST", "/printers/net"+c.away, c.awayBody)
		if _, err := host.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: the connection lives", c.why)
		}
		d.do(c.method, "/printers/net"+c.back, c.backBody)
		again := dialTCP(t, d, "net")
		d.until("net", "online", func(s State) bool { return s.Online })
		write(t, again, "\x10\x04\x01")
		expect(t, again, "\x12")
	}
}

func TestABlackHoleSwallowsBothWays(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	host := dialTCP(t, d, "net")
	d.do("POST", "/printers/net/fault", `{"kind":"black-hole"}`)
	write(t, host, "\x10\x04\x01")
	host.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := host.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes came out", n)
	}
	d.do("DELETE", "/printers/net/fault", "")
	host.SetReadDeadline(time.Now().Add(patience))
	write(t, host, "\x10\x04\x02")
	expect(t, host, "\x12")
}

func TestTheControlInterfaceShowsPaperAndState(t *testing.T) {
	d := openDesk(t, netPrinter("net"), netPrinter("other"))
	host := dialTCP(t, d, "net")
	write(t, host, "one\n"+feedAndCut+"two\n"+id("TWO2"))
	expect(t, host, "\x37\x22TWO2\x00")
	if got := string(d.do("GET", "/printers/net/paper.txt", "")); got != "one\n-------- cut --------\ntwo\n" {
		t.Errorf("paper says %q", got)
	}
	for path, height := range map[string]int{"sheets/1.png": lead + 30, "sheets/0.png": lead + 30, "paper.png": lead + 30 + gapRows + lead + 30} {
		img, err := png.Decode(bytes.NewReader(d.do("GET", "/printers/net/"+path, "")))
		if err != nil || img.Bounds().Dx() != 576 || img.Bounds().Dy() != height {
			t.Errorf("%s: %v %v", path, err, img.Bounds())
		}
	}
	var list struct{ Sheets []Sheet }
	if err := json.Unmarshal(d.do("GET", "/printers/net/sheets", ""), &list); err != nil || len(list.Sheets) != 1 || list.Sheets[0].N != 1 {
		t.Errorf("%v %+v", err, list)
	}
	var journal struct{ Events []Event }
	if err := json.Unmarshal(d.do("GET", "/printers/net/journal?after=1", ""), &journal); err != nil || len(journal.Events) == 0 || journal.Events[0].N != 2 {
		t.Errorf("%v %+v", err, journal)
	}
	if !strings.Contains(string(d.do("GET", "/printers", "")), `"name":"other"`) {
		t.Error("the list lacks a printer")
	}
}

func TestBadRequestsChangeNothing(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	before := d.state("net")
	for _, c := range []struct {
		method, path, body string
		code               int
	}{
		{"GET", "/printers/none", "", 404},
		{"GET", "/printers/net/sheets/1.png", "", 404},
		{"GET", "/printers/net/sheets/x.png", "", 404},
		{"GET", "/printers/net/sheets/1.gif", "", 404},
		{"GET", "/printers/net/journal?after=x", "", 400},
		{"POST", "/printers/net/paper", `{`, 400},
		{"POST", "/printers/net/paper", `{}`, 400},
		{"POST", "/printers/net/paper", `{"mm":-1}`, 400},
		{"POST", "/printers/net/paper", `{"loaded":false,"colour":"red"}`, 400},
		{"POST", "/printers/net/cover", `{"on":true}`, 400},
		{"POST", "/printers/net/power", `{"on":"no"}`, 400},
		{"POST", "/printers/net/power", ``, 400},
		{"POST", "/printers/net/fault", `{"kind":"fire"}`, 400},
		{"POST", "/printers/net/fault", `{"kind":"unplug","at":"lunch"}`, 400},
		{"POST", "/printers/net/fault", `{"kind":"small-buffer"}`, 400},
		{"POST", "/printers/net/fault", `{"kind":"unplug","for_ms":-1}`, 400},
		{"POST", "/printers/net/wait", `{"timeout_ms":999999}`, 400},
		{"POST", "/printers/net/wait", `{"sheets":1,"timeout_ms":1}`, 408},
		{"PUT", "/printers/net/cover", `{"open":true}`, 405},
		{"POST", "/printers/net/cutter", `{}`, 400},
		{"POST", "/printers/net/cable", `{"open":true}`, 400},
	} {
		if code, answer := d.ask(c.method, c.path, c.body); code != c.code {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, code, answer)
		}
	}
	if after := d.state("net"); after.Paper != before.Paper || after.Power != before.Power || after.Cover != before.Cover || len(after.Faults) != 0 {
		t.Errorf("it changed: %+v", after)
	}
}

func TestAWaitEndsWhenThePrinterStops(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	p := d.bench.printers["net"]
	ended := make(chan error, 1)
	go func() { ended <- p.waitForSheets(t.Context(), 1) }()
	d.state("net") // the printer answers, so the wait is under way or will find it stopped
	d.stop()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrStopped) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("still waiting")
	}
	if code, _ := d.ask("GET", "/printers/net", ""); code != http.StatusServiceUnavailable {
		t.Errorf("a stopped printer answers %d", code)
	}
}

func TestABenchThatCannotOpenLeavesNothingBehind(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct {
		why string
		cfg PrinterConfig
	}{
		{"address in use", PrinterConfig{Name: "b", TCPAddr: busy.Addr().String()}},
		{"name taken", netPrinter("a")},
		{"name not fit for a path", netPrinter("a/b")},
		{"no cable", PrinterConfig{Name: "b"}},
		{"two cables", PrinterConfig{Name: "b", TCPAddr: "127.0.0.1:0", PTYLink: "x"}},
		{"unknown model", PrinterConfig{Name: "b", TCPAddr: "127.0.0.1:0", Personality: "daisywheel"}},
		{"speed", PrinterConfig{Name: "b", TCPAddr: "127.0.0.1:0", Speed: -1}},
	} {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := free.Addr().String()
		free.Close()
		first := PrinterConfig{Name: "a", TCPAddr: addr}
		if _, err := OpenBench([]PrinterConfig{first, c.cfg}, zerolog.Nop()); err == nil {
			t.Errorf("%s: opened", c.why)
		}
		again, err := net.Listen("tcp", addr)
		if err != nil {
			t.Errorf("%s: the first printer still listens: %v", c.why, err)
			continue
		}
		again.Close()
	}
}

func TestAVirtualClockStandsStillUntilItIsMoved(t *testing.T) {
	cfg := netPrinter("net")
	cfg.Virtual, cfg.Speed = true, 1
	d := openDesk(t, cfg, netPrinter("other"))
	host := dialTCP(t, d, "net")
	d.do("POST", "/printers/net/fault", `{"kind":"cover-open","at":"time","n":19}`)
	write(t, host, "one\n"+id("ONE1")+"\x1dr\x01")
	expect(t, host, "\x00") // processed
	if s := d.state("net"); s.Counts.Rows != 0 || s.RowsQueued != 30 {
		t.Fatalf("it moved by itself: %+v", s)
	}
	before := d.state("net").Clock
	d.do("POST", "/printers/net/clock", `{"ms":17}`)
	if s := d.state("net"); s.Counts.Rows != 28 || s.Clock.Sub(before) != 17*time.Millisecond {
		t.Errorf("after 17 ms: %d rows, clock %v", s.Counts.Rows, s.Clock.Sub(before))
	}
	d.do("POST", "/printers/net/clock", `{"ms":2}`)
	expect(t, host, "\x37\x22ONE1\x00") // the 30th row at 18 ms
	if s := d.state("net"); s.Cover != "open" {
		t.Error("a fault did not strike by the printer's clock")
	}
	for body, code := range map[string]int{`{"ms":0}`: 400, `{"ms":3600001}`: 400, `{`: 400} {
		if got, answer := d.ask("POST", "/printers/net/clock", body); got != code {
			t.Errorf("%s: %d %s", body, got, answer)
		}
	}
	if got, answer := d.ask("POST", "/printers/other/clock", `{"ms":1}`); got != 409 || !strings.Contains(string(answer), "real_clock") {
		t.Errorf("a real clock was moved: %d %s", got, answer)
	}
}

func TestOnlyTheNewestPaperIsShownWhereLessIsAskedFor(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	host := dialTCP(t, d, "net")
	write(t, host, "one\n"+feedAndCut+"two\n"+id("TWO2"))
	expect(t, host, "\x37\x22TWO2\x00")
	for query, height := range map[string]int{"": lead + 30 + gapRows + lead + 30, "?rows=50": 50, "?rows=150": 150} {
		img, err := png.Decode(bytes.NewReader(d.do("GET", "/printers/net/paper.png"+query, "")))
		if err != nil || img.Bounds().Dy() != height {
			t.Errorf("%s: %v %v, want %d rows", query, err, img.Bounds(), height)
		}
	}
	if code, _ := d.ask("GET", "/printers/net/paper.png?rows=all", ""); code != 400 {
		t.Errorf("rows=all: %d", code)
	}
}

func TestAHandTearsThePaperOff(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	host := dialTCP(t, d, "net")
	write(t, host, "one\n"+strings.Repeat("\n", 5)+id("END1"))
	expect(t, host, "\x37\x22END1\x00")
	d.do("POST", "/printers/net/tear", "")
	if got := string(d.do("GET", "/printers/net/paper.txt", "")); got != "one\n\n~~~~~~~~ torn off ~~~~~~~~\n\n\n\n\n" {
		t.Errorf("paper %q", got)
	}
}

func TestAHandPullsTheCableAndFreesTheCutter(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	host := dialTCP(t, d, "net")
	d.do("POST", "/printers/net/fault", `{"kind":"overheat","at":"time","n":3600000}`)
	d.do("POST", "/printers/net/cutter", `{"jammed":true}`)
	write(t, host, "one\n"+feedAndCut+id("CUT1"))
	d.until("net", "in error", func(s State) bool { return len(s.Errors) == 1 && s.Jammed })
	d.do("POST", "/printers/net/cutter", `{"jammed":false}`)
	write(t, host, "\x10\x05\x01")
	expect(t, host, "\x37\x22CUT1\x00")
	d.do("POST", "/printers/net/cable", `{"plugged":false}`)
	if n, err := host.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes over a cable that is out", n)
	}
	d.do("POST", "/printers/net/cable", `{"plugged":true}`)
	again := dialTCP(t, d, "net")
	write(t, again, "\x10\x04\x01")
	expect(t, again, "\x12")
	if s := d.state("net"); len(s.Faults) != 1 {
		t.Errorf("another fault was forgotten: %+v", s.Faults)
	}
}

func TestANetworkPrinterReturnsAtAnotherPortOfItsHost(t *testing.T) {
	d := openDesk(t, netPrinter("net"))
	before := d.state("net").Device
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(free.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	d.do("POST", "/printers/net/fault", `{"kind":"unplug","for_ms":1,"name":"`+port+`"}`)
	s := d.until("net", "elsewhere", func(s State) bool { return s.Device != before })
	if s.Device != "tcp:127.0.0.1:"+port {
		t.Errorf("it is at %s", s.Device)
	}
	host := dialTCP(t, d, "net")
	write(t, host, "\x10\x04\x01")
	expect(t, host, "\x12")
}
