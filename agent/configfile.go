package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"loyaltill/store"
)

// configMode is for a file that holds no secret.
const configMode = 0o644

// File is the text of a store's first configuration: what the setup page settles. Everything else stays as it is when left out.
func (c Config) File() []byte {
	var b bytes.Buffer
	b.WriteString("# Loyaltill, the store agent. Written by the setup page; `loyaltill config` shows everything that can be set.\n\n")
	fmt.Fprintf(&b, "data = %s\nidentity = %s\nlanguage = %s\n", quoted(c.Data), quoted(c.Identity), quoted(c.Language))
	fmt.Fprintf(&b, "\n[api]\nlisten = %s\ntoken_file = %s\n", quoted(c.API.Listen), quoted(c.API.TokenFile))
	fmt.Fprintf(&b, "\n[printers]\nprofiles = %s\nports = %s\n", quoted(c.Printers.Profiles), quoted(c.Printers.Ports))
	writeLanes(&b, c.Lanes)
	return b.Bytes()
}

// SaveConfig writes a configuration file whole or not at all; one that is there keeps who may read it.
func SaveConfig(path string, text []byte) error {
	mode := fs.FileMode(configMode)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := store.ReplaceFile(path, mode, text); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// Names beside a configuration file: the one that last started, while a changed one has not; and one that did not start.
const (
	BackupExt = ".bak"
	FailedExt = ".failed"
)

// WithLanes is a configuration file with other tills. Everything else in it stays as it is, comments too.
func WithLanes(name string, text []byte, lanes []LaneConfig) ([]byte, error) {
	want, err := ParseConfig(name, text)
	if err != nil {
		return nil, &Refusal{Code: CodeConfigByHand, cause: err}
	}
	var b bytes.Buffer
	b.WriteString(withoutLanes(string(text)))
	writeLanes(&b, lanes)
	got, err := ParseConfig(name, b.Bytes())
	want.Lanes = lanes
	if err != nil || !reflect.DeepEqual(got, want) {
		return nil, &Refusal{Code: CodeConfigByHand, cause: err}
	}
	return b.Bytes(), nil
}

// withoutLanes leaves the tables of lanes out. Comments and empty lines before the next table belong to that one.
func withoutLanes(text string) string {
	var kept, loose strings.Builder
	lane := false
	for line := range strings.Lines(text) {
		switch head := strings.TrimSpace(line); {
		case strings.HasPrefix(head, "[[lane]]"), strings.HasPrefix(head, "[lane."):
			lane = true
			loose.Reset()
		case lane && strings.HasPrefix(head, "["):
			lane = false
			kept.WriteString(loose.String())
		case lane && (head == "" || strings.HasPrefix(head, "#")):
			loose.WriteString(line)
		case lane:
			loose.Reset()
		}
		if !lane {
			kept.WriteString(line)
		}
	}
	return strings.TrimRight(kept.String(), "\n") + "\n"
}

// ChangeConfig writes a changed configuration, and keeps the one that runs beside it until the new one has started.
func ChangeConfig(path string, text []byte) error {
	if _, err := os.Stat(path + BackupExt); errors.Is(err, fs.ErrNotExist) { // of two changes before a start the first one keeps it
		before, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
		if err := SaveConfig(path+BackupExt, before); err != nil {
			return err
		}
	}
	return SaveConfig(path, text)
}

// ConfigStarted says that the configuration works: the one before is not needed any more.
func ConfigStarted(path string) error {
	err := os.Remove(path + BackupExt)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RestoreConfig puts the configuration back that last started, if a changed one has taken its place; that one is kept beside it.
func RestoreConfig(path string) (restored bool, err error) {
	before, err := os.ReadFile(path + BackupExt)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the configuration before: %w", err)
	}
	failed, err := os.ReadFile(path)
	if err != nil {
		return false, fmt.Errorf("read configuration: %w", err)
	}
	if err := errors.Join(SaveConfig(path+FailedExt, failed), SaveConfig(path, before)); err != nil {
		return false, err
	}
	return true, ConfigStarted(path)
}

func writeLanes(b *bytes.Buffer, lanes []LaneConfig) {
	for _, l := range lanes {
		fmt.Fprintf(b, "\n[[lane]]\nnumber = %d\nname = %s\n", l.Number, quoted(l.Name))
		if r := l.Reader; r.Serial+r.USB+r.Name+r.Link != "" {
			fmt.Fprintf(b, "reader = { %s }\n", settings("serial", r.Serial, "usb", r.USB, "name", r.Name, "link", r.Link))
		}
		if l.PIN != pinAutomatic {
			fmt.Fprintf(b, "pin = %s\n", quoted(string(l.PIN)))
		}
		if p := l.Printer; p.Device != "" {
			text := settings("device", p.Device, "profile", p.Profile, "serial", p.Serial)
			if p.Baud != 0 {
				text += fmt.Sprintf(", baud = %d", p.Baud)
			}
			fmt.Fprintf(b, "printer = { %s }\n", text)
		}
	}
}

// settings are keys and their values, without those that are empty.
func settings(pairs ...string) string {
	var set []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			set = append(set, pairs[i]+" = "+quoted(pairs[i+1]))
		}
	}
	return strings.Join(set, ", ")
}

// quoted is a string in TOML, whose escapes are those of JSON.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a form in JSON
	}
	return string(text)
}
