package printersim

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// printsAgain shows that the printer is well after a fault.
func printsAgain(b *bed) {
	b.t.Helper()
	b.settle()
	b.answers()
	b.send("well\n", id("WELL"))
	b.settle()
	b.want("afterwards", b.answers(), "\x37\x22WELL\x00")
}

func sensorStories() map[string]func(b *bed) {
	return map[string]func(b *bed){
		"paper-near-end": func(b *bed) {
			b.fault(Fault{Kind: "paper-near-end", At: atRow, N: 10})
			b.send("x\n", feedAndCut)
			b.settle()
			b.want("warned, and the job is done", eot4(b)+b.text(), "\x12\x12\x12\x1ex\n-------- cut --------\n")
		},
		"paper-out": func(b *bed) {
			b.fault(Fault{Kind: "paper-out", At: atCut})
			b.send("x\n", feedAndCut, id("CUT1"))
			b.settle()
			b.want("between feed and cut", b.answers()+b.m.paper.text(), "x\n")
			b.m.faults.mendAll(b.m)
		},
		"cover-open": func(b *bed) {
			b.fault(Fault{Kind: "cover-open", At: atByte, N: 3, ForMS: 500})
			b.send("one\n")
			b.pass(499 * time.Millisecond)
			b.want("nothing moves", b.m.paper.text(), "")
			b.want("then it goes on", b.text(), "one\n")
		},
		"feed-button": func(b *bed) {
			b.fault(Fault{Kind: "feed-button", ForMS: 500})
			b.want("offline", eot4(b), "\x5a\x1a\x12\x12")
		},
		"overheat": func(b *bed) {
			b.fault(Fault{Kind: "overheat", At: atRow, N: 12, ForMS: 60_000})
			b.send("x\n", id("ROW1"))
			b.pass(59 * time.Second)
			b.want("it waits", b.answers(), "")
			b.settle()
			b.want("and goes on where it was", b.answers()+b.text(), "\x37\x22ROW1\x00x\n")
		},
		"unrecoverable": func(b *bed) {
			b.fault(Fault{Kind: "unrecoverable"})
			b.send(clearAll)
			b.settle()
			b.want("no clear helps", b.answers()+eot4(b), "\x37\x25\x00\x1a\x52\x32\x12")
			b.m.setPower(false)
			b.m.setPower(true)
		},
		"cutter-jam": func(b *bed) {
			b.fault(Fault{Kind: "cutter-jam", ForMS: 1000})
			b.send("x\n", feedAndCut)
			b.settle()
			b.want("cutter error", eot4(b), "\x1a\x52\x1a\x12")
			b.send("\x10\x05\x01")
			b.want("cut after all", b.text(), "x\n-------- cut --------\n")
		},
	}
}

func machineStories() map[string]func(b *bed) {
	return map[string]func(b *bed){
		"power-off": func(b *bed) {
			b.fault(Fault{Kind: "power-off", At: atByte, N: 6, ForMS: 100})
			b.send("one\n", "two\n")
			b.want("the rest is gone", b.text(), "")
		},
		"small-buffer": func(b *bed) {
			b.fault(Fault{Kind: "small-buffer", Size: 1024})
			b.m.setCover(true)
			b.send(strings.Repeat("x", 1030))
			if b.m.counts.BufferOverflows != 6 {
				b.t.Errorf("%d bytes lost", b.m.counts.BufferOverflows)
			}
			b.m.setCover(false)
			b.m.faults.mendAll(b.m)
			b.send("\n")
		},
		"slow-mechanism": func(b *bed) {
			b.fault(Fault{Kind: "slow-mechanism", Times: 30})
			b.send("x\n", id("SLOW"))
			b.pass(30*30*tmT20III().RowTime - time.Nanosecond)
			b.want("too early", b.answers(), "")
			b.pass(time.Nanosecond)
			b.want("thirty times as long", b.answers(), "\x37\x22SLOW\x00")
		},
		"stuck-busy": func(b *bed) {
			b.fault(Fault{Kind: "stuck-busy"})
			b.send("x\n")
			b.want("nothing is said and nothing printed", b.answers()+b.text(), "")
			b.m.faults.mendAll(b.m)
			b.want("printed", b.text(), "x\n")
		},
		"stuck-xoff": func(b *bed) {
			b.fault(Fault{Kind: "stuck-xoff"})
			b.send("x\n")
			b.want("XOFF is said and nothing printed", b.answers()+b.text(), "\x13")
			b.m.faults.mendAll(b.m)
		},
	}
}

