package printersim

import (
	"fmt"

	"github.com/boombuler/barcode/qr"
)

// qrSymbol is what GS ( k with cn 49 collects until it prints.
type qrSymbol struct {
	model  byte
	module int
	level  byte
	data   []byte
	drawn  *bitmap // one dot a module; nil after a change
}

// symbolCommand is GS ( k without its length: cn fn parameters. Only QR (cn 49) is built in.
func (m *machine) symbolCommand(q []byte) {
	if len(q) < 3 || q[0] != 49 {
		m.counts.Unsupported++
		m.note("unsupported", fmt.Sprintf("GS ( k % x", q[:min(len(q), 4)]))
		return
	}
	sym := &m.in.qr
	switch q[1] {
	case 65: // fn 165: model
		sym.model, sym.drawn = q[2], nil
	case 67: // fn 167: module size
		if q[2] >= 1 && q[2] <= 16 {
			sym.module = int(q[2])
		}
	case 69: // fn 169: error correction
		if q[2] >= '0' && q[2] <= '3' {
			sym.level, sym.drawn = q[2], nil
		}
	case 80: // fn 180: store
		sym.data, sym.drawn = append([]byte(nil), q[3:]...), nil
	case 81: // fn 181: print
		m.printQR()
	case 82: // fn 182: size
		m.transmitQRSize()
	}
}

// modules draws the stored data, one dot a module.
func (s *qrSymbol) modules() (*bitmap, error) {
	if s.drawn != nil {
		return s.drawn, nil
	}
	if s.model != '2' && s.model != 2 {
		return nil, fmt.Errorf("%w: only model 2", errBarcode)
	}
	levels := map[byte]qr.ErrorCorrectionLevel{'0': qr.L, '1': qr.M, '2': qr.Q, '3': qr.H}
	code, err := qr.Encode(string(s.data), levels[s.level], qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBarcode, err)
	}
	r := code.Bounds()
	s.drawn = newBitmap(r.Dx(), r.Dy())
	for y := range r.Dy() {
		for x := range r.Dx() {
			if black(code.At(r.Min.X+x, r.Min.Y+y)) {
				s.drawn.set(x, y)
			}
		}
	}
	return s.drawn, nil
}

// printQR prints the stored symbol. One that does not fit the paper is not printed.
func (m *machine) printQR() {
	sym := &m.in.qr
	if len(sym.data) == 0 || !m.in.line.empty() {
		m.note("ignored", "QR code without data or in the middle of a line")
		return
	}
	modules, err := sym.modules()
	if err != nil {
		m.note("ignored", "QR code: "+err.Error())
		sym.data = nil
		return
	}
	if w := modules.w * sym.module; w > m.pers.WidthDots {
		m.note("ignored", fmt.Sprintf("QR code of %d dots is wider than the paper", w))
		return
	}
	m.printBand(modules.scaled(sym.module, sym.module), "[qr "+string(sym.data)+"]")
}

// transmitQRSize is fn 182: header 37, identifier 36, width, height, fixed 1, printable or not, NUL.
func (m *machine) transmitQRSize() {
	sym := &m.in.qr
	w, fits := 0, byte('1')
	if modules, err := sym.modules(); err == nil && len(sym.data) > 0 {
		w = modules.w * sym.module
		if w <= m.pers.WidthDots {
			fits = '0'
		}
	}
	m.respond(statusResponse, 0, append([]byte{0x37, 0x36}, fmt.Sprintf("%d\x1f%d\x1f1\x1f%c\x00", w, w, fits)...))
}
