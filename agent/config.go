package agent

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/printer"
	"loyaltill/devices/reader"
	"loyaltill/internal/i18n"
	"loyaltill/store/archive"
)

//go:embed example.toml
var exampleConfig string

// ExampleConfig is the annotated configuration file that `loyaltill config` prints.
func ExampleConfig() string { return exampleConfig }

// MaxLanes bounds what one agent serves.
const MaxLanes = 32

// Config is the agent's one configuration file. example.toml says what each setting means.
type Config struct {
	Data     string         `toml:"data"`
	Identity string         `toml:"identity"`
	Language string         `toml:"language"`
	API      APIConfig      `toml:"api"`
	Cards    CardsConfig    `toml:"cards"`
	Paper    PaperConfig    `toml:"paper"`
	Printers PrintersConfig `toml:"printers"`
	Direct   DirectConfig   `toml:"direct"`
	Log      LogConfig      `toml:"log"`
	Staff    StaffConfig    `toml:"staff"`
	Support  SupportConfig  `toml:"support"`
	Alerts   AlertsConfig   `toml:"alerts"`
	Training TrainingConfig `toml:"training"`
	Lanes    []LaneConfig   `toml:"lane"`
}

// APIConfig is where the local API answers and who may call it.
type APIConfig struct {
	Listen    string `toml:"listen"`
	TokenFile string `toml:"token_file"`
}

// CardsConfig is how cards of other makers are read (docs/foreign-cards.md); empty: not at all.
type CardsConfig struct {
	Profiles string `toml:"profiles"` // folder
	Secrets  string `toml:"secrets"`  // file
}

// PrintersConfig is where the store's own printer profiles are (docs/printers.md); empty: only those shipped.
type PrintersConfig struct {
	Profiles string `toml:"profiles"` // folder
	Ports    string `toml:"ports"`    // folder in which the system names serial ports by their device
}

// DirectConfig is who may fetch from this store itself, and where (docs/nightly.md); nobody when Allow is empty.
type DirectConfig struct {
	Listen string   `toml:"listen"`
	Allow  []string `toml:"allow"` // names of back offices, or head-office
}

// PaperConfig is how what is printed looks (docs/paper.md).
type PaperConfig struct {
	Templates string   `toml:"templates"` // folder with the shop's own templates and its brand; empty: the built-in ones
	Languages []string `toml:"languages"` // that paper is printed in; empty: every one of the product
}

func words(langs []i18n.Lang) []string {
	all := make([]string, len(langs))
	for i, l := range langs {
		all[i] = string(l)
	}
	return all
}

// languages are the languages of paper, of which check has refused what the product does not have.
func (c PaperConfig) languages() []i18n.Lang {
	if len(c.Languages) == 0 {
		return i18n.Langs()
	}
	all := make([]i18n.Lang, len(c.Languages))
	for i, l := range c.Languages {
		all[i], _ = i18n.Parse(l)
	}
	return all
}

// StaffConfig is what staff may do by hand (docs/manager.md).
type StaffConfig struct {
	Required bool  `toml:"required"` // nothing is done at a till at which nobody is signed in
	Alone    int64 `toml:"alone"`    // the most that one person corrects; points, or minor units of a wallet with money

	Approve []string `toml:"approve"` // what no cashier does without a supervisor's or manager's PIN, whatever the programme's limits say
}

// What a store may want answered for.
const (
	ApproveReturn   = "return"   // goods back with their bill
	ApproveUnbilled = "unbilled" // goods back without one
	ApproveVoid     = "void"     // a sale of the day
	ApproveActivity = "activity" // points without a purchase
	ApproveTransfer = "transfer" // points to another member
)

// These are never a cashier's to decide: no limit of the programme holds them.
const (
	approveSplit = "split" // of one member into two
	approveMerge = "merge" // of two members into one
)

// approvable are all of them.
func approvable() []string {
	return []string{ApproveReturn, ApproveUnbilled, ApproveVoid, ApproveActivity, ApproveTransfer}
}

// SupportConfig is who may read what a store tells of itself when it needs help.
type SupportConfig struct {
	Recipient string `toml:"recipient"` // age1…; empty: nobody
}

