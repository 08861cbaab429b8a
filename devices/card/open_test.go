package card_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

func TestGenuineCardTellsWhoItIs(t *testing.T) {
	s := newStore(t, cardtest.Plastic{Tier: "gold", NoPINSingle: 5, NoPINCumulative: 10})
	session := s.open(t)
	id := session.Identity()
	if id.ID != s.id || string(id.Number) != "6034000000000018" || id.Tier != "gold" || id.Language != "lv" || id.Scheme != s.issuer.Scheme {
		t.Errorf("identity %+v", id)
	}
	if !id.Flags.PINSet() || id.Flags.PINBlocked() || id.Flags.PUKBlocked() || !id.Flags.Ratified() {
		t.Errorf("flags %08b", id.Flags)
	}
	if b := session.Balance(); b != (card.Balance{}) || id.Ctr != 0 || id.LoadSeq != 0 {
		t.Errorf("a new card has %+v", b)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", id.Number, id, id, id.Number); strings.Contains(printed, "6034000000000018") {
		t.Errorf("the number prints in full: %s", printed)
	}
}

func TestSecondTapNeedsNoCertificate(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	s.open(t)
	if n := len(s.sent); n != 4 {
		t.Fatalf("first tap took %d commands, want select, certificate, information, key agreement", n)
	}
	s.insert(t)
	again := s.open(t)
	if n := len(s.sent); n != 2 {
		t.Fatalf("second tap took %d commands, want select and key agreement", n)
	}
	if id := again.Identity(); id.Language != "lv" || string(id.Number) != "6034000000000018" {
		t.Errorf("second tap knows %+v", id)
	}
	s.insert(t)
	if _, err := card.Open(t.Context(), s.slot, s.trust, today().Add(25*time.Hour)); err != nil || len(s.sent) != 3 {
		t.Fatalf("a day later: %d commands, %v; want the certificate again", len(s.sent), err)
	}
}

func TestCardsThatAreRefusedAreToldApart(t *testing.T) {
	chain := cardtest.NewIssuer(t)
	pinned, err := card.KeyIDOf(&chain.CA.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	other := cardtest.NewIssuer(t)
	otherScheme := *chain
	otherScheme.Scheme = card.Scheme([]byte("XXXX"))
	issue := func(issuer *cardtest.Issuer, p cardtest.Plastic) *cardsim.Card {
		plastic := blank(t)
		if err := plastic.Personalise(issuer.Personalise(t, plastic.Request(), p)); err != nil {
			t.Fatal(err)
		}
		return plastic
	}
	clone := blank(t)
	if err := clone.PersonaliseClone(chain.Personalise(t, blank(t).Request(), cardtest.Plastic{})); err != nil {
		t.Fatal(err)
	}
	terminated := issue(chain, cardtest.Plastic{})
	if err := terminated.Terminate(); err != nil {
		t.Fatal(err)
	}
	hotID := card.ID{7: 66}
	tests := []struct {
		name string
		card *cardsim.Card
		want error
	}{
		{"a card of another chain", issue(other, cardtest.Plastic{}), card.ErrWrongIssuer},
		{"a card of another scheme under the same CA", issue(&otherScheme, cardtest.Plastic{}), card.ErrWrongIssuer},
		{"a self-made certificate that names our CA", issue(other, cardtest.Plastic{PretendCA: &pinned}), card.ErrCounterfeit},
		{"a genuine certificate on another key", clone, card.ErrCounterfeit},
		{"a card past its last day", issue(chain, cardtest.Plastic{LastDay: card.DayOf(today()) - 1}), card.ErrExpired},
		{"a card on its last day", issue(chain, cardtest.Plastic{LastDay: card.DayOf(today())}), nil},
		{"a terminated card", terminated, card.ErrTerminated},
		{"a card on the hot list", issue(chain, cardtest.Plastic{ID: hotID}), card.ErrHot},
		{"a blank card", blank(t), card.ErrNotLYL1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &slot{card: tt.card}
			s.insert(t)
			trust := chain.Trust(t, func(id card.ID) bool { return id == hotID })
			session, err := card.Open(t.Context(), s, trust, today())
			if !errors.Is(err, tt.want) || (err == nil) != (session != nil) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			for _, sent := range s.sent {
				if tt.want != nil && tt.want != card.ErrCounterfeit && sent[0]&4 != 0 {
					t.Errorf("sent %x to a refused card", sent[:4])
				}
			}
		})
	}
}

