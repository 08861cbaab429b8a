package cardsim

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// voucherOf is a voucher whose ref is given in bytes.
func (h *headOffice) voucherOf(cardID []byte, seq uint32, kind byte, amount uint32, ref []byte) []byte {
	v := binary.BigEndian.AppendUint32(append(u32(seq), kind), amount)
	v = append(v, ref...)
	mac := newCMAC(derive(h.ld, "LYL1-LD", cardID)).sum([]byte("LV1"), cardID, v)
	return append(v, mac[:]...)
}

// give loads a voucher that must be taken, and tells what the card says it took.
func (h *tap) give(office *headOffice, seq uint32, kind byte, amount uint32, ref string) (taken int32) {
	h.t.Helper()
	answer := h.want(0x9000, 0x84, 0x52, 0, 0, office.voucherOf(h.cardID, seq, kind, amount, unhex(ref)))
	return int32(binary.BigEndian.Uint32(answer[8:]))
}

func (h *tap) offer(want statusWord, office *headOffice, seq uint32, kind byte, amount uint32, ref string) {
	h.t.Helper()
	h.want(want, 0x84, 0x52, 0, 0, office.voucherOf(h.cardID, seq, kind, amount, unhex(ref)))
}

const noRef = "0000000000000000"

func TestAVoucherUnblocksPINAndPUK(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, 500)
	for range 3 {
		h.verify("9999")
	}
	for range 10 {
		h.do(0x04, 0x2C, 0, 1, append(block("00000000"), block("0815")...))
	}
	if taken := h.give(office, 2, 2, 0, noRef); taken != 0 {
		t.Errorf("taken %d", taken)
	}
	if s := card.Status(); s.PINTriesLeft != 3 || s.PUKTriesLeft != 10 || s.Balance != 500 || s.Ctr != 2 {
		t.Errorf("%+v", s)
	}
	if h.verify("4711") != swDone {
		t.Error("the PIN is another one")
	}
}

func TestAVoucherForgetsThePINAndTheMemberChoosesANewOne(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, 500)
	h.give(office, 2, 2, 1, noRef)
	if got := h.debit(newSale(1, "sale")); got != swSecurity {
		t.Errorf("DEBIT by the PIN that is forgotten: %04X", got)
	}
	h.want(0x6984, 0x04, 0x20, 0, 1, block("4711"))
	h.want(0x6984, 0x04, 0x24, 0, 1, append(block("4711"), block("0815")...))
	h.want(0x6984, 0x04, 0x24, 0, 1, append(block("4711"), unhex("FFFFFFFFFFFFFFFF")...))
	none := unhex("FFFFFFFFFFFFFFFF")
	h.want(0x6A80, 0x04, 0x24, 0, 1, append(none, unhex("343731FFFFFFFFFF")...))
	h.want(0x9000, 0x04, 0x24, 0, 1, append(none, block("0815")...))
	h.want(0x63C3, 0x04, 0x20, 0, 1, nil) // choosing is no verification
	h.want(0x6A80, 0x04, 0x24, 0, 1, append(none, block("1111")...))
	if h.verify("0815") != swDone {
		t.Error("the PIN that was chosen is not the PIN")
	}
}

func TestAVoucherSetsTheLimits(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, map[string]any{"no_pin_single": 10, "no_pin_cumulative": 10})
	h := newTap(t, card.Process)
	h.load(office, 1, 500)
	h.debit(newSale(10, "small"))
	h.give(office, 2, 3, 0, "00000014 00000028")
	if got := h.purse(); got != [4]uint32{490, 3, 2, 0} {
		t.Errorf("purse %v", got)
	}
	for i, want := range []statusWord{swDone, swDone, swSecurity} {
		if got := h.debit(newSale(20, string(rune('a'+i)))); got != want {
			t.Errorf("debit %d: %04X", i, got)
		}
	}
}

