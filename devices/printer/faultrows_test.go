//go:build linux

package printer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"loyaltill/devices"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/firmware-sim/printersim"
)

// TestFaults has a row for each fault that a printer, its cable and its host are put through. What the agent makes of an
// outcome, the copy mark and the question, is tested in agent/printrules_test.go. That the same holds when the agent is
// killed at any step of the journal is tested in store/agentdb and, for all faults at once, by TestEveryPaperIsTrue in
// internal/e2e.
func TestFaults(t *testing.T) {
	for _, row := range []struct {
		fault string
		cases []faultCase
	}{
		{"paper near end", []faultCase{{"a warning, the job completes", paperRunsLow}}},
		{"paper end", []faultCase{
			{"in the middle of a line", accident{
				fault: printersim.Fault{Kind: "paper-out", At: "row", N: rowsBefore}, shown: StatePaperOut, cause: CausePaperOut,
			}.tears},
			{"between feed and cut", accident{
				fault: printersim.Fault{Kind: "paper-out", At: "cut"}, shown: StatePaperOut, cause: CausePaperOut,
			}.tears},
		}},
		{"cover open and closed", []faultCase{
			{"in the middle of a line", accident{
				fault: printersim.Fault{Kind: "cover-open", At: "row", N: rowsBefore}, shown: StateCoverOpen, cause: CauseCoverOpen,
			}.tears},
			{"between feed and cut", accident{
				fault: printersim.Fault{Kind: "cover-open", At: "cut"}, shown: StateCoverOpen, cause: CauseCoverOpen,
			}.tears},
		}},
		{"cutter jam", []faultCase{
			{"the error is cleared with the buffers", accident{
				fault: printersim.Fault{Kind: "cutter-jam"}, shown: StateCutterError, cause: CauseCutter,
			}.tears},
			{"a printer that knows no clear recovers by DLE ENQ 2", aJamWithoutClear},
		}},
		{"overheat", []faultCase{{"waits, sends nothing again", accident{
			fault: printersim.Fault{Kind: "overheat", At: "row", N: rowsBefore}, shown: StateOverheated,
		}.delays}}},
		{"power off in the middle of a job", []faultCase{{"interrupted", accident{
			fault: printersim.Fault{Kind: "power-off", At: "row", N: rowsBefore, ForMS: offMS}, cause: CausePowerCycle,
		}.tears}}},
		{"power off behind the cut, before its acknowledgement", []faultCase{{"a question, and nothing printed by itself", powerLostBehindTheCutLeavesAQuestion}}},
		{"acknowledgement lost, late, coalesced, XOFF inside it", []faultCase{
			{"over the network: confirmed by a later one", lostAndSplitAcknowledgementsAreMadeUpFor},
			{"on a serial line: asked about", anAnswerThatASerialLineLostIsNotMadeUp},
		}},
		{"unplugged", []faultCase{
			{"between jobs", anUnpluggedCableIsNoticedAndThePrinterComesBack},
			{"a serial line, before the cut was sent", unpluggedBeforeTheCutWasSentIsInterrupted},
			{"a serial line, with the cut on its way", unpluggedWithTheCutOnItsWayLeavesAQuestion},
			{"a network printer, at a byte", aNetworkJobIsCutOff("unplug")},
			{"a black hole at a byte", aNetworkJobIsCutOff("black-hole")},
			{"a black hole between jobs", aBlackHoleIsNoticed},
		}},
		{"unplugged, back under another name", []faultCase{{"found by its serial number", aPrinterPluggedIntoAnotherSocketIsFoundByItsSerialNumber}}},
		{"wrong speed or parity", []faultCase{
			{"another speed is found", aPrinterAtAnotherSpeedIsFoundAndNothingComesOutGarbled},
			{"another parity is asked about", aPrinterWithParityIsAskedAbout},
		}},
		{"bytes dropped, flipped, doubled, a burst of NUL", []faultCase{
			{"dropped", anAcknowledgementIsHitBy("byte-drop")},
			{"flipped", anAcknowledgementIsHitBy("byte-flip")},
			{"doubled", anAcknowledgementIsHitBy("byte-dup")},
			{"a burst of NUL", anAcknowledgementIsHitBy("nul-burst")},
		}},
		{"small buffer", []faultCase{
			{"45 bytes: refused before the first byte", aBufferTooSmallForALineIsRefused},
			{"1 KB and others: nothing overflows", aReportLargerThanThePrintersBufferNeverOverflowsIt},
		}},
		{"slow mechanism, slow line", []faultCase{
			{"progress is shown", aSlowPrinterShowsHowFarItIs},
			{"a mechanism ten times as slow", accident{fault: printersim.Fault{Kind: "slow-mechanism", Times: 10}, lines: 10}.delays},
			{"2400 baud", accident{sim: printersim.PrinterConfig{Baud: 2400}, baud: 2400, lines: 10}.delays},
		}},
		{"a second host", []faultCase{{"noticed by its acknowledgements", somebodyElseOnThePrinterMakesTheJobUncertain}}},
		{"stuck busy", []faultCase{
			{"DSR", itIsStuckBy(printersim.PrinterConfig{}, "stuck-busy")},
			{"XOFF", itIsStuckBy(printersim.PrinterConfig{Personality: "tm-t20iii-xonxoff"}, "stuck-xoff")},
		}},
		{"real-time commands in a picture", []faultCase{{"no status, no drawer", aPictureOfRealTimeCommandsIsOnlyAPicture}}},
		{"the agent is killed", []faultCase{{"its successor cuts off first what it left", whatAStoppedDaemonLeftOnThePaperIsCutOffFirst}}},
	} {
		t.Run(row.fault, func(t *testing.T) {
			t.Parallel()
			for _, c := range row.cases {
				t.Run(c.name, c.run)
			}
		})
	}
}