// LogConfig is how much is logged.
type LogConfig struct {
	Level string `toml:"level"`
}

// LaneConfig is one till with its devices.
type LaneConfig struct {
	Number  loyalty.LaneID  `toml:"number" json:"number" minimum:"1"`
	Name    string          `toml:"name" json:"name" maxLength:"40"`
	Reader  reader.Selector `toml:"reader" json:"reader,omitzero"` // empty: none
	PIN     PINEntry        `toml:"pin" json:"pin,omitempty"`
	Printer PrinterConfig   `toml:"printer" json:"printer,omitzero"`
}

// PrinterConfig picks a lane's receipt printer; empty means none.
type PrinterConfig struct {
	Device  string `toml:"device" json:"device"`
	Profile string `toml:"profile" json:"profile,omitempty"`
	Baud    int    `toml:"baud" json:"baud,omitempty"`     // 0: the profile's
	Serial  string `toml:"serial" json:"serial,omitempty"` // the printer's own number, if no other may stand in for it
}

// ConfigError is one thing wrong with the configuration file: where, what, and what to write instead.
type ConfigError struct {
	File         string
	Line, Column int
	Problem      string
}

func (e *ConfigError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Problem)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
}

// LoadConfig reads and checks a configuration file. The error lists every problem found, one a line.
func LoadConfig(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return ParseConfig(path, data)
}

// DefaultConfig is what holds for every setting that a file leaves out.
func DefaultConfig() Config {
	return Config{
		Data: "/var/lib/loyaltill", Identity: "/etc/loyaltill/identity", Language: "en",
		API:    APIConfig{Listen: "127.0.0.1:8787", TokenFile: "/var/lib/loyaltill/api.token"},
		Direct: DirectConfig{Listen: "127.0.0.1:8789", Allow: []string{}},
		Paper:  PaperConfig{Languages: words(i18n.Langs())}, Log: LogConfig{Level: "info"},
		Staff:    StaffConfig{Alone: 1000, Approve: []string{}},
		Alerts:   AlertsConfig{Days: 7, CardHour: 4, CardDay: 8, OwnCard: 1, ByHand: 10, ByHandPoints: 5000, BillTwice: 500},
		Training: TrainingConfig{Minutes: 60},
		Printers: PrintersConfig{Ports: "/dev/serial/by-id"},
	}
}

// ParseConfig checks the bytes of a configuration file; name stands in the errors.
func ParseConfig(name string, data []byte) (Config, error) {
	cfg := DefaultConfig()
	dec := toml.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&cfg); err != nil {
		return Config{}, describe(name, err)
	}
	var errs []error
	for _, problem := range cfg.check() {
		errs = append(errs, &ConfigError{File: name, Problem: problem})
	}
	return cfg, errors.Join(errs...)
}

// describe turns the parser's errors into sentences with a place and, for an unknown key, the nearest known one.
func describe(name string, err error) error {
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) {
		var errs []error
		for i := range missing.Errors {
			e := &missing.Errors[i]
			line, column := e.Position()
			key := e.Key()
			problem := fmt.Sprintf("unknown key %q", strings.Join(key, "."))
			if near := nearest(key[len(key)-1], knownKeys(reflect.TypeFor[Config]())); near != "" {
				problem += fmt.Sprintf("; did you mean %q?", near)
			}
			errs = append(errs, &ConfigError{File: name, Line: line, Column: column, Problem: problem})
		}
		return errors.Join(errs...)
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, column := wrong.Position()
		problem := "this is not valid TOML: " + strings.TrimPrefix(wrong.Error(), "toml: ")
		if key := wrong.Key(); len(key) > 0 {
			problem = fmt.Sprintf("%s: the value has the wrong type; `loyaltill config` shows an example", strings.Join(key, "."))
		}
		return &ConfigError{File: name, Line: line, Column: column, Problem: problem}
	}
	return &ConfigError{File: name, Problem: err.Error()}
}

