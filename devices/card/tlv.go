package card

import "fmt"

// field is one TLV that must come next: tag one byte, length one byte.
type field struct {
	tag    byte
	length int // anyLength when the value says its own
}

const anyLength = -1

// take reads the fields of spec in their order, and nothing else. The values keep pointing into b.
func take(b []byte, spec ...field) ([][]byte, error) {
	values := make([][]byte, len(spec))
	for i, f := range spec {
		if len(b) < 2 || b[0] != f.tag || len(b) < 2+int(b[1]) {
			return nil, fmt.Errorf("field %02x is missing", f.tag)
		}
		end := 2 + int(b[1])
		if f.length != anyLength && end != 2+f.length {
			return nil, fmt.Errorf("field %02x has %d bytes, want %d", f.tag, end-2, f.length)
		}
		values[i], b = b[2:end:end], b[end:]
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%d bytes behind the last field", len(b))
	}
	return values, nil
}

func put(dst []byte, tag byte, value []byte) []byte {
	return append(append(dst, tag, byte(len(value))), value...)
}
