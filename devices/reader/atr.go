package reader

import "errors"

var errATR = errors.New("answer to reset is damaged")

// checkATR reads an answer to reset as ISO/IEC 7816-3, 8.2 lays it out: TS, T0, interface bytes as each Y says, K historical
// bytes, and a check byte unless the card speaks T=0 alone. What a reader makes up for cards without contacts is of that form
// too. A byte more is let pass: there are old cards that send the check byte anyway.
func checkATR(atr []byte) error {
	if len(atr) < 2 || atr[0] != 0x3B && atr[0] != 0x3F {
		return errATR
	}
	historical, at, checked := int(atr[1]&0x0F), 1, false
	for more := true; more; { // at is T0 or a TD: whose high nibble says which of TA, TB, TC, TD follow
		y := atr[at] >> 4
		for bit := range 4 {
			at += int(y >> bit & 1)
		}
		if at >= len(atr) {
			return errATR
		}
		if more = y&8 != 0; more && atr[at]&0x0F != 0 {
			checked = true
		}
	}
	body := atr[1:]
	switch left := len(atr) - 1 - at - historical; {
	case left < 0, checked && left == 0:
		return errATR
	case checked:
		body = body[:at+historical+1]
	default:
		return nil
	}
	sum := byte(0)
	for _, b := range body {
		sum ^= b
	}
	if sum != 0 {
		return errATR
	}
	return nil
}