func TestCardThatBecomesHotIsRefusedThoughItsCertificateIsRemembered(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	hot := false
	s.trust = s.issuer.Trust(t, func(card.ID) bool { return hot })
	s.open(t)
	hot = true
	s.insert(t)
	_, err := card.Open(t.Context(), s.slot, s.trust, today())
	wantErr(t, err, card.ErrHot)
}

func TestRememberedCertificateStillExpires(t *testing.T) {
	s := newStore(t, cardtest.Plastic{LastDay: card.DayOf(today())})
	s.open(t)
	s.insert(t)
	_, err := card.Open(t.Context(), s.slot, s.trust, today().Add(15*time.Hour))
	wantErr(t, err, card.ErrExpired)
}

func TestCloneOfARememberedCardIsRefused(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	file := s.issuer.Personalise(t, s.card.Request(), cardtest.Plastic{})
	s.open(t)
	clone := blank(t)
	if err := clone.PersonaliseClone(file); err != nil {
		t.Fatal(err)
	}
	// The clone shows the very certificate that the store remembers.
	copied := &slot{card: clone}
	copied.insert(t)
	_, err := card.Open(t.Context(), copied, s.trust, today())
	wantErr(t, err, card.ErrCounterfeit)
}

func TestReissuedCardSendsItsNewCertificate(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	s.open(t)
	reissued := blank(t)
	if err := reissued.Personalise(s.issuer.Personalise(t, reissued.Request(), cardtest.Plastic{})); err != nil {
		t.Fatal(err)
	}
	second := &slot{card: reissued}
	second.insert(t)
	if _, err := card.Open(t.Context(), second, s.trust, today()); err != nil || len(second.sent) != 4 {
		t.Fatalf("%d commands, %v", len(second.sent), err)
	}
}

func TestCertificateThatArrivesGarbledDoesNotMakeACardCounterfeit(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	if err := s.contacts.SetFault(cardsim.Fault{Kind: cardsim.BitFlip, INS: 0xB0, Bit: 120 * 8}); err != nil {
		t.Fatal(err)
	}
	_, err := card.Open(t.Context(), s.slot, s.trust, today())
	wantErr(t, err, card.ErrUnreadable)
}

func TestCertificateOfAnotherCardIsRefusedBeforeAnythingElseIsAsked(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	s.swap = func(answer []byte) []byte {
		at := bytes.Index(answer, append([]byte{0x81, 8}, s.id[:]...))
		answer[at+2] ^= 1
		return answer
	}
	_, err := card.Open(t.Context(), s.slot, s.trust, today())
	wantErr(t, err, card.ErrCounterfeit)
	if len(s.sent) != 2 {
		t.Fatalf("%d commands, want select and certificate", len(s.sent))
	}
}

func TestTapThatBreaksOffAnywhereIsUnreadable(t *testing.T) {
	faults := map[string]cardsim.Fault{
		"torn before": {Kind: cardsim.TearBefore},
		"torn after":  {Kind: cardsim.TearAfter},
		"no answer":   {Kind: cardsim.ShortAnswer, Bytes: 0},
		"one byte":    {Kind: cardsim.ShortAnswer, Bytes: 1},
	}
	for name, fault := range faults {
		for n := 1; n <= 4; n++ {
			t.Run(fmt.Sprintf("%s command %d", name, n), func(t *testing.T) {
				s := newStore(t, cardtest.Plastic{})
				fault.Nth = n
				if err := s.contacts.SetFault(fault); err != nil {
					t.Fatal(err)
				}
				_, err := card.Open(t.Context(), s.slot, s.trust, today())
				wantErr(t, err, card.ErrUnreadable)
				if errors.Is(err, card.ErrOutcomeUnknown) {
					t.Fatal("nothing that changes the card was sent")
				}
				s.insert(t)
				s.open(t)
			})
		}
	}
}

