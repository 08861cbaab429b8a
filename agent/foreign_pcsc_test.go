//go:build linux && cgo && pcsc

package agent_test

import (
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/reader"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/pcscd"
)

// TestEveryKindOfForeignCardThroughTheCardService: T=0 with 61xx and 6Cxx, a PIN, and the readers' pseudo-APDUs, through pcscd.
func TestEveryKindOfForeignCardThroughTheCardService(t *testing.T) {
	daemon, err := pcscd.Start(t.Context(), pcscd.Options{Readers: 1})
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
	s := foreignShop(t, oldChainNumber, pinNumber, classicNumber, uidNumber)
	s.slot = cardsim.NewSlot("virtual", net.JoinHostPort("127.0.0.1", strconv.Itoa(daemon.Ports[0])), zerolog.Nop())
	s.background(s.slot.Run)
	s.lane.Reader = reader.Selector{Name: regexp.QuoteMeta(daemon.Readers[0])}
	s.restart(s.lane)
	for _, c := range []struct {
		card, masked string
		medium       loyalty.Medium
	}{
		{oldChainCard, "OC-…0006", loyalty.MediumNumber},
		{classicCard, "MC-…0012", loyalty.MediumNumber},
		{uidCard, "UID-…E5F6", loyalty.MediumNumber},
		{pinCard, "FP-…2719", loyalty.MediumKeyed},
	} {
		s.slot.Remove()
		s.state(agent.CardNone, "")
		s.put(c.card)
		if c.medium == loyalty.MediumKeyed {
			s.state(agent.CardPINFirst, agent.CodePINNeeded)
			if r := refused(t, s.pin("1234"), agent.CodePINWrong); r.TriesLeft != 2 {
				t.Errorf("%d tries left", r.TriesLeft)
			}
			if err := s.pin("4711"); err != nil {
				t.Fatal(err)
			}
		}
		if m := s.state(agent.CardReady, "").Member; m == nil || m.Number != c.masked || m.Medium != c.medium {
			t.Errorf("want %s: %+v", c.masked, m)
		}
	}
}

// TestPINOfAForeignCardIsTypedOnTheReader: neither the till nor the agent has it; the card tells whose it is afterwards.
func TestPINOfAForeignCardIsTypedOnTheReader(t *testing.T) {
	daemon := pinpadService(t)
	s := foreignShop(t, pinNumber)
	s.slot = cardsim.NewSlot("pinpad", "unix:"+daemon.Sockets[0], zerolog.Nop())
	s.background(s.slot.Run)
	s.lane.Reader = reader.Selector{Name: regexp.QuoteMeta(daemon.Pinpads[0])}
	s.restart(s.lane)
	at := s.overHTTP()
	s.put(pinCard)
	if lane := s.state(agent.CardPINFirst, agent.CodePINNeeded); lane.Card.Entry != agent.PINOnPinpad {
		t.Fatalf("card %+v", lane.Card)
	}
	refused(t, s.pin("4711"), agent.CodePINOnReader)
	for _, c := range []struct{ keys, code string }{
		{"3 cancel", agent.CodePINCancelled}, {"3 timeout", agent.CodePINTimeout}, {"3 ok", agent.CodePINFormat}, {"1 2 3 4 ok", agent.CodePINWrong},
	} {
		answered := at.asked()
		at.customer(strings.Fields(c.keys)...)
		wantCode(t, <-answered, c.code)
		s.state(agent.CardPINFirst, agent.CodePINNeeded)
	}
	answered := at.asked()
	at.customer("4", "7", "1", "1", "ok")
	wantCode(t, <-answered, "200")
	if m := s.state(agent.CardReady, "").Member; m == nil || m.Number != "FP-…2719" || m.Medium != loyalty.MediumKeyed {
		t.Errorf("member %+v", m)
	}
}
