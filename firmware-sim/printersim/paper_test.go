package printersim

import "testing"

func TestLatvianTextOnCP1257ComesBackInTheTextLayer(t *testing.T) {
	b := newBed(t)
	b.send("\x1b@\x1bt\x33", "Kop\xe2: 12,50 \x80  \xc2\xc7\xce\xdb\xcc\xcd\xcf\xd0\xde\xd2 \xe2\xe7\xee\xfb\xec\xed\xef\xf0\xfe\xf2\n", feedAndCut)
	b.want("paper", b.text(), "Kopā: 12,50 €  ĀĒĪŪĢĶĻŠŽŅ āēīūģķļšžņ\n-------- cut --------\n")
}

func TestEverySlotOfTheProfileIsItsPage(t *testing.T) {
	for _, c := range []struct {
		slot       byte
		code, want string
	}{
		{0, "\x8e\x9c", "Ä£"},
		{1, "\x95\xb1\xf1", "─ｱ円"},
		{18, "\xa5\x88", "ął"},
		{19, "\xd5\x8e", "€Ä"},
		{13, "\xa7\xd5\x9f", "ğ€ş"},
		{33, "\x83\xd1\xee\xe5", "āčŅÕ"},
		{51, "\xe2\xe8\xf0\x80", "āčš€"},
	} {
		b := newBed(t)
		b.send("\x1bt", string([]byte{c.slot}), c.code, "\n")
		b.want("slot "+string(rune('0'+c.slot/10))+string(rune('0'+c.slot%10)), b.text(), c.want+"\n")
	}
}
