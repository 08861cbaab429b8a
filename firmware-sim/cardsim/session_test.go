package cardsim

import "testing"

func TestACardLoadsPointsAndRedeemsThemAfterThePIN(t *testing.T) {
	office := newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	h := newTap(t, card.Process)
	h.load(office, 1, 500)
	if sw := h.debit(newSale(300, "early")); sw != swSecurity {
		t.Fatalf("debit before the PIN answers %04X", sw)
	}
	if sw := h.verify("4711"); sw != swDone {
		t.Fatalf("PIN answers %04X", sw)
	}
	if sw := h.debit(newSale(300, "coffee")); sw != swDone {
		t.Fatalf("debit answers %04X", sw)
	}
	if got, want := h.purse(), [4]uint32{200, 2, 1, 0}; got != want {
		t.Fatalf("purse %v, want %v", got, want)
	}
}
