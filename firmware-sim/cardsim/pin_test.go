package cardsim

import (
	"fmt"
	"testing"
)

func TestThreeWrongPINsBlockAndThePUKUnblocks(t *testing.T) {
	card := newHeadOffice(t, 1).newCard(t, 2, nil)
	h := newTap(t, card.Process)
	for i, want := range []statusWord{0x63C2, 0x63C1, 0x6983, 0x6983} {
		if got := h.verify("9999"); got != want {
			t.Errorf("wrong PIN number %d: %04X, want %04X", i+1, got, want)
		}
	}
	if got := h.verify("4711"); got != 0x6983 {
		t.Errorf("the right PIN on a blocked card: %04X", got)
	}
	h.want(0x6983, 0x04, 0x20, 0, 1, nil)
	h.want(0x6983, 0x04, 0x24, 0, 1, append(block("4711"), block("0815")...))
	h.want(0x63C9, 0x04, 0x2C, 0, 1, append(block("00000000"), block("0815")...))
	h.want(0x9000, 0x04, 0x2C, 0, 1, append(block("12345678"), block("0815")...))
	h.want(0x63C3, 0x04, 0x20, 0, 1, nil) // unblocking is no verification
	if got := h.verify("0815"); got != swDone {
		t.Errorf("the new PIN: %04X", got)
	}
	if s := card.Status(); s.PINTriesLeft != 3 || s.PUKTriesLeft != 10 {
		t.Errorf("tries %d and %d", s.PINTriesLeft, s.PUKTriesLeft)
	}
}

func TestTenWrongPUKsBlockThePUK(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
	for left := 9; left >= 0; left-- {
		want := statusWord(0x63C0 + left)
		if left == 0 {
			want = 0x6983
		}
		h.want(want, 0x04, 0x2C, 0, 1, append(block("00000000"), block("0815")...))
	}
	h.want(0x6983, 0x04, 0x2C, 0, 1, append(block("12345678"), block("0815")...))
	h.selectCard()
	if h.fci[62] != flagPINSet|flagRatified|flagPUKBlocked {
		t.Errorf("flags %02X", h.fci[62])
	}
}

func TestTheRightPINRestoresTheTries(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
	h.verify("9999")
	h.verify("9999")
	if got := h.verify("4711"); got != swDone {
		t.Fatalf("%04X", got)
	}
	if got := h.verify("9999"); got != 0x63C2 {
		t.Errorf("%04X", got)
	}
	h.want(0x63C2, 0x04, 0x20, 0, 1, nil) // a wrong PIN ends an earlier verified state
}

func TestAMalformedPINBlockSpendsNoTry(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
	for _, b := range []string{"FFFFFFFFFFFFFFFF", "343731FFFFFFFFFF", "3437313100000000", "34373131FF31FFFF", "3A373131FFFFFFFF"} {
		h.want(0x6A80, 0x04, 0x20, 0, 1, unhex(b))
		h.want(0x6A80, 0x04, 0x24, 0, 1, append(unhex(b), block("0815")...))
		h.want(0x6A80, 0x04, 0x24, 0, 1, append(block("9999"), unhex(b)...))
		h.want(0x6A80, 0x04, 0x2C, 0, 1, append(block("9999"), unhex(b)...))
	}
	h.want(0x63C3, 0x04, 0x20, 0, 1, nil)
}

func TestTheHolderChangesThePIN(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, nil).Process)
	h.verify("4711")
	h.want(0x9000, 0x04, 0x24, 0, 1, append(block("4711"), block("87654321")...))
	h.want(0x9000, 0x04, 0x20, 0, 1, nil)
	h.want(0x63C2, 0x04, 0x24, 0, 1, append(block("4711"), block("1111")...))
	h.want(0x63C2, 0x04, 0x20, 0, 1, nil) // the wrong old PIN ends the verified state too
	if got := h.verify("87654321"); got != swDone {
		t.Errorf("%04X", got)
	}
}

func TestACardWithoutPINOrPUKSaysSo(t *testing.T) {
	h := newTap(t, newHeadOffice(t, 1).newCard(t, 2, map[string]any{"pin": "", "puk": ""}).Process)
	if h.fci[62] != flagRatified {
		t.Errorf("flags %02X", h.fci[62])
	}
	h.want(0x6984, 0x04, 0x20, 0, 1, nil)
	h.want(0x6984, 0x04, 0x20, 0, 1, block("4711"))
	h.want(0x6984, 0x04, 0x24, 0, 1, append(block("4711"), block("0815")...))
	h.want(0x6984, 0x04, 0x2C, 0, 1, append(block("4711"), block("0815")...))
}

// pinpadCard has a certificate with flag bit 0.
func pinpadCard(t *testing.T) *Card {
	t.Helper()
	office := newHeadOffice(t, 1)
	card, err := Create(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	id := unhex("0000000000000001")
	cert := office.certificate(t, certificateOrder{id, card.core.key.PublicKey().Bytes(), 11000, 1})
	if err := card.Personalise(office.perso(t, card.Request(), map[string]any{"certificate": fmt.Sprintf("%x", cert)})); err != nil {
		t.Fatal(err)
	}
	if err := card.PowerOn(); err != nil {
		t.Fatal(err)
	}
	return card
}

func TestAPinpadVerifiesInPlainOnContactsWithoutEndingTheSession(t *testing.T) {
	card := pinpadCard(t)
	h := newTap(t, card.Process)
	plain := func(pin string) string { return sw(card.Process(append(unhex("0020000108"), block(pin)...))) }
	if got := plain("9999"); got != "63C2" {
		t.Errorf("wrong PIN: %s", got)
	}
	if got := sw(card.Process(unhex("00200001"))); got != "63C2" {
		t.Errorf("status: %s", got)
	}
	if got := plain("4711"); got != "9000" {
		t.Errorf("right PIN: %s", got)
	}
	h.want(0x9000, 0x04, 0x20, 0, 1, nil) // the session is alive and knows

	card.SetContactless(true)
	if got := plain("4711"); got != "6982" {
		t.Errorf("without contacts: %s", got)
	}
	if got := sw(h.send(h.wrap(0x84, 0x5C, 0, 0, nil))); got != "6985" {
		t.Errorf("the refused VERIFY left the session: %s", got)
	}
}
