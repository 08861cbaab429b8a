package cardsim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// verified is a tap on a card with points, the PIN being verified.
func verified(t testing.TB, office *headOffice, points int32) (*Card, *tap) {
	t.Helper()
	card := office.newCard(t, 2, nil)
	h := newTap(t, card.Process)
	h.load(office, 1, points)
	if got := h.verify("4711"); got != swDone {
		t.Fatalf("VERIFY answers %04X", got)
	}
	return card, h
}

func TestADebitIsRecordedWithAProofForHeadOffice(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, 500)
	s := newSale(120, "sale 1")
	answer := h.want(0x9000, 0x84, 0x54, 0, 0, s.debit())
	record := h.want(0x9000, 0x04, 0xB2, 1, 0x1C, nil)
	want := bytes.Join([][]byte{u32(2), {1}, u32(120), u32(380), u32(7), {2}, []byte(s.txid), record[34:42], u32(1), {0, 0}}, nil)
	if !bytes.Equal(record, want) {
		t.Errorf("record %X, want %X", record, want)
	}
	if mac := office.txmac(h.cardID, record); !bytes.Equal(record[34:42], mac) {
		t.Errorf("TXMAC %X, head office says %X", record[34:42], mac)
	}
	if want := bytes.Join([][]byte{u32(2), u32(380), record[34:42]}, nil); !bytes.Equal(answer, want) {
		t.Errorf("answer %X, want %X", answer, want)
	}
	if got, want := h.want(0x9000, 0x84, 0x58, 0, 0, []byte(s.txid)), bytes.Join([][]byte{{1}, record, u32(2), u32(1)}, nil); !bytes.Equal(got, want) {
		t.Errorf("QUERY %X, want %X", got, want)
	}
}

func TestARepeatedDebitIsAnsweredAgainAndBookedOnce(t *testing.T) {
	_, h := verified(t, newHeadOffice(t, 1), 500)
	s := newSale(500, "sale 1")
	first := h.want(0x9000, 0x84, 0x54, 0, 0, s.debit())
	h.agree() // the PIN is gone and the purse is empty: the repeat is answered all the same
	if again := h.want(0x9000, 0x84, 0x54, 0, 0, s.debit()); !bytes.Equal(first, again) {
		t.Errorf("repeat %X, first %X", again, first)
	}
	if got := h.purse(); got != [4]uint32{0, 2, 1, 0} {
		t.Errorf("purse %v", got)
	}
}

func TestAKnownTxidWithOtherDataIsRefused(t *testing.T) {
	_, h := verified(t, newHeadOffice(t, 1), 500)
	known := newSale(100, "sale 1")
	h.debit(known)
	for name, change := range map[string]func(*sale){
		"amount": func(s *sale) { s.amount++ }, "store": func(s *sale) { s.store++ },
		"lane": func(s *sale) { s.lane++ }, "lock": func(s *sale) { s.r = fill("x") },
	} {
		s := known
		change(&s)
		if got := h.debit(s); got != swTxidKnown {
			t.Errorf("other %s: %04X", name, got)
		}
	}
	h.debit(newSale(1, "sale 2")) // replaces the lock
	s := known
	s.r = fill("x")
	if got := h.debit(s); got != swDone {
		t.Errorf("a lock that is not kept any more counted: %04X", got)
	}
	s.amount++
	if got := h.debit(s); got != swTxidKnown {
		t.Errorf("other amount without the lock: %04X", got)
	}
}

func TestALoadBetweenDoesNotForgetTheLock(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, 500)
	s := newSale(100, "sale 1")
	h.debit(s)
	h.load(office, 2, 5)
	if got := h.debit(s); got != swDone {
		t.Errorf("repeat: %04X", got)
	}
	s.r = fill("x")
	if got := h.debit(s); got != swTxidKnown {
		t.Errorf("other lock: %04X", got)
	}
}

