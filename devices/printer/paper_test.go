//go:build linux

package printer

import (
	"context"
	"strings"
	"testing"

	"loyaltill/devices/escpos"
	"loyaltill/firmware-sim/printersim"
)

// confirm prints a job that must come out.
func confirm(t testing.TB, p *Printer, job *escpos.Job) {
	t.Helper()
	pr := begin(t, p, job)
	o := pr.wait(t)
	if o.err != nil || o.Outcome != Confirmed || o.Acked != len(job.Segments) || !o.Clean {
		t.Fatalf("not confirmed: %+v, journal %+v", o, pr.journal.stages)
	}
	for _, s := range []Stage{Starting, Flushed, Committed} {
		if pr.journal.count(s) != 1 {
			t.Errorf("%s was reported %d times", s, pr.journal.count(s))
		}
	}
}

func TestAReceiptIsConfirmedOnceItsSheetHasBeenCut(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	job := receipt(t, p.cfg.Profile, 1, 30)
	confirm(t, p, job)
	if got := r.sheets(t); len(got) != 1 || complete(got, job) != 1 {
		t.Errorf("sheets: %q\nwant %q", got, textOf(job))
	}
	if st := waitState(t, p, StateReady); st.Level != LevelPrinted || st.Model != "EPSON TM-T20III" {
		t.Errorf("status: %+v", st)
	}
}

func aReportLargerThanThePrintersBufferNeverOverflowsIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sim  printersim.PrinterConfig
		io   func(*escpos.IO)
	}{
		{"4 KB buffer, no handshake", printersim.PrinterConfig{}, func(*escpos.IO) {}},
		{"1 KB buffer, no handshake", printersim.PrinterConfig{BufferSize: 1024}, func(io *escpos.IO) { io.RxBuffer, io.Window = 1024, 600 }},
		{"small buffer with XON and XOFF", printersim.PrinterConfig{Personality: "tm-t20iii-xonxoff", BufferSize: 512},
			func(io *escpos.IO) { io.RxBuffer, io.Window = 512, 256 }},
		{"slow line", printersim.PrinterConfig{Baud: 9600}, func(io *escpos.IO) { io.Baud = 9600 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			prof := tmT20III(t)
			c.io(&prof.IO)
			r, p := linked(t, c.sim, Config{Profile: prof})
			job := receipt(t, prof, 1, 150)
			confirm(t, p, job)
			if got := r.counts(t); got.BufferOverflows > 0 || got.Sheets != 1 {
				t.Errorf("counts: %+v", got)
			}
			if complete(r.sheets(t), job) != 1 {
				t.Errorf("sheets: %q", r.sheets(t))
			}
		})
	}
}

func lostAndSplitAcknowledgementsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	job := receipt(t, tmT20III(t), 1, 60)
	n := len(job.Segments)
	if n < 3 {
		t.Fatalf("%d segments", n)
	}
	for _, c := range []struct {
		name  string
		fault printersim.Fault
	}{
		{"the first is lost: the second implies it", printersim.Fault{Kind: "ack-lost", At: "segment", N: 1}},
		{"the one behind the cut is lost: a later one implies it", printersim.Fault{Kind: "ack-lost", At: "segment", N: n}},
		{"all are lost", printersim.Fault{Kind: "ack-lost", Count: n}},
		{"XOFF and XON inside each", printersim.Fault{Kind: "ack-xoff", Count: n}},
		{"each comes late", printersim.Fault{Kind: "ack-delay", MS: 300, ForMS: 3000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, p := linked(t, printersim.PrinterConfig{TCPAddr: "127.0.0.1:0"}, Config{})
			r.fault(t, c.fault)
			confirm(t, p, job)
			if s := r.sheets(t); complete(s, job) != 1 || len(s) != 1 {
				t.Errorf("sheets: %q", s)
			}
		})
	}
}

// A serial line that loses an answer may have lost what it was about: the same silence, with paper that is whole and with paper
// that lacks lines. Neither is called printed, and nothing is printed twice.
func anAnswerThatASerialLineLostIsNotMadeUp(t *testing.T) {
	t.Parallel()
	job := receipt(t, tmT20III(t), 1, 60)
	n := len(job.Segments)
	for _, c := range []struct {
		name  string
		fault printersim.Fault
		whole int
	}{
		{"the answer alone", printersim.Fault{Kind: "ack-lost", At: "segment", N: 1}, 1},
		{"the one behind the cut", printersim.Fault{Kind: "ack-lost", At: "segment", N: n}, 1},
		{"all of them", printersim.Fault{Kind: "ack-lost", Count: n}, 1},
		{"gathered into the last", printersim.Fault{Kind: "ack-coalesced", MS: 600}, 1},
		{"the lines too", printersim.Fault{Kind: "black-hole", At: "byte", N: 300, ForMS: 60}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, p := linked(t, printersim.PrinterConfig{}, Config{})
			r.fault(t, c.fault)
			o := begin(t, p, job).wait(t)
			if o.Outcome == Confirmed || c.whole == 1 && (o.Outcome != Uncertain || o.Cause != CauseSkipped) {
				t.Errorf("got %+v", o)
			}
			after := receipt(t, p.cfg.Profile, 2, 5)
			confirm(t, p, after)
			if s := r.sheets(t); complete(s, job) > c.whole || complete(s, after) != 1 || mixed(s) != 0 {
				t.Errorf("sheets: %q", s)
			}
		})
	}
}

