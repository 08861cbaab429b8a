package escpos

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// answers is one of everything, as the manuals show it.
var answers = []struct {
	name  string
	asked []StatusQuery
	bytes string
	want  StatusEvent
}{
	{
		name: "automatic status, all well", bytes: "\x10\x00\x00\x00",
		want: StatusEvent{Kind: StatusASB, Known: allOfASB},
	},
	{
		name: "automatic status, cover open", bytes: "\x38\x00\x00\x0F",
		want: StatusEvent{Kind: StatusASB, Known: allOfASB, Set: CondOffline | CondCoverOpen},
	},
	{
		name: "automatic status, paper ended, so it is also near its end", bytes: "\x18\x00\x0F\x00",
		want: StatusEvent{Kind: StatusASB, Known: allOfASB, Set: CondOffline | CondPaperEnd | CondPaperLow},
	},
	{
		name: "automatic status, cutter jammed, drawer pin high", bytes: "\x1C\x08\x00\x00",
		want: StatusEvent{Kind: StatusASB, Known: allOfASB, Set: CondOffline | CondCutterError | CondDrawerHigh},
	},
	{
		name: "printer is offline", asked: []StatusQuery{AskPrinter}, bytes: "\x1A",
		want: StatusEvent{Kind: StatusRealTime, Query: AskPrinter, Known: CondOffline | CondDrawerHigh, Set: CondOffline},
	},
	{
		name: "offline because paper ended", asked: []StatusQuery{AskOffline}, bytes: "\x32",
		want: StatusEvent{Kind: StatusRealTime, Query: AskOffline, Known: CondCoverOpen | CondFeeding | CondPaperEnd, Set: CondPaperEnd},
	},
	{
		name: "head too hot", asked: []StatusQuery{AskError}, bytes: "\x52",
		want: StatusEvent{
			Kind: StatusRealTime, Query: AskError, Set: CondOverheated,
			Known: CondMechanical | CondCutterError | CondUnrecoverable | CondOverheated,
		},
	},
	{
		name: "roll nearly used up", asked: []StatusQuery{AskPaper}, bytes: "\x1E",
		want: StatusEvent{Kind: StatusRealTime, Query: AskPaper, Known: CondPaperEnd | CondPaperLow, Set: CondPaperLow},
	},
	{
		name: "a real-time answer nobody asked for", bytes: "\x12",
		want: StatusEvent{Kind: StatusNoise, Data: "\x12"},
	},
	{
		name: "data processed", bytes: "\x00",
		want: StatusEvent{Kind: StatusByte, Data: "\x00"},
	},
	{
		name: "printed up to this id", bytes: "\x37\x22AB~7\x00",
		want: StatusEvent{Kind: StatusProcessID, ID: [4]byte{'A', 'B', '~', '7'}},
	},
	{
		name: "buffers cleared", bytes: "\x37\x25\x00",
		want: StatusEvent{Kind: StatusCleared},
	},
	{
		name: "going offline, with causes", bytes: "\x37\x23\x40\x41\x00",
		want: StatusEvent{Kind: StatusOffline, Data: "\x40\x41"},
	},
	{
		name: "going offline, no cause", bytes: "\x37\x23\x00",
		want: StatusEvent{Kind: StatusOffline},
	},
	{
		name: "model", bytes: "\x5FTM-T20III\x00",
		want: StatusEvent{Kind: StatusInfo, Data: "TM-T20III"},
	},
	{
		name: "a byte that no printer sends", bytes: "\xFF",
		want: StatusEvent{Kind: StatusNoise, Data: "\xFF"},
	},
}

const allOfASB = CondOffline | CondCoverOpen | CondFeeding | CondPaperEnd | CondPaperLow | CondCutterError |
	CondMechanical | CondUnrecoverable | CondOverheated | CondDrawerHigh

func TestEveryAnswerIsRecognised(t *testing.T) {
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			var p StatusParser
			for _, q := range a.asked {
				p.Asked(q)
			}
			if diff := cmp.Diff([]StatusEvent{a.want}, p.Feed([]byte(a.bytes))); diff != "" {
				t.Error(diff)
			}
			if p.Unanswered() != 0 {
				t.Errorf("%d queries unanswered", p.Unanswered())
			}
		})
	}
}

// XOFF and XON at every position of every answer, also apart from each other.
func TestFlowControlInsideAnAnswerChangesNothingElse(t *testing.T) {
	for _, a := range answers {
		for off := range len(a.bytes) + 1 {
			for on := off; on <= len(a.bytes); on++ {
				var p StatusParser
				for _, q := range a.asked {
					p.Asked(q)
				}
				var got []StatusEvent
				flow := 0
				for _, ev := range p.Feed([]byte(a.bytes[:off] + "\x13" + a.bytes[off:on] + "\x11" + a.bytes[on:])) {
					if ev.Kind == StatusXOFF || ev.Kind == StatusXON {
						flow++
						continue
					}
					got = append(got, ev)
				}
				if diff := cmp.Diff([]StatusEvent{a.want}, got); diff != "" || flow != 2 {
					t.Errorf("%s, XOFF before byte %d, XON before byte %d: %d flow events, %s", a.name, off, on, flow, diff)
				}
			}
		}
	}
}