func TestTheChecksOfADebitComeInOrder(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	h := newTap(t, card.Process)
	if got := h.debit(newSale(0, "nothing")); got != swData {
		t.Errorf("amount 0: %04X", got)
	}
	if got := h.debit(newSale(math.MaxInt32+1, "more than a record holds")); got != swData {
		t.Errorf("amount beyond i32: %04X", got)
	}
	if got := h.debit(newSale(1, "poor")); got != swPoints {
		t.Errorf("more than there is, without PIN: %04X", got)
	}
	h.load(office, 1, 10)
	if got := h.debit(newSale(10, "no pin")); got != swSecurity {
		t.Errorf("without PIN: %04X", got)
	}
	setCtr(t, card, math.MaxUint32)
	if got := h.debit(newSale(11, "poor at the end")); got != swCounterEnd {
		t.Errorf("counter at its end and no points: %04X", got)
	}
	h.want(0x9403, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 2, 1, 1, "ref"))
}

func setCtr(t *testing.T, card *Card, ctr uint32) {
	t.Helper()
	tx := card.core.nvm.begin()
	tx.set(ctrAt, ctr)
	if err := tx.commit(); err != nil {
		t.Fatal(err)
	}
}

func TestTheLastCounterValueIsUsedOnce(t *testing.T) {
	card, h := verified(t, newHeadOffice(t, 1), 500)
	setCtr(t, card, math.MaxUint32-1)
	s := newSale(1, "the last")
	if got := h.debit(s); got != swDone {
		t.Fatalf("%04X", got)
	}
	if got := h.debit(newSale(1, "one more")); got != swCounterEnd {
		t.Errorf("%04X", got)
	}
	h.want(0x9403, 0x84, 0x56, 0, 0, s.undo())
	if got := h.debit(s); got != swDone {
		t.Errorf("the repeat of the last: %04X", got)
	}
}

func TestSmallAmountsNeedNoPINWithinTheCardsLimits(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, map[string]any{"no_pin_single": 20, "no_pin_cumulative": 50})
	h := newTap(t, card.Process)
	h.load(office, 1, 1000)
	for i, c := range []struct {
		amount uint32
		want   statusWord
		spent  uint32
	}{{21, swSecurity, 0}, {20, swDone, 20}, {20, swDone, 40}, {11, swSecurity, 40}, {10, swDone, 50}, {1, swSecurity, 50}} {
		if got := h.debit(newSale(c.amount, fmt.Sprint("small ", i))); got != c.want {
			t.Errorf("step %d, %d points: %04X, want %04X", i, c.amount, got, c.want)
		}
		if got := h.purse()[3]; got != c.spent {
			t.Errorf("step %d: spent without PIN %d, want %d", i, got, c.spent)
		}
	}
	h.verify("4711")
	if got := h.debit(newSale(500, "with pin")); got != swDone || h.purse()[3] != 0 {
		t.Errorf("with PIN: %04X, spent %v", got, h.purse())
	}
}

func TestOnlyTheStoreOfTheLastDebitUndoesIt(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, 500)
	first, last := newSale(100, "sale 1"), newSale(50, "sale 2")
	h.debit(first)
	h.debit(last)
	h.want(0x9406, 0x84, 0x56, 0, 0, first.undo())
	thief := last
	thief.r = fill("guess")
	h.want(0x9407, 0x84, 0x56, 0, 0, thief.undo())
	answer := h.want(0x9000, 0x84, 0x56, 0, 0, last.undo())
	record := h.want(0x9000, 0x04, 0xB2, 1, 0x1C, nil)
	want := bytes.Join([][]byte{u32(4), {2}, u32(50), u32(400), u32(7), {2}, []byte(last.txid), office.txmac(h.cardID, record), u32(1), {0, 0}}, nil)
	if !bytes.Equal(record, want) {
		t.Errorf("record %X, want %X", record, want)
	}
	if again := h.want(0x9000, 0x84, 0x56, 0, 0, last.undo()); !bytes.Equal(again, answer) {
		t.Errorf("repeat %X, first %X", again, answer)
	}
	h.want(0x9407, 0x84, 0x56, 0, 0, thief.undo())
	if got := h.debit(last); got != swTxidKnown {
		t.Errorf("the undone txid once more: %04X", got)
	}
	h.load(office, 2, 1)
	h.want(0x9406, 0x84, 0x56, 0, 0, last.undo())
}