func TestWhoeverNoLongerWaitsForPaperIsToldThatThePrinterIsNotClean(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	r.fault(t, printersim.Fault{Kind: "paper-out", At: "row", N: 300})
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 30))
	waitState(t, p, StatePaperOut)
	pr.cancel()
	if o := pr.wait(t); o.Outcome != Interrupted || o.Clean {
		t.Errorf("got %+v", o)
	}
	r.mend(t)
	next := receipt(t, p.cfg.Profile, 2, 30)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, next) != 1 || mixed(s) != 0 {
		t.Errorf("sheets: %q", s)
	}
}

func whatAStoppedDaemonLeftOnThePaperIsCutOffFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, printersim.PrinterConfig{Speed: simSpeed})
	first := r.driver(t, Config{})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx) }()
	r.fault(t, printersim.Fault{Kind: "paper-out", At: "row", N: 300})
	pr := begin(t, first, receipt(t, first.cfg.Profile, 1, 30))
	waitState(t, first, StatePaperOut)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if o := pr.wait(t); o.Outcome != Interrupted || o.Clean {
		t.Errorf("got %+v", o)
	}

	second := r.driver(t, Config{Torn: true})
	start(t, second)
	waitState(t, second, StatePaperOut)
	r.mend(t)
	next := receipt(t, second.cfg.Profile, 2, 30)
	confirm(t, second, next)
	if s := r.sheets(t); complete(s, next) != 1 || mixed(s) != 0 {
		t.Errorf("sheets: %q\n%s", s, r.story(t))
	}
}

// The power goes while the torn part is cut off: the row of X is on the paper and the cut is not. It is drawn again and cut, so that no
// receipt begins below it.
func TestAStrikeWhoseCutWasLostWithThePowerIsDrawnAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, printersim.PrinterConfig{Speed: simSpeed})
	r.fault(t, printersim.Fault{Kind: "power-off", At: "cut", ForMS: offMS})
	p := r.driver(t, Config{Torn: true})
	start(t, p)
	next := receipt(t, p.cfg.Profile, 1, 30)
	confirm(t, p, next)
	sheets := r.sheets(t)
	if last := sheets[len(sheets)-1]; complete(sheets, next) != 1 || strings.Contains(last, "XXXX") {
		t.Errorf("sheets: %q\n%s", sheets, r.story(t))
	}
}

func TestAPrinterWithoutProcessIDsPromisesNoMoreThanItCan(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{Personality: "clone-no-process-id"}, Config{})
	if st := p.Status(); st.Level != LevelProcessed {
		t.Errorf("level %s", st.Level)
	}
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 10))
	if o := pr.wait(t); o.Outcome != Sent || o.Level != LevelStatus {
		t.Errorf("got %+v\n%s", o, r.story(t))
	}
}

func TestAPrinterThatOnlySaysProcessedIsNotCalledPrinted(t *testing.T) {
	t.Parallel()
	prof := tmT20III(t)
	prof.Status.ProcessID = false
	r, p := linked(t, printersim.PrinterConfig{Personality: "clone-no-process-id"}, Config{Profile: prof})
	job := receipt(t, prof, 1, 60)
	pr := begin(t, p, job)
	if o := pr.wait(t); o.Outcome != Sent || o.Level != LevelProcessed || o.Acked != len(job.Segments) || o.err != nil {
		t.Errorf("got %+v", o)
	}
	if n := r.counts(t).BufferOverflows; n > 0 {
		t.Errorf("%d bytes overflowed", n)
	}
}

func TestADrawerKickIsConfirmedAndCutsNothing(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	confirm(t, p, encode(t, p.cfg.Profile, 1, escpos.Line{Kind: escpos.KindDrawer, Count: 2}))
	waitStatus(t, p, "the drawer to be open", func(st Status) bool { return st.DrawerOpen })
	if got := r.counts(t); got.DrawerPulses != 1 || got.Cuts != 0 {
		t.Errorf("counts: %+v", got)
	}
}
