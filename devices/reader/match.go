package reader

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// Selector says which reader a lane has: by what stands on it, by where it is plugged in, by its name, or a direct link. A name
// may stand beside the first two, for a reader with several slots.
type Selector struct {
	// Serial is the reader's serial number, as PC/SC tells it.
	Serial string `toml:"serial" json:"serial,omitempty"`
	// USB is the port that the reader is plugged into, as the kernel writes it: bus, then the ports on the way, "1-1.3.2".
	USB string `toml:"usb" json:"usb,omitempty"`
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

// String is the selector for people.
func (s Selector) String() string {
	var parts []string
	for _, p := range []struct{ key, value string }{{"serial", s.Serial}, {"usb", s.USB}, {"name", s.Name}, {"link", s.Link}} {
		if p.value != "" {
			parts = append(parts, p.key+" "+p.value)
		}
	}
	return strings.Join(parts, ", ")
}

// PCSC says that the selector wants a reader of the card service.
func (s Selector) PCSC() bool { return s.Serial != "" || s.USB != "" || s.Name != "" }

// matcher is a selector that was checked; a field that is empty fits every reader.
type matcher struct {
	serial, usb string
	name        *regexp.Regexp
}

// compile checks the selector and returns how it fits readers, nil for a link.
func (s Selector) compile() (*matcher, error) {
	switch {
	case s.PCSC() && s.Link != "":
		return nil, errors.New("reader: link stands alone; serial, usb and name exclude it")
	case s.Serial != "" && s.USB != "":
		return nil, errors.New("reader: serial and usb exclude each other; the serial number follows the reader, the port does not")
	case s.PCSC():
		return s.compilePCSC()
	case s.Link != "":
		return nil, checkLink(s.Link)
	}
	return nil, errors.New("reader: serial, usb, name or link is missing")
}

func (s Selector) compilePCSC() (*matcher, error) {
	m := &matcher{serial: s.Serial, usb: s.USB}
	if s.USB != "" && !usbPath.MatchString(s.USB) {
		return nil, fmt.Errorf("reader usb %q: want bus and ports, as in 1-1.3.2; `loyaltill doctor` lists them", s.USB)
	}
	if s.Name == "" {
		return m, nil
	}
	var err error
	if m.name, err = regexp.Compile(`^(?:` + s.Name + `)` + index + `$`); err != nil {
		return nil, fmt.Errorf("reader name %q: %w", s.Name, err)
	}
	return m, nil
}

func checkLink(link string) error {
	addr, err := netip.ParseAddrPort(link)
	if err != nil {
		return fmt.Errorf("reader link %q: %w", link, err)
	}
	if !addr.Addr().IsLoopback() {
		return fmt.Errorf("reader link %q: only a loopback address may take cards", link)
	}
	return nil
}

// index is what PC/SC adds to a reader's name: number of the reader and of its slot. It changes with the order in which
// readers are plugged in, so a selector may leave it out. Windows writes one number.
const index = `( [0-9A-Fa-f]{1,2}){0,2}`

// asksPlate says that the reader must tell who it is.
func (m *matcher) asksPlate() bool { return m.serial != "" || m.usb != "" }

func (m *matcher) fits(name string, p plate) bool {
	return (m.serial == "" || m.serial == p.serial) && (m.usb == "" || m.usb == p.usb) && (m.name == nil || m.name.MatchString(name))
}

// Candidates are the names of the readers that the selector fits. A lane's reader is found when there is exactly one.
func (s Selector) Candidates(readers []Seen) ([]string, error) {
	m, err := s.compile()
	if err != nil || m == nil {
		return nil, err
	}
	var names []string
	for _, r := range readers {
		if m.fits(r.Name, plate{r.Serial, r.USB}) {
			names = append(names, r.Name)
		}
	}
	return names, nil
}

func candidates(m *matcher, seen []sighting) []sighting {
	var fit []sighting
	for _, s := range seen {
		if m.fits(s.name, s.plate) {
			fit = append(fit, s)
		}
	}
	return fit
}

// FurtherSlot says that this is the second or a later slot of one reader, such as the place for a SAM: " 00 01".
func (s Seen) FurtherSlot() bool {
	return regexp.MustCompile(` [0-9A-Fa-f]{2} [0-9A-Fa-f]{2}$`).MatchString(s.Name) && !strings.HasSuffix(s.Name, " 00")
}

// Selector finds the reader again among all that are there: by its serial number, else by its name, else by the socket that it is
// plugged into. Of readers that nothing tells apart, it is their whole name with the index.
func (s Seen) Selector(all []Seen) Selector {
	stem := regexp.MustCompile(index+`$`).ReplaceAllString(s.Name, "")
	for _, sel := range []Selector{{Serial: s.Serial}, {Name: regexp.QuoteMeta(stem)}, {USB: s.USB}} {
		if fit, err := sel.Candidates(all); err == nil && len(fit) == 1 {
			return sel
		}
	}
	return Selector{Name: regexp.QuoteMeta(s.Name)}
}
