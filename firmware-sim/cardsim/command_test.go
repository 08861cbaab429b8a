package cardsim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

func sw(answer []byte) string { return fmt.Sprintf("%X", answer[max(0, len(answer)-2):]) }

func TestSelectTellsWhoTheCardIsAndHowItStands(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	got := card.Process(unhex(selectHex))
	core := card.core
	want := bytes.Join([][]byte{
		unhex("6F40 8409 F04C594C5459310001 A533 800101 8108"), core.cardID(),
		unhex("8208"), core.certificate()[5:13], unhex("8308"), core.certificate().hash(),
		unhex("8404 00000000 8504 00000000 8601 05 8701 03 9000"), // PIN set with all its tries, ratified
	}, nil)
	if !bytes.Equal(got, want) {
		t.Errorf("SELECT answers\n%X, want\n%X", got, want)
	}
}

func TestPlainCommandsGetTheStatusWordOfTheContract(t *testing.T) {
	offCurve := strings.Repeat("11", 16) + "04" + strings.Repeat("22", 64)
	for _, c := range []struct{ name, capdu, want string }{
		{"select", selectHex, "9000"},
		{"select without Le", selectHex[:28], "9000"},
		{"select, extended lengths", "00A40400 000009F04C594C5459310001 0000", "9000"},
		{"another application", "00A4040007A0000000041010", "6A82"},
		{"a longer name", "00A404000AF04C594C54593100010000", "6A82"},
		{"select by file id", "00A4000002 3F00", "6A86"},
		{"select without a name", "00A40400", "6700"},
		{"read the certificate's end", "00B081A800", "9000"},
		{"read behind the certificate's end", "00B081A900", "6B00"},
		{"read without Le", "00B08100", "6700"},
		{"read with data", "00B081000101", "6700"},
		{"read a file that is not there", "00B0830000", "6A86"},
		{"agree with other P1 P2", "0088000051" + offCurve, "6A86"},
		{"agree with a point not on the curve", "0088010151" + offCurve, "6A80"},
		{"agree with a compressed point", "0088010131" + strings.Repeat("11", 16) + "02" + strings.Repeat("22", 32), "6700"},
		{"agree with a compressed marker", "0088010151" + strings.Repeat("11", 16) + "02" + strings.Repeat("22", 64), "6A80"},
		{"agree with nothing", "00880101", "6700"},
		{"verify without pinpad permission", "0020000108 34373131FFFFFFFF", "6982"},
		{"change without session", "0024000110 34373131FFFFFFFF34373131FFFFFFFF", "6982"},
		{"unblock without session", "002C000110 3132333435363738 34373131FFFFFFFF", "6982"},
		{"balance without session", "805C0000", "6982"},
		{"debit without session", "80540000", "6982"},
		{"journal without session", "00B2011C00", "6982"},
		{"wrapped without session", "845C0000080000000000000000", "6985"},
		{"class of another family", "805C0000", "6982"},
		{"balance in the interindustry class", "005C0000", "6E00"},
		{"select in the proprietary class", "80A40400", "6E00"},
		{"unknown class", "A0A40400", "6E00"},
		{"chained command", "10A40400", "6E00"},
		{"invalid class", "FFA40400", "6E00"},
		{"logical channel 1", "01A40400", "6881"},
		{"wrapped on a logical channel", "855C0000080000000000000000", "6881"},
		{"another kind of secure messaging", "0CA40400", "6882"},
		{"unknown instruction", "00CA000000", "6D00"},
		{"get response", "00C0000000", "6D00"},
		{"nothing", "", "6700"},
		{"three bytes", "00A404", "6700"},
		{"Lc beyond the data", "00A4040009F04C", "6700"},
		{"data beyond Lc", "00A4040001F04C59", "6700"},
		{"extended Lc cut short", "00A404000000", "6700"},
		{"extended Lc of zero with data", "00A4040000000001", "6700"},
		{"extended with a short Le", "00A40400000001F000", "6700"},
	} {
		card := newHeadOffice(t, 1).newCard(t, 2, nil)
		card.Process(unhex(selectHex))
		if got := sw(card.Process(unhex(c.capdu))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestNothingButSelectWorksBeforeSelect(t *testing.T) {
	card := newHeadOffice(t, 1).newCard(t, 2, nil)
	for _, capdu := range []string{"00B0810000", "805C0000", "0020000108 34373131FFFFFFFF"} {
		if got := sw(card.Process(unhex(capdu))); got != "6985" {
			t.Errorf("%s answers %s", capdu, got)
		}
	}
	card.Process(unhex(selectHex))
	card.PowerOff()
	if got := card.Process(unhex(selectHex)); got != nil {
		t.Errorf("without power the card answers %X", got)
	}
}

func TestBothFilesAreReadInPieces(t *testing.T) {
	card := newHeadOffice(t, 1).newCard(t, 2, map[string]any{"tier": "", "language": "fa"})
	card.Process(unhex(selectHex))
	var cert []byte
	for len(cert) < 169 {
		answer := card.Process(append(unhex("00B081"), byte(len(cert)), 50))
		cert = append(cert, answer[:len(answer)-2]...)
	}
	if !bytes.Equal(cert, card.core.certificate()) {
		t.Errorf("certificate %X", cert)
	}
	want := append(append(unhex("6110"), "6034000000000018"...), append(unhex("62044C595431 6300 6402"), "fa\x90\x00"...)...)
	if got := card.Process(unhex("00B08200000000")); !bytes.Equal(got, want) {
		t.Errorf("EF.INFO %X, want %X", got, want)
	}
}

func TestWrappedCommandsAnswerEveryStatusWithAnRMAC(t *testing.T) {
	for _, c := range []struct {
		name             string
		cla, ins, p1, p2 byte
		size             int
		want             statusWord
	}{
		{"unknown instruction", 0x84, 0x99, 0, 0, 0, 0x6D00},
		{"debit in the other class", 0x04, 0x54, 0, 0, 41, 0x6E00},
		{"verify in the other class", 0x84, 0x20, 0, 1, 8, 0x6E00},
		{"select under protection", 0x04, 0xA4, 4, 0, 9, 0x6882},
		{"read binary under protection", 0x04, 0xB0, 0x81, 0, 0, 0x6882},
		{"key agree under protection", 0x04, 0x88, 1, 1, 81, 0x6882},
		{"balance, other P1", 0x84, 0x5C, 1, 0, 0, 0x6A86},
		{"balance with data", 0x84, 0x5C, 0, 0, 1, 0x6700},
		{"debit, other P2", 0x84, 0x54, 0, 1, 41, 0x6A86},
		{"debit too short", 0x84, 0x54, 0, 0, 40, 0x6700},
		{"debit of nothing", 0x84, 0x54, 0, 0, 41, 0x6A80},
		{"undo too long", 0x84, 0x56, 0, 0, 33, 0x6700},
		{"undo with an empty journal", 0x84, 0x56, 0, 0, 32, 0x9406},
		{"query too short", 0x84, 0x58, 0, 0, 15, 0x6700},
		{"load too short", 0x84, 0x52, 0, 0, 32, 0x6700},
		{"load with a wrong MAC", 0x84, 0x52, 0, 0, 33, 0x9405},
		{"journal, empty", 0x04, 0xB2, 1, 0x1C, 0, 0x6A83},
		{"journal, record 0", 0x04, 0xB2, 0, 0x1C, 0, 0x6A83},
		{"journal of another file", 0x04, 0xB2, 1, 0x14, 0, 0x6A86},
		{"journal with data", 0x04, 0xB2, 1, 0x1C, 1, 0x6700},
		{"verify, other reference", 0x04, 0x20, 0, 2, 8, 0x6A86},
		{"verify, seven bytes", 0x04, 0x20, 0, 1, 7, 0x6700},
		{"verify, not digits", 0x04, 0x20, 0, 1, 8, 0x6A80},
		{"change, one block", 0x04, 0x24, 0, 1, 8, 0x6700},
		{"change, other reference", 0x04, 0x24, 1, 1, 16, 0x6A86},
		{"unblock, three blocks", 0x04, 0x2C, 0, 1, 24, 0x6700},
	} {
		h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
		if _, got := h.do(c.cla, c.ins, c.p1, c.p2, make([]byte, c.size)); got != c.want {
			t.Errorf("%s: %04X, want %04X", c.name, got, c.want)
		}
		h.purse() // the session goes on
	}
}

func TestABrokenEnvelopeEndsTheSessionWithoutAnRMAC(t *testing.T) {
	office := newHeadOffice(t, 1)
	for _, c := range []struct {
		name  string
		spoil func(h *tap) []byte
	}{
		{"a flipped bit", func(h *tap) []byte { b := h.wrap(0x84, 0x5C, 0, 0, nil); b[9] ^= 1; return b }},
		{"another header", func(h *tap) []byte { b := h.wrap(0x84, 0x5C, 0, 0, nil); b[1] = 0x58; return b }},
		{"another class", func(h *tap) []byte { b := h.wrap(0x84, 0x5C, 0, 0, nil); b[0] = 0x04; return b }},
		{"a MAC of seven bytes", func(h *tap) []byte { b := h.wrap(0x84, 0x5C, 0, 0, nil); b[4] = 7; return b[:12] }},
		{"half a block", func(h *tap) []byte { return h.wrapPadded(0x84, 0x58, 0, 0, unhex("1122334455667780")) }},
		{"no padding", func(h *tap) []byte { return h.wrapPadded(0x84, 0x58, 0, 0, bytes.Repeat([]byte{0x11}, 16)) }},
		{"padding around nothing", func(h *tap) []byte { return h.wrapPadded(0x84, 0x5C, 0, 0, pad(nil)) }},
		{"padding of more than a block", func(h *tap) []byte {
			return h.wrapPadded(0x84, 0x58, 0, 0, append(bytes.Repeat([]byte{0x11}, 15), unhex("80"+strings.Repeat("00", 16))...))
		}},
		{"lengths that contradict each other", func(h *tap) []byte { return append(h.wrap(0x84, 0x5C, 0, 0, nil), 0, 0) }},
		{"the command before once more", func(h *tap) []byte {
			b := h.wrap(0x84, 0x5C, 0, 0, nil)
			h.send(b)
			return b
		}},
	} {
		h := newTap(t, office.newCard(t, 2, nil).Process)
		if got := h.send(c.spoil(h)); !bytes.Equal(got, unhex("6988")) {
			t.Errorf("%s: %X, want 6988 alone", c.name, got)
		}
		if got := h.send(h.wrap(0x84, 0x5C, 0, 0, nil)); !bytes.Equal(got, unhex("6985")) {
			t.Errorf("%s: afterwards %X, want 6985", c.name, got)
		}
	}
}

func TestAnExtendedEnvelopeIsMACedAsSent(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
	head := unhex("845C0000 000008")
	h.commandsCount++
	h.last = h.mac.sum(h.chain[:], head)
	h.chain = h.last
	if _, got, proven := h.unwrap(h.send(append(head, h.last[:8]...))); got != 0x9000 || !proven {
		t.Errorf("answers %04X, proven %v", got, proven)
	}
}

func TestEverythingPlainEndsTheSession(t *testing.T) {
	office := newHeadOffice(t, 1)
	for _, capdu := range []string{selectHex, "00B0810000", "00CA0000", "0088010100", "80540000", "0020000108 34373131FFFFFFFF", "00"} {
		h := newTap(t, office.newCard(t, 2, nil).Process)
		h.send(unhex(capdu))
		if got := sw(h.send(h.wrap(0x84, 0x5C, 0, 0, nil))); got != "6985" {
			t.Errorf("after %s the session answers %s", capdu, got)
		}
	}
	card := office.newCard(t, 2, nil)
	h := newTap(t, card.Process)
	if err := card.Reset(); err != nil {
		t.Fatal(err)
	}
	h.selectCard()
	if got := sw(h.send(h.wrap(0x84, 0x5C, 0, 0, nil))); got != "6985" {
		t.Errorf("after a reset the session answers %s", got)
	}
}

func TestANewSessionKnowsNothingOfTheOldOnesPIN(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
	if got := h.verify("4711"); got != swDone {
		t.Fatalf("VERIFY answers %04X", got)
	}
	h.want(0x9000, 0x04, 0x20, 0, 1, nil)
	h.agree()
	h.want(0x63C3, 0x04, 0x20, 0, 1, nil)
}

func TestWithoutEntropyThereIsNoSession(t *testing.T) {
	core := newHeadOffice(t, 1).newCard(t, 2, nil).core
	core.entropy = bytes.NewReader(nil)
	core.Process(unhex(selectHex))
	if got := sw(keyAgree(core, core.key.PublicKey().Bytes())); got != "6F00" {
		t.Errorf("KEY AGREE answers %s", got)
	}
}

func TestATerminatedCardSaysSoAndChangesNothing(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	h := newTap(t, card.Process)
	h.load(office, 1, 100)
	if err := card.Terminate(); err != nil {
		t.Fatal(err)
	}
	before := card.Status()
	h.selectCard()
	if h.fci[62]&flagTerminated == 0 || sw(h.fci) != "6283" {
		t.Errorf("SELECT answers %X", h.fci)
	}
	h.agree()
	for _, c := range []struct {
		cla, ins, p2 byte
		data         []byte
	}{
		{0x04, 0x20, 1, block("4711")}, {0x04, 0x24, 1, append(block("4711"), block("1111")...)},
		{0x04, 0x2C, 1, append(block("12345678"), block("1111")...)}, {0x84, 0x54, 0, newSale(1, "x").debit()},
		{0x84, 0x56, 0, newSale(1, "x").undo()}, {0x84, 0x52, 0, office.voucher(h.cardID, 2, 1, 5, "ref")},
	} {
		h.want(0x6985, c.cla, c.ins, 0, c.p2, c.data)
	}
	if got := h.purse(); got[0] != 100 {
		t.Errorf("purse %v", got)
	}
	if after := card.Status(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("state %+v, was %+v", after, before)
	}
}

func TestTheAnswerToResetIsWellFormed(t *testing.T) {
	card := newHeadOffice(t, 1).newCard(t, 2, nil)
	for _, contactless := range []bool{false, true} {
		card.SetContactless(contactless)
		atr := card.ATR()
		var sum byte
		for _, b := range atr[1:] {
			sum ^= b
		}
		if atr[0] != 0x3B || sum != 0 || !bytes.Contains(atr, []byte("LYL1")) || len(atr) > 33 {
			t.Errorf("contactless %v: ATR %X", contactless, atr)
		}
	}
}

// FuzzProcess feeds any bytes before, inside and after a session: always an answer, never a panic.
func FuzzProcess(f *testing.F) {
	for _, seed := range []string{selectHex, "00B0810000", "00880101", "845C00000800", "0020000108FFFFFFFFFFFFFFFF", "00A4040000000001F00000"} {
		f.Add(unhex(seed), byte(0))
	}
	f.Add([]byte("0123456789abcdef0123456789abcdef012345678"), byte(0x54))
	f.Add([]byte("0123456789abcdef0123456789abcdef0"), byte(0x52))
	card := newHeadOffice(f, 1).newCard(f, 2, map[string]any{"no_pin_single": 1 << 30, "no_pin_cumulative": 1 << 30})
	f.Fuzz(func(t *testing.T, b []byte, ins byte) {
		if answer := card.Process(b); len(answer) < 2 {
			t.Fatalf("%X answers %X", b, answer)
		}
		if len(b) > 200 {
			return
		}
		h := newTap(t, card.Process)
		for _, cla := range []byte{0x04, 0x84} {
			if answer := card.Process(h.wrap(cla, ins, 0, byte(len(b)&1), b)); len(answer) < 10 {
				t.Fatalf("wrapped INS %02X with %X answers %X", ins, b, answer)
			}
		}
		if answer := card.Process(b); len(answer) < 2 {
			t.Fatalf("in session %X answers %X", b, answer)
		}
	})
}

// FuzzParseCommand: what is taken apart can be put together again.
func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{"00A40400", "00B0810000", "00A4040001FF", "00A4040001FF00", "00A40400000001FF", "00A404000000010000", "00A40400000001FF0000"} {
		f.Add(unhex(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, ok := parseCommand(b)
		if !ok {
			return
		}
		again := append(c.header(), c.data...)
		if rest := b[len(again):]; !bytes.Equal(again, b[:len(again)]) || len(rest) > 3 || (len(rest) > 0) != (c.le > 0) {
			t.Fatalf("%X is read as %+v", b, c)
		}
		if len(c.lc) == 3 && int(binary.BigEndian.Uint16(c.lc[1:])) != len(c.data) {
			t.Fatalf("%X: Lc %X for %d bytes", b, c.lc, len(c.data))
		}
	})
}
