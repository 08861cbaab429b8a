package printersim

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/codabar"
	"github.com/boombuler/barcode/code39"
	"github.com/boombuler/barcode/code93"
	"github.com/boombuler/barcode/ean"
	"github.com/boombuler/barcode/twooffive"
)

var errBarcode = errors.New("data does not fit the symbology")

// symbology is one bar code type of GS k: its name in the text layer and how data becomes bars and readable text.
type symbology struct {
	name string
	bars func(data []byte) (bars []bool, hri string, err error)
}

// symbologies by the m of GS k, form B; form A counts from 0 and means the same up to Codabar.
func symbologies() map[byte]symbology {
	return map[byte]symbology{
		65: {"upc-a", upcABars},
		66: {"upc-e", upcEBars},
		67: {"ean13", func(d []byte) ([]bool, string, error) { return eanBars(d, 12, "") }},
		68: {"ean8", func(d []byte) ([]bool, string, error) { return eanBars(d, 7, "") }},
		69: {"code39", code39Bars},
		70: {"itf", itfBars},
		71: {"codabar", func(d []byte) ([]bool, string, error) {
			return rendered(codabar.Encode(string(d)))
		}},
		72: {"code93", func(d []byte) ([]bool, string, error) {
			return rendered(code93.Encode(string(d), true, true))
		}},
		73: {"code128", code128Bars},
		74: {"gs1-128", gs1Bars},
		79: {"code128", func(d []byte) ([]bool, string, error) { return autoCode128(d, nil) }},
	}
}

// sizeBarcode: GS k m data NUL, or GS k m n data for m from 65.
func sizeBarcode(p []byte) int {
	if len(p) < 4 {
		return 4
	}
	if p[2] >= 65 {
		return 4 + int(p[3])
	}
	if p[2] > 6 {
		return 4
	}
	const most = 256
	if i := bytes.IndexByte(p[3:], 0); i >= 0 {
		return 3 + i + 1
	}
	if len(p) >= most {
		return len(p)
	}
	return len(p) + 1
}

// barcodeCommand is GS k. What it cannot print as bars it prints as text, which is what the devices do.
func (m *machine) barcodeCommand(p []byte) {
	kind, data := p[2], p[4:]
	if kind < 65 {
		kind, data = kind+65, bytes.TrimSuffix(p[3:], []byte{0})
	}
	s, ok := symbologies()[kind]
	if !ok {
		m.unsupported(p)
		return
	}
	if !m.in.line.empty() {
		m.note("ignored", "bar code in the middle of a line")
		m.asText(data)
		return
	}
	bars, hri, err := s.bars(data)
	if err != nil {
		m.note("ignored", s.name+": "+err.Error())
		m.asText(data)
		return
	}
	if w := len(bars) * m.in.set.barModule; w > m.pers.WidthDots {
		m.note("ignored", fmt.Sprintf("%s of %d dots is wider than the paper", s.name, w))
		return
	}
	m.printBand(m.drawBars(bars, hri), "["+s.name+" "+hri+"]")
}

func (m *machine) asText(data []byte) {
	for _, b := range data {
		m.in.single(m, b)
	}
}

// drawBars puts the readable characters above, below or on both sides, as GS H says.
func (m *machine) drawBars(bars []bool, hri string) *bitmap {
	set := m.in.set
	shape := shapeOf(set.hriFont)
	textWidth := len([]rune(hri)) * shape.width
	width := max(len(bars)*set.barModule, textWidth*bool2int(set.hri != 0))
	top, height := 0, set.barHeight
	if set.hri&1 != 0 {
		top = shape.height
		height += shape.height
	}
	if set.hri&2 != 0 {
		height += shape.height
	}
	out := newBitmap(width, height)
	left := (width - len(bars)*set.barModule) / 2
	for i, black := range bars {
		if black {
			out.fill(left+i*set.barModule, top, set.barModule, set.barHeight)
		}
	}
	x := (width - textWidth) / 2
	for _, r := range hri {
		cell := m.rom.cell(r, set.hriFont)
		if set.hri&1 != 0 {
			out.draw(cell, x, 0)
		}
		if set.hri&2 != 0 {
			out.draw(cell, x, top+set.barHeight)
		}
		x += shape.width
	}
	return out
}

func bool2int(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rendered takes the bars from the first row of a drawn symbol.
func rendered(code barcode.Barcode, err error) ([]bool, string, error) {
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errBarcode, err)
	}
	return barsOf(code), code.Content(), nil
}

func barsOf(img image.Image) []bool {
	r := img.Bounds()
	bars := make([]bool, r.Dx())
	for x := range bars {
		bars[x] = black(img.At(r.Min.X+x, r.Min.Y))
	}
	return bars
}

func black(c color.Color) bool { return color.GrayModel.Convert(c).(color.Gray).Y < 128 }

func onlyDigits(d []byte) bool {
	for _, b := range d {
		if b < '0' || b > '9' {
			return false
		}
	}
	return len(d) > 0
}

// eanBars draws EAN from its digits without or with check digit; prefix is put in front (UPC-A is EAN-13 with 0).
func eanBars(d []byte, digits int, prefix string) ([]bool, string, error) {
	want := digits - len(prefix)
	if !onlyDigits(d) || (len(d) != want && len(d) != want+1) {
		return nil, "", errBarcode
	}
	code, err := ean.Encode(prefix + string(d))
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errBarcode, err)
	}
	return barsOf(code), strings.TrimPrefix(code.Content(), prefix), nil
}

func upcABars(d []byte) ([]bool, string, error) { return eanBars(d, 12, "0") }

func code39Bars(d []byte) ([]bool, string, error) {
	text := strings.Trim(string(d), "*")
	bars, _, err := rendered(code39.Encode(text, false, false))
	return bars, "*" + text + "*", err
}

func itfBars(d []byte) ([]bool, string, error) {
	if !onlyDigits(d) || len(d)%2 != 0 {
		return nil, "", errBarcode
	}
	return rendered(twooffive.Encode(string(d), true))
}
