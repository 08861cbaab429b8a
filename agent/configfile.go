package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// SaveConfig writes a configuration file whole or not at all.
func SaveConfig(path string, text []byte) error {
	if err := store.ReplaceFile(path, configMode, text); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
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
