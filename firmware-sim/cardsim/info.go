package cardsim

import (
	"errors"
	"fmt"
)

const (
	maxNumberDigits = 24
	maxTierSize     = 24
)

// info is EF.INFO, card.md 2.
type info struct{ number, scheme, tier, language []byte }

// parseInfo reads the four TLVs in their order, and nothing behind them.
func parseInfo(b []byte) (i info, ok bool) {
	for _, f := range []struct {
		tag  byte
		into *[]byte
	}{{0x61, &i.number}, {0x62, &i.scheme}, {0x63, &i.tier}, {0x64, &i.language}} {
		if *f.into, b, ok = takeTLV(b, f.tag); !ok {
			return info{}, false
		}
	}
	return i, len(b) == 0
}

// takeTLV parts a TLV with one byte each of tag and length from what stands behind it.
func takeTLV(b []byte, tag byte) (value, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tag || len(b)-2 < int(b[1]) {
		return nil, b, false
	}
	end := 2 + int(b[1])
	return b[2:end], b[end:], true
}

func (i info) bytes() []byte {
	b := tlv(0x61, i.number...)
	b = append(b, tlv(0x62, i.scheme...)...)
	b = append(b, tlv(0x63, i.tier...)...)
	return append(b, tlv(0x64, i.language...)...)
}

func (i info) check() error {
	switch {
	case len(i.number) == 0 || len(i.number) > maxNumberDigits || !within(i.number, '0', '9'):
		return fmt.Errorf("number: want 1 to %d digits", maxNumberDigits)
	case len(i.scheme) != schemeSize:
		return fmt.Errorf("scheme: want %d bytes", schemeSize)
	case len(i.tier) > maxTierSize || !within(i.tier, ' ', '~'):
		return fmt.Errorf("tier: want at most %d ASCII characters", maxTierSize)
	case len(i.language) != 2 || !within(i.language, 'a', 'z'):
		return errors.New("language: want two small ASCII letters")
	}
	return nil
}

func within(b []byte, first, last byte) bool {
	for _, v := range b {
		if v < first || v > last {
			return false
		}
	}
	return true
}
