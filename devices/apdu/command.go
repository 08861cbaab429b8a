// Package apdu is the language of smart cards, ISO/IEC 7816-4: commands into bytes, bytes into answers, status words into
// errors, and the two answers that only mean "ask again".
//
// It owns the encoding and the table of status words. It never knows an application, keeps nothing between calls and
// never logs: what passes through it may be a PIN.
package apdu

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Lengths of ISO/IEC 7816-4, 5.1.
const (
	maxShortData    = 255
	maxExtendedData = 65535
	MaxShortLe      = 256   // encoded as 00
	MaxExtendedLe   = 65536 // encoded as 0000
)

// ErrCommand is a command that cannot be encoded.
var ErrCommand = errors.New("apdu: command out of range")

// Command is one command APDU. Le is the number of bytes wanted at most; 0 means that no data is expected.
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte
	Le               int
}

// Append encodes the command behind dst: short form where it fits, else extended.
func (c Command) Append(dst []byte) ([]byte, error) {
	if len(c.Data) > maxExtendedData || c.Le < 0 || c.Le > MaxExtendedLe {
		return dst, fmt.Errorf("%w: %d bytes of data, le %d", ErrCommand, len(c.Data), c.Le)
	}
	dst = append(dst, c.CLA, c.INS, c.P1, c.P2)
	if len(c.Data) <= maxShortData && c.Le <= MaxShortLe {
		return c.appendShort(dst), nil
	}
	return c.appendExtended(dst), nil
}

func (c Command) appendShort(dst []byte) []byte {
	if len(c.Data) > 0 {
		dst = append(dst, byte(len(c.Data)))
		dst = append(dst, c.Data...)
	}
	if c.Le > 0 {
		dst = append(dst, byte(c.Le)) // 256 becomes 00
	}
	return dst
}

// appendExtended puts one 00 in front of the first length field only (ISO/IEC 7816-4, 5.1).
func (c Command) appendExtended(dst []byte) []byte {
	dst = append(dst, 0)
	if len(c.Data) > 0 {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(c.Data)))
		dst = append(dst, c.Data...)
	}
	if c.Le > 0 {
		dst = binary.BigEndian.AppendUint16(dst, uint16(c.Le)) // 65536 becomes 0000
	}
	return dst
}
