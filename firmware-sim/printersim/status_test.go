package printersim

import (
	"testing"
	"time"
)

func eot4(b *bed) string {
	b.send("\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04")
	return b.answers()
}

func TestRealTimeStatusTellsTheCause(t *testing.T) {
	for _, c := range []struct {
		why  string
		do   func(b *bed)
		want string
	}{
		{"ready", func(*bed) {}, "\x12\x12\x12\x12"},
		{"cover open: offline, cause cover", func(b *bed) { b.fault(Fault{Kind: "cover-open"}) }, "\x1a\x16\x12\x12"},
		{"paper out: offline, cause paper, both roll sensors", func(b *bed) { b.fault(Fault{Kind: "paper-out"}) }, "\x1a\x32\x12\x7e"},
		{"paper near end: online", func(b *bed) { b.fault(Fault{Kind: "paper-near-end"}) }, "\x12\x12\x12\x1e"},
		{"hot head: auto-recoverable", func(b *bed) { b.fault(Fault{Kind: "overheat"}) }, "\x1a\x52\x52\x12"},
		{"unrecoverable", func(b *bed) { b.fault(Fault{Kind: "unrecoverable"}) }, "\x1a\x52\x32\x12"},
		{"feed button", func(b *bed) { b.fault(Fault{Kind: "feed-button"}) }, "\x5a\x1a\x12\x12"},
		{"cutter error once the blade is needed", func(b *bed) {
			b.fault(Fault{Kind: "cutter-jam"})
			b.send("x\n", feedAndCut)
			b.settle()
		}, "\x1a\x52\x1a\x12"},
		{"drawer pulled open", func(b *bed) { b.send("\x1bp\x00\x32\x32"); b.settle() }, "\x16\x12\x12\x12"},
	} {
		b := newBed(t)
		c.do(b)
		b.want(c.why, eot4(b), c.want)
	}
}

func TestStatusBackIsSentAtOnceAndThenOnChange(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "cover-open"})
	b.fault(Fault{Kind: "cover-open"})
	b.want("before GS a", b.answers(), "")
	b.m.setCover(false)
	b.send("\x1da\x0f")
	b.want("on GS a", b.answers(), "\x10\x00\x00\x0f")
	b.m.setPaper(false)
	b.want("paper out", b.answers(), "\x18\x00\x0f\x0f")
	b.m.loadRoll(0)
	b.want("paper in", b.answers(), "\x10\x00\x00\x0f")
	b.m.setCover(true)
	b.want("cover", b.answers(), "\x38\x00\x00\x0f")
}

func TestStatusBackWatchesOnlyWhatWasAskedFor(t *testing.T) {
	b := newBed(t)
	b.send("\x1da\x08") // paper sensors only
	b.answers()
	b.m.setCover(true)
	b.want("cover, not watched", b.answers(), "")
	b.m.setPaper(false)
	b.want("paper, watched", b.answers(), "\x38\x00\x0f\x0f")
}

func TestStatusBackIsOffAfterAPowerCycle(t *testing.T) {
	b := newBed(t)
	b.send("\x1da\x0f")
	b.answers()
	b.m.setPower(false)
	b.m.setPower(true)
	b.pass(10 * time.Second)
	b.m.setCover(true)
	b.want("after the power cycle", b.answers(), "")
	b.send("\x10\x04\x01")
	b.want("it still answers when asked", b.answers(), "\x1a")
}

func TestAPrinterThatIsOffOrStartingUpIsSilent(t *testing.T) {
	b := newBed(t)
	b.m.setPower(false)
	b.want("off", eot4(b), "")
	b.m.setPower(true)
	b.pass(time.Second)
	b.want("starting up", eot4(b), "")
	b.pass(4 * time.Second)
	b.want("up", eot4(b), "\x12\x12\x12\x12")
}

func TestOfflineIsAnnouncedWithItsCauseOnRequest(t *testing.T) {
	b := newBed(t)
	b.send("\x1d(H\x03\x001", "0", "2")
	b.m.setCover(true)
	b.want("with cause", b.answers(), "\x37\x23\x41\x00")
	b.m.setCover(false)
	b.send("\x1d(H\x03\x001", "0", "\x01")
	b.m.setPaper(false)
	b.want("without cause", b.answers(), "\x37\x23\x00")
}

func TestThePrinterSaysWhatItIs(t *testing.T) {
	b := newBed(t)
	b.send("\x1dI\x01\x1dI\x02\x1dI\x03\x1dIA\x1dIB\x1dIC\x1dID\x1dIE")
	b.want("GS I", b.answers(), "\x20\x02\x01_1.02 ESC/POS\x00_EPSON\x00_TM-T20III\x00_X000000001\x00_\x00")
}

func TestAtPaperEndGSrIsNotExecuted(t *testing.T) {
	b := newBed(t)
	b.send("\x1dr\x01\x1dr\x02")
	b.want("ready", b.answers(), "\x00\x00")
	b.m.setPaper(false)
	b.send("\x1dr\x01")
	b.pass(time.Minute)
	b.want("silence is the failure signal", b.answers(), "")
	b.m.loadRoll(0)
	b.m.settle()
	b.want("in its turn", b.answers(), "\x00")
}

func TestAnswersIdentifyThemselvesByTheirFixedBits(t *testing.T) {
	b := newBed(t)
	for _, f := range []string{"", "cover-open", "paper-out", "overheat", "unrecoverable", "feed-button", "paper-near-end"} {
		if f != "" {
			b.fault(Fault{Kind: f})
		}
		for _, c := range []byte(eot4(b)) {
			if c&0x93 != 0x12 {
				t.Errorf("%s: DLE EOT answered %08b, not 0xx1xx10", f, c)
			}
		}
		asb := b.m.asbBytes()
		if asb[0]&0x93 != 0x10 || asb[1]&0x90 != 0 || asb[2]&0x90 != 0 || asb[3]&0x90 != 0 {
			t.Errorf("%s: ASB % x breaks its pattern", f, asb)
		}
	}
}
