package agent

import (
	"reflect"
	"strings"
	"testing"
)

func TestExampleShowsEverySettingAndIsValid(t *testing.T) {
	if _, err := ParseConfig("example.toml", []byte(ExampleConfig())); err != nil {
		t.Fatal(err)
	}
	for _, key := range knownKeys(reflect.TypeFor[Config]()) {
		if !strings.Contains(ExampleConfig(), key) {
			t.Errorf("the example does not mention %q", key)
		}
	}
}

func TestExampleShowsTheDefaults(t *testing.T) {
	shown, err := ParseConfig("example.toml", []byte(ExampleConfig()))
	if err != nil {
		t.Fatal(err)
	}
	bare, err := ParseConfig("bare.toml", []byte("[[lane]]\nnumber = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	bare.Lanes = shown.Lanes
	if !reflect.DeepEqual(shown, bare) {
		t.Errorf("example %+v\ndefaults %+v", shown, bare)
	}
}

func TestConfigErrorsNameThePlaceAndTheRemedy(t *testing.T) {
	lane := "[[lane]]\nnumber = 1\n"
	for name, c := range map[string]struct{ in, want string }{
		"unknown key, nearest named":    {"langauge = \"lv\"\n" + lane, `agent.toml:1:1: unknown key "langauge"; did you mean "language"?`},
		"unknown key inside a table":    {lane + "printer = { devise = \"/dev/ttyS0\" }", `agent.toml:3:13: unknown key "lane.devise"; did you mean "device"?`},
		"wrong type":                    {"[[lane]]\nnumber = \"one\"", "agent.toml:2:10: lane.number: the value has the wrong type"},
		"not TOML":                      {"data = ", "agent.toml:1:"},
		"no lane":                       {"", "lane: there is none"},
		"language":                      {"language = \"xx\"\n" + lane, `language: "xx" is not one of`},
		"address open to the network":   {lane + "[api]\nlisten = \"0.0.0.0:80\"", "0.0.0.0 is not a loopback address"},
		"number missing":                {"[[lane]]\nname = \"a\"", "number: is missing"},
		"number twice":                  {lane + lane, "number: 1 is used twice"},
		"support that is nobody":        {"[support]\nrecipient = \"support@example.org\"\n" + lane, "is no age recipient"},
		"an approval of nothing":        {"[staff]\napprove = [\"sale\"]\n" + lane, "write some of return, unbilled, void, activity, transfer"},
		"an approval twice":             {"[staff]\napprove = [\"void\", \"void\"]\n" + lane, "is unknown or there twice"},
		"two ways to one reader":        {lane + "reader = { name = \"a\", link = \"b\" }", "link stands alone"},
		"serial number and port":        {lane + "reader = { serial = \"a\", usb = \"1-1\" }", "exclude each other"},
		"a port that is none":           {lane + "reader = { usb = \"left\" }", "want bus and ports"},
		"a place for the PIN":           {lane + "pin = \"paper\"", "is not pinpad or till"},
		"a reader in two lanes":         {lane + "reader = { name = \"a\" }\n[[lane]]\nnumber = 2\nreader = { name = \"a\" }", "a reader belongs to one lane"},
		"a printer without a profile":   {lane + "printer = { device = \"/dev/ttyS0\" }", "printer.profile: is missing"},
		"reader name that cannot parse": {lane + "reader = { name = \"(\" }", "reader name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseConfig("agent.toml", []byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}
