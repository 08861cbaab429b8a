package cardsim

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"
)

// became is a genuine card with points, put into a state.
func became(t *testing.T, office *headOffice, state State) *Card {
	t.Helper()
	card, _ := verified(t, office, 500)
	if err := card.Put(state, seeded(9)); err != nil {
		t.Fatal(err)
	}
	return card
}

func TestEachStateShowsInItsWay(t *testing.T) {
	office := newHeadOffice(t, 1)
	const today = 9700
	for state, shows := range map[State]func(card *Card) bool{
		PINBlocked: func(card *Card) bool { return newTap(t, card.Process).verify("4711") == swBlocked },
		PINLastTry: func(card *Card) bool { return newTap(t, card.Process).verify("9999") == swBlocked },
		PINNotSet:  func(card *Card) bool { return newTap(t, card.Process).verify("4711") == swNotSet },
		PUKBlocked: func(card *Card) bool {
			_, got := newTap(t, card.Process).do(0x04, 0x2C, 0, 1, append(block("12345678"), block("0815")...))
			return got == swBlocked
		},
		Terminated: func(card *Card) bool { return sw(card.Process(unhex(selectHex))) == "6283" },
		CounterEnding: func(card *Card) bool {
			h := newTap(t, card.Process)
			h.verify("4711")
			return h.debit(newSale(1, "the last")) == swDone && h.debit(newSale(1, "one more")) == swCounterEnd
		},
		Counterfeit: func(card *Card) bool {
			id := certificate.caKeyID
			return inspect(t, office, card, today) == "signature" && !bytes.Equal(id(card.core.certificate()), id(office.newCard(t, 3, nil).core.certificate()))
		},
		Forged: func(card *Card) bool {
			id := certificate.caKeyID
			return inspect(t, office, card, today) == "signature" && bytes.Equal(id(card.core.certificate()), id(office.newCard(t, 3, nil).core.certificate()))
		},
		OffCurve: func(card *Card) bool {
			return inspect(t, office, card, today) == "genuine" && sw(keyAgree(card.core, offCurvePoint())) != "6A80"
		},
	} {
		if card := became(t, office, state); !shows(card) {
			t.Errorf("%s does not show: %+v", state, card.Status())
		}
	}
	if got := len(States()); got != 9 {
		t.Errorf("%d states are listed", got)
	}
}

// offCurvePoint lies on another curve: P-256 has no point with x = 0 and y = 1.
func offCurvePoint() []byte {
	return append(append([]byte{4}, make([]byte, 63)...), 0, 1)
}

func TestAGoodCardRefusesWhatABadOneGivesItsKeyAwayWith(t *testing.T) {
	office := newHeadOffice(t, 1)
	for seed := byte(2); seed < 10; seed++ {
		good := office.newCard(t, seed, nil)
		good.Process(unhex(selectHex))
		// A point with y = 0 has order 2 on its curve: an odd key gives the point back, an even one infinity.
		point := append(append([]byte{4}, bytes.Repeat([]byte{7}, 32)...), make([]byte, 32)...)
		if got := sw(keyAgree(good.core, point)); got != "6A80" {
			t.Fatalf("a good card answers %s", got)
		}
		odd := new(big.Int).SetBytes(good.core.key.Bytes()).Bit(0) == 1
		if err := good.Put(OffCurve, nil); err != nil {
			t.Fatal(err)
		}
		answer := keyAgree(good.core, point)
		if told := sw(answer) == "9000"; told != odd {
			t.Errorf("the last bit of the key is %v, the bad card tells %v", odd, told)
		}
		if odd && !bytes.Equal(answer[32:48], cryptogramOf(good.core, point[1:33], point, answer)) {
			t.Error("the shared secret is not the point's x")
		}
	}
}

