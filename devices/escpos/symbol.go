package escpos

import (
	"fmt"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/ean"
	"github.com/boombuler/barcode/qr"

	"loyaltill/devices/escpos/render"
)

// SymbolKind is a symbology.
type SymbolKind string

// Symbologies.
const (
	Code128 SymbolKind = "code128"
	EAN13   SymbolKind = "ean13"   // also GS1 coupons, 981 and 982, and numbers of the store, 20 to 29
	GS1128  SymbolKind = "gs1_128" // its data as for people: (01)04012345678901(10)A7
	QR      SymbolKind = "qr"
)

// Symbol is a machine-readable code. Its text for people is a line of its own, so
// that it stands on paper the same whether the printer or we draw the bars.
type Symbol struct {
	Kind   SymbolKind `json:"kind"`
	Data   string     `json:"data"`
	Module int        `json:"module,omitempty"` // dots of the narrowest bar; 0: the widest of 3 and 2 that fits
	Height int        `json:"height,omitempty"` // dots of the bars; 0 is 80; not for QR
}

// Bounds of symbols (GS k, GS w, GS h, GS ( k of the vendor's reference).
const (
	maxCode128       = 80
	maxNativeCode128 = 255
	maxQR            = 1200 // a symbol of 105 modules, in letters of the alphanumeric mode
	minModule        = 2
	maxModule        = 6
	defaultModule    = 3
	defaultQRModule  = 5
	defaultBarHeight = 80
	maxBarHeight     = 255
)

func (s Symbol) height() int {
	if s.Height == 0 {
		return defaultBarHeight
	}
	return s.Height
}

func (s Symbol) check() error {
	if s.Module != 0 && (s.Module < minModule || s.Module > maxModule) {
		return fmt.Errorf("symbol module of %d dots, want %d to %d", s.Module, minModule, maxModule)
	}
	if s.Height < 0 || s.Height > maxBarHeight {
		return fmt.Errorf("symbol height of %d dots, want at most %d", s.Height, maxBarHeight)
	}
	_, err := s.matrix()
	return err
}

// matrix is a symbol in modules: rows of equal length; bars have one row.
func (s Symbol) matrix() ([][]bool, error) {
	switch s.Kind {
	case Code128:
		c, err := encodeCode128(s.Data)
		if err != nil {
			return nil, err
		}
		return [][]bool{c.bars()}, nil
	case GS1128:
		c, err := encodeGS1128(s.Data)
		if err != nil {
			return nil, err
		}
		return [][]bool{c.bars()}, nil
	case EAN13:
		if err := checkEAN13(s.Data); err != nil {
			return nil, err
		}
		code, err := ean.Encode(s.Data)
		if err != nil {
			return nil, fmt.Errorf("ean13 %q: %w", s.Data, err)
		}
		return modulesOf(code), nil
	case QR:
		if s.Data == "" || len(s.Data) > maxQR {
			return nil, fmt.Errorf("qr of %d bytes, want 1 to %d", len(s.Data), maxQR)
		}
		code, err := qr.Encode(s.Data, qr.M, qr.Auto)
		if err != nil {
			return nil, fmt.Errorf("qr of %d bytes: %w", len(s.Data), err)
		}
		return modulesOf(code), nil
	default:
		return nil, fmt.Errorf("unknown symbol kind %q", s.Kind)
	}
}

func modulesOf(code barcode.Barcode) [][]bool {
	bounds := code.Bounds()
	rows := make([][]bool, bounds.Dy())
	for y := range rows {
		rows[y] = make([]bool, bounds.Dx())
		for x := range rows[y] {
			red, _, _, _ := code.At(bounds.Min.X+x, bounds.Min.Y+y).RGBA()
			rows[y][x] = red == 0
		}
	}
	return rows
}

// moduleFor chooses the module width; the narrowest must fit the paper.
func (s Symbol) moduleFor(modules, widthDots int) (int, error) {
	widest := s.Module
	if widest == 0 {
		widest = defaultModule
		if s.Kind == QR {
			widest = defaultQRModule
		}
	}
	for m := widest; m >= minModule; m-- {
		if modules*m <= widthDots {
			return m, nil
		}
		if s.Module != 0 {
			break
		}
	}
	return 0, fmt.Errorf("%w: %s of %d modules is wider than the paper of %d dots: shorten its data", ErrDocument, s.Kind, modules, widthDots)
}

// picture draws the symbol in dots.
func (s Symbol) picture(widthDots int) (*render.Bitmap, int, error) {
	rows, err := s.matrix()
	if err != nil {
		return nil, 0, err
	}
	module, err := s.moduleFor(len(rows[0]), widthDots)
	if err != nil {
		return nil, 0, err
	}
	if s.Kind != QR {
		return drawBars(rows[0], module, s.height()), module, nil
	}
	b := render.NewBitmap(len(rows[0])*module, len(rows)*module)
	for y, row := range rows {
		for x, black := range row {
			if black {
				b.FillRect(x*module, y*module, module, module)
			}
		}
	}
	return b, module, nil
}

// native says whether the printer draws the symbol itself.
func (s Symbol) native(p *Profile, via Via) bool {
	if via != ViaBest {
		return via == ViaNative
	}
	support := map[SymbolKind]string{Code128: p.Symbols.Code128, EAN13: p.Symbols.EAN13, GS1128: p.Symbols.GS1128, QR: p.Symbols.QR}
	return support[s.Kind] == SymbolNative
}

// Selectors of GS k, form B.
const (
	gsKEAN13   = 67
	gsKCode128 = 73
)

// command is the printer's own for the symbol.
func (s Symbol) command(module int) ([]byte, error) {
	switch s.Kind {
	case Code128:
		c, err := encodeCode128(s.Data)
		if err != nil {
			return nil, err
		}
		return s.bars(module, gsKCode128, c.native), nil
	case GS1128: // the same bars as Code 128 that begins with FNC1
		c, err := encodeGS1128(s.Data)
		if err != nil {
			return nil, err
		}
		return s.bars(module, gsKCode128, c.native), nil
	case EAN13:
		return s.bars(module, gsKEAN13, []byte(s.Data)), nil
	default:
		return qrCommands(s.Data, module), nil
	}
}

// bars is GS h height, GS w module, GS k selector length data. The text under the
// bars (GS H) stays off, as ESC @ leaves it.
func (s Symbol) bars(module int, selector byte, data []byte) []byte {
	out := []byte{gs, 'h', byte(s.height()), gs, 'w', byte(module), gs, 'k', selector, byte(len(data))}
	return append(out, data...)
}

// qrCommands is GS ( k functions 165 (model 2), 167 (module), 169 (level M), 180
// (store), 181 (print).
func qrCommands(data string, module int) []byte {
	const levelM = 49
	out := []byte{gs, '(', 'k', 4, 0, 49, 65, 50, 0}
	out = append(out, gs, '(', 'k', 3, 0, 49, 67, byte(module))
	out = append(out, gs, '(', 'k', 3, 0, 49, 69, levelM)
	n := len(data) + 3
	out = append(out, gs, '(', 'k', byte(n), byte(n>>8), 49, 80, 48)
	out = append(out, data...)
	return append(out, gs, '(', 'k', 3, 0, 49, 81, 48)
}
