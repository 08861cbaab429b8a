package printersim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAProcessIDIsAnsweredWhenTheRowsBeforeItAreOnPaper(t *testing.T) {
	b := newBed(t)
	b.send("a line\n", id("AA01"), "another\n", id("AA02"))
	rowTime := tmT20III().RowTime
	b.pass(24*rowTime - time.Nanosecond)
	b.want("one row is missing", b.answers(), "")
	// The line feed's blank rows are queued in front of the id, too.
	b.pass(6*rowTime + time.Nanosecond)
	b.want("30 rows are out", b.answers(), "\x37\x22AA01\x00")
	b.pass(30*rowTime - time.Nanosecond)
	b.want("the second is not", b.answers(), "")
	b.pass(time.Nanosecond)
	b.want("now it is", b.answers(), "\x37\x22AA02\x00")
}

func TestAProcessIDBehindTheCutWaitsForTheCut(t *testing.T) {
	b := newBed(t)
	p := tmT20III()
	b.send("total\n", feedAndCut, id("CUT1"))
	b.pass(time.Duration(30+p.HeadToCutter)*p.RowTime + p.CutTime - time.Nanosecond)
	b.want("the blade is moving", b.answers(), "")
	if n := len(b.m.paper.sheets); n != 0 {
		t.Errorf("%d sheets before the cut is done", n)
	}
	b.pass(time.Nanosecond)
	b.want("cut", b.answers(), "\x37\x22CUT1\x00")
	b.want("sheet", textOf(b.sheet(1).lines), "total\n")
}

func TestAProcessIDInAnUnfinishedLineWaitsForTheLine(t *testing.T) {
	b := newBed(t)
	b.send("half a line", id("HALF"))
	b.pass(time.Minute)
	b.want("nothing is printed yet", b.answers(), "")
	b.send("\n")
	b.pass(time.Second)
	b.want("printed", b.answers(), "\x37\x22HALF\x00")
}

func TestGSrSaysProcessedLongBeforePrinted(t *testing.T) {
	b := newBed(t)
	b.send("a line\n", "\x1dr\x01", id("AA01"))
	b.want("at once", b.answers(), "\x00")
	b.pass(time.Second)
	b.want("later", b.answers(), "\x37\x22AA01\x00")
}

func TestPaperTakenAfterTheLastByteLeavesTheIDBehindTheCutUnanswered(t *testing.T) {
	b := newBed(t)
	b.send("receipt\n", id("ROWS"), feedAndCut, id("CUT1"))
	b.pass(30 * tmT20III().RowTime)
	b.want("the rows are out", b.answers(), "\x37\x22ROWS\x00")
	b.m.setPaper(false)
	b.pass(time.Hour)
	b.want("no paper, no cut, no answer", b.answers(), "")
	if n := len(b.m.paper.sheets); n != 0 {
		t.Errorf("%d sheets without a cut", n)
	}
}

func TestPaperTakenBetweenFeedAndCut(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "paper-out", At: atCut})
	b.send("receipt\n", feedAndCut, id("CUT1"))
	b.settle()
	b.want("no answer", b.answers(), "")
	if b.m.counts.Cuts != 0 {
		t.Error("it cut without paper")
	}
}

func TestWithNewPaperThePrinterGoesOnUnlessCleared(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "paper-out", At: atRow, N: 35})
	b.send("one\n", "two\n", "three\n", feedAndCut, id("CUT1"))
	b.settle()
	b.want("stopped in the second line", b.text(), "one\n")
	if got := b.m.paper.rows() - tmT20III().HeadToCutter; got != 35 {
		t.Errorf("stopped after %d rows, not 35", got)
	}
	b.m.loadRoll(0)
	b.settle()
	b.want("goes on by itself", b.answers(), "\x37\x22CUT1\x00")
	b.want("paper", b.m.paper.text(),
		"one\ntwo [torn]\n~~~~~~~~ torn off ~~~~~~~~\n[torn] two\nthree\n-------- cut --------\n")
}

func TestAClearDropsWhatWaitsAndItsIDsWithoutAWord(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "paper-out", At: atRow, N: 35})
	b.send("one\n", id("ID01"), "two\n", id("ID02"), "half a picture \x1dv0\x00\x48\x00\x80\x00abc")
	b.settle()
	b.want("printed", b.answers(), "\x37\x22ID01\x00")
	b.m.loadRoll(0)
	b.send(clearAll)
	b.want("not yet", b.answers(), "")
	b.send("too early\n")
	b.pass(clearTime)
	b.want("cleared", b.answers(), "\x37\x25\x00")
	b.send("fresh\n", feedAndCut, id("ID03"))
	b.settle()
	b.want("only what came after", b.answers(), "\x37\x22ID03\x00")
	b.want("newest sheet", textOf(b.sheet(0).lines), "fresh\n")
	if b.m.counts.LostInClear != len("too early\n") {
		t.Errorf("%d bytes lost before the answer", b.m.counts.LostInClear)
	}
}