func TestALoadCannotBeUndone(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, 500)
	v := office.voucher(h.cardID, 1, 1, 500, "ref")
	h.want(0x9406, 0x84, 0x56, 0, 0, append(v[9:25], make([]byte, 16)...))
}

func TestAVoucherLoadsOnceAndInOrder(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	h := newTap(t, card.Process)
	v := office.voucher(h.cardID, 1, 1, 500, "ref")
	for bit := range 8 * len(v) {
		spoilt := bytes.Clone(v)
		spoilt[bit/8] ^= 1 << (bit % 8)
		h.want(0x9405, 0x84, 0x52, 0, 0, spoilt)
	}
	h.want(0x9405, 0x84, 0x52, 0, 0, office.voucher(unhex("0000000000000009"), 1, 1, 500, "ref"))
	h.want(0x9404, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 0, 1, 500, "ref"))
	h.want(0x9404, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 2, 1, 500, "ref"))
	h.want(0x6A80, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 1, 6, 500, "ref"))

	answer := h.want(0x9000, 0x84, 0x52, 0, 0, v)
	record := h.want(0x9000, 0x04, 0xB2, 1, 0x1C, nil)
	mac := office.txmac(h.cardID, record)
	if want := bytes.Join([][]byte{u32(1), u32(500), u32(500), mac}, nil); !bytes.Equal(answer, want) {
		t.Errorf("answer %X, want %X", answer, want)
	}
	if want := bytes.Join([][]byte{u32(1), {3}, u32(500), u32(500), u32(0), {0}, v[9:25], mac, u32(1), {0, 0}}, nil); !bytes.Equal(record, want) {
		t.Errorf("record %X, want %X", record, want)
	}

	h.verify("4711")
	for i := range 20 { // the load leaves the journal
		h.debit(newSale(1, fmt.Sprint("sale ", i)))
	}
	if again := h.want(0x9000, 0x84, 0x52, 0, 0, v); !bytes.Equal(again, answer) {
		t.Errorf("repeat %X, first %X", again, answer)
	}
	h.want(0x9404, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 1, 1, 501, "ref"))
	if got := h.purse(); got != [4]uint32{480, 21, 1, 0} {
		t.Errorf("purse %v", got)
	}
}

func TestANegativeVoucherTakesWhatIsThere(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, 30)
	answer := h.want(0x9000, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 2, 1, -20, "ref"))
	if got := int32(binary.BigEndian.Uint32(answer[8:])); got != -20 {
		t.Errorf("taken %d", got)
	}
	answer = h.want(0x9000, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 3, 1, math.MinInt32, "ref"))
	if got := int32(binary.BigEndian.Uint32(answer[8:])); got != -10 {
		t.Errorf("taken %d", got)
	}
	if got := h.purse(); got != [4]uint32{0, 3, 3, 0} {
		t.Errorf("purse %v", got)
	}
}

func TestABalanceBeyondTheFieldIsRefused(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, math.MaxInt32)
	h.load(office, 2, math.MaxInt32)
	h.want(0x6A80, 0x84, 0x52, 0, 0, office.voucher(h.cardID, 3, 1, 2, "ref"))
	h.load(office, 3, 1)
	if got := h.purse(); got[0] != math.MaxUint32 || got[2] != 3 {
		t.Errorf("purse %v", got)
	}
}

