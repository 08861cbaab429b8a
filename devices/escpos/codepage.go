package escpos

import "golang.org/x/text/encoding/charmap"

// codePage is a table in the printer and the number that selects it.
type codePage struct {
	name string
	slot byte
	high func(rune) (byte, bool) // the bytes from 0x80; nil for none
}

// encode returns the byte of a character. ASCII is the same in every page.
func (p codePage) encode(c rune) (byte, bool) {
	if c >= ' ' && c <= '~' {
		return byte(c), true
	}
	if p.high == nil {
		return 0, false
	}
	b, ok := p.high(c)
	return b, ok && b >= 0x80
}

// holds says that the page has every character of text.
func (p codePage) holds(text string) bool {
	for _, c := range text {
		if _, ok := p.encode(c); !ok {
			return false
		}
	}
	return true
}

// pageTable is a code page that a profile may have a slot for.
type pageTable struct {
	name string
	high func(rune) (byte, bool)
	slot func(*PageSlots) **uint8
}

// pageTables lists the known pages, the best for the product's languages first: each
// Baltic page holds every letter of Latvian, Lithuanian, Estonian and Polish.
func pageTables() []pageTable {
	return []pageTable{
		{"cp1257", charmap.Windows1257.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP1257 }},
		{"cp775", encodeCP775, func(s *PageSlots) **uint8 { return &s.CP775 }},
		{"cp1250", charmap.Windows1250.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP1250 }},
		{"cp852", charmap.CodePage852.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP852 }},
		{"iso8859-2", charmap.ISO8859_2.EncodeRune, func(s *PageSlots) **uint8 { return &s.ISO8859x2 }},
		{"cp1252", charmap.Windows1252.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP1252 }},
		{"iso8859-15", charmap.ISO8859_15.EncodeRune, func(s *PageSlots) **uint8 { return &s.ISO8859x15 }},
		{"cp858", charmap.CodePage858.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP858 }},
		{"cp850", charmap.CodePage850.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP850 }},
		{"cp1251", charmap.Windows1251.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP1251 }},
		{"cp866", charmap.CodePage866.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP866 }},
		{"cp437", charmap.CodePage437.EncodeRune, func(s *PageSlots) **uint8 { return &s.CP437 }},
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