func TestAVoucherWritesTierAndLanguage(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, 500)
	information := func() string {
		b := card.core.nvm.bytes(infoAt, int(card.core.nvm.word(infoLenAt)))
		i, ok := parseInfo(b)
		if !ok || !bytes.Equal(i.bytes(), b) {
			t.Fatalf("EF.INFO %X", b)
		}
		return string(i.number) + " " + string(i.tier) + " " + string(i.language)
	}
	for i, c := range []struct {
		language   uint32
		tier, want string
	}{
		{0x6574, "706C6174696E756D", "6034000000000018 platinum et"},
		{0, "6F6E650000000000", "6034000000000018 one et"},
		{0x6C76, noRef, "6034000000000018  lv"},
	} {
		h.give(office, uint32(2+i), 4, c.language, c.tier)
		if got := information(); got != c.want {
			t.Errorf("EF.INFO %q, want %q", got, c.want)
		}
	}
	for _, c := range []struct {
		name     string
		language uint32
		tier     string
	}{
		{"great letters", 0x4C56, noRef}, {"letters in the great half", 0x6C760000, noRef}, {"one letter", 0x76, noRef},
		{"tier not ASCII", 0, "C3A4000000000000"}, {"a hole in the tier", 0, "4100420000000000"},
	} {
		t.Log(c.name)
		h.offer(swData, office, 5, 4, c.language, c.tier)
	}
	if got := information(); got != "6034000000000018  lv" {
		t.Errorf("a refused voucher wrote %q", got)
	}
}

func TestAVoucherTerminatesTheCard(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, 500)
	v := office.voucherOf(h.cardID, 2, 5, 0, unhex(noRef))
	first := h.want(0x9000, 0x84, 0x52, 0, 0, v)
	if taken := int32(binary.BigEndian.Uint32(first[8:])); taken != -500 {
		t.Errorf("taken %d", taken)
	}
	if s := card.Status(); !s.Terminated || s.Balance != 0 || s.Journal[0].Amount != -500 {
		t.Errorf("%+v", s)
	}
	spoilt := bytes.Clone(v)
	spoilt[32] ^= 1
	h.want(0x9405, 0x84, 0x52, 0, 0, spoilt) // the MAC is judged first
	h.offer(0x6985, office, 9, 1, 1, noRef)
	if got := sw(card.Process(unhex(selectHex))); got != "6283" {
		t.Errorf("SELECT %s", got)
	}
	h.agree()
	if again := h.want(0x9000, 0x84, 0x52, 0, 0, v); !bytes.Equal(again, first) {
		t.Errorf("repeat %X, first %X", again, first)
	}
	h.offer(0x6985, office, 3, 1, 1, noRef)
}

func TestATerminationTakesNoMoreThanARecordHolds(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, math.MaxInt32)
	h.load(office, 2, math.MaxInt32)
	if taken := h.give(office, 3, 5, 0, noRef); taken != math.MinInt32 {
		t.Errorf("taken %d", taken)
	}
	if s := card.Status(); !s.Terminated || s.Balance != math.MaxUint32-1-1<<31 {
		t.Errorf("%+v", s)
	}
}

func TestTheChecksOfAVoucherComeInOrder(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, math.MaxInt32)
	for _, c := range []struct {
		kind   byte
		amount uint32
	}{{0, 0}, {6, 0}, {2, 2}, {2, 0xFFFFFFFF}, {3, 1}, {5, 1}} {
		h.offer(0x6A80, office, 2, c.kind, c.amount, noRef)
		h.offer(0x9404, office, 3, c.kind, c.amount, noRef)
	}
	h.load(office, 2, math.MaxInt32)
	setCtr(t, card, math.MaxUint32)
	h.offer(0x6A80, office, 3, 6, 0, noRef)
	h.offer(0x9403, office, 3, 1, math.MaxInt32, noRef) // its counter ends before its balance does
	if err := card.Terminate(); err != nil {
		t.Fatal(err)
	}
	h.offer(0x6985, office, 9, 6, 0, noRef)
}
