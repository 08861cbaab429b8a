//go:build linux && cgo && pcsc

package reader

import (
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"
	"time"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/internal/pcscd"
)

func TestOpenSCSeesThePinpad(t *testing.T) {
	s := openShopWith(t, pcscd.Options{Readers: 1, Pinpads: 1})
	tool, err := exec.LookPath("opensc-tool")
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "-l").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !regexp.MustCompile(`(?m)^.*PIN pad\s+` + regexp.QuoteMeta(s.Pinpads[0])).Match(out) {
		t.Errorf("no PIN pad at %s:\n%s", s.Pinpads[0], out)
	}
	if regexp.MustCompile(`(?m)^.*PIN pad\s+` + regexp.QuoteMeta(s.Daemon.Readers[0])).Match(out) {
		t.Errorf("a PIN pad at %s:\n%s", s.Daemon.Readers[0], out)
	}
	t.Logf("%s", out)
}

func TestSaleThroughAReaderWithAPinpad(t *testing.T) {
	s, m := openShopWith(t, pcscd.Options{Pinpads: 1}), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	playSale(t, m, s.readers[0])
}

func TestReaderThatIsUnpluggedComesBackByItself(t *testing.T) {
	s, m := openShopWith(t, pcscd.Options{Pinpads: 2}), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	if err := s.slots[0].SetPlugged(false); err != nil {
		t.Fatal(err)
	}
	next(t, s.readers[0], false)
	await(t, "the reader is missed", func() bool { return s.readers[0].Health().Code == CodeMissing })
	if err := s.slots[0].SetPlugged(true); err != nil {
		t.Fatal(err)
	}
	next(t, s.readers[0], true)
	conn, _ := m.tap(t, s.readers[0])
	shut(t, conn)
}

// padMember is a member whose card may be used with a pinpad.
func padMember(t *testing.T) *member {
	t.Helper()
	return newMemberWith(t, cardtest.Plastic{Flags: card.PlainVerify})
}

// types presses keys once the reader asks. The test ends after that.
func (s *shop) types(t *testing.T, lane int, keys ...string) {
	t.Helper()
	pad := &s.slots[lane].Pinpad
	var customer sync.WaitGroup
	customer.Go(func() {
		for !pad.View().Asks {
			if t.Context().Err() != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
		if err := pad.Press(keys...); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(customer.Wait)
}

func TestPINIsTypedOnTheReaderWhileOtherLanesGoOn(t *testing.T) {
	s, m, other := openShopWith(t, pcscd.Options{Pinpads: 2}), padMember(t), newMember(t)
	s.slots[0].Insert(m.card)
	s.slots[1].Insert(other.card)
	next(t, s.readers[0], true)
	next(t, s.readers[1], true)
	_, session := m.tap(t, s.readers[0])
	pad, ok := session.Pinpad(t.Context())
	if !ok {
		t.Fatal("no pinpad found")
	}
	verified := make(chan error, 1)
	go func() { verified <- session.VerifyOnPinpad(t.Context(), pad, false) }()
	await(t, "the reader asks", func() bool { return s.slots[0].Pinpad.View().Asks })
	playSale(t, other, s.readers[1])
	select {
	case err := <-verified:
		t.Fatalf("the first lane did not wait for its customer: %v", err)
	default:
	}
	s.types(t, 0, "4", "7", "1", "1", "ok")
	if err := <-verified; err != nil {
		t.Fatal(err)
	}
	m.load(t, session, 5000)
	if _, err := session.Debit(t.Context(), debitOf(2000)); err != nil {
		t.Fatal(err)
	}
}

func TestCardTakenOutWhileItsPINIsTyped(t *testing.T) {
	s, m := openShopWith(t, pcscd.Options{Pinpads: 1}), padMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	conn, session := m.tap(t, s.readers[0])
	pad, ok := session.Pinpad(t.Context())
	if !ok {
		t.Fatal("no pinpad found")
	}
	verified := make(chan error, 1)
	go func() { verified <- session.VerifyOnPinpad(t.Context(), pad, false) }()
	await(t, "the reader asks", func() bool { return s.slots[0].Pinpad.View().Asks })
	s.slots[0].Remove()
	wantErr(t, <-verified, card.ErrOutcomeUnknown)
	shutAfterCrash(conn)
	next(t, s.readers[0], false)
}

func TestReaderWithoutAPinpadIsAskedAndStaysUsable(t *testing.T) {
	s, m := openShop(t, 1), padMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	_, session := m.tap(t, s.readers[0])
	if _, ok := session.Pinpad(t.Context()); ok {
		t.Fatal("a pinpad at a reader of vpcd")
	}
	m.load(t, session, 500)
}

func TestMuteCardInAnHonestReaderFreesTheLaneByItself(t *testing.T) {
	s, m := openShopWith(t, pcscd.Options{Pinpads: 1}), newMember(t)
	s.slots[0].Insert(m.card)
	next(t, s.readers[0], true)
	_, session := m.tap(t, s.readers[0])
	if err := s.slots[0].Contacts.SetFault(cardsim.Fault{Kind: cardsim.Mute, INS: 0x54}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := session.Debit(t.Context(), debitOf(1))
	wantErr(t, err, ErrTimeout)
	await(t, "the reader gave up", func() bool { return s.readers[0].Health().Code == "" })
	t.Logf("free after %v", time.Since(began))
}
