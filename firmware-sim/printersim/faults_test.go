package printersim

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAJammedCutterIsFreedAndTheCutRepeated(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "cutter-jam"})
	b.send("\x1da\x0f", "receipt\n", feedAndCut, id("CUT1"), "next\n")
	b.settle()
	b.want("cutter error", b.answers(), "\x10\x00\x00\x0f\x18\x08\x00\x0f")
	b.send("\x10\x05\x01") // the blade is still stuck
	b.settle()
	b.want("again", b.answers(), "\x10\x00\x00\x0f\x18\x08\x00\x0f")
	b.m.faults.mendAll(b.m)
	b.settle()
	b.want("freeing the blade is not enough", b.answers(), "")
	b.send("\x10\x05\x01")
	b.settle()
	b.want("continues from the failed cut", b.answers(), "\x10\x00\x00\x0f\x37\x22CUT1\x00")
	b.want("paper", b.m.paper.text(), "receipt\n-------- cut --------\nnext\n")
}

func TestDLEENQ2DropsWhatWaitsBehindAJam(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "cutter-jam", ForMS: 1000})
	b.send("receipt\n", feedAndCut, id("CUT1"), "next\n")
	b.settle()
	b.send("\x10\x05\x02")
	b.settle()
	b.want("no answer", b.answers(), "")
	b.want("paper", b.m.paper.text(), "receipt\n")
}

func TestSomeFirmwareKnowsOnlyDLEENQ2(t *testing.T) {
	b := newBed(t, func(p *Personality) { p.EnqClearsOnly = true })
	b.fault(Fault{Kind: "cutter-jam", ForMS: 1000})
	b.send("receipt\n", feedAndCut)
	b.settle()
	b.send("\x10\x05\x01")
	if b.m.online() {
		t.Error("1 worked")
	}
	b.send("\x10\x05\x02")
	if !b.m.online() {
		t.Error("2 did not")
	}
}

// Whatever holds the mechanism up at whatever row, what it prints in the end is the same, and nothing is lost or doubled.
func TestAnInterruptionLeavesNoTraceOnPaper(t *testing.T) {
	const stream = "one\n\x1d!\x11two\x1d!\x00\n\x1dv0\x00\x02\x00\x08\x00abcdefghijklmnop" + "three\n" + feedAndCut + "\x1b@four\n"
	calm := newBed(t)
	calm.send(stream + id("LAST"))
	calm.settle()
	rapid.Check(t, func(r *rapid.T) {
		b := newBed(t)
		for range rapid.IntRange(1, 4).Draw(r, "faults") {
			b.fault(Fault{
				Kind:  rapid.SampledFrom([]string{"cover-open", "overheat", "feed-button", "stuck-xoff"}).Draw(r, "kind"),
				At:    rapid.SampledFrom([]string{atRow, atByte, atTime, atCut}).Draw(r, "at"),
				N:     rapid.IntRange(0, 60).Draw(r, "n"),
				ForMS: rapid.IntRange(1, 500).Draw(r, "for"),
			})
		}
		b.send(stream + id("LAST"))
		b.settle()
		if got := strings.NewReplacer("\x13", "", "\x11", "").Replace(b.answers()); got != "\x37\x22LAST\x00" {
			r.Fatalf("answers %q", got)
		}
		if string(b.sheet(1).dots) != string(calm.sheet(1).dots) || string(b.m.paper.dots) != string(calm.m.paper.dots) {
			r.Fatal("the paper differs")
		}
	})
}

func TestEveryFaultMends(t *testing.T) {
	for _, kind := range FaultKinds() {
		b := newBed(t)
		b.fault(Fault{Kind: kind, Size: 45, ForMS: 100})
		b.pass(50 * time.Millisecond)
		if kind == "unrecoverable" {
			continue // needs the power switch
		}
		b.pass(10 * time.Second)
		b.answers()
		if len(b.m.faults.pending) != 0 {
			t.Errorf("%s is still there", kind)
		}
		b.send("x\n", feedAndCut, id("ID01"))
		b.settle()
		b.want(kind, b.answers(), "\x37\x22ID01\x00")
	}
	b := newBed(t)
	b.fault(Fault{Kind: "unrecoverable"})
	b.m.faults.mendAll(b.m)
	if b.m.online() {
		t.Error("an unrecoverable error recovered")
	}
	b.m.setPower(false)
	b.m.setPower(true)
	b.settle()
	if !b.m.online() {
		t.Error("the power switch did not help")
	}
}