func linkStories() map[string]func(b *bed) {
	spoiled := func(f Fault, want string) func(b *bed) {
		return func(b *bed) {
			b.fault(f)
			b.send("abcdef\n")
			b.want("paper", b.text(), want)
		}
	}
	return map[string]func(b *bed){
		"unplug": func(b *bed) {
			b.fault(Fault{Kind: "unplug", At: atByte, N: 4, ForMS: 1000, Name: "other"})
			b.send("one\n", "lost\n", id("ROW1"))
			b.pass(2 * time.Second)
			b.want("what came before is printed, nothing is said", b.answers()+b.text(), "one\n")
			b.want("it is back under another name", b.m.linkName, "other")
		},
		"black-hole": func(b *bed) {
			b.fault(Fault{Kind: "black-hole", ForMS: 1000})
			b.send("x\n", "\x10\x04\x01")
			b.want("nothing comes through", b.answers()+b.text(), "")
		},
		"byte-drop": spoiled(Fault{Kind: "byte-drop", At: atByte, N: 2}, "abdef\n"),
		"byte-dup":  spoiled(Fault{Kind: "byte-dup", At: atByte, N: 2}, "abccdef\n"),
		"byte-flip": spoiled(Fault{Kind: "byte-flip", At: atByte, N: 2, Mask: 0x20}, "abCdef\n"),
		"nul-burst": func(b *bed) {
			b.fault(Fault{Kind: "nul-burst", At: atByte, N: 9, Count: 3})
			b.send("\x1dv0\x00\x01\x00\x04\x00\xffa")
			b.want("inside a picture NULs are its dots", b.text(), "[graphics 8x4]\n")
		},
		"wrong-baud": func(b *bed) {
			b.fault(Fault{Kind: "wrong-baud", ForMS: 1000})
			b.send("KVITS\n", "\x10\x04\x01")
			b.pass(time.Second)
			b.want("no answer, and nothing readable", b.answers(), "")
			if strings.Contains(b.text(), "K") {
				b.t.Errorf("paper %q", b.text())
			}
		},
		"wrong-parity": func(b *bed) {
			b.fault(Fault{Kind: "wrong-parity", ForMS: 1000})
			b.send("ACKLO")
			b.pass(time.Second)
			b.send("\n")
			b.want("bytes with an even number of ones break", b.text(), "?C?LO\n")
		},
		"second-host": func(b *bed) {
			b.fault(Fault{Kind: "second-host", At: atByte, N: 3, Data: hex.EncodeToString([]byte("mine" + id("2222")))})
			b.send("our line\n", id("1111"))
			b.settle()
			b.want("its bytes are between ours", b.text(), "ourmine line\n")
			b.want("and its id is answered", b.answers(), "\x37\x222222\x00\x37\x221111\x00")
		},
	}
}

func answerStories() map[string]func(b *bed) {
	lines := func(b *bed) string {
		for _, name := range []string{"ID01", "ID02", "ID03"} {
			b.send("x\n", id(name))
		}
		b.pass(time.Second)
		return b.answers()
	}
	return map[string]func(b *bed){
		"ack-lost": func(b *bed) {
			b.fault(Fault{Kind: "ack-lost", Count: 2})
			b.want("two are lost", lines(b), "\x37\x22ID03\x00")
		},
		"ack-delay": func(b *bed) {
			b.fault(Fault{Kind: "ack-delay", MS: 2000})
			b.want("not yet", lines(b), "")
			b.pass(2 * time.Second)
			b.want("late", b.answers()[:7], "\x37\x22ID01\x00")
			b.m.faults.mendAll(b.m)
		},
		"ack-coalesced": func(b *bed) {
			b.fault(Fault{Kind: "ack-coalesced", MS: 900, ForMS: 900})
			b.want("one for all", lines(b), "\x37\x22ID03\x00")
		},
		"ack-xoff": func(b *bed) {
			b.fault(Fault{Kind: "ack-xoff"})
			b.want("interrupted once", lines(b), "\x37\x13\x11\x22ID01\x00\x37\x22ID02\x00\x37\x22ID03\x00")
		},
		"slow-answers": func(b *bed) {
			b.fault(Fault{Kind: "slow-answers", MS: 3000, ForMS: 4000})
			b.send("\x10\x04\x01")
			b.pass(3*time.Second - time.Nanosecond)
			b.want("too early", b.answers(), "")
			b.pass(time.Nanosecond)
			b.want("late", b.answers(), "\x12")
		},
	}
}

func TestEveryFault(t *testing.T) {
	stories := sensorStories()
	maps.Copy(stories, machineStories())
	maps.Copy(stories, linkStories())
	maps.Copy(stories, answerStories())
	for kind, story := range stories {
		t.Run(kind, func(t *testing.T) {
			b := newBed(t)
			story(b)
			printsAgain(b)
		})
	}
	if told := slices.Sorted(maps.Keys(stories)); !slices.Equal(told, FaultKinds()) {
		t.Errorf("stories of %v, faults %v", told, FaultKinds())
	}
}
