package printersim

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// columns is how many letters of font A fit one line.
func columns(b *bed) int {
	b.send(strings.Repeat("x", 100), "\n")
	first, _, _ := strings.Cut(b.text(), "\n")
	return len(first)
}

func wantModel(b *bed, maker, model string, wide int) {
	b.t.Helper()
	b.send("\x1dIB\x1dIC")
	b.pass(20 * time.Second)
	b.want("GS I", b.answers(), "_"+maker+"\x00_"+model+"\x00")
	if got := columns(b); got != wide {
		b.t.Errorf("%d columns, want %d", got, wide)
	}
}

func rowsOf(b *bed, bytes string) int {
	before := b.m.counts.Rows
	b.send(bytes)
	b.settle()
	return b.m.counts.Rows - before
}

func personalityStories() map[string]func(b *bed) {
	return map[string]func(b *bed){
		"tm-t88v": func(b *bed) {
			wantModel(b, "EPSON", "TM-T88V", 42)
			if rows := rowsOf(b, "\x1bJ\x3c"); rows != 30 {
				b.t.Errorf("60/360 inch are %d rows, not 30", rows)
			}
		},
		"tm-t88vi": func(b *bed) {
			wantModel(b, "EPSON", "TM-T88VI", 42)
			b.m.setPower(false)
			b.m.setPower(true)
			b.pass(6900 * time.Millisecond)
			b.want("still starting up", eot4(b), "")
			b.pass(100 * time.Millisecond)
			b.want("up", eot4(b), "\x12\x12\x12\x12")
		},
		"tm-t20iii": func(b *bed) {
			wantModel(b, "EPSON", "TM-T20III", 48)
			b.want("nothing but answers", b.answers(), "")
		},
		"tm-t20iii-xonxoff": func(b *bed) {
			b.m.setCover(true)
			b.send(strings.Repeat("x", 4080))
			b.want("16 bytes are free", b.answers(), "\x13")
		},
		"tm-t88-45byte": func(b *bed) {
			b.m.setCover(true)
			b.send(strings.Repeat("x", 46))
			if lost := b.m.counts.BufferOverflows; lost != 1 {
				b.t.Errorf("%d of 46 bytes lost", lost)
			}
		},
		"tm-m30": func(b *bed) { wantModel(b, "EPSON", "TM-m30", 48) },
		"generic-80": func(b *bed) {
			wantModel(b, "POS", "POS-80", 48)
			ignoresProcessIDAndClear(b)
		},
		"generic-58": func(b *bed) {
			wantModel(b, "POS", "POS-58", 32)
			ignoresProcessIDAndClear(b)
			b.m.setRoll(1)
			b.want("no near-end sensor", eot4(b)[3:], "\x12")
			b.m.setRoll(1000)
			b.send(feedAndCut)
			b.settle()
			if b.m.counts.Sheets != 0 {
				b.t.Error("it cut without a cutter")
			}
			b.m.tearByHand()
			if s := b.sheet(1); !s.Torn {
				b.t.Errorf("a sheet torn off by hand: %+v", s)
			}
		},
		"clone-no-process-id": func(b *bed) {
			b.send("\x1bt\x19K\xe2\n", id("ID01"))
			b.want("slot 25 is cp1257 here", b.text(), "Kā\n")
			b.want("GS ( H", b.answers(), "")
			b.send("\x1bt\x33\xe2\n") // a slot that it lacks changes nothing
			b.want("slot 51", b.text(), "Kā\nā\n")
		},
		"clone-no-clear": func(b *bed) {
			b.send(clearAll)
			b.pass(time.Second)
			b.want("DLE DC4 fn 8", b.answers(), "")
			b.send("x\n", id("ID01"))
			b.settle()
			b.want("but GS ( H", b.answers(), "\x37\x22ID01\x00")
		},
		"clone-eats-lf": func(b *bed) {
			b.send("\x1dv0\x00\x01\x00\x01\x01\xff\n\nx\n") // 257 rows: the low byte says 1
			b.want("paper", b.text(), "[graphics 8x1]\n\nx\n")
		},
		"clone-kanji": func(b *bed) {
			b.send("\xc7\xc7\n\x1c.\x1bt\x10\xe9\n")
			b.want("paper", b.text(), "□\né\n")
		},
		"clone-slow-status": func(b *bed) {
			for _, late := range []time.Duration{1, 2, 3, 4, 5, 1} {
				b.send("\x10\x04\x01")
				b.pass(late*time.Second - time.Nanosecond)
				b.want("too early", b.answers(), "")
				b.pass(time.Nanosecond)
				b.want("late", b.answers(), "\x12")
			}
		},
		"clone-mute-sensors": func(b *bed) {
			b.m.setRoll(1)
			b.send("\x1da\xff")
			b.want("no ASB, no near end", b.answers()+eot4(b), "\x12\x12\x12\x12")
		},
		"clone-prints-unknown": func(b *bed) {
			b.send("a", id("ID01"), "\x1bL", "\n")
			b.want("paper", b.text(), "a(H00ID01L\n")
			b.want("answers", b.answers(), "")
		},
	}
}

func ignoresProcessIDAndClear(b *bed) {
	b.t.Helper()
	b.send(id("ID01"), clearAll)
	b.settle()
	b.want("GS ( H and DLE DC4 fn 8", b.answers(), "")
	if _, last, ok := strings.Cut(b.text(), "x\n"); !ok || strings.Contains(last, "ID01") {
		b.t.Errorf("they are on paper: %q", last)
	}
}

func TestEveryPersonality(t *testing.T) {
	stories := personalityStories()
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			story(newBed(t, func(p *Personality) { *p = Personalities()[name] }))
		})
	}
	if told := slices.Sorted(maps.Keys(stories)); !slices.Equal(told, PersonalityNames()) {
		t.Errorf("stories of %v, personalities %v", told, PersonalityNames())
	}
}

func TestEveryPageOfEveryModelCanBePrinted(t *testing.T) {
	for name, p := range Personalities() {
		for slot, page := range p.Pages {
			if _, ok := pageByName(page); !ok {
				t.Errorf("%s, slot %d: no page is called %s", name, slot, page)
			}
		}
	}
}
