package printersim

import (
	"fmt"
	"strings"
)

// Symbol values of Code 128 (ISO/IEC 15417, table 1).
const (
	c128Shift  = 98
	c128CodeC  = 99
	c128CodeB  = 100
	c128CodeA  = 101
	c128FNC1   = 102
	c128StartA = 103
	c128StartB = 104
	c128StartC = 105
	c128Stop   = 106
	c128FNC2   = 97
	c128FNC3   = 96
)

// code128Widths are the widths of bars and spaces by symbol value, six a symbol and seven for the stop.
const code128Widths = "" +
	"212222222122222221121223121322131222122213122312132212221213" +
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

// code128Symbol draws symbols, adding checksum and stop.
func code128Symbol(values []int) []bool {
	sum := values[0]
	for i, v := range values[1:] {
		sum += (i + 1) * v
	}
	var bars []bool
	for _, v := range append(append([]int{}, values...), sum%103, c128Stop) {
		widths := code128Widths[v*6 : v*6+6]
		if v == c128Stop {
			widths = code128Widths[v*6:]
		}
		for i, w := range widths {
			for range w - '0' {
				bars = append(bars, i%2 == 0)
			}
		}
	}
	return bars
}

// code128Bars reads the data of GS k 73: {A {B {C choose the set, {S shifts, {1 to {4 are functions, {{ is a brace.
// In set C a byte is the value of two digits.
func code128Bars(d []byte) ([]bool, string, error) {
	if len(d) < 2 || d[0] != '{' || d[1] < 'A' || d[1] > 'C' {
		return nil, "", fmt.Errorf("%w: no code set", errBarcode)
	}
	set := d[1]
	values := []int{c128StartA + int(set-'A')}
	var hri strings.Builder
	shifted := false
	for i := 2; i < len(d); i++ {
		if d[i] == '{' && set != 'C' || d[i] == '{' && i+1 < len(d) {
			i++
			if i == len(d) {
				return nil, "", fmt.Errorf("%w: brace at the end", errBarcode)
			}
			if d[i] != '{' {
				v, next, err := code128Control(d[i], set)
				if err != nil {
					return nil, "", err
				}
				values, shifted = append(values, v), d[i] == 'S'
				set = next
				continue
			}
		}
		use := set
		if shifted {
			use, shifted = 'A'+'B'-set, false
		}
		v, text, ok := code128Value(d[i], use)
		if !ok {
			return nil, "", fmt.Errorf("%w: %#x in set %c", errBarcode, d[i], use)
		}
		values = append(values, v)
		hri.WriteString(text)
	}
	return code128Symbol(values), hri.String(), nil
}

// code128Control gives the symbol of a brace sequence and the set that holds behind it.
func code128Control(b, set byte) (value int, next byte, err error) {
	switch b {
	case 'A':
		return c128CodeA, 'A', nil
	case 'B':
		return c128CodeB, 'B', nil
	case 'C':
		return c128CodeC, 'C', nil
	case '1':
		return c128FNC1, set, nil
	}
	if set != 'C' {
		switch b {
		case 'S':
			return c128Shift, set, nil
		case '2':
			return c128FNC2, set, nil
		case '3':
			return c128FNC3, set, nil
		case '4':
			return c128CodeA - int(set-'A'), set, nil // FNC4 is 101 in A and 100 in B
		}
	}
	return 0, 0, fmt.Errorf("%w: {%c in set %c", errBarcode, b, set)
}

func code128Value(b, set byte) (value int, text string, ok bool) {
	switch {
	case set == 'C':
		return int(b), fmt.Sprintf("%02d", b), b <= 99
	case set == 'A' && b < 0x20:
		return int(b) + 64, " ", true
	case set == 'A' && b < 0x60, set == 'B' && b >= 0x20 && b < 0x80:
		if b < 0x20 {
			return 0, "", false
		}
		return int(b) - 0x20, string(rune(b)), true
	}
	return 0, "", false
}

// autoCode128 chooses the sets itself: C for four or more digits, else B.
func autoCode128(d []byte, lead []int) ([]bool, string, error) {
	digits := func(i int) int {
		n := 0
		for i+n < len(d) && d[i+n] >= '0' && d[i+n] <= '9' {
			n++
		}
		return n
	}
	if len(d) == 0 {
		return nil, "", errBarcode
	}
	set, values := byte('B'), []int{c128StartB}
	if digits(0) >= 4 {
		set, values = 'C', []int{c128StartC}
	}
	values = append(values, lead...)
	for i := 0; i < len(d); {
		n := digits(i)
		switch {
		case set == 'C' && n >= 2:
			values = append(values, int(d[i]-'0')*10+int(d[i+1]-'0'))
			i += 2
		case set == 'C':
			set, values = 'B', append(values, c128CodeB)
		case n >= 4 && n%2 == 0:
			set, values = 'C', append(values, c128CodeC)
		default:
			v, _, ok := code128Value(d[i], 'B')
			if !ok {
				return nil, "", fmt.Errorf("%w: %#x", errBarcode, d[i])
			}
			values = append(values, v)
			i++
		}
	}
	return code128Symbol(values), string(d), nil
}

// gs1Bars is GS k 74: FNC1 in front; parentheses are for the reader's eye only.
func gs1Bars(d []byte) ([]bool, string, error) {
	plain := strings.NewReplacer("(", "", ")", "", " ", "").Replace(string(d))
	bars, _, err := autoCode128([]byte(plain), []int{c128FNC1})
	return bars, string(d), err
}
