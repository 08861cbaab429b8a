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

// ErrShort is an answer without a status word. Readers report a card torn out during a command like this, as success with
// no or one byte.
var ErrShort = errors.New("apdu: answer has no status word")

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
	return Response{Data: b[:end:end], SW: SW(binary.BigEndian.Uint16(b[end:]))}, nil
}
