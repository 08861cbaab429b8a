package cardsim

import "testing"

// TestAStrangersReaderLearnsAndBlocksButTakesNothing is a reader of nobody's that has come near a card: the card asks no host who it
// is. docs/card.md 7 says what that is good for.
func TestAStrangersReaderLearnsAndBlocksButTakesNothing(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, 500)
	paid := newSale(100, "paid in a store")
	h.debit(paid)
	if err := card.Reset(); err != nil {
		t.Fatal(err)
	}

	h = newTap(t, card.Process) // which nobody has proved to be a store
	if got := h.purse(); got[0] != 400 {
		t.Errorf("it reads %v", got)
	}
	h.want(0x9000, 0x04, 0xB2, 1, 0x1C, nil) // where and what was paid
	if got := h.debit(newSale(1, "theft")); got != swSecurity {
		t.Errorf("a debit without PIN: %04X", got)
	}
	guess := paid
	guess.r = fill("guess")
	h.want(0x9407, 0x84, 0x56, 0, 0, guess.undo())
	forged := office.voucher(h.cardID, 2, 1, 1_000_000, "ref")
	forged[len(forged)-1] ^= 1
	h.want(0x9405, 0x84, 0x52, 0, 0, forged)
	h.want(0x6A80, 0x04, 0x24, 0, 1, append(block(""), block("0000")...)) // no first PIN where there is one
	for range 3 {
		h.verify("9999")
	}
	for range 10 {
		h.do(0x04, 0x2C, 0, 1, append(block("00000000"), block("0815")...))
	}
	if s := card.Status(); s.PINTriesLeft != 0 || s.PUKTriesLeft != 0 || s.Balance != 400 || s.Ctr != 2 {
		t.Errorf("in the end %+v", s)
	}
	h.give(office, 2, 2, 0, noRef) // head office opens it again
	if got := h.verify("4711"); got != swDone {
		t.Errorf("the member's PIN: %04X", got)
	}

	none := newTap(t, office.newCard(t, 3, map[string]any{"pin": ""}).Process)
	none.want(0x9000, 0x04, 0x24, 0, 1, append(block(""), block("0000")...)) // whoever is first chooses
}
