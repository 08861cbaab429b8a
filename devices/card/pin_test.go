package card_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

const verify = 0x20

// pinCommands counts the VERIFY commands that carry a block: header, length, 16 encrypted bytes and 8 of MAC.
func (s *slot) pinCommands() int {
	n := 0
	for _, capdu := range s.sent {
		if capdu[1] == verify && capdu[4] > 8 {
			n++
		}
	}
	return n
}

func TestPINHasThreeTriesAndTheLastOneNeedsConsent(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.open(t)
	for _, left := range []int{2, 1} {
		err := session.VerifyPIN(t.Context(), pin(t, "0000"))
		var wrong *card.PINError
		if !errors.As(err, &wrong) || wrong.TriesLeft != left {
			t.Fatalf("got %v, want %d tries left", err, left)
		}
	}
	err := session.VerifyPIN(t.Context(), pin(t, "0000"))
	wantErr(t, err, card.ErrLastTry)
	if n := s.pinCommands(); n != 2 {
		t.Fatalf("%d PINs were sent, want 2", n)
	}
	if status, err := session.PINStatus(t.Context()); err != nil || status != (card.PINStatus{Set: true, TriesLeft: 1}) {
		t.Fatalf("status %+v, %v", status, err)
	}
	wantErr(t, session.VerifyPINLastTry(t.Context(), pin(t, "0000")), card.ErrPINBlocked)
	wantErr(t, session.VerifyPIN(t.Context(), pin(t, "4711")), card.ErrPINBlocked)
	if n := s.pinCommands(); n != 3 {
		t.Fatalf("%d PINs were sent, want none to a blocked card", n)
	}
	s.insert(t)
	if flags := s.open(t).Identity().Flags; !flags.PINBlocked() {
		t.Fatalf("flags %08b", flags)
	}
}

func TestRightPINGivesAllTriesBack(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.open(t)
	var wrong *card.PINError
	if err := session.VerifyPIN(t.Context(), pin(t, "1111")); !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	if err := session.VerifyPIN(t.Context(), pin(t, "4711")); err != nil {
		t.Fatal(err)
	}
	if status, err := session.PINStatus(t.Context()); err != nil || !status.Verified {
		t.Fatalf("status %+v, %v", status, err)
	}
	s.insert(t)
	if status, err := s.open(t).PINStatus(t.Context()); err != nil || status.Verified || status.TriesLeft != 3 {
		t.Fatalf("next tap %+v, %v", status, err)
	}
}

func TestPUKUnblocksAndChangeTakesTheOldPIN(t *testing.T) {
	s := newStore(t, cardtest.Plastic{PUK: "87654321"})
	session := s.open(t)
	for range 3 {
		_ = session.VerifyPINLastTry(t.Context(), pin(t, "0000")) // what it says is another test's
	}
	var wrong *card.PINError
	if err := session.Unblock(t.Context(), pin(t, "11111111"), pin(t, "2222")); !errors.As(err, &wrong) || wrong.TriesLeft != 9 {
		t.Fatalf("wrong PUK: %v", err)
	}
	if err := session.Unblock(t.Context(), pin(t, "87654321"), pin(t, "2222")); err != nil {
		t.Fatal(err)
	}
	if err := session.ChangePIN(t.Context(), pin(t, "4711"), pin(t, "3333")); !errors.As(err, &wrong) {
		t.Fatalf("change with the old old PIN: %v", err)
	}
	if err := session.ChangePIN(t.Context(), pin(t, "2222"), pin(t, "333333")); err != nil {
		t.Fatal(err)
	}
	if err := session.VerifyPIN(t.Context(), pin(t, "333333")); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		_ = session.Unblock(t.Context(), pin(t, "11111111"), pin(t, "2222"))
	}
	wantErr(t, session.Unblock(t.Context(), pin(t, "87654321"), pin(t, "2222")), card.ErrPUKBlocked)
}