func TestTheTextbookMultipliesLikeTheLibrary(t *testing.T) {
	entropy := seeded(5)
	for range 20 {
		a, err := drawKey(entropy)
		if err != nil {
			t.Fatal(err)
		}
		b, err := drawKey(entropy)
		if err != nil {
			t.Fatal(err)
		}
		want, err := a.ECDH(b.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := agreeAnywhere(a.Bytes(), b.PublicKey().Bytes()); !ok || !bytes.Equal(got, want) {
			t.Errorf("%X, want %X", got, want)
		}
	}
}

func TestAForkIsTheSameCardTwiceUntilHeadOfficeComparesTheirCounters(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, _ := verified(t, office, 500)
	fork, err := card.Copy(Fork, seeded(8))
	if err != nil {
		t.Fatal(err)
	}
	if err := fork.PowerOn(); err != nil {
		t.Fatal(err)
	}
	var records [2][]byte
	for i, c := range []*Card{card, fork} {
		h := newTap(t, c.Process)
		h.verify("4711")
		if got := h.debit(newSale(400, []string{"here", "there"}[i])); got != swDone {
			t.Fatalf("card %d: %04X", i, got)
		}
		records[i] = h.want(0x9000, 0x04, 0xB2, 1, 0x1C, nil)
		if mac := office.txmac(h.cardID, records[i]); !bytes.Equal(records[i][34:42], mac) {
			t.Errorf("card %d proves nothing", i)
		}
	}
	if !bytes.Equal(records[0][:4], records[1][:4]) || bytes.Equal(records[0], records[1]) {
		t.Errorf("two records with one counter: %X, %X", records[0], records[1])
	}
}

func TestACloneHasTheFilesAndNotTheKeys(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, _ := verified(t, office, 500)
	clone, err := card.Copy(Clone, seeded(8))
	if err != nil {
		t.Fatal(err)
	}
	if err := clone.PowerOn(); err != nil {
		t.Fatal(err)
	}
	if got := inspect(t, office, clone, 9700); got != "cryptogram" {
		t.Errorf("a clone is found out by its %q", got)
	}
	for _, at := range []int{keyAt, ktxAt, kldAt} {
		if bytes.Equal(clone.core.nvm.bytes(at, 16), card.core.nvm.bytes(at, 16)) {
			t.Errorf("the key at word %d was copied", at)
		}
	}
}

func TestAVoucherThatWasLoadedElsewhereComesLateHere(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, 500)
	give := func(seq uint32, amount int32) HexSW {
		t.Helper()
		loaded, err := card.Load(office.voucher(h.cardID, seq, 1, amount, "ref"))
		if err != nil {
			t.Fatal(err)
		}
		return loaded.SW
	}
	for _, c := range []struct {
		name string
		got  HexSW
		want HexSW
	}{
		{"the third before the second", give(3, 10), 0x9404},
		{"the second", give(2, 10), 0x9000},
		{"the second again", give(2, 10), 0x9000},
		{"another second", give(2, 20), 0x9404},
		{"the first again", give(1, 500), 0x9404},
	} {
		if c.got != c.want {
			t.Errorf("%s: %04X, want %04X", c.name, c.got, c.want)
		}
	}
	if got := card.Status(); got.Balance != 510 || got.LoadSeq != 2 {
		t.Errorf("%+v", got)
	}
	if loaded, err := card.Load([]byte{1}); err != nil || loaded.SW != 0x6700 {
		t.Errorf("a voucher of one byte: %+v, %v", loaded, err)
	}
}

func TestAStateNeedsACardThatCanHaveIt(t *testing.T) {
	if err := newBlank(t, 2).Put(PINBlocked, nil); !errors.Is(err, ErrBlank) {
		t.Errorf("a blank card: %v", err)
	}
	if _, err := newBlank(t, 2).Load(make([]byte, voucherSize)); !errors.Is(err, ErrBlank) {
		t.Errorf("a voucher for a blank card: %v", err)
	}
	card := newHeadOffice(t, 1).newCard(t, 2, map[string]any{"pin": "", "puk": ""})
	for _, state := range []State{PINBlocked, PINLastTry, PUKBlocked, "haunted"} {
		before := hex.EncodeToString(card.Image())
		if err := card.Put(state, nil); !errors.Is(err, ErrState) || hex.EncodeToString(card.Image()) != before {
			t.Errorf("%s: %v", state, err)
		}
	}
}