func TestTheJournalKeepsSixteenRecords(t *testing.T) {
	office := newHeadOffice(t, 1)
	_, h := verified(t, office, 500)
	for i := range 17 {
		h.debit(newSale(1, fmt.Sprint("sale ", i)))
	}
	for n := byte(1); n <= 16; n++ {
		record := h.want(0x9000, 0x04, 0xB2, n, 0x1C, nil)
		if got := binary.BigEndian.Uint32(record); got != 19-uint32(n) {
			t.Errorf("record %d has ctr %d", n, got)
		}
	}
	h.want(0x6A83, 0x04, 0xB2, 17, 0x1C, nil)
	if got, want := h.want(0x9000, 0x84, 0x58, 0, 0, []byte(fill("sale 0"))), unhex("00 00000012 00000003"); !bytes.Equal(got, want) {
		t.Errorf("QUERY of a record that has left: %X, want %X", got, want)
	}
	if got := h.debit(newSale(1, "sale 1")); got != swDone || h.purse()[1] != 18 {
		t.Errorf("the oldest is a repeat: %04X", got)
	}
}

func TestAnEmptyJournalHasNoOldest(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
	if got, want := h.want(0x9000, 0x84, 0x58, 0, 0, make([]byte, 16)), make([]byte, 9); !bytes.Equal(got, want) {
		t.Errorf("QUERY %X, want %X", got, want)
	}
}

func TestAChangeIsRatifiedByTheNextCommandOfItsSession(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, 500)
	ratified := func() bool { return card.Status().Ratified }
	h.debit(newSale(1, "sale 1"))
	if ratified() {
		t.Error("ratified by its own debit")
	}
	h.send(unhex("00B0810000"))
	h.agree()
	h.purse()
	if ratified() {
		t.Error("ratified by another session")
	}
	h.load(office, 2, 1)
	h.purse()
	if !ratified() {
		t.Error("not ratified by the next command")
	}
	h.verify("4711")
	h.debit(newSale(1, "sale 2"))
	spoilt := h.wrap(0x84, 0x5C, 0, 0, nil)
	spoilt[9] ^= 1
	h.send(spoilt)
	if ratified() {
		t.Error("ratified by a command that was not accepted")
	}
}

// TestThePurseIsTheSumOfItsRecords plays any order of commands against the simplest model of a purse.
func TestThePurseIsTheSumOfItsRecords(t *testing.T) {
	office := newHeadOffice(t, 1)
	rapid.Check(t, func(r *rapid.T) {
		card := office.newCard(t, 2, nil)
		h := newTap(t, card.Process)
		balance, ctr, seq := int64(0), uint32(0), uint32(0)
		pin := false
		var last *sale
		sales := 0
		r.Repeat(map[string]func(*rapid.T){
			"load": func(r *rapid.T) {
				amount := rapid.Int32Range(-50, 200).Draw(r, "amount")
				h.load(office, seq+1, amount)
				balance, ctr, seq, last = max(0, balance+int64(amount)), ctr+1, seq+1, nil
			},
			"debit": func(r *rapid.T) {
				sales++
				s := newSale(rapid.Uint32Range(1, 120).Draw(r, "amount"), fmt.Sprint("sale ", sales))
				got := h.debit(s)
				switch {
				case int64(s.amount) > balance:
					expectSW(r, got, swPoints)
				case !pin:
					expectSW(r, got, swSecurity)
				default:
					expectSW(r, got, swDone)
					balance, ctr, last = balance-int64(s.amount), ctr+1, &s
				}
			},
			"undo": func(r *rapid.T) {
				if last == nil {
					return
				}
				h.want(0x9000, 0x84, 0x56, 0, 0, last.undo())
				balance, ctr, last = balance+int64(last.amount), ctr+1, nil
			},
			"pin":   func(*rapid.T) { pin = h.verify("4711") == swDone },
			"leave": func(*rapid.T) { h.selectCard(); h.agree(); pin = false },
			"": func(r *rapid.T) {
				if got, want := h.purse(), [4]uint32{uint32(balance), ctr, seq, 0}; got != want {
					r.Fatalf("purse %v, want %v", got, want)
				}
			},
		})
	})
}

func expectSW(r *rapid.T, got, want statusWord) {
	r.Helper()
	if got != want {
		r.Fatalf("%04X, want %04X", got, want)
	}
}
