package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"loyaltill/devices/card"
)

// Text is what a till scanned, swiped or was given. It may hold a number: never log it.
type Text struct {
	Source    string // magstripe, barcode, keypad; empty: typed or scanned, the till does not know
	Symbology string // of a barcode, where the till knows
	Track     int    // of a magnetic stripe, where the till knows
	Text      string
}

// textSource is which text a profile is for.
type textSource struct {
	source      string
	track       int
	start, end  string
	symbologies []string
	aim         string
	least, most int // characters of a typed number
}

func (c *compiler) textSource(d *document) *textSource {
	s := &d.Read[0]
	if len(d.Read) > 1 {
		c.fault("read[1]", "stands behind a text of the till", "a source is the only step of its profile")
	}
	if s.Op != "" {
		c.fault("read[0].op", "stands beside source", "keep one of them")
	}
	c.fields("read[0]", s.Source)
	t := &textSource{source: s.Source, track: s.Track, start: s.Start, end: s.End, symbologies: s.Symbology, aim: s.AIM}
	if s.Source == "keypad" && len(s.Length) > 0 {
		t.least, t.most = s.Length[0], s.Length[len(s.Length)-1]
		if len(s.Length) > 2 || t.least > t.most {
			c.fault("read[0].length", "is not the fewest and the most characters", "write it like [10, 16]")
		}
	}
	return t
}

var (
	errOtherSource = errors.New("the text is from another source")
	errSentinel    = errors.New("start or end of the track is not there")
	errSymbology   = errors.New("the barcode is of another kind")
	errTextLength  = errors.New("as many characters are not typed for it")
)

// Text finds the first profile that reads a text. look may be nil.
func (s *Set) Text(t Text, look func(Event)) (*Profile, card.Number, error) {
	if len(t.Text) > MaxTextBytes {
		return nil, "", fmt.Errorf("%w: text of %d bytes", ErrNoProfile, len(t.Text))
	}
	for _, p := range s.Profiles() {
		number, err := p.readText(t)
		if err == nil {
			return p, number, nil
		}
		if look != nil {
			look(Event{Profile: p.Name, Err: err})
		}
		if errors.Is(err, ErrPaymentCard) {
			return nil, "", err
		}
	}
	if LooksLikePaymentCard(strings.TrimPrefix(strings.TrimLeft(t.Text, "%; "), "B")) {
		return nil, "", ErrPaymentCard
	}
	return nil, "", ErrNoProfile
}

func (p *Profile) readText(t Text) (card.Number, error) {
	if p.text == nil {
		return "", errForCards
	}
	text, err := p.text.take(t)
	if err != nil {
		return "", err
	}
	return p.member.number([]byte(text))
}

// take gives the data of a text that is from the profile's source.
func (s *textSource) take(t Text) (string, error) {
	unknown := t.Source == "" && s.source != "magstripe"
	if t.Source != s.source && !unknown {
		return "", fmt.Errorf("%w: the profile is for %s", errOtherSource, s.source)
	}
	switch s.source {
	case "magstripe":
		return s.track1to3(t)
	case "barcode":
		return s.barcode(t)
	}
	text := strings.NewReplacer(" ", "", "-", "").Replace(t.Text)
	if len(text) < s.least || len(text) > s.most {
		return "", fmt.Errorf("%w: %d to %d", errTextLength, s.least, s.most)
	}
	return text, nil
}

func (s *textSource) track1to3(t Text) (string, error) {
	if t.Track != 0 && t.Track != s.track {
		return "", fmt.Errorf("%w: the profile is for track %d", errOtherSource, s.track)
	}
	text, begins := strings.CutPrefix(t.Text, s.start)
	text, _, ends := strings.Cut(text, s.end)
	if s.end == "" {
		text, ends = strings.TrimPrefix(t.Text, s.start), true
	}
	if !begins || !ends {
		return "", errSentinel
	}
	return text, nil
}

// barcode takes the AIM identifier off (ISO/IEC 15424) and compares what it tells with what the profile takes. A scanner
// that tells nothing is believed.
func (s *textSource) barcode(t Text) (string, error) {
	text, aim := t.Text, ""
	const aimLength = 3
	if len(text) >= aimLength && text[0] == ']' {
		text, aim = text[aimLength:], text[:aimLength]
	}
	if s.aim != "" && aim != "" && aim != s.aim {
		return "", fmt.Errorf("%w: %s", errSymbology, aim)
	}
	kinds := ofAIM(aim)
	if t.Symbology != "" {
		kinds = []string{t.Symbology}
	}
	if len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k string) bool { return slices.Contains(s.symbologies, k) }) {
		return "", fmt.Errorf("%w: it is %s", errSymbology, strings.Join(kinds, " or "))
	}
	return text, nil
}

// ofAIM lists the kinds of barcode that an AIM identifier stands for. One that is not known here is of no kind that a
// profile can name.
func ofAIM(aim string) []string {
	if aim == "" {
		return nil
	}
	switch aim[1] {
	case 'E':
		if aim[2] == '4' {
			return []string{"ean8"}
		}
		return []string{"ean13", "upca"}
	case 'C':
		return []string{"code128"}
	case 'A':
		return []string{"code39"}
	case 'I':
		return []string{"itf"}
	case 'Q':
		return []string{"qr"}
	case 'd':
		return []string{"datamatrix"}
	case 'L':
		return []string{"pdf417"}
	case 'z':
		return []string{"aztec"}
	}
	return []string{"unknown"}
}
