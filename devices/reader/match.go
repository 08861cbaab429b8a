package reader

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
)

// Selector says which reader a lane has. Exactly one field is set.
type Selector struct {
	// Name is a regular expression for the whole name of a PC/SC reader, with or without its trailing index " 00 00".
	Name string `toml:"name" json:"name,omitempty"`
	// Link is a loopback address on which simulated cards call in.
	Link string `toml:"link" json:"link,omitempty"`
}

// Check tells what is wrong with a selector.
func (s Selector) Check() error {
	_, err := s.compile()
	return err
}

// compile checks the selector and returns the expression for the name, nil for a link.
func (s Selector) compile() (*regexp.Regexp, error) {
	switch {
	case s.Name != "" && s.Link != "":
		return nil, errors.New("reader: name and link exclude each other")
	case s.Name != "":
		match, err := regexp.Compile(`^(?:` + s.Name + `)` + index + `$`)
		if err != nil {
			return nil, fmt.Errorf("reader name %q: %w", s.Name, err)
		}
		return match, nil
	case s.Link != "":
		addr, err := netip.ParseAddrPort(s.Link)
		if err != nil {
			return nil, fmt.Errorf("reader link %q: %w", s.Link, err)
		}
		if !addr.Addr().IsLoopback() {
			return nil, fmt.Errorf("reader link %q: only a loopback address may take cards", s.Link)
		}
		return nil, nil
	}
	return nil, errors.New("reader: name or link is missing")
}

// index is what PC/SC adds to a reader's name: number of the reader and of its slot. It changes with the order in which
// readers are plugged in, so a selector may leave it out. Windows writes one number.
const index = `( [0-9A-Fa-f]{1,2}){0,2}`

// Candidates are the readers that the selector fits. A lane's reader is found when there is exactly one.
func (s Selector) Candidates(readers []Seen) ([]string, error) {
	match, err := s.compile()
	if err != nil || match == nil {
		return nil, err
	}
	var names []string
	for _, r := range readers {
		if match.MatchString(r.Name) {
			names = append(names, r.Name)
		}
	}
	return names, nil
}

func candidates(match *regexp.Regexp, seen []sighting) []sighting {
	var fit []sighting
	for _, s := range seen {
		if match.MatchString(s.name) {
			fit = append(fit, s)
		}
	}
	return fit
}