func TestNoBitOfAnAnswerCanBeChangedUnseen(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	want := s.open(t).Identity()
	for command := 1; command <= 4; command++ {
		for bit := 0; bit < 180*8; bit += 13 {
			trust := s.issuer.Trust(t, nil) // remembers nothing
			s.insert(t)
			if err := s.contacts.SetFault(cardsim.Fault{Kind: cardsim.BitFlip, Nth: command, Bit: bit}); err != nil {
				t.Fatal(err)
			}
			session, err := card.Open(t.Context(), s.slot, trust, today())
			s.contacts.ClearFault()
			if err != nil {
				continue
			}
			// Information, and the counters and flags of SELECT, are the card's word only: nothing proves them, so nothing
			// that is decided on may come from there.
			if got := session.Identity(); got.ID != want.ID || got.LastDay != want.LastDay || got.Ctr != want.Ctr || got.LoadSeq != want.LoadSeq || command > 3 {
				t.Fatalf("command %d bit %d: accepted %+v", command, bit, got)
			}
		}
	}
}

func TestForeignCardIsNotTakenForABrokenOne(t *testing.T) {
	for _, sw := range []uint16{0x6A82, 0x6D00, 0x6E00, 0x6A81, 0x6999} {
		s := newStore(t, cardtest.Plastic{})
		if err := s.contacts.SetFault(cardsim.Fault{Kind: cardsim.WrongSW, SW: cardsim.HexSW(sw)}); err != nil {
			t.Fatal(err)
		}
		_, err := card.Open(t.Context(), s.slot, s.trust, today())
		wantErr(t, err, card.ErrNotLYL1)
	}
	for _, answer := range []string{"9000", "6F00 9000", "6F10840E325041592E5359532E4444463031 9000"} {
		s := newStore(t, cardtest.Plastic{})
		raw, err := hex.DecodeString(strings.ReplaceAll(answer, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		s.swap = func([]byte) []byte { return raw }
		_, err = card.Open(t.Context(), s.slot, s.trust, today())
		wantErr(t, err, card.ErrNotLYL1)
	}
}

func TestCardRefusesAPointOffTheCurve(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	s.open(t)
	agree := bytes.Clone(s.sent[3])
	if agree[1] != 0x88 || len(agree) != 5+16+65+1 {
		t.Fatalf("fourth command is %x", agree)
	}
	agree[5+16+64] ^= 1 // last byte of y
	r := make([]byte, 258)
	n, err := s.Transmit(t.Context(), agree, r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := apdu.ParseResponse(r[:n]); err != nil || got.SW != apdu.SWData {
		t.Fatalf("got %v, %v, want 6A80", got.SW, err)
	}
}

func TestTrustNeedsARootOfTheRightCurve(t *testing.T) {
	none := card.Lists{IssuingKey: func(card.KeyID) []byte { return nil }}
	if _, err := card.NewTrust(card.Scheme{}, nil, none); err == nil {
		t.Error("trust without a root")
	}
	if _, err := card.NewTrust(card.Scheme{}, &ecdsa.PublicKey{Curve: elliptic.P384()}, none); err == nil {
		t.Error("trust in a root of another curve")
	}
	if _, err := card.NewTrust(card.Scheme{}, &cardtest.NewIssuer(t).Root.PublicKey, card.Lists{}); err == nil {
		t.Error("trust without issuing keys")
	}
}

func TestLanesShareWhatTheyRememberOfCards(t *testing.T) {
	issuer := cardtest.NewIssuer(t)
	trust := issuer.Trust(t, nil)
	done := make(chan error)
	const lanes, taps = 4, 5
	for lane := range lanes {
		plastic := blank(t)
		if err := plastic.Personalise(issuer.Personalise(t, plastic.Request(), cardtest.Plastic{ID: card.ID{7: byte(lane + 1)}})); err != nil {
			t.Fatal(err)
		}
		go func() {
			var err error
			for range taps {
				s := &slot{card: plastic}
				plastic.PowerOff()
				if err = plastic.PowerOn(); err != nil {
					break
				}
				if _, err = card.Open(t.Context(), s, trust, today()); err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range lanes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
