package card_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

// padStore is a store whose reader has a keypad, and a card that may be used with it.
func padStore(t *testing.T) (*store, *card.Session, card.Pinpad) {
	t.Helper()
	s := newStore(t, cardtest.Plastic{Flags: card.PlainVerify})
	s.pad = &cardsim.Pinpad{}
	session := s.open(t)
	pad, ok := session.Pinpad(t.Context())
	if !ok {
		t.Fatal("no pinpad found")
	}
	return s, session, pad
}

// types is a customer who presses keys once the reader asks. The test ends after they have.
func (s *store) types(t *testing.T, keys ...string) {
	t.Helper()
	var customer sync.WaitGroup
	customer.Go(func() {
		for !s.pad.View().Asks {
			if t.Context().Err() != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
		if err := s.pad.Press(keys...); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(customer.Wait)
}

func TestCustomerTypesThePINOnTheReader(t *testing.T) {
	cases := []struct {
		why  string
		keys []string
		want error
	}{
		{"right", []string{"4", "7", "1", "1", "ok"}, nil},
		{"cancelled", []string{"4", "cancel"}, card.ErrPINCancelled},
		{"no time left", []string{"4", "timeout"}, card.ErrPINTimeout},
		{"too short", []string{"4", "7", "ok"}, card.ErrPINFormat},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			s, session, pad := padStore(t)
			s.types(t, c.keys...)
			wantErr(t, session.VerifyOnPinpad(t.Context(), pad, false), c.want)
			status, err := session.PINStatus(t.Context())
			if err != nil || status.Verified != (c.want == nil) || !status.Verified && status.TriesLeft != 3 {
				t.Fatalf("status %+v, %v", status, err)
			}
			for _, capdu := range s.sent {
				if bytes.Contains(capdu, []byte("4711")) {
					t.Error("the host sent the PIN")
				}
			}
		})
	}
}

func TestWrongPINsOnTheReaderCountDownAndTheLastNeedsConsent(t *testing.T) {
	s, session, pad := padStore(t)
	for _, left := range []int{2, 1} {
		s.types(t, "0", "0", "0", "0", "ok")
		var wrong *card.PINError
		if err := session.VerifyOnPinpad(t.Context(), pad, false); !errors.As(err, &wrong) || wrong.TriesLeft != left {
			t.Fatalf("got %v, want %d tries left", err, left)
		}
	}
	wantErr(t, session.VerifyOnPinpad(t.Context(), pad, false), card.ErrLastTry)
	s.types(t, "0", "0", "0", "0", "ok")
	wantErr(t, session.VerifyOnPinpad(t.Context(), pad, true), card.ErrPINBlocked)
	wantErr(t, session.VerifyOnPinpad(t.Context(), pad, true), card.ErrPINBlocked)
}

func TestPINTypedOnTheReaderUnlocksTheSession(t *testing.T) {
	s, session, pad := padStore(t)
	v := s.issuer.Voucher(s.id, 1, 500)
	if _, err := session.Load(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	d, _ := debit(100)
	_, err := session.Debit(t.Context(), d)
	wantErr(t, err, card.ErrPINRequired)
	s.types(t, "4", "7", "1", "1", "ok")
	if err := session.VerifyOnPinpad(t.Context(), pad, false); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Debit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func TestReaderThatLiesAboutThePINIsNotBelieved(t *testing.T) {
	for why, lie := range map[string][]byte{
		"right":        {0x90, 0x00},
		"wrong":        {0x63, 0xC1},
		"not allowed":  {0x69, 0x82},
		"nothing":      {},
		"half a word":  {0x90},
		"a whole APDU": {0x04, 0x90, 0x00},
	} {
		s, session, pad := padStore(t)
		s.lie = lie
		if err := session.VerifyOnPinpad(t.Context(), pad, false); !errors.Is(err, card.ErrPinpad) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func TestPinpadIsUsedWhereCardAndReaderAllowIt(t *testing.T) {
	cases := []struct {
		why         string
		flags       card.CertificateFlags
		contactless bool
		pad         *cardsim.Pinpad
		want        bool
	}{
		{"all allow it", card.PlainVerify, false, &cardsim.Pinpad{}, true},
		{"the certificate does not", 0, false, &cardsim.Pinpad{}, false},
		{"the PIN would cross the air", card.PlainVerify, true, &cardsim.Pinpad{}, false},
		{"the reader has no keypad", card.PlainVerify, false, nil, false},
	}
	for _, c := range cases {
		s := newStore(t, cardtest.Plastic{Flags: c.flags})
		s.card.SetContactless(c.contactless)
		s.pad = c.pad
		if _, got := s.open(t).Pinpad(t.Context()); got != c.want {
			t.Errorf("%s: pinpad %t", c.why, got)
		}
	}
}
