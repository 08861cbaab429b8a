package apdu

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	statusLength = 2
	// MaxShortResponse is the room that an answer to a command with a short Le can need.
	MaxShortResponse = MaxShortLe + statusLength
)

// Answers without a status word.
var (
	// ErrShort is nothing at all, or one byte, as readers report a card torn out during a command.
	ErrShort = errors.New("apdu: answer has no status word")
	// ErrCut is an end that can be none: the first byte of a status word is 61 to 6F or 90 to 9F (ISO/IEC 7816-4, 5.6).
	ErrCut = fmt.Errorf("%w at its end", ErrShort)
)

// Response is one answer: data, and the status word behind it.
type Response struct {
	Data []byte
	SW   SW
}

// ParseResponse splits an answer. Data keeps pointing into b.
func ParseResponse(b []byte) (Response, error) {
	if len(b) < statusLength {
		return Response{}, fmt.Errorf("%w: %d bytes", ErrShort, len(b))
	}
	end := len(b) - statusLength
	if sw1 := b[end]; sw1 == 0x60 || sw1>>4 != 6 && sw1>>4 != 9 {
		return Response{}, fmt.Errorf("%w: %X", ErrCut, b[end:])
	}
	return Response{Data: b[:end:end], SW: SW(binary.BigEndian.Uint16(b[end:]))}, nil
}
