package agent_test

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

// choose has the member type a new PIN twice.
func (s *shop) choose(digits string) error {
	s.t.Helper()
	fresh, again := must[*card.PIN](s.t)(card.NewPIN([]byte(digits))), must[*card.PIN](s.t)(card.NewPIN([]byte(digits)))
	_, err := s.agent.ChoosePIN(s.t.Context(), 1, fresh, again)
	return err
}

// withoutPIN is a member's card whose first PIN is still to be chosen.
func (s *shop) withoutPIN() *cardsim.Card {
	s.t.Helper()
	made := must[*cardsim.Card](s.t)(cardsim.Create(rand.Reader))
	if err := made.Personalise(s.issuer.Personalise(s.t, made.Request(), cardtest.Plastic{PIN: "-", Number: testNumber})); err != nil {
		s.t.Fatal(err)
	}
	return made
}

func TestMemberChoosesTheFirstPINAtTheTill(t *testing.T) {
	s := newShop(t)
	s.card = s.withoutPIN()
	s.tap()
	if lane := must[agent.LaneState](t)(s.agent.Lane(1)); !lane.Member.PIN.NotSet {
		t.Errorf("the lane does not say that a PIN is to be chosen: %+v", lane.Member.PIN)
	}
	refused(t, s.pin("2580"), agent.CodePINNotSet)
	if err := s.choose("2580"); err != nil {
		t.Fatal(err)
	}
	if lane := must[agent.LaneState](t)(s.agent.Lane(1)); lane.Member == nil || !lane.Member.PIN.Verified || lane.Member.PIN.NotSet {
		t.Errorf("the member cannot pay at once: %+v", lane.Member)
	}
	refused(t, s.choose("1470"), agent.CodePINSet)
}

// unblock has the member give the PUK and a new PIN.
func (s *shop) unblock(puk, digits string) error {
	s.t.Helper()
	pin := func(text string) *card.PIN { return must[*card.PIN](s.t)(card.NewPIN([]byte(text))) }
	_, err := s.agent.Unblock(s.t.Context(), 1, pin(puk), pin(digits), pin(digits))
	return err
}

func TestMemberUnblocksThePINWithThePUK(t *testing.T) {
	s := newShop(t)
	s.tap()
	for range 2 {
		refused(t, s.pin("1111"), agent.CodePINWrong)
	}
	if _, err := s.agent.EnterPIN(t.Context(), 1, must[*card.PIN](t)(card.NewPIN([]byte("1111"))), true); err == nil {
		t.Fatal("the last wrong PIN was taken")
	}
	refused(t, s.pin("4711"), agent.CodePINBlocked)
	if r := refused(t, s.unblock("87654321", "2580"), agent.CodePUKWrong); r.TriesLeft != 9 {
		t.Errorf("%d tries left at the PUK", r.TriesLeft)
	}
	if lane := must[agent.LaneState](t)(s.agent.Lane(1)); !lane.Member.PIN.Blocked {
		t.Errorf("a wrong PUK unblocked the PIN: %+v", lane.Member.PIN)
	}
	if err := s.unblock("12345678", "2580"); err != nil {
		t.Fatal(err)
	}
	if lane := must[agent.LaneState](t)(s.agent.Lane(1)); !lane.Member.PIN.Verified || lane.Member.PIN.Blocked {
		t.Errorf("the member cannot pay at once: %+v", lane.Member.PIN)
	}
}

func TestPUKThatIsUsedUpLeavesTheCardToHeadOffice(t *testing.T) {
	s := newShop(t)
	s.tap()
	for range 9 {
		refused(t, s.unblock("87654321", "2580"), agent.CodePUKWrong)
	}
	refused(t, s.unblock("87654321", "2580"), agent.CodePUKBlocked)
	refused(t, s.unblock("12345678", "2580"), agent.CodePUKBlocked)
	if err := s.pin("4711"); err != nil {
		t.Errorf("the PIN itself: %v", err)
	}
}

// A PIN and a PUK come in by HTTP, and nothing of them goes out again.
func TestNewPINsComeByHTTP(t *testing.T) {
	s := newTill(t)
	s.card = s.withoutPIN()
	s.tap()
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/v1/lanes/1", "", 200, `"not_set":true`},
		{"PUT", "/v1/lanes/1/pin", `{"pin":"25801470","again":"25801471"}`, 422, `"code":"pins_differ"`},
		{"PUT", "/v1/lanes/1/pin", `{"pin":"258","again":"258"}`, 422, `"code":"pin_format"`},
		{"PUT", "/v1/lanes/1/pin", `{"pin":"25801470"}`, 422, `"code":"field_invalid"`},
		{"PUT", "/v1/lanes/1/pin", `{"pin":"25801470","again":"25801470"}`, 200, `"verified":true`},
		{"PUT", "/v1/lanes/1/pin", `{"pin":"25801471","again":"25801471"}`, 422, `"code":"pin_set"`},
		{"POST", "/v1/lanes/1/unblock", `{"puk":"87654321","pin":"36925801","again":"36925801"}`, 422, `"tries_left":9`},
		{"POST", "/v1/lanes/1/unblock", `{"puk":"8765432x","pin":"36925801","again":"36925801"}`, 422, `"code":"pin_format"`},
		{"POST", "/v1/lanes/1/unblock", `{"puk":"12345678","pin":"36925801","again":"36925802"}`, 422, `"code":"pins_differ"`},
		{"POST", "/v1/lanes/1/unblock", `{"puk":"12345678","pin":"36925801","again":"36925801"}`, 200, `"verified":true`},
	} {
		status, answer := s.do(s.request(step.method, step.path, step.body))
		text := string(must[[]byte](t)(json.Marshal(answer)))
		if status != step.status || !strings.Contains(text, step.want) {
			t.Errorf("%s %s %s: %d %s", step.method, step.path, step.body, status, text)
		}
		for _, secret := range []string{"25801470", "25801471", "87654321", "12345678", "36925801"} {
			if strings.Contains(text+s.log.String(), secret) {
				t.Errorf("%s %s: the answer or the log tells %s", step.method, step.path, secret)
			}
		}
	}
}
