package reader

import (
	"encoding/binary"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices"
)

func channel(id uint32) []byte { return binary.NativeEndian.AppendUint32(nil, id) }

// bus is a kernel's list of USB devices: two readers behind a hub, a root hub, an interface.
func bus() fstest.MapFS {
	devices := fstest.MapFS{"1-1:1.0/bInterfaceClass": {Data: []byte("0b\n")}, "1-7/busnum": {Data: []byte("one\n")}}
	for name, numbers := range map[string][2]string{"usb1": {"1", "1"}, "1-1.3.2": {"1", "12"}, "1-1.4": {"1", "13"}, "2-1": {"2", "12"}} {
		devices[name+"/busnum"] = &fstest.MapFile{Data: []byte(numbers[0] + "\n")}
		devices[name+"/devnum"] = &fstest.MapFile{Data: []byte(numbers[1] + "\n")}
	}
	return devices
}

func TestPortIsFoundByBusAndDeviceNumber(t *testing.T) {
	for _, c := range []struct {
		why     string
		channel []byte
		want    string
	}{
		{"behind a hub", channel(0x0020_010C), "1-1.3.2"},
		{"same number on another bus", channel(0x0020_020C), "2-1"},
		{"nobody there", channel(0x0020_0199), ""},
		{"the root hub is no port", channel(0x0020_0101), ""},
		{"a serial line", channel(0x0001_010C), ""},
		{"cut off", channel(0x0020_010C)[:3], ""},
		{"no answer", nil, ""},
	} {
		if got := usbPortOf(bus(), c.channel); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
	if got := usbPortOf(fstest.MapFS{}, channel(0x0020_010C)); got != "" {
		t.Errorf("without USB: %q", got)
	}
}

func TestReaderIsFoundBySerialNumberAndPort(t *testing.T) {
	dual := plate{serial: "0101", usb: "1-1.3.2"}
	seen := []sighting{
		{name: "ACS 1252 00 00", plate: dual}, {name: "ACS 1252 00 01", plate: dual},
		{name: "ACS 39U 01 00", plate: plate{serial: "0202", usb: "1-1.4"}}, {name: "Nameless 02 00"},
	}
	for _, c := range []struct {
		sel  Selector
		want string
		code devices.Code
	}{
		{Selector{Serial: "0202"}, "ACS 39U 01 00", ""},
		{Selector{USB: "1-1.4"}, "ACS 39U 01 00", ""},
		{Selector{Serial: "0101"}, "", CodeAmbiguous},
		{Selector{Serial: "0101", Name: ".* 00 01"}, "ACS 1252 00 01", ""},
		{Selector{USB: "1-1.3.2", Name: ".* 00 00"}, "ACS 1252 00 00", ""},
		{Selector{Serial: "02"}, "", CodeMissing},
		{Selector{USB: "1-1"}, "", CodeMissing},
	} {
		s := NewService(zerolog.Nop(), time.Now)
		r, err := s.Reader(c.sel)
		if err != nil {
			t.Fatal(err)
		}
		s.plates.wanted = false // the test says who they are
		s.observe(seen)
		if r.Name() != c.want || r.Health().Code != c.code {
			t.Errorf("%v: %q %q, want %q %q", c.sel, r.Name(), r.Health().Code, c.want, c.code)
		}
	}
}

func TestReaderThatWentIsAskedAnewWhoItIs(t *testing.T) {
	p := newPlates(bus())
	p.wanted = true
	p.note(p.round, "ACS 00 00", plate{serial: "0101"})
	seen := []sighting{{name: "ACS 00 00"}, {name: "ACS 01 00"}}
	p.fill(seen)
	if seen[0].plate.serial != "0101" || fmt.Sprint(<-p.asked) != "[ACS 01 00]" {
		t.Fatalf("seen %+v", seen)
	}
	before := p.round
	p.fill([]sighting{{name: "ACS 00 00", away: true}})
	p.note(before, "ACS 00 00", plate{serial: "0101"}) // an answer that comes after the reader has gone
	p.fill(seen)
	if seen[0].plate.serial != "" || fmt.Sprint(<-p.asked) != "[ACS 00 00 ACS 01 00]" {
		t.Fatalf("seen %+v", seen)
	}
}
