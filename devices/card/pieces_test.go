package card_test

import (
	"context"
	"encoding/binary"
)

// inPieces hands answers out as a T=0 reader does: 61xx, then GET RESPONSE.
type inPieces struct {
	*slot
	size int
	rest []byte
}

func (p *inPieces) Transmit(ctx context.Context, capdu, rapdu []byte) (int, error) {
	if capdu[1] != 0xC0 {
		buffer := make([]byte, 258)
		n, err := p.slot.Transmit(ctx, capdu, buffer)
		if err != nil {
			return 0, err
		}
		p.rest = buffer[:n]
		if n > 2 {
			return copy(rapdu, []byte{0x61, byte(n - 2)}), nil
		}
		return copy(rapdu, p.rest), nil
	}
	data := p.rest[:len(p.rest)-2]
	if len(data) <= p.size {
		return copy(rapdu, p.rest), nil
	}
	p.rest = p.rest[p.size:]
	out := binary.BigEndian.AppendUint16(append([]byte(nil), data[:p.size]...), 0x6100|uint16(len(data)-p.size))
	return copy(rapdu, out), nil
}