type faultCase struct {
	name string
	run  func(*testing.T)
}

const rowsBefore = 310 // of the 900 of a receipt of 30 lines: within the eleventh

// accident befalls a receipt; somebody who sees it in the status mends it.
type accident struct {
	sim   printersim.PrinterConfig
	baud  int
	fault printersim.Fault
	lines int   // 0: 30
	shown State // until it is mended; "" when it goes by itself
	cause Cause
}

func (a accident) befalls(t *testing.T) (*rig, *Printer, *escpos.Job, outcome) {
	t.Helper()
	t.Parallel()
	prof := tmT20III(t)
	if a.baud > 0 {
		prof.IO.Baud = a.baud
	}
	if a.lines == 0 {
		a.lines = 30
	}
	r, p := linked(t, a.sim, Config{Profile: prof})
	if a.fault.Kind != "" {
		r.fault(t, a.fault)
	}
	job := receipt(t, prof, 1, a.lines)
	pr := begin(t, p, job)
	if a.shown != "" {
		if st := waitState(t, p, a.shown); st.Health.Code == CodeReady || st.Health.Code == CodePrinting {
			t.Errorf("health: %+v", st.Health)
		}
		r.mend(t)
	}
	o := pr.wait(t)
	if n := r.counts(t).BufferOverflows; n > 0 || o.err != nil {
		t.Errorf("%d bytes overflowed, %v", n, o.err)
	}
	return r, p, job, o
}

// tears: the receipt is interrupted, what came out of it does not look whole, and the next one does.
func (a accident) tears(t *testing.T) {
	r, p, torn, o := a.befalls(t)
	if o.Outcome != Interrupted || o.Cause != a.cause || !o.Clean {
		t.Errorf("got %+v\n%s", o, r.story(t))
	}
	nextIsWhole(t, r, p)
	if s := r.sheets(t); complete(s, torn) != 0 {
		t.Errorf("the torn job looks whole: %q\n%s", s, r.story(t))
	}
}

// delays: the receipt comes out all the same, once.
func (a accident) delays(t *testing.T) {
	r, _, job, o := a.befalls(t)
	if s := r.sheets(t); o.Outcome != Confirmed || complete(s, job) != 1 || len(s) != 1 {
		t.Errorf("got %+v, sheets %q\n%s", o, s, r.story(t))
	}
}

// nextIsWhole prints a receipt that has a sheet for itself.
func nextIsWhole(t *testing.T, r *rig, p *Printer) {
	t.Helper()
	next := receipt(t, p.cfg.Profile, 2, 10)
	confirm(t, p, next)
	if s := r.sheets(t); complete(s, next) != 1 || mixed(s) != 0 {
		t.Errorf("sheets: %q\n%s", s, r.story(t))
	}
}

func paperRunsLow(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	r.fault(t, printersim.Fault{Kind: "paper-near-end"})
	st := waitStatus(t, p, "paper low", func(st Status) bool { return st.PaperLow })
	if st.Health.Code != CodePaperLow || st.State != StateReady {
		t.Errorf("got %+v", st)
	}
	confirm(t, p, receipt(t, p.cfg.Profile, 1, 5))
}

func aJamWithoutClear(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{Personality: "clone-no-clear"}, Config{})
	r.fault(t, printersim.Fault{Kind: "cutter-jam"})
	pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 30))
	waitState(t, p, StateCutterError)
	r.mend(t)
	if o := pr.wait(t); o.Outcome == Confirmed {
		t.Errorf("got %+v", o)
	}
	next := receipt(t, p.cfg.Profile, 2, 10)
	if o := begin(t, p, next).wait(t); o.Outcome != Sent {
		t.Errorf("got %+v", o)
	}
	if story := r.story(t); !strings.Contains(story, "DLE ENQ 2") || strings.Contains(story, "DLE ENQ 1") || mixed(r.sheets(t)) != 0 {
		t.Errorf("%s", story)
	}
}

