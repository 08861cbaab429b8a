package reader

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices"
)

func TestSelectorNamesExactlyOneWayToAReader(t *testing.T) {
	tests := []struct {
		sel Selector
		ok  bool
	}{
		{Selector{Name: "ACS ACR39U.*"}, true},
		{Selector{Link: "127.0.0.1:35963"}, true},
		{Selector{Link: "[::1]:35963"}, true},
		{Selector{}, false},
		{Selector{Name: "a", Link: "127.0.0.1:1"}, false},
		{Selector{Name: "ACS ("}, false},
		{Selector{Link: "0.0.0.0:35963"}, false},
		{Selector{Link: "192.168.1.5:35963"}, false},
		{Selector{Link: "localhost:35963"}, false},
		{Selector{Link: "35963"}, false},
		{Selector{Serial: "010100533246"}, true},
		{Selector{USB: "1-1.3.2"}, true},
		{Selector{Serial: "0101", Name: ".* 00 01"}, true},
		{Selector{USB: "1-1", Name: ".* 00 01"}, true},
		{Selector{Serial: "0101", USB: "1-1"}, false},
		{Selector{Serial: "0101", Link: "127.0.0.1:1"}, false},
		{Selector{USB: "/dev/bus/usb/001/002"}, false},
		{Selector{USB: "usb1"}, false},
	}
	for _, tt := range tests {
		if err := tt.sel.Check(); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.sel, err)
		}
	}
}

func TestTwoLanesCannotHaveOneReader(t *testing.T) {
	s := NewService(zerolog.Nop(), time.Now)
	for _, sel := range []Selector{{Name: "ACS.*"}, {Link: "127.0.0.1:9"}, {Serial: "0101"}, {USB: "1-1"}} {
		if _, err := s.Reader(sel); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Reader(sel); err == nil {
			t.Errorf("%+v was given twice", sel)
		}
	}
}

