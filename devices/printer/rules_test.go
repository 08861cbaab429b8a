//go:build linux

package printer

import (
	"testing"
	"time"

	"loyaltill/devices/escpos"
	"loyaltill/firmware-sim/printersim"
)

// The driver's part of the rules R1 to R13 of the print journal; the others are in agent/printrules_test.go.

func TestR3EachSegmentEndsWithAnIDOfItsOwn(t *testing.T) {
	job := receipt(t, tmT20III(t), 41, 120)
	if len(job.Segments) < 3 {
		t.Fatalf("%d segments", len(job.Segments))
	}
	for i, seg := range job.Segments {
		want := escpos.ProcessID(41, i)
		if tail := commandProcessID(want); seg.Ack != want || string(seg.Bytes[len(seg.Bytes)-len(tail):]) != string(tail) {
			t.Errorf("segment %d ends with % x", i, seg.Bytes[max(len(seg.Bytes)-12, 0):])
		}
		if len(seg.Bytes) > 1024+len(commandProcessID(want)) {
			t.Errorf("segment %d has %d bytes", i, len(seg.Bytes))
		}
	}
}

func TestR4NeverMoreBytesOnTheirWayThanTheBufferHolds(t *testing.T) {
	for _, c := range []struct{ buffer, window, want int }{
		{4096, 4096, 3840}, {4096, 2048, 2048}, {1024, 1024, 768}, {45, 45, 5},
	} {
		p := &escpos.Profile{}
		p.IO.RxBuffer, p.IO.Window = c.buffer, c.window
		if got := window(p); got != c.want {
			t.Errorf("buffer %d, window %d: %d", c.buffer, c.window, got)
		}
	}
}

func TestR5OnlyTheIDBehindTheCutConfirms(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	r.fault(t, printersim.Fault{Kind: "cover-open", At: "cut"})
	job := receipt(t, p.cfg.Profile, 1, 30)
	pr := begin(t, p, job)
	waitState(t, p, StateCoverOpen)
	r.mend(t)
	if o := pr.wait(t); o.Outcome != Interrupted || o.Acked != len(job.Segments)-1 {
		t.Errorf("got %+v", o)
	}
}

func TestR6LeftoversAreClearedBeforeAnythingElsePrints(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	r.fault(t, printersim.Fault{Kind: "paper-out", At: "row", N: 300})
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 60))
	waitState(t, p, StatePaperOut)
	r.mend(t)
	if o := pr.wait(t); o.Outcome != Interrupted || !o.Clean {
		t.Errorf("got %+v", o)
	}
	next := receipt(t, p.cfg.Profile, 2, 10)
	confirm(t, p, next)
	if s := r.sheets(t); mixed(s) != 0 || complete(s, next) != 1 {
		t.Errorf("sheets: %q", s)
	}
}

func TestR12APowerCycleTakesWhatThePrinterHeld(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	r.fault(t, printersim.Fault{Kind: "power-off", At: "row", N: 300, ForMS: offMS})
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 30))
	if o := pr.wait(t); o.Outcome != Interrupted || o.Cause != CausePowerCycle {
		t.Errorf("got %+v\n%s", o, r.story(t))
	}
}

func TestR13ProcessedIsSaidOnlyWhenTheTimeOfPrintingHasPassed(t *testing.T) {
	t.Parallel()
	prof := tmT20III(t)
	prof.Status.ProcessID, prof.IO.LineMS = false, 40
	_, p := linked(t, printersim.PrinterConfig{Personality: "clone-no-process-id"}, Config{Profile: prof})
	const lines = 25
	began := p.now()
	pr := begin(t, p, receipt(t, prof, 1, lines))
	if o := pr.wait(t); o.Outcome != Sent || o.Level != LevelProcessed {
		t.Errorf("got %+v", o)
	}
	if took, least := p.now().Sub(began), lines*40*time.Millisecond; took < least {
		t.Errorf("said after %s; the paper takes %s", took, least)
	}
}