func TestCardWithoutPINSaysSo(t *testing.T) {
	session := newStore(t, cardtest.Plastic{PIN: "-"}).open(t)
	if status, err := session.PINStatus(t.Context()); err != nil || status.Set {
		t.Fatalf("status %+v, %v", status, err)
	}
	wantErr(t, session.VerifyPIN(t.Context(), pin(t, "4711")), card.ErrPINNotSet)
}

func TestWrongFormatCostsNoTry(t *testing.T) {
	for _, typed := range []string{"", "123", "123456789", "12a4", "１２３４", "12 4"} {
		if _, err := card.NewPIN([]byte(typed)); !errors.Is(err, card.ErrPINFormat) {
			t.Errorf("%q: got %v", typed, err)
		}
	}
}

func TestOnePINIsGoodForOneCommand(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.open(t)
	p := pin(t, "0000")
	if err := session.VerifyPIN(t.Context(), p); err == nil {
		t.Fatal("wrong PIN taken")
	}
	before := s.pinCommands()
	wantErr(t, session.VerifyPIN(t.Context(), p), card.ErrPINFormat)
	if s.pinCommands() != before {
		t.Fatal("the PIN was sent again")
	}
	other, fresh := pin(t, "1111"), pin(t, "2222")
	if err := session.ChangePIN(t.Context(), other, fresh); err == nil {
		t.Fatal("wrong PIN taken")
	}
	for _, used := range []*card.PIN{other, fresh} {
		wantErr(t, session.VerifyPINLastTry(t.Context(), used), card.ErrPINFormat)
	}
	p.Zero()
	(*card.PIN)(nil).Zero()
}

func TestPINIsNeverSentAgainWhateverTheReaderSays(t *testing.T) {
	for _, sw := range []uint16{0x6C08, 0x6CFF, 0x6100, 0x63C2, 0x6F00, 0x9000} {
		s := newStore(t, cardtest.Plastic{})
		session := s.open(t)
		if _, err := session.PINStatus(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.contacts.SetFault(cardsim.Fault{Kind: cardsim.WrongSW, INS: verify, SW: cardsim.HexSW(sw), Sticky: true, Skip: true}); err != nil {
			t.Fatal(err)
		}
		wantErr(t, session.VerifyPINLastTry(t.Context(), pin(t, "4711")), card.ErrOutcomeUnknown)
		if n := s.pinCommands(); n != 1 {
			t.Fatalf("%04X: %d PINs were sent", sw, n)
		}
	}
}

func TestPINNeverShows(t *testing.T) {
	const canary = "31415926"
	typed := []byte(canary)
	p, err := card.NewPIN(typed)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Zero()
	if !bytes.Equal(typed, make([]byte, len(typed))) {
		t.Fatalf("what was typed is still there: %q", typed)
	}
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%o", "%c", "%U"} {
		for _, v := range []any{p, *p, struct{ P *card.PIN }{p}, []*card.PIN{p}} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
	}
	text, err := json.Marshal(map[string]any{"pin": p, "value": *p})
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(text)
	log := zerolog.New(&shown)
	log.Info().Interface("pin", p).Any("again", *p).Msg("canary")
	for _, form := range []string{canary, "3331343135393236", "33 31 34 31", "51 49 52", "[51"} {
		if strings.Contains(strings.ToLower(shown.String()), form) {
			t.Fatalf("the PIN shows as %s:\n%s", form, shown.String())
		}
	}
	if !strings.Contains(string(text), `"PIN(***)"`) {
		t.Fatalf("JSON is %s", text)
	}
}

func TestNobodyOnTheWireSeesThePIN(t *testing.T) {
	const canary = "31415926"
	s := newStore(t, cardtest.Plastic{PIN: canary})
	session := s.open(t)
	if err := session.VerifyPIN(t.Context(), pin(t, canary)); err != nil {
		t.Fatal(err)
	}
	for _, capdu := range s.sent {
		if bytes.Contains(capdu, []byte(canary)) || bytes.Contains(capdu, []byte("\x31\x41\x59\x26")) {
			t.Fatalf("PIN in %x", capdu)
		}
	}
}
