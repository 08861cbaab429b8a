package escpos

import (
	"fmt"
	"strings"

	"loyaltill/devices/escpos/render"
)

// Code 128 values with a meaning (ISO/IEC 15417, table 1).
const (
	code128CodeC  = 99
	code128CodeB  = 100
	code128StartB = 104
	code128StartC = 105
	code128FNC1   = 102
	code128Stop   = 106
	code128Modulo = 103
)

// code128Widths holds the widths of bar, space, bar ... of values 0 to 105, six
// each, and of the stop pattern, seven (ISO/IEC 15417, table 1).
const code128Widths = "212222222122222221121223121322131222122213122312132212221213" +
	"221312231212112232122132122231113222123122123221223211221132" +
	"221231213212223112312131311222321122321221312212322112322211" +
	"212123212321232121111323131123131321112313132113132311211313" +
	"231113231311112133112331132131113123113321133121313121211331" +
	"231131213113213311213131311123311321331121312113312311332111" +
	"314111221411431111111224111422121124121421141122141221112214" +
	"112412122114122411142112142211241211221114413111241112134111" +
	"111242121142121241114212124112124211411212421112421211212141" +
	"214121412121111143111341131141114113114311411113411311113141" +
	"1141313111414111312114122112142112322331112"

// code128 is a value sequence from start to stop, and the same as the data of GS k 73.
type code128 struct {
	values []byte
	native []byte
}

// Shortest runs of digits for which code set C saves symbols: at the ends of the
// data a single switch, within it two.
const (
	code128MinDigitsEnd    = 4
	code128MinDigitsMiddle = 6
)

// encodeCode128 encodes printable ASCII with code sets B and C.
func encodeCode128(data string) (code128, error) {
	if data == "" || len(data) > maxCode128 {
		return code128{}, fmt.Errorf("code128 of %d characters, want 1 to %d", len(data), maxCode128)
	}
	for i := range len(data) {
		if data[i] < ' ' || data[i] > '~' {
			return code128{}, fmt.Errorf("code128 cannot hold %q", data[i])
		}
	}
	return code128Safe(data)
}

// code128Safe encodes data without anything that a printer would execute at once.
func code128Safe(data string) (code128, error) {
	c := code128Of(data, true)
	if realTimeAt(c.native) >= 0 {
		// Code set C sends pairs of digits as bytes 0 to 99, among which 16 04 01
		// would be taken for a status query.
		c = code128Of(data, false)
	}
	if len(c.native) > maxNativeCode128 {
		return code128{}, fmt.Errorf("code128 %q needs %d bytes, a printer takes %d", data, len(c.native), maxNativeCode128)
	}
	return c, nil
}

// fnc1 stands in data for the function character 1, which no text has.
const fnc1 = 0xF1

func code128Of(data string, withC bool) code128 {
	var c code128
	inC := false
	for i := 0; i < len(data); {
		if data[i] == fnc1 {
			if i == 0 {
				c.enter(&inC, withC && digitRun(data[1:]) >= code128MinDigitsEnd)
			}
			c.values, c.native = append(c.values, code128FNC1), append(c.native, '{', '1')
			i++
			continue
		}
		digits := digitRun(data[i:])
		least := code128MinDigitsMiddle
		if i == 0 || i+digits == len(data) {
			least = code128MinDigitsEnd
		}
		switch {
		case withC && digits%2 == 0 && digits >= least, inC && digits >= 2:
			c.enter(&inC, true)
			pair := (data[i]-'0')*10 + data[i+1] - '0'
			c.values, c.native = append(c.values, pair), append(c.native, pair)
			i += 2
		default:
			c.enter(&inC, false)
			c.values, c.native = append(c.values, data[i]-' '), append(c.native, data[i])
			if data[i] == '{' {
				c.native = append(c.native, '{') // { announces a code set, {{ is the character
			}
			i++
		}
	}
	sum := int(c.values[0])
	for i, v := range c.values {
		sum += i * int(v)
	}
	c.values = append(c.values, byte(sum%code128Modulo), code128Stop)
	return c
}

// digitRun is the number of digits that data begins with.
func digitRun(data string) int {
	return len(data) - len(strings.TrimLeft(data, "0123456789"))
}

// enter starts in a code set or switches to it.
func (c *code128) enter(inC *bool, wantC bool) {
	if len(c.values) > 0 && *inC == wantC {
		return
	}
	start, shift, name := byte(code128StartB), byte(code128CodeB), byte('B')
	if wantC {
		start, shift, name = code128StartC, code128CodeC, 'C'
	}
	if len(c.values) == 0 {
		shift = start
	}
	c.values = append(c.values, shift)
	c.native = append(c.native, '{', name)
	*inC = wantC
}

// bars returns the modules of the symbol, true for black.
func (c code128) bars() []bool {
	var out []bool
	for _, v := range c.values {
		widths := code128Widths[int(v)*6:]
		if v == code128Stop {
			widths = widths[:7]
		} else {
			widths = widths[:6]
		}
		for i, w := range []byte(widths) {
			for range int(w - '0') {
				out = append(out, i%2 == 0)
			}
		}
	}
	return out
}

// drawBars draws modules as bars of the given width and height.
func drawBars(modules []bool, module, height int) *render.Bitmap {
	b := render.NewBitmap(len(modules)*module, height)
	for i, black := range modules {
		if black {
			b.FillRect(i*module, 0, module, height)
		}
	}
	return b
}
