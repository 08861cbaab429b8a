package printer

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	infoSerialAt  = 2  // in session.info
	maxOtherNames = 16 // ports looked at for a printer that came back under another name
)

// identify asks a printer on a port that is not the configured one for its serial number. Nothing else is sent before it
// is known: the port may be somebody else's.
func (s *session) identify(ctx context.Context, want string) error {
	s.info = nil
	if err := s.write(ctx, commandInfo(infoSerial)); err != nil {
		return err
	}
	err := s.until(ctx, s.p.timing.ping, func() bool { return len(s.info) > 0 })
	switch {
	case errors.Is(err, errTimeout), err == nil && s.info[0] != want:
		return errAnother
	}
	return err
}

// known takes note of the serial number, and refuses a printer that is not the configured one.
func (s *session) known(ctx context.Context) error {
	if !s.talks() {
		return nil
	}
	if s.p.cfg.Serial != "" { // without process ids nothing has waited for the answers yet
		err := s.until(ctx, s.p.timing.ping, func() bool { return len(s.info) > infoSerialAt })
		if err != nil && !errors.Is(err, errTimeout) {
			return err
		}
	}
	if len(s.info) > infoSerialAt {
		s.p.serial = s.info[infoSerialAt]
	}
	if want := s.p.cfg.Serial; want != "" && s.p.serial != want {
		return errAnother
	}
	return nil
}

// otherNames are the ports under which the system may show the printer after it was plugged in again: those that differ
// from the configured name only in the number at its end.
func otherNames(device string) []string {
	if strings.Contains(device, ":") {
		return nil
	}
	stem := regexp.MustCompile(`[0-9]+$`).ReplaceAllString(device, "")
	names, err := filepath.Glob(escapeGlob(stem) + "*")
	if err != nil {
		return nil // the name is no pattern; then there is nothing to find either
	}
	number := regexp.MustCompile(`^[0-9]*$`)
	names = slices.DeleteFunc(names, func(n string) bool { return n == device || !number.MatchString(strings.TrimPrefix(n, stem)) })
	return names[:min(len(names), maxOtherNames)]
}

func escapeGlob(s string) string {
	return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(s, `\$0`)
}
