package agent

import (
	"fmt"
	"testing"

	"loyaltill/devices/reader"
)

func plugged(readers, printers int) Plugged {
	var p Plugged
	for i := range readers {
		p.Readers = append(p.Readers, PluggedReader{Name: fmt.Sprint("Reader ", i), Reader: reader.Selector{Name: fmt.Sprint("Reader ", i)}})
	}
	for i := range printers {
		p.Printers = append(p.Printers, PluggedPrinter{Device: fmt.Sprint("/dev/usb/lp", i)})
	}
	return p
}

func TestEveryReaderAndPrinterGetsALane(t *testing.T) {
	twin := plugged(2, 0)
	twin.Readers[1].Slot = true
	if lanes := SuggestLanes(twin, func(int) string { return "" }); len(lanes) != 1 {
		t.Errorf("a reader with two slots: %+v", lanes)
	}
	for _, c := range []struct{ readers, printers, lanes int }{{0, 0, 1}, {1, 1, 1}, {2, 1, 2}, {0, 3, 3}, {40, 0, MaxLanes}} {
		lanes := SuggestLanes(plugged(c.readers, c.printers), func(n int) string { return fmt.Sprint("Till ", n) })
		if len(lanes) != c.lanes || lanes[0].Number != 1 || lanes[0].Name != "Till 1" {
			t.Errorf("%+v: %+v", c, lanes)
		}
		if c.printers == 3 && lanes[2].Printer.Device != "/dev/usb/lp2" {
			t.Errorf("%+v", lanes)
		}
	}
}

// A page must not make the agent write to any file of the machine.
func TestAPageNamesNoDeviceThatIsNotThere(t *testing.T) {
	found := plugged(2, 1)
	before := []LaneConfig{{Number: 1, Reader: reader.Selector{Link: "127.0.0.1:4000"}, Printer: PrinterConfig{Device: "file:/srv/till.bin", Profile: "safe"}}}
	lane := func(device, profile string, r reader.Selector) LaneConfig {
		return LaneConfig{Number: 1, Name: "Till 1", Reader: r, Printer: PrinterConfig{Device: device, Profile: profile}}
	}
	for name, c := range map[string]struct {
		lanes []LaneConfig
		code  string
	}{
		"what is plugged in":           {[]LaneConfig{lane("/dev/usb/lp0", "", found.Readers[1].Reader)}, ""},
		"a printer of the network":     {[]LaneConfig{lane("tcp:192.0.2.7:9100", "generic-80", reader.Selector{})}, ""},
		"what the lane had before":     {[]LaneConfig{lane("file:/srv/till.bin", "safe", before[0].Reader)}, ""},
		"any file":                     {[]LaneConfig{lane("file:/etc/passwd", "safe", reader.Selector{})}, CodeDeviceUnknown},
		"a port that is not there":     {[]LaneConfig{lane("/dev/usb/lp7", "safe", reader.Selector{})}, CodeDeviceUnknown},
		"a profile by its file":        {[]LaneConfig{lane("/dev/usb/lp0", "/etc/passwd.toml", reader.Selector{})}, CodeDeviceUnknown},
		"a profile that there is not":  {[]LaneConfig{lane("/dev/usb/lp0", "no-such", reader.Selector{})}, CodeDeviceUnknown},
		"a reader that is not there":   {[]LaneConfig{lane("", "", reader.Selector{Name: ".*"})}, CodeDeviceUnknown},
		"two lanes with one printer":   {[]LaneConfig{lane("/dev/usb/lp0", "", reader.Selector{}), {Number: 2, Printer: PrinterConfig{Device: "/dev/usb/lp0"}}}, CodeLanesWrong},
		"two lanes with one number":    {[]LaneConfig{lane("", "", reader.Selector{}), lane("", "", reader.Selector{})}, CodeLanesWrong},
		"a control character in names": {[]LaneConfig{{Number: 1, Name: "Till\x07"}}, CodeLanesWrong},
	} {
		got, err := Assign(c.lanes, before, found, "")
		if r := RefusalOf(err); c.code == "" && err != nil || c.code != "" && (r == nil || r.Code != c.code) {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if name == "what is plugged in" && got[0].Printer.Profile != unknownPrinter {
			t.Errorf("profile %q", got[0].Printer.Profile)
		}
	}
}
