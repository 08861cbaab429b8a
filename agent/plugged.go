package agent

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/devices/escpos"
	"loyaltill/devices/printer"
	"loyaltill/devices/reader"
)

// Plugged is what is plugged into this machine and can belong to a lane.
type Plugged struct {
	Readers  []PluggedReader  `json:"readers"`
	Trouble  devices.Code     `json:"reader_trouble,omitempty" doc:"why no readers can be seen"`
	Printers []PluggedPrinter `json:"printers" doc:"ports with a name of their own; whether a printer is there shows when it is tried"`
}

// PluggedReader is a reader of the card service.
type PluggedReader struct {
	Name   string          `json:"name"`
	Reader reader.Selector `json:"reader" doc:"finds it again, also behind another socket where that can be"`
	Card   bool            `json:"card" doc:"a card is in it: put one in to see which reader is which"`
	Slot   bool            `json:"further_slot,omitempty" doc:"of a reader that stands in the list already"`
}

// PluggedPrinter is a port at which a printer may be.
type PluggedPrinter struct {
	Name   string `json:"name"`
	Device string `json:"device"`
}

// LookAround tells what is plugged in. Nothing is sent to a port: it may be a scale's or a bank terminal's.
func LookAround(cfg PrintersConfig) Plugged {
	found := Plugged{Readers: []PluggedReader{}, Printers: []PluggedPrinter{}}
	status, err := reader.Probe()
	switch {
	case errors.Is(err, reader.ErrNotBuilt):
		found.Trouble = reader.CodeNotBuilt
	case errors.Is(err, reader.ErrDenied):
		found.Trouble = reader.CodeDenied
	case err != nil:
		found.Trouble = reader.CodeNoService
	}
	for _, r := range status.Readers {
		found.Readers = append(found.Readers, PluggedReader{Name: r.Name, Reader: r.Selector(status.Readers), Card: r.Present, Slot: r.FurtherSlot()})
	}
	for _, port := range printer.Ports(cfg.Ports) {
		found.Printers = append(found.Printers, PluggedPrinter{Name: filepath.Base(port), Device: port})
	}
	return found
}

// SuggestLanes gives each reader and each printer a lane, in the order in which they were found.
func SuggestLanes(found Plugged, name func(n int) string) []LaneConfig {
	readers := slices.DeleteFunc(slices.Clone(found.Readers), func(r PluggedReader) bool { return r.Slot })
	lanes := make([]LaneConfig, min(max(len(readers), len(found.Printers), 1), MaxLanes))
	for i := range lanes {
		lanes[i].Number, lanes[i].Name = loyalty.LaneID(i+1), name(i+1)
		if i < len(readers) {
			lanes[i].Reader = readers[i].Reader
		}
		if i < len(found.Printers) {
			lanes[i].Printer.Device = found.Printers[i].Device
		}
	}
	return lanes
}

// unknownPrinter is the profile of a printer that has not been asked who it is.
const unknownPrinter = "generic-80"

// Assign completes lanes that were put together on a page, and refuses a device that is neither plugged in, nor in the network, nor
// what the lanes had before: a page must not name any file of this machine.
func Assign(lanes, before []LaneConfig, found Plugged, profiles string) ([]LaneConfig, error) {
	lanes = slices.Clone(lanes)
	for i := range lanes {
		p := &lanes[i].Printer
		if p.Device != "" && p.Profile == "" {
			p.Profile = unknownPrinter
		}
		if !knownReader(lanes[i].Reader, before, found) {
			return nil, refuseLane(CodeDeviceUnknown, i, "reader")
		}
		if !knownPrinter(p.Device, before, found) {
			return nil, refuseLane(CodeDeviceUnknown, i, "printer.device")
		}
		if _, err := escpos.FindProfile(p.Profile, profiles); p.Device != "" && (err != nil || !knownProfile(p.Profile, before)) {
			return nil, refuseLane(CodeDeviceUnknown, i, "printer.profile")
		}
	}
	cfg := Config{Lanes: lanes}
	problems := cfg.checkLanes()
	for i, l := range lanes {
		if strings.ContainsFunc(l.Name, unicode.IsControl) {
			problems = append(problems, fmt.Sprintf("lane %d: name: leave control characters out", i+1))
		}
	}
	if len(problems) > 0 {
		return nil, &Refusal{Code: CodeLanesWrong, Faults: problems}
	}
	return lanes, nil
}

func refuseLane(code string, i int, field string) error {
	return &Refusal{Code: code, Field: fmt.Sprintf("lanes[%d].%s", i, field)}
}

func knownReader(r reader.Selector, before []LaneConfig, found Plugged) bool {
	return r == (reader.Selector{}) || slices.ContainsFunc(found.Readers, func(p PluggedReader) bool { return p.Reader == r }) ||
		slices.ContainsFunc(before, func(l LaneConfig) bool { return l.Reader == r })
}

func knownPrinter(device string, before []LaneConfig, found Plugged) bool {
	return device == "" || strings.HasPrefix(device, "tcp:") || slices.ContainsFunc(found.Printers, func(p PluggedPrinter) bool { return p.Device == device }) ||
		slices.ContainsFunc(before, func(l LaneConfig) bool { return l.Printer.Device == device })
}

// knownProfile takes ids, and of files those that a lane had before.
func knownProfile(profile string, before []LaneConfig) bool {
	return profile == filepath.Base(profile) && !strings.HasSuffix(profile, ".toml") ||
		slices.ContainsFunc(before, func(l LaneConfig) bool { return l.Printer.Profile == profile })
}