// aNetworkJobIsCutOff lets the network go while most of a report is still here.
func aNetworkJobIsCutOff(kind string) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		r, p := linked(t, printersim.PrinterConfig{TCPAddr: "127.0.0.1:0"}, Config{})
		r.fault(t, printersim.Fault{Kind: kind, At: "byte", N: 1500})
		job := receipt(t, p.cfg.Profile, 1, 150)
		pr := begin(t, p, job)
		waitStatus(t, p, "no link", func(st Status) bool { return st.Link == LinkAbsent })
		r.mend(t)
		if o := pr.wait(t); o.Outcome != Interrupted || o.Cause != CauseLinkLost {
			t.Errorf("got %+v\n%s", o, r.story(t))
		}
		nextIsWhole(t, r, p)
		if s := r.sheets(t); complete(s, job) != 0 {
			t.Errorf("the torn job looks whole: %q", s)
		}
	}
}

func aPrinterWithParityIsAskedAbout(t *testing.T) {
	t.Parallel()
	r := newRig(t, printersim.PrinterConfig{Speed: simSpeed})
	r.fault(t, printersim.Fault{Kind: "wrong-parity"})
	p := r.driver(t, Config{})
	p.timing.answer, p.timing.discover = 5*moment, 5*moment
	start(t, p)
	waitStatus(t, p, "wrong speed", func(st Status) bool { return st.Health.Code == CodeWrongSpeed })
	if n := r.counts(t); n.Rows != 0 || len(r.sheets(t)) != 0 {
		t.Errorf("something came out: %+v", n)
	}
}

// The byte that is hit is the last of the id behind the cut. A letter that is hit is beyond anybody: nothing checks it.
func anAcknowledgementIsHitBy(kind string) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		r, p := linked(t, printersim.PrinterConfig{}, Config{})
		job := receipt(t, p.cfg.Profile, 1, 60)
		r.fault(t, printersim.Fault{Kind: kind, At: "byte", N: len(job.Bytes()) - 1})
		o := begin(t, p, job).wait(t)
		if !slices.Contains([]Outcome{Confirmed, Interrupted, Uncertain}, o.Outcome) || o.err != nil {
			t.Errorf("got %+v", o)
		}
		nextIsWhole(t, r, p)
		if s := r.sheets(t); complete(s, job) != 1 {
			t.Errorf("%s; sheets: %q\n%s", o.Outcome, s, r.story(t))
		}
	}
}

func aBufferTooSmallForALineIsRefused(t *testing.T) {
	t.Parallel()
	prof := tmT20III(t)
	prof.IO.RxBuffer = 45
	r, p := linked(t, printersim.PrinterConfig{Personality: "tm-t88-45byte"}, Config{Profile: prof})
	o := begin(t, p, receipt(t, prof, 1, 30)).wait(t)
	if o.Outcome != NotStarted || !errors.Is(o.err, ErrBadJob) {
		t.Errorf("got %+v", o)
	}
	if n := r.counts(t); n.BufferOverflows > 0 || n.Rows > 0 {
		t.Errorf("counts: %+v", n)
	}
}

// itIsStuckBy: the printer takes nothing more. The state says so, and the job has its outcome once it goes on.
func itIsStuckBy(sim printersim.PrinterConfig, kind string) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		r, p := linked(t, sim, Config{})
		r.fault(t, printersim.Fault{Kind: kind, At: "row", N: rowsBefore})
		pr := begin(t, p, receipt(t, p.cfg.Profile, 1, 60))
		if st := waitState(t, p, StateStalled); st.Health.State != devices.Attention || st.Health.Code != CodeStalled {
			t.Errorf("health: %+v", st.Health)
		}
		r.mend(t)
		if o := pr.wait(t); o.Outcome != Confirmed && o.Outcome != Interrupted {
			t.Errorf("got %+v", o)
		}
		nextIsWhole(t, r, p)
	}
}

func aPictureOfRealTimeCommandsIsOnlyAPicture(t *testing.T) {
	t.Parallel()
	r, p := linked(t, printersim.PrinterConfig{}, Config{})
	const width = 576
	picture := render.NewBitmap(width, 48)
	copy(picture.Bits, strings.Repeat("\x10\x14\x01\x00\x01\x10\x04\x01\x10\x04\x04\x10\x05\x02\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", len(picture.Bits)/24))
	before := r.counts(t)
	confirm(t, p, encode(t, p.cfg.Profile, 1, escpos.Line{Kind: escpos.KindImage, Image: picture}, escpos.Line{Kind: escpos.KindCut}))
	if after := r.counts(t); after.DrawerPulses != 0 || after.Clears != before.Clears || after.Sheets != 1 {
		t.Errorf("counts: %+v", after)
	}
	if st := waitState(t, p, StateReady); st.DrawerOpen || st.PaperLow {
		t.Errorf("status: %+v", st)
	}
}