func somebodyElseOnThePrinterMakesTheJobUncertain(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	for n := 1; n <= 10; n++ { // a printer may leave out an id when the next one is ready
		r.fault(t, printersim.Fault{Kind: "second-host", At: "byte", N: 300 * n})
	}
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 150))
	if o := pr.wait(t); o.Outcome == Confirmed || o.Cause != CauseForeign {
		t.Errorf("got %+v\n%s", o, r.story(t))
	}
	r.mend(t)
	next := receipt(t, p.cfg.Profile, 2, 10)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, next) != 1 {
		t.Errorf("sheets: %q", s)
	}
}

func aSlowPrinterShowsHowFarItIs(t *testing.T) {
	t.Parallel()
	_, p := linked(t, printersim.PrinterConfig{Speed: 1}, Config{}, func(tm *timing) { tm.slow = 0 })
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 120))
	st := waitStatus(t, p, "progress", func(st Status) bool { return st.Health.Code == CodeProgress && st.Acked > 0 })
	if pc := st.Percent(); pc <= 0 || pc > 100 {
		t.Errorf("%d percent of %+v", pc, st)
	}
	if o := pr.wait(t); o.Outcome != Confirmed {
		t.Errorf("got %+v", o)
	}
}

func TestAPrinterWithoutAutomaticStatusAnnouncesThatItGoesOffline(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{Personality: "clone-mute-sensors"}, Config{}, func(tm *timing) { tm.poll = patience }) // nobody asks meanwhile
	r.fault(t, printersim.Fault{Kind: "cover-open"})
	waitStatus(t, p, "the open cover", func(st Status) bool { return st.State == StateCoverOpen })
}

// The black hole swallows everything and says nothing, on a network that stays up.
func aBlackHoleIsNoticed(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{TCPAddr: "127.0.0.1:0"}, Config{}, func(tm *timing) { *tm = defaultTiming() })
	r.fault(t, printersim.Fault{Kind: "black-hole"})
	began := p.now()
	waitStatus(t, p, "silence", func(st Status) bool { return st.Link != LinkUp })
	if took := p.now().Sub(began); took > 20*time.Second {
		t.Errorf("noticed after %s", took)
	}
}

func TestANetworkPrinterThatServesSomebodyElseSaysSo(t *testing.T) {
	t.Parallel()
	r, _ := linked(t, printersim.PrinterConfig{TCPAddr: "127.0.0.1:0"}, Config{})
	second := r.driver(t, Config{})
	start(t, second)
	waitStatus(t, second, "refused", func(st Status) bool { return st.Health.Code == CodeRefused })
}

func TestWhatSomebodyElseLeftOnThePaperIsCutOffFirst(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	confirm(t, p, receipt(t, p.cfg.Profile, 1, 5))
	r.fault(t, printersim.Fault{Kind: "second-host"})
	waitState(t, p, StateResync)
	next := receipt(t, p.cfg.Profile, 2, 5)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, next) != 1 {
		t.Errorf("sheets: %q", s)
	}
}

// BenchmarkNoticed prints how long changes take to show, with the waits of the product.
func BenchmarkNoticed(b *testing.B) {
	for _, c := range []struct {
		name  string
		fault printersim.Fault
		shown func(Status) bool
	}{
		{"cover", printersim.Fault{Kind: "cover-open"}, func(st Status) bool { return st.State == StateCoverOpen }},
		{"paper", printersim.Fault{Kind: "paper-out"}, func(st Status) bool { return st.State == StatePaperOut }},
		{"unplugged", printersim.Fault{Kind: "unplug"}, func(st Status) bool { return st.Link == LinkAbsent }},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, p := linked(b, printersim.PrinterConfig{}, Config{})
			var worst time.Duration
			for b.Loop() {
				began := time.Now()
				r.fault(b, c.fault)
				waitStatus(b, p, c.name, c.shown)
				worst = max(worst, time.Since(began))
				b.StopTimer()
				r.mend(b)
				waitState(b, p, StateReady)
				b.StartTimer()
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms-worst")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func TestAPrinterThatAnswersLateIsCalledSlow(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{}, func(tm *timing) { tm.slow = tm.answer / 15 })
	r.fault(t, printersim.Fault{Kind: "slow-answers", MS: 500})
	waitStatus(t, p, "slow answers", func(st Status) bool { return st.Health.Code == CodeSlow })
	confirm(t, p, receipt(t, p.cfg.Profile, 1, 5))
}