// lane is one lane's reader in a service whose looks the test gives.
func lane(t *testing.T, s *Service, name string) *Reader {
	t.Helper()
	r, err := s.Reader(Selector{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantHealth(t *testing.T, r *Reader, state devices.State, code devices.Code) {
	t.Helper()
	if h := r.Health(); h.State != state || h.Code != code {
		t.Fatalf("health %q %q, want %q %q", h.State, h.Code, state, code)
	}
}

func wantEvent(t *testing.T, r *Reader, present bool, counter uint32) {
	t.Helper()
	select {
	case e := <-r.Events():
		if e.Present != present || e.Counter != counter {
			t.Fatalf("event %+v, want present %t counter %d", e, present, counter)
		}
	default:
		t.Fatal("no event")
	}
}

func wantNoEvent(t *testing.T, r *Reader) {
	t.Helper()
	select {
	case e := <-r.Events():
		t.Fatalf("event %+v", e)
	default:
	}
}

func TestReaderIsFoundByNameWithOrWithoutItsIndex(t *testing.T) {
	seen := []sighting{
		{name: "ACS ACR39U ICC Reader 00 00"}, {name: "ACS ACR39U ICC Reader 01 00"},
		{name: "Gemalto PC Twin Reader 02 00"}, {name: "ACS ACR1252 Dual Reader 0"},
	}
	tests := []struct {
		name  string
		state devices.State
		code  devices.Code
		found string
	}{
		{"Gemalto PC Twin Reader", devices.OK, "", "Gemalto PC Twin Reader 02 00"},
		{"Gemalto.*", devices.OK, "", "Gemalto PC Twin Reader 02 00"},
		{"ACS ACR1252 Dual Reader", devices.OK, "", "ACS ACR1252 Dual Reader 0"},
		{"ACS ACR39U ICC Reader 01 00", devices.OK, "", "ACS ACR39U ICC Reader 01 00"},
		{"ACS ACR39U.*", devices.Attention, CodeAmbiguous, ""},
		{"Gemalto", devices.Absent, CodeMissing, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := NewService(zerolog.Nop(), time.Now)
			r := lane(t, s, tt.name)
			s.observe(seen)
			wantHealth(t, r, tt.state, tt.code)
			names, err := Selector{Name: tt.name}.Candidates(s.List().Readers)
			if err != nil || (len(names) == 1) != (tt.state == devices.OK) {
				t.Fatalf("candidates %q, %v", names, err)
			}
			if r.Name() != tt.found {
				t.Fatalf("found %q, want %q", r.Name(), tt.found)
			}
		})
	}
}

func TestTestDriversReadersAreKnown(t *testing.T) {
	if !(Seen{Name: "Virtual PCD 00 01"}).Virtual() || (Seen{Name: "ACS ACR39U 00 00"}).Virtual() {
		t.Fatal("mixed up")
	}
}

func TestTwoLanesWhosePatternsMeetInOneReader(t *testing.T) {
	s := NewService(zerolog.Nop(), time.Now)
	first, second := lane(t, s, "ACS.*"), lane(t, s, ".* Reader")
	s.observe([]sighting{{name: "ACS Reader 00 00", present: true, counted: 1}})
	wantHealth(t, first, devices.OK, "")
	wantHealth(t, second, devices.Attention, CodeTaken)
	wantEvent(t, first, true, 1)
	wantNoEvent(t, second)
}

func TestLaneLearnsOfEveryInsertionOnce(t *testing.T) {
	s := NewService(zerolog.Nop(), time.Now)
	r := lane(t, s, "ACS")
	look := func(present bool, counted uint16) {
		s.observe([]sighting{{name: "ACS 00 00", present: present, counted: counted}})
	}

	look(false, 0)
	wantNoEvent(t, r)
	look(true, 1)
	wantEvent(t, r, true, 1)
	look(true, 1)
	wantNoEvent(t, r)
	look(true, 3) // taken out and another put in between two looks
	wantEvent(t, r, true, 2)
	look(false, 4)
	wantEvent(t, r, false, 2)
	look(true, 5)
	look(false, 6) // a slow lane learns how things are, not how they were
	wantEvent(t, r, false, 3)
	wantNoEvent(t, r)
}

func TestCounterOfPCSCMayRunOver(t *testing.T) {
	s := NewService(zerolog.Nop(), time.Now)
	r := lane(t, s, "ACS")
	s.observe([]sighting{{name: "ACS 00 00", present: true, counted: 65535}})
	wantEvent(t, r, true, 1)
	s.observe([]sighting{{name: "ACS 00 00", present: true, counted: 1}})
	wantEvent(t, r, true, 2)
}

func TestUnpluggedReaderLosesItsCardAndComesBack(t *testing.T) {
	s := NewService(zerolog.Nop(), time.Now)
	r := lane(t, s, "ACS")
	plugged := []sighting{{name: "ACS 00 00", present: true, counted: 1}}
	s.observe(plugged)
	wantEvent(t, r, true, 1)
	s.observe(nil)
	wantEvent(t, r, false, 1)
	wantHealth(t, r, devices.Absent, CodeMissing)
	s.observe(plugged)
	wantEvent(t, r, true, 2)
	s.observe([]sighting{{name: "ACS 00 00", away: true}})
	wantEvent(t, r, false, 2)
	wantHealth(t, r, devices.Absent, CodeMissing)
	if got := s.List(); len(got.Readers) != 1 || got.Service.State != devices.OK {
		t.Fatalf("list %+v", got)
	}
}

func TestTheFurtherSlotsOfAReaderAreKnownByTheirName(t *testing.T) {
	for name, want := range map[string]bool{"ACS ACR1281 00 00": false, "ACS ACR1281 00 01": true, "ACS ACR1281 01 00": false, "ACS ACR1281 0": false, "Reader 12": false} {
		if got := (Seen{Name: name}).FurtherSlot(); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAReaderIsFoundAgainByTheMostLastingThingThatTellsItApart(t *testing.T) {
	for name, c := range map[string]struct {
		all  []Seen
		want Selector
	}{
		"its serial number":                {[]Seen{{Name: "ACS ACR39U 00 00", Serial: "7"}, {Name: "ACS ACR39U 01 00", Serial: "8"}}, Selector{Serial: "7"}},
		"its name, whatever its index":     {[]Seen{{Name: "ACS ACR39U (x) 00 00"}, {Name: "Gemalto 01 00"}}, Selector{Name: `ACS ACR39U \(x\)`}},
		"its socket, of two of a kind":     {[]Seen{{Name: "ACS ACR39U 00 00", USB: "1-1.3"}, {Name: "ACS ACR39U 01 00", USB: "1-2"}}, Selector{USB: "1-1.3"}},
		"its whole name, of equal ones":    {[]Seen{{Name: "Virtual PCD 00 00"}, {Name: "Virtual PCD 00 01"}}, Selector{Name: "Virtual PCD 00 00"}},
		"its whole name, of several slots": {[]Seen{{Name: "Twin 00 00", Serial: "7", USB: "1-1"}, {Name: "Twin 00 01", Serial: "7", USB: "1-1"}}, Selector{Name: "Twin 00 00"}},
	} {
		got := c.all[0].Selector(c.all)
		if fit, err := got.Candidates(c.all); got != c.want || err != nil || len(fit) != 1 || fit[0] != c.all[0].Name {
			t.Errorf("%s: %+v finds %q, %v", name, got, fit, err)
		}
	}
}
