package escpos

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func FuzzEncode(f *testing.F) {
	for _, text := range []string{"Kopā 12,50 €", "شیر کم‌چرب ۱", "Սուրճ", "a\u0301\u0301\u0301", "\u2067\u2068x", strings.Repeat("x", 200)} {
		f.Add(text, text, uint8(0), false)
		f.Add(text, "12.50", uint8(0x21), true)
	}
	e := newEncoder(f)
	p := epson(f)
	f.Fuzz(func(t *testing.T, text, amount string, scale uint8, rtl bool) {
		d := &Document{Lang: "lv"}
		if rtl {
			d.Dir = RTL
		}
		style := Style{Width: int(scale >> 4), Height: int(scale & 0x0F), Bold: rtl}
		d.Text(Center, style, text)
		d.AddColumns(style, Column{Text: text}, Column{Text: amount, Width: Fit, Align: End, Dir: LTR})
		d.Cut()
		job, err := e.Encode(d, p, 1)
		var refused *RefusedError
		if errors.As(err, &refused) || errors.Is(err, ErrDocument) {
			return
		}
		if err != nil {
			t.Fatalf("an error of no kind: %v", err)
		}
		if _, err := walk(job.Bytes()); err != nil {
			t.Fatalf("%q: %v", job.Bytes(), err)
		}
		if realTimeAt(job.Bytes()) >= 0 {
			t.Fatal("a real-time command in the stream")
		}
	})
}

func FuzzStoredJob(f *testing.F) {
	job, err := newEncoder(f).Encode(lines("Labdien"), epson(f), 1)
	if err != nil {
		f.Fatal(err)
	}
	stored, err := job.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Fuzz(func(t *testing.T, data []byte) {
		var j Job
		if err := j.UnmarshalBinary(data); err != nil {
			return
		}
		again, err := j.MarshalBinary()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("read and stored differ: %v", err)
		}
	})
}

func FuzzProfile(f *testing.F) {
	for _, id := range ProfileIDs() {
		text, err := profileFiles.ReadFile("profiles/" + id + profileExt)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	e := newEncoder(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProfile(data)
		if err != nil {
			if !errors.Is(err, ErrProfile) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if _, err := p.File(); err != nil {
			t.Fatalf("taken, and cannot be written: %v", err)
		}
		// Whatever a profile says, a receipt is printed or refused.
		var refused *RefusedError
		if _, err := e.Encode(lines("Kopā 12,50 €", "شیر"), p, 1); err != nil && !errors.As(err, &refused) && !errors.Is(err, ErrDocument) {
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}
