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
		sym.model = q[2]
	case 67: // fn 167: module size
		if q[2] >= 1 && q[2] <= 16 {
			sym.module = int(q[2])
		}
	case 69: // fn 169: error correction
		if q[2] >= '0' && q[2] <= '3' {
			sym.level = q[2]
		}
	case 80: // fn 180: store
		sym.data = append([]byte(nil), q[3:]...)
	case 81: // fn 181: print
		m.printQR()
	case 82: // fn 182: size
		m.transmitQRSize()
	}
}

func (s *qrSymbol) draw() (*bitmap, error) {
	if s.model != '2' && s.model != 2 {
		return nil, fmt.Errorf("%w: only model 2", errBarcode)
	}
	levels := map[byte]qr.ErrorCorrectionLevel{'0': qr.L, '1': qr.M, '2': qr.Q, '3': qr.H}
	code, err := qr.Encode(string(s.data), levels[s.level], qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBarcode, err)
	}
	r := code.Bounds()
	out := newBitmap(r.Dx(), r.Dy())
	for y := range r.Dy() {
		for x := range r.Dx() {
			if black(code.At(r.Min.X+x, r.Min.Y+y)) {
				out.set(x, y)
			}
		}
	}
	return out.scaled(s.module, s.module), nil
}

// printQR prints the stored symbol. One that does not fit the paper is not printed.
func (m *machine) printQR() {
	if len(m.in.qr.data) == 0 || !m.in.line.empty() {
		m.note("ignored", "QR code without data or in the middle of a line")
		return
	}
	dots, err := m.in.qr.draw()
	if err != nil {
		m.note("ignored", "QR code: "+err.Error())
		return
	}
	if dots.w > m.pers.WidthDots {
		m.note("ignored", fmt.Sprintf("QR code of %d dots is wider than the paper", dots.w))
		return
	}
	m.printBand(dots, "[qr "+string(m.in.qr.data)+"]")
}

// transmitQRSize is fn 182: header 37, identifier 36, width, height, fixed 1, printable or not, NUL.
func (m *machine) transmitQRSize() {
	w, fits := 0, byte('1')
	if dots, err := m.in.qr.draw(); err == nil && len(m.in.qr.data) > 0 {
		w = dots.w
		if w <= m.pers.WidthDots {
			fits = '0'
		}
	}
	m.respond(statusResponse, 0, append([]byte{0x37, 0x36}, fmt.Sprintf("%d\x1f%d\x1f1\x1f%c\x00", w, w, fits)...))
}