func TestAnswersBelongToQueriesInTheOrderAsked(t *testing.T) {
	var p StatusParser
	p.Asked(AskPrinter)
	p.Asked(AskOffline)
	p.Asked(AskPaper)
	got := p.Feed([]byte("\x1A\x16\x10\x00\x00\x00\x72"))
	var queries []StatusQuery
	for _, ev := range got {
		if ev.Kind == StatusRealTime {
			queries = append(queries, ev.Query)
		}
	}
	if !slices.Equal(queries, []StatusQuery{AskPrinter, AskOffline, AskPaper}) {
		t.Errorf("answers attributed to %v", queries)
	}
	if !got[1].Set.Has(CondCoverOpen) || !got[3].Set.Has(CondPaperEnd) {
		t.Errorf("cover and paper end were lost: %v", got)
	}
}

func TestALateAnswerIsNotTakenForANewerQuery(t *testing.T) {
	var p StatusParser
	p.Asked(AskPaper)
	p.Forget()
	if got := p.Feed([]byte("\x72")); got[0].Kind != StatusNoise {
		t.Errorf("late answer became %+v", got[0])
	}
}

func TestATornAnswerDoesNotHideTheNext(t *testing.T) {
	next := "\x37\x22JJ01\x00"
	want := StatusEvent{Kind: StatusProcessID, ID: [4]byte{'J', 'J', '0', '1'}}
	for _, a := range answers {
		for cut := 1; cut < len(a.bytes); cut++ {
			var p StatusParser
			got := p.Feed([]byte(a.bytes[:cut] + next + next))
			if n := len(got); n == 0 || got[n-1] != want {
				t.Errorf("%s torn after %d bytes: got %+v", a.name, cut, got)
			}
		}
	}
}

func TestTornAcknowledgementIsNeverTakenForStatuses(t *testing.T) {
	// T, 4 and 2 look like ASB and DLE EOT answers.
	var p StatusParser
	p.Asked(AskOffline)
	for _, ev := range p.Feed([]byte("\x37\x22T42\x00\x12")) {
		if ev.Kind == StatusASB || ev.Kind == StatusRealTime && ev.Set != 0 {
			t.Errorf("an id was read as %+v", ev)
		}
	}
}

func TestAnswersInARowSurviveAnyFlowControl(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		picks := rapid.SliceOfN(rapid.IntRange(0, len(answers)-1), 1, 6).Draw(t, "answers")
		var p StatusParser
		var stream []byte
		var want []StatusEvent
		for _, i := range picks {
			for _, q := range answers[i].asked {
				p.Asked(q)
			}
		}
		for _, i := range picks {
			a := answers[i]
			if a.want.Kind == StatusNoise {
				continue
			}
			stream = append(stream, a.bytes...)
			want = append(want, a.want)
		}
		for range rapid.IntRange(0, 5).Draw(t, "flow controls") {
			at := rapid.IntRange(0, len(stream)).Draw(t, "at")
			stream = slices.Insert(stream, at, rapid.SampledFrom([]byte{0x11, 0x13}).Draw(t, "control"))
		}
		var got []StatusEvent
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "chunk")
			got = append(got, p.Feed(stream[:n])...)
			stream = stream[n:]
		}
		got = slices.DeleteFunc(got, func(ev StatusEvent) bool { return ev.Kind == StatusXON || ev.Kind == StatusXOFF })
		if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
			t.Fatal(diff)
		}
	})
}

func FuzzStatusParserFindsItsWayBack(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a.bytes))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var p StatusParser
		p.Asked(AskPrinter)
		p.Feed(in)
		if len(p.held) > 2+maxBlockData {
			t.Fatalf("%d bytes held", len(p.held))
		}
		// Whatever came before, the second of two acknowledgements is heard.
		got := p.Feed([]byte("\x00\x37\x22JJ01\x00\x37\x22JJ02\x00"))
		last := got[len(got)-1]
		if last.Kind != StatusProcessID || string(last.ID[:]) != "JJ02" {
			t.Fatalf("after %q: %+v", in, got)
		}
	})
}

func TestConditionsHaveNames(t *testing.T) {
	if got := (CondOffline | CondCoverOpen).String(); got != "offline+cover_open" {
		t.Errorf("got %q", got)
	}
	if n := len(strings.Fields(condNames)); CondDrawerHigh != 1<<(n-1) {
		t.Errorf("%d names for the conditions", n)
	}
}