func TestFaultsStrikeAtTheirMoment(t *testing.T) {
	for _, c := range []struct {
		at    string
		n     int
		after func(b *bed) // the last thing before the moment
		then  func(b *bed) // the moment
	}{
		{atNow, 0, func(*bed) {}, nil},
		{atByte, 3, func(b *bed) { b.send("ab") }, func(b *bed) { b.send("c") }},
		{atRow, 24, func(b *bed) { b.send("x\n"); b.pass(23 * tmT20III().RowTime) }, func(b *bed) { b.pass(tmT20III().RowTime) }},
		{atSegment, 2, func(b *bed) { b.send(id("ID01")) }, func(b *bed) { b.send(id("ID02")) }},
		{atCut, 2, func(b *bed) { b.send("\x1dV\x00"); b.settle() }, func(b *bed) { b.send("\x1dV\x00") }},
		{atTime, 500, func(b *bed) { b.pass(499 * time.Millisecond) }, func(b *bed) { b.pass(time.Millisecond) }},
	} {
		b := newBed(t)
		b.fault(Fault{Kind: "cover-open", At: c.at, N: c.n})
		if c.then != nil {
			c.after(b)
			if b.m.coverOpen {
				t.Errorf("%s %d: too early", c.at, c.n)
			}
			c.then(b)
		}
		if !b.m.coverOpen {
			t.Errorf("%s %d: not at its moment", c.at, c.n)
		}
	}
}

func TestBytesAreSpoiledOnTheWay(t *testing.T) {
	for _, c := range []struct {
		f    Fault
		want string
	}{
		{Fault{Kind: "byte-drop", At: atByte, N: 2}, "abdef\n"},
		{Fault{Kind: "byte-drop", At: atByte, N: 2, Count: 3}, "abf\n"},
		{Fault{Kind: "byte-flip", At: atByte, N: 2, Mask: 0x20}, "abCdef\n"},
		{Fault{Kind: "byte-dup", At: atByte, N: 2}, "abccdef\n"},
		{Fault{Kind: "nul-burst", At: atByte, N: 2, Count: 9}, "abcdef\n"}, // NUL prints nothing between characters
	} {
		b := newBed(t)
		b.fault(c.f)
		b.send("abcdef\n")
		b.want(c.f.Kind, b.text(), c.want)
	}
	b := newBed(t)
	b.fault(Fault{Kind: "nul-burst", At: atByte, N: 9, Count: 3})
	b.send("\x1dv0\x00\x01\x00\x04\x00\xffa")
	b.want("inside a picture NULs are its dots", b.text(), "[graphics 8x4]\n")
	if b.m.counts.Bytes != 13 {
		t.Errorf("%d bytes", b.m.counts.Bytes)
	}
}

func TestTheRollRunsOut(t *testing.T) {
	b := newBed(t)
	b.send("\x1da\x0f")
	b.answers()
	b.m.loadRoll(nearEndMM + 1)
	b.send(strings.Repeat("\n", 2))
	b.settle()
	b.want("near end", b.answers(), "\x10\x00\x03\x0f")
	b.m.loadRoll(1)
	b.send(strings.Repeat("\n", 10))
	b.settle()
	b.want("end", b.answers(), "\x18\x00\x0f\x0f")
	b.m.loadRoll(0)
	b.settle()
	b.want("a new roll is full", b.answers(), "\x10\x00\x00\x0f")
}

func TestMetresWithoutACutAreTornOff(t *testing.T) {
	b := newBed(t)
	for range 11 {
		b.send(strings.Repeat("\x1bd\xff", 1))
		b.settle()
	}
	if b.m.paper.rows() > maxStripRows || len(b.m.paper.sheets) != 1 || !b.m.paper.sheets[0].Torn {
		t.Errorf("%d rows, %d sheets", b.m.paper.rows(), len(b.m.paper.sheets))
	}
}

func TestFaultsAreLimited(t *testing.T) {
	b := newBed(t)
	for range maxFaults {
		b.fault(Fault{Kind: "cover-open", At: atCut, N: 9})
	}
	f := Fault{Kind: "cover-open", At: atCut}
	if err := b.m.faults.plan(b.m, f); !errors.Is(err, ErrFault) {
		t.Errorf("one more: %v", err)
	}
}

func TestOldSheetsAndEventsAreForgotten(t *testing.T) {
	b := newBed(t)
	for i := range maxSheets + 5 {
		b.send(fmt.Sprintf("%d\n", i+1), feedAndCut)
		b.settle()
	}
	if _, err := b.m.paper.sheet(5); err == nil {
		t.Error("sheet 5 is kept")
	}
	b.want("sheet 6", textOf(b.sheet(6).lines), "6\n")
	for range 2 * maxJournal {
		b.m.note("x", strings.Repeat("ā", 200))
	}
	if n := len(b.m.journal.after(0)); n > maxJournal || b.m.journal.after(b.m.journal.count - 1)[0].N != b.m.journal.count {
		t.Errorf("%d events", n)
	}
}
