package escpos

import (
	"bytes"
	"fmt"
)

// op is one command as a printer would read it from a stream.
type op struct {
	name string
	data []byte // arguments and payload
}

// walk cuts a byte stream into commands by the lengths of the vendor's reference,
// written without looking at the encoder. It fails on anything incomplete, unknown,
// or too long.
func walk(b []byte) ([]op, error) {
	var ops []op
	for at := 0; at < len(b); {
		o, n, err := next(b[at:])
		if err != nil {
			return ops, fmt.Errorf("byte %d: %w", at, err)
		}
		ops = append(ops, o)
		at += n
	}
	return ops, nil
}

// fixed lists commands with a fixed number of argument bytes.
func fixed() map[string]int {
	return map[string]int{
		"\x1b@": 0, "\x1bt": 1, "\x1bE": 1, "\x1ba": 1, "\x1bd": 1, "\x1b$": 2, "\x1bp": 3,
		"\x1b%": 1, "\x1c.": 0, "\x1da": 1, "\x1d!": 1, "\x1dh": 1, "\x1dw": 1, "\x1dr": 1,
	}
}

func next(b []byte) (op, int, error) {
	switch c := b[0]; {
	case c == '\n':
		return op{name: "LF"}, 1, nil
	case c >= 0x20:
		n := 1
		for n < len(b) && b[n] >= 0x20 {
			n++
		}
		return op{name: "text", data: b[:n]}, n, nil
	}
	if len(b) < 2 {
		return op{}, 0, fmt.Errorf("lone %#02x", b[0])
	}
	name := string(b[:2])
	if n, ok := fixed()[name]; ok {
		if len(b) < 2+n {
			return op{}, 0, fmt.Errorf("%q lacks arguments", name)
		}
		return op{name: name, data: b[2 : 2+n]}, 2 + n, nil
	}
	n, err := counted(name, b)
	if err != nil {
		return op{}, 0, err
	}
	if len(b) < n {
		return op{}, 0, fmt.Errorf("%q of %d bytes is cut short at %d", name, n, len(b))
	}
	return op{name: name, data: b[2:n]}, n, nil
}

// counted is the length of a command that carries its own.
func counted(name string, b []byte) (int, error) {
	need := func(n int) error {
		if len(b) < n {
			return fmt.Errorf("%q is cut short at %d", name, len(b))
		}
		return nil
	}
	switch name {
	case "\x1dV": // function B has a distance
		if err := need(3); err != nil {
			return 0, err
		}
		if b[2] == 65 || b[2] == 66 {
			return 4, nil
		}
		return 0, fmt.Errorf("cut %d", b[2])
	case "\x1dv": // GS v 0 m xL xH yL yH
		if err := need(8); err != nil {
			return 0, err
		}
		width, rows := int(b[4])|int(b[5])<<8, int(b[6])|int(b[7])<<8
		if b[2] != '0' || b[3] != 0 || width == 0 || rows == 0 {
			return 0, fmt.Errorf("raster %q", b[:8])
		}
		return 8 + width*rows, nil
	case "\x1dk": // form B: m n
		if err := need(4); err != nil {
			return 0, err
		}
		if b[2] < 65 || b[3] == 0 {
			return 0, fmt.Errorf("barcode %d of %d", b[2], b[3])
		}
		return 4 + int(b[3]), nil
	case "\x1d(": // function letter, pL pH
		if err := need(5); err != nil {
			return 0, err
		}
		if !bytes.ContainsRune([]byte("kH"), rune(b[2])) {
			return 0, fmt.Errorf("GS ( %c", b[2])
		}
		return 5 + (int(b[3]) | int(b[4])<<8), nil
	case "\x1b&": // y c1 c2, then for each character its width and columns
		if err := need(5); err != nil {
			return 0, err
		}
		n := 5
		for range int(b[4]) - int(b[3]) + 1 {
			if err := need(n + 1); err != nil {
				return 0, err
			}
			n += 1 + int(b[n])*int(b[2])
		}
		return n, nil
	default:
		return 0, fmt.Errorf("unknown command %q", name)
	}
}
