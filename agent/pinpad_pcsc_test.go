//go:build linux && cgo && pcsc

package agent_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/devices/reader"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/pcscd"
)

// TestMain runs the tests in a view of the file system where a card service of their own can be started.
func TestMain(m *testing.M) {
	code, done, err := pcscd.Isolate(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests with a card service:", err)
	}
	if !done {
		code = m.Run()
	}
	os.Exit(code)
}

// pinpadService is a card service with one reader that has a keypad.
func pinpadService(t *testing.T) *pcscd.Daemon {
	t.Helper()
	daemon, err := pcscd.Start(t.Context(), pcscd.Options{Pinpads: 1})
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := daemon.Stop(); err != nil {
			t.Error(err)
		}
	})
	return daemon
}

// pinpadTill is a till whose reader has a keypad, and a member whose card may be used with it.
func pinpadTill(t *testing.T, plastic cardtest.Plastic, entry agent.PINEntry) *till {
	t.Helper()
	daemon := pinpadService(t)
	s := newShop(t)
	plastic.PIN, plastic.Number = "31415926", testNumber
	s.card = must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
	if err := s.card.Personalise(s.issuer.Personalise(t, s.card.Request(), plastic)); err != nil {
		t.Fatal(err)
	}
	s.slot = cardsim.NewSlot("pinpad", "unix:"+daemon.Sockets[0], zerolog.Nop())
	s.background(s.slot.Run)
	s.lane.Reader, s.lane.PIN = reader.Selector{Name: regexp.QuoteMeta(daemon.Pinpads[0])}, entry
	s.restart(s.lane)
	return s.overHTTP()
}

// customer presses keys once the reader asks.
func (s *till) customer(keys ...string) {
	s.t.Helper()
	s.until("reader to ask", func(agent.LaneState) bool { return s.slot.Pinpad.View().Asks })
	if err := s.slot.Pinpad.Press(keys...); err != nil {
		s.t.Fatal(err)
	}
}

// asked is the call that lets the customer type; what it answers comes when they have.
func (s *till) asked() chan string {
	answered := make(chan string, 1)
	go func() {
		status, body := s.do(s.request("POST", "/v1/lanes/1/pinpad", "{}"))
		code := fmt.Sprint(status)
		if status != http.StatusOK {
			code = fmt.Sprint(body["code"])
		}
		answered <- code
	}()
	return answered
}

func wantCode(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("answer %s, want %s", got, want)
	}
}

func TestADisplayAsksForThePINOnTheReader(t *testing.T) {
	s := pinpadTill(t, cardtest.Plastic{Flags: card.PlainVerify}, "")
	s.tap()
	d := s.display()
	answered := s.asked()
	d.until("the question", func(s shown) bool { return s.Prompt == "pin" && s.Balance != nil })
	s.customer("3", "1", "4", "1", "5", "9", "2", "6", "ok")
	wantCode(t, <-answered, "200")
	d.until("no question", func(s shown) bool { return s.Prompt == "" })
}

func TestCustomerTypesThePINOnTheReaderAndRedeems(t *testing.T) {
	s := pinpadTill(t, cardtest.Plastic{Flags: card.PlainVerify}, "")
	s.fund(500)
	if pin := s.tap().Member.PIN; pin.Entry != agent.PINOnPinpad {
		t.Fatalf("pin %+v", pin)
	}
	_, answer := s.do(s.request("POST", "/v1/lanes/1/pin", `{"pin":"31415926"}`))
	wantCode(t, fmt.Sprint(answer["code"]), agent.CodePINOnReader)
	r := s.quoted(redeeming(300, 100))
	_, err := s.commit(newKey(), r)
	refused(t, err, agent.CodePINNeeded)

	answered := s.asked()
	lane := s.until("till to say who types", func(l agent.LaneState) bool { return l.Card.State == agent.CardPINEntry })
	if lane.Card.Code != agent.CodePINOnReader {
		t.Errorf("card %+v", lane.Card)
	}
	wantCode(t, <-s.asked(), agent.CodePINOnReader) // a second call does not ask again
	s.customer("3", "1", "4", "1", "5", "9", "2", "6", "ok")
	wantCode(t, <-answered, "200")
	wantCode(t, <-s.asked(), "200") // nor one that comes late
	if _, err := s.commit(newKey(), s.quoted(redeeming(300, 100))); err != nil {
		t.Fatal(err)
	}
	if got := s.card.Status().Balance; got != 400 {
		t.Errorf("the card has %d points", got)
	}
	s.stop()
	for _, form := range []string{"31415926", "3331343135393236"} { // as typed, and in hexadecimal
		if strings.Contains(s.log.String(), form) {
			t.Errorf("the log holds %s", form)
		}
	}
}

func TestWhatTheCustomerDoesAtTheReaderIsToldApart(t *testing.T) {
	s := pinpadTill(t, cardtest.Plastic{Flags: card.PlainVerify}, "")
	s.tap()
	for _, c := range []struct{ keys, code string }{
		{"3 cancel", agent.CodePINCancelled}, {"3 timeout", agent.CodePINTimeout}, {"3 ok", agent.CodePINFormat},
		{"1 1 1 1 ok", agent.CodePINWrong}, {"1 1 1 1 ok", agent.CodePINWrong},
	} {
		answered := s.asked()
		s.customer(strings.Fields(c.keys)...)
		wantCode(t, <-answered, c.code)
	}
	wantCode(t, <-s.asked(), agent.CodePINLastTry)
	lane := s.until("till to be ready", func(l agent.LaneState) bool { return l.Card.State == agent.CardReady })
	if lane.Member.PIN.TriesLeft != 1 {
		t.Errorf("pin %+v", lane.Member.PIN)
	}
	answered := s.asked()
	wantCode(t, <-answered, agent.CodePINLastTry)
}

func TestCardThatLetsNoPinpadSendItsPINIsUnlockedAtTheTill(t *testing.T) {
	s := pinpadTill(t, cardtest.Plastic{}, "")
	if pin := s.tap().Member.PIN; pin.Entry != agent.PINAtTill {
		t.Fatalf("pin %+v", pin)
	}
	wantCode(t, <-s.asked(), agent.CodePinpadMissing)
	if err := s.pin("31415926"); err != nil {
		t.Fatal(err)
	}
}

func TestLaneThatTakesThePINOnTheReaderAloneTakesNoOther(t *testing.T) {
	s := pinpadTill(t, cardtest.Plastic{}, agent.PINOnPinpad)
	s.tap()
	refused(t, s.pin("31415926"), agent.CodePINOnReader)
	wantCode(t, <-s.asked(), agent.CodePinpadMissing)
}

func TestLaneThatTakesThePINAtTheTillAsksNoReader(t *testing.T) {
	s := pinpadTill(t, cardtest.Plastic{Flags: card.PlainVerify}, agent.PINAtTill)
	s.tap()
	wantCode(t, <-s.asked(), agent.CodePinpadMissing)
	if err := s.pin("31415926"); err != nil {
		t.Fatal(err)
	}
}

func TestCardTakenOutWhileItsPINIsTypedIsTappedAgain(t *testing.T) {
	s := pinpadTill(t, cardtest.Plastic{Flags: card.PlainVerify}, "")
	s.tap()
	answered := s.asked()
	s.until("reader to ask", func(agent.LaneState) bool { return s.slot.Pinpad.View().Asks })
	s.slot.Remove()
	wantCode(t, <-answered, agent.CodeCardTapAgain)
	s.tap()
}
