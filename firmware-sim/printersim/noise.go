package printersim

import "math/bits"

// lineNoise is what becomes of bytes when the two ends of a serial line disagree about speed or parity.
type lineNoise struct {
	speed  bool
	parity bool // the printer wants even parity, the host has none
}

func (n lineNoise) toPrinter(b byte) byte {
	if n.speed {
		b = atWrongSpeed(b)
	}
	if n.parity {
		b = withoutParity(b, '?') // the manual: a byte with a parity error is taken as ?
	}
	return b
}

// toHost changes answers. Where the host finds its stop bit to be the printer's parity bit, its port gives it NUL.
func (n lineNoise) toHost(data []byte) []byte {
	if n == (lineNoise{}) {
		return data
	}
	out := make([]byte, len(data))
	for i, b := range data {
		if n.speed {
			b = atWrongSpeed(b)
		}
		if n.parity {
			b = withoutParity(b, 0)
		}
		out[i] = b
	}
	return out
}

// atWrongSpeed is a start bit seen late; the line idles high.
func atWrongSpeed(b byte) byte { return b>>3 | 0xC0 }

// withoutParity: the stop bit stands where even parity is expected, so bytes with an odd number of ones get through.
func withoutParity(b, broken byte) byte {
	if bits.OnesCount8(b)%2 == 0 {
		return broken
	}
	return b
}