// check names everything that parses but cannot work.
func (c *Config) check() (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if _, ok := i18n.Parse(c.Language); !ok {
		bad("language: %q is not one of en, lv, pl, et, fa, hy", c.Language)
	}
	if host, _, err := net.SplitHostPort(c.API.Listen); err != nil {
		bad("api.listen: %q is not an address such as 127.0.0.1:8787", c.API.Listen)
	} else if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		bad("api.listen: %s is not a loopback address; the local API is served to this machine only", host)
	}
	for _, l := range c.Paper.Languages {
		if parsed, ok := i18n.Parse(l); !ok || string(parsed) != l {
			bad("paper.languages: %q is not one of en, lv, pl, et, fa, hy", l)
		}
	}
	if _, _, err := net.SplitHostPort(c.Direct.Listen); err != nil {
		bad("direct.listen: %q is not an address such as 127.0.0.1:8789", c.Direct.Listen)
	}
	for _, name := range c.Direct.Allow {
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			bad("direct.allow: %q is not the name of a back office, nor head-office", name)
		}
	}
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		bad("log.level: %q is not one of debug, info, warn, error", c.Log.Level)
	}
	if c.Staff.Alone < 0 {
		bad("staff.alone: %d is below zero; write 0 to have two people for every correction", c.Staff.Alone)
	}
	for i, what := range c.Staff.Approve {
		if !slices.Contains(approvable(), what) || slices.Contains(c.Staff.Approve[:i], what) {
			bad("staff.approve: %q is unknown or there twice; write some of %s", what, strings.Join(approvable(), ", "))
		}
	}
	if r := c.Support.Recipient; r != "" && archive.CheckRecipient(r) != nil {
		bad("support.recipient: %q is no age recipient; write the line age1… that support gives you", r)
	}
	if c.Cards.Secrets != "" && c.Cards.Profiles == "" {
		bad("cards.secrets: is there without cards.profiles; no profile can name a key")
	}
	problems = append(problems, c.Alerts.check()...)
	problems = append(problems, c.Training.check()...)
	if len(c.Lanes) == 0 {
		bad("lane: there is none; add a [[lane]] for each till")
	}
	if len(c.Lanes) > MaxLanes {
		bad("lane: %d lanes, an agent serves at most %d", len(c.Lanes), MaxLanes)
	}
	return append(problems, c.checkLanes()...)
}

func (c *Config) checkLanes() (problems []string) {
	bad := func(n int, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("lane %d: ", n)+fmt.Sprintf(format, args...))
	}
	numbers, devices := map[loyalty.LaneID]bool{}, map[string]bool{}
	taken := func(device string) bool {
		again := device != "" && devices[device]
		devices[device] = true
		return again
	}
	for i, l := range c.Lanes {
		n := i + 1
		if l.Number == 0 {
			bad(n, "number: is missing; give each lane its own number from 1 to 255")
		} else if numbers[l.Number] {
			bad(n, "number: %d is used twice; give each lane its own", l.Number)
		}
		numbers[l.Number] = true
		if l.Reader != (reader.Selector{}) {
			if err := l.Reader.Check(); err != nil {
				bad(n, "%v", err)
			}
		}
		if !l.PIN.valid() {
			bad(n, "pin: %q is not pinpad or till; leave it out to use the reader's keypad where there is one", l.PIN)
		}
		if l.Printer.Device != "" && l.Printer.Profile == "" {
			bad(n, "printer.profile: is missing; shipped are %s", strings.Join(escpos.ProfileIDs(), ", "))
		}
		if b := l.Printer.Baud; b != 0 && !slices.Contains(printer.Speeds(), b) {
			bad(n, "printer.baud: %d is not one of %v; leave it out for the profile's speed", b, printer.Speeds())
		}
		if taken(l.Reader.String()) {
			bad(n, "reader: another lane has it already; a reader belongs to one lane")
		}
		if taken(l.Printer.Device) {
			bad(n, "printer.device: another lane has %s already; a printer belongs to one lane", l.Printer.Device)
		}
	}
	return problems
}

// knownKeys lists the last part of every key of the file.
func knownKeys(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		keys = append(keys, f.Tag.Get("toml"))
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			keys = append(keys, knownKeys(ft)...)
		}
	}
	return keys
}

// nearest finds the known key within two edits of an unknown one.
func nearest(key string, known []string) string {
	best, bestDistance := "", 3
	for _, k := range known {
		if d := editDistance(key, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
