package escpos

import "golang.org/x/text/encoding/charmap"

// Names of the code pages that a profile may have slots for.
const (
	pageCP437  = "cp437"
	pageCP775  = "cp775"
	pageCP852  = "cp852"
	pageCP858  = "cp858"
	pageCP1257 = "cp1257"
)

// codePage is a table in the printer and the number that selects it.
type codePage struct {
	name string
	slot byte
}

// encode returns the byte of a character. ASCII is the same in every page.
func (p codePage) encode(c rune) (byte, bool) {
	if c >= ' ' && c <= '~' {
		return byte(c), true
	}
	b, ok := p.high(c)
	return b, ok && b >= 0x80
}

func (p codePage) high(c rune) (byte, bool) {
	switch p.name {
	case pageCP437:
		return charmap.CodePage437.EncodeRune(c)
	case pageCP775:
		return encodeCP775(c)
	case pageCP852:
		return charmap.CodePage852.EncodeRune(c)
	case pageCP858:
		return charmap.CodePage858.EncodeRune(c)
	case pageCP1257:
		return charmap.Windows1257.EncodeRune(c)
	default:
		return 0, false
	}
}

// cp775 is the upper half of code page 775, Baltic Rim (IBM CP00775), which
// x/text does not have: the character of byte 0x80 first.
const cp775 = "ĆüéāäģåćłēŖŗīŹÄÅ" +
	"ÉæÆōöĢ¢ŚśÖÜø£Ø×¤" +
	"ĀĪóŻżź”¦©®¬½¼Ł«»" +
	"░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐" +
	"└┴┬├─┼ŲŪ╚╔╩╦╠═╬Ž" +
	"ąčęėįšųūž┘┌█▄▌▐▀" +
	"ÓßŌŃõÕµńĶķĻļņĒŅ’" +
	"\u00ad±“¾¶§÷„°∙·¹³²■\u00a0"

func encodeCP775(c rune) (byte, bool) {
	b := 0x80
	for _, in := range cp775 {
		if in == c {
			return byte(b), true
		}
		b++
	}
	return 0, false
}
