package profile

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"loyaltill/devices/card"
)

// Medium is the interface of a card.
type Medium string

// The interfaces; the empty one is either.
const (
	Contact     Medium = "contact"
	Contactless Medium = "contactless"
)

// MediumOf tells the interface from an answer to reset.
func MediumOf(atr []byte) Medium {
	if card.Contactless(atr) {
		return Contactless
	}
	return Contact
}

// atrPattern is the beginning of an answer to reset, with the bits that count; empty takes any.
type atrPattern struct{ value, mask []byte }

func (c *compiler) atr(d *matchDef) atrPattern {
	if c.doc.Read[0].Source != "" {
		for _, name := range []string{"atr", "atr_mask", "medium"} {
			if c.given("match." + name) {
				c.fault("match."+name, "is of a card, and the till sends text", "leave it out")
			}
		}
		return atrPattern{}
	}
	if d.ATR == "" {
		if d.Mask != "" {
			c.fault("match.atr_mask", "stands without atr", "add match.atr")
		}
		return atrPattern{}
	}
	p := dotted(d.ATR)
	if d.Mask == "" {
		return p
	}
	if len(d.Mask) != len(d.ATR) {
		c.fault("match.atr_mask", "is not as long as atr", "write as many digits")
		return p
	}
	counts := dotted(d.Mask)
	for i := range p.mask {
		p.mask[i] &= counts.value[i]
		p.value[i] &= p.mask[i]
	}
	return p
}

// dotted reads hexadecimal digits; a dot is a half byte that does not count.
func dotted(text string) atrPattern {
	return atrPattern{
		value: unhex(strings.ReplaceAll(text, ".", "0")),
		mask: unhex(strings.Map(func(c rune) rune {
			if c == '.' {
				return '0'
			}
			return 'F'
		}, text)),
	}
}

// Why a card is not of a profile.
var (
	errOtherMedium = errors.New("the card is on the other interface")
	errOtherATR    = errors.New("the answer to reset differs")
	errForText     = errors.New("the profile is for text that the till sends")
	errForCards    = errors.New("the profile is for cards")
)

// fits says whether a card can be of the profile, by its answer to reset alone.
func (p *Profile) fits(atr []byte) error {
	if p.text != nil {
		return errForText
	}
	if medium := MediumOf(atr); p.medium != "" && p.medium != medium {
		return fmt.Errorf("%w: it is %s", errOtherMedium, medium)
	}
	if !p.atr.matches(atr) {
		return fmt.Errorf("%w: it is %X", errOtherATR, atr)
	}
	for i := range p.steps {
		if s := &p.steps[i]; s.op == opStorageBlock && storageName(atr) != s.cardName {
			return fmt.Errorf("%w: no storage card of the kind that %s reads", errOtherATR, s.place)
		}
	}
	return nil
}

func (p atrPattern) matches(atr []byte) bool {
	if len(atr) < len(p.value) {
		return false
	}
	for i, want := range p.value {
		if atr[i]&p.mask[i] != want {
			return false
		}
	}
	return true
}

// storage is the answer to reset of a card without a processor: the historical bytes name the standard and the card (PC/SC
// part 3, 3.1.3.2.3.2).
func storage(atr []byte) (standard byte, name uint16, ok bool) {
	const rid = "\x80\x4F\x0C\xA0\x00\x00\x03\x06"
	const from = 4
	if MediumOf(atr) != Contactless || len(atr) < from+len(rid)+3 || string(atr[from:from+len(rid)]) != rid {
		return 0, 0, false
	}
	return atr[from+len(rid)], binary.BigEndian.Uint16(atr[from+len(rid)+1:]), true
}

func storageName(atr []byte) uint16 {
	_, name, _ := storage(atr)
	return name
}

// unhex reads hexadecimal that its form was checked of; nil for nothing.
func unhex(text string) []byte {
	if text == "" {
		return nil
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}
