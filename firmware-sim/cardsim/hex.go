package cardsim

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// HexByte, HexSW and HexWord are written in hexadecimal, as card.md writes them.
type (
	HexByte byte
	HexSW   uint16
	HexWord uint32
)

// MarshalText writes two digits.
func (v HexByte) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("%02X", byte(v))), nil }

// MarshalText writes four digits.
func (v HexSW) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("%04X", uint16(v))), nil }

// MarshalText writes eight digits.
func (v HexWord) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("%08X", uint32(v))), nil }

// UnmarshalText reads two digits.
func (v *HexByte) UnmarshalText(text []byte) error {
	n, err := parseHex(text, 1)
	*v = HexByte(n)
	return err
}

// UnmarshalText reads four digits.
func (v *HexSW) UnmarshalText(text []byte) error {
	n, err := parseHex(text, 2)
	*v = HexSW(n)
	return err
}

// UnmarshalText reads eight digits.
func (v *HexWord) UnmarshalText(text []byte) error {
	n, err := parseHex(text, 4)
	*v = HexWord(n)
	return err
}

func parseHex(text []byte, size int) (uint64, error) {
	if _, err := hex.DecodeString(string(text)); err != nil || len(text) != 2*size {
		return 0, fmt.Errorf("want %d hexadecimal digits, not %q", 2*size, text)
	}
	return strconv.ParseUint(string(text), 16, 8*size)
}
