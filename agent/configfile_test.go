package agent

import (
	"reflect"
	"testing"

	"loyaltill/devices/reader"
)

func twoLanes() []LaneConfig {
	return []LaneConfig{
		{Number: 1, Name: `Kase "1" – صندوق`, Reader: reader.Selector{Serial: "010100533246"}, Printer: PrinterConfig{Device: "/dev/usb/lp0", Profile: "generic-80"}},
		{Number: 2, Name: "Bar", Reader: reader.Selector{Name: `ACS ACR39U.*`}, PIN: PINAtTill,
			Printer: PrinterConfig{Device: "tcp:192.0.2.7:9100", Profile: "epson-tm-m30-80", Serial: "J5UF", Baud: 19200}},
	}
}

func TestAFirstConfigurationReadsBackAsItWasChosen(t *testing.T) {
	want := DefaultConfig()
	want.Data, want.Identity, want.Language, want.Lanes = "/srv/a \"b\"", "/srv/id", "fa", twoLanes()
	want.Printers.Profiles = "/srv/printers"
	got, err := ParseConfig("first.toml", want.File())
	if err != nil {
		t.Fatalf("%v\n%s", err, want.File())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