func TestIDsWaitingForADeafHostAreCoalescedIntoTheLatest(t *testing.T) {
	b := newBed(t)
	b.send("one\n", id("ID01"), "\x1bd\x0a", id("ID02"), "\x1bd\x0a", id("ID03"))
	b.settle() // nobody takes an answer all the while
	b.want("one answer for all", b.answers(), "\x37\x22ID03\x00")
}

func TestALostAnswerIsFollowedByALaterOne(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "ack-lost", At: atSegment, N: 2})
	b.fault(Fault{Kind: "ack-delay", MS: 500})
	got := ""
	for i := range 3 {
		b.send("line\n", id(fmt.Sprintf("ID%02d", i+1)))
		b.pass(time.Second)
		got += b.answers()
	}
	b.want("second is lost", got, "\x37\x22ID01\x00\x37\x22ID03\x00")
}

func TestPowerLostBetweenCutAndAnswer(t *testing.T) {
	b := newBed(t)
	b.fault(Fault{Kind: "power-off", At: atSegment, N: 1})
	b.send("receipt\n", feedAndCut, id("CUT1"), "next\n")
	b.settle()
	b.want("no answer", b.answers(), "")
	b.want("but a sheet", b.m.paper.text(), "receipt\n-------- cut --------\n")
	b.m.setPower(true)
	b.settle()
	b.want("buffer and id are gone", b.answers()+b.m.paper.text(), "receipt\n-------- cut --------\n")
}

func TestXOFFInsideAnAnswer(t *testing.T) {
	b := newBed(t)
	const answer = "\x37\x22ID01\x00"
	b.fault(Fault{Kind: "ack-xoff", Count: len(answer)})
	for i := range len(answer) {
		at := i%(len(answer)-1) + 1 // each place in turn
		b.send("x\n", id("ID01"))
		b.settle()
		b.want("interrupted", b.answers(), answer[:at]+"\x13\x11"+answer[at:])
	}
}

func TestIDsOutOfRangeAreIgnored(t *testing.T) {
	b := newBed(t)
	b.send(id("AB\x1fC"), id("AB\x7fC"), id(" ~!A"))
	b.settle()
	b.want("answers", b.answers(), "\x37\x22 ~!A\x00")
}

// Whatever is printed, fed and cut, in whatever pieces it arrives: an id's answer comes at the instant at which
// everything before it has left the mechanism, and ids keep their order.
func TestNoAnswerBeforeItsRows(t *testing.T) {
	p := tmT20III()
	rapid.Check(t, func(r *rapid.T) {
		b := newBed(t)
		var stream strings.Builder
		var due []time.Duration // when each id must be answered
		var total time.Duration
		for i := range rapid.IntRange(1, 8).Draw(r, "segments") {
			for range rapid.IntRange(0, 3).Draw(r, "lines") {
				stream.WriteString("text\n")
				total += 30 * p.RowTime
			}
			if n := rapid.IntRange(0, 40).Draw(r, "feed"); n > 0 {
				fmt.Fprintf(&stream, "\x1bJ%c", n)
				total += time.Duration(n) * p.RowTime
			}
			if rapid.Bool().Draw(r, "cut") {
				stream.WriteString(feedAndCut)
				total += time.Duration(p.HeadToCutter)*p.RowTime + p.CutTime
			}
			fmt.Fprint(&stream, id(fmt.Sprintf("S%03d", i)))
			due = append(due, total)
		}
		start := b.now
		for rest := stream.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(r, "chunk")
			b.send(rest[:n])
			rest = rest[n:]
		}
		for i := 0; i < len(due); {
			at := due[i]
			if at > 0 {
				b.now = start.Add(at - time.Nanosecond)
				b.m.advance(b.now)
				if early := b.answers(); early != "" {
					r.Fatalf("id %d answered early: %q", i, early)
				}
			}
			want := ""
			for ; i < len(due) && due[i] == at; i++ {
				want += fmt.Sprintf("\x37\x22S%03d\x00", i)
			}
			b.now = start.Add(at)
			b.m.advance(b.now)
			if got := b.answers(); got != want {
				r.Fatalf("answers %q, want %q", got, want)
			}
		}
	})
}
