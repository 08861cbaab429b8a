package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
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

const laidOut = `# of this store
data = "/srv/data" # on the second disk
# One table for each till.
[[lane]]
number = 7
name = "Old"
printer = { device = "/dev/usb/lp0", profile = "safe" }
# said of the till
pin = "till"

[[lane]]
number = 8
name = "Older"

# how much is logged
[log]
level = "debug"
`

func TestOtherTillsLeaveTheRestOfTheFileAsItIs(t *testing.T) {
	text, err := WithLanes("a.toml", []byte(laidOut), twoLanes())
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{"# of this store\n", "# on the second disk", "# One table for each till.\n", "# how much is logged\n[log]\nlevel = \"debug\"\n"} {
		if !strings.Contains(string(text), kept) {
			t.Errorf("%q is gone:\n%s", kept, text)
		}
	}
	if strings.Contains(string(text), "Old") || strings.Contains(string(text), "said of the till") {
		t.Errorf("a till stayed:\n%s", text)
	}
	again, err := WithLanes("a.toml", text, twoLanes())
	if err != nil || string(again) != string(text) {
		t.Errorf("saved again: %v\n%s", err, again)
	}
}

func TestAFileThatCannotBeChangedSafelyIsLeftToAPerson(t *testing.T) {
	for what, text := range map[string]string{
		"tills in one line":        "lane = [{ number = 1, name = \"A\" }]\n",
		"a table inside of a till": "[[ lane ]]\nnumber = 1\nname = \"A\"\n",
		"what is no configuration": "lane = 7\n",
	} {
		if _, err := WithLanes("a.toml", []byte(text), twoLanes()); RefusalOf(err) == nil || RefusalOf(err).Code != CodeConfigByHand {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAConfigurationThatDoesNotStartGivesWayToTheOneBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loyaltill.toml")
	read := func(ext string) string {
		text, err := os.ReadFile(path + ext)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
	change := func(text string) {
		t.Helper()
		if err := ChangeConfig(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	restore := func(want bool) {
		t.Helper()
		if restored, err := RestoreConfig(path); restored != want || err != nil {
			t.Fatalf("restored %v, %v", restored, err)
		}
	}
	if err := SaveConfig(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	restore(false)
	change("second")
	change("third")
	if read(BackupExt) != "first" {
		t.Errorf("the one that started is %q", read(BackupExt))
	}
	restore(true)
	if read("") != "first" || read(FailedExt) != "third" || read(BackupExt) != "" {
		t.Errorf("now %q, failed %q, before %q", read(""), read(FailedExt), read(BackupExt))
	}
	change("fourth")
	if err := ConfigStarted(path); err != nil {
		t.Fatal(err)
	}
	restore(false)
	if read("") != "fourth" {
		t.Errorf("now %q", read(""))
	}
}
