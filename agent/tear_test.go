package agent_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
)

const insDebit cardsim.HexByte = 0x54 // card.md 3.5

// fault arms the reader's contacts.
func (s *shop) fault(f cardsim.Fault) {
	s.t.Helper()
	if err := s.slot.Contacts.SetFault(f); err != nil {
		s.t.Fatal(err)
	}
}

// ready funds the card, taps it and enters the PIN.
func (s *shop) ready(points int32) {
	s.t.Helper()
	s.fund(points)
	s.tap()
	if err := s.pin("4711"); err != nil {
		s.t.Fatal(err)
	}
}

func TestCardTornBeforeTheDebitNothingHappenedAndTheRetryPays(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	key, request := newKey(), s.quoted(redeeming(1000, 200))
	s.fault(cardsim.Fault{Kind: cardsim.TearBefore, INS: insDebit})
	_, err := s.commit(key, request)
	refused(t, err, agent.CodeCardTapAgain)
	if lane, _ := s.agent.Lane(1); lane.Waiting == nil || lane.Waiting.Sale != key {
		t.Errorf("the till does not show that a sale waits: %+v", lane.Waiting)
	}
	s.tap()
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	done, err := s.commit(key, request)
	if err != nil || done.Redeemed != 200 {
		t.Fatalf("retry %+v, %v", done, err)
	}
	s.check(100, "load sale")
}

func TestCardTornAfterTheDebitTheNextTapFinishesTheSaleWithoutTheTill(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	key, request := newKey(), s.quoted(redeeming(1000, 200))
	s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
	_, err := s.commit(key, request)
	refused(t, err, agent.CodeCardTapAgain)
	if _, err := s.agent.Sale(t.Context(), key); err == nil {
		t.Error("the sale is answered although nobody knows what the card did")
	}
	s.tap()
	done, err := s.agent.Sale(t.Context(), key)
	if err != nil || done.Redeemed != 200 || done.Balance != 180 {
		t.Fatalf("after the tap %+v, %v", done, err)
	}
	again, err := s.commit(key, request)
	if err != nil || again.Seq != done.Seq || !again.Replayed {
		t.Errorf("the till's retry: %+v, %v", again, err)
	}
	s.check(100, "load sale")
	if !strings.Contains(s.sheet(1), "180") {
		t.Error("the receipt of a sale finished at the tap lacks the balance")
	}
}

func TestAgentKilledBetweenDebitAndCommitTheNextLifeFinishesTheSale(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	key, request := newKey(), s.quoted(redeeming(1000, 200))
	s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
	_, err := s.commit(key, request)
	refused(t, err, agent.CodeCardTapAgain)
	s.restart(s.lane)
	s.tap()
	if done, err := s.agent.Sale(t.Context(), key); err != nil || done.Redeemed != 200 {
		t.Fatalf("in the next life: %+v, %v", done, err)
	}
	s.check(100, "load sale")
}

func TestADroppedSaleGivesThePointsBackAtTheNextTap(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	key, request := newKey(), s.quoted(redeeming(1000, 200))
	s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
	_, err := s.commit(key, request)
	refused(t, err, agent.CodeCardTapAgain)
	if err := s.agent.DropSale(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	lane := s.tap()
	if lane.Member.Available != 300 {
		t.Errorf("available %d", lane.Member.Available)
	}
	s.check(300, "load cancel journal") // the journal has the debit, which no entry holds
	_, err = s.commit(key, request)
	refused(t, err, agent.CodeKeyReused)
	refused(t, s.agent.DropSale(t.Context(), key), agent.CodeSaleSettled)
	refused(t, s.agent.DropSale(t.Context(), newKey()), agent.CodeSaleUnknown)
}

func TestAnswerThatDoesNotProveItselfIsNoOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		fault cardsim.Fault
		code  string
	}{
		"a bare 9000":          {cardsim.Fault{Kind: cardsim.WrongSW, INS: insDebit, SW: 0x9000}, agent.CodeCardUnproved},
		"a bare refusal":       {cardsim.Fault{Kind: cardsim.WrongSW, INS: insDebit, SW: 0x9401}, agent.CodeCardUnproved},
		"one byte":             {cardsim.Fault{Kind: cardsim.ShortAnswer, INS: insDebit, Bytes: 1}, agent.CodeCardTapAgain},
		"cut":                  {cardsim.Fault{Kind: cardsim.Truncated, INS: insDebit, Bytes: 4}, agent.CodeCardUnproved},
		"over-long":            {cardsim.Fault{Kind: cardsim.OverLong, INS: insDebit, Bytes: 300}, agent.CodeCardTapAgain},
		"one bit of the data":  {cardsim.Fault{Kind: cardsim.BitFlip, INS: insDebit, Bit: 3}, agent.CodeCardUnproved},
		"one bit of the MAC":   {cardsim.Fault{Kind: cardsim.BitFlip, INS: insDebit, Bit: 8*32 + 3}, agent.CodeCardUnproved}, // two blocks encrypted, then the MAC
		"an older debit again": {cardsim.Fault{Kind: cardsim.Replay, INS: insDebit}, agent.CodeCardUnproved},
		"a stale session":      {cardsim.Fault{Kind: cardsim.StaleSession, INS: insDebit}, agent.CodeCardSessionStale},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.ready(600)
			if _, err := s.commit(newKey(), s.quoted(redeeming(1000, 100))); err != nil {
				t.Fatal(err) // gives Replay something to repeat
			}
			key, request := newKey(), s.quoted(redeeming(1000, 200))
			s.fault(c.fault)
			_, err := s.commit(key, request)
			refused(t, err, c.code)
			told, kinds := "", "load sale"
			if c.code != agent.CodeCardTapAgain {
				told, kinds = " suspect", "load sale suspect"
			}
			if open := s.debits(); len(open) != 1 || s.kinds() != kinds {
				t.Errorf("before the next tap: log %q, open debits %+v", s.kinds(), open)
			}
			s.tap()
			if err := s.pin("4711"); err != nil {
				t.Fatal(err)
			}
			if done, err := s.commit(key, request); err != nil || done.Redeemed != 200 {
				t.Fatalf("retry %+v, %v", done, err)
			}
			s.check(300, "load sale"+told+" sale")
		})
	}
}

// check compares what the card holds and what the log says happened, and has the ledger prove itself.
func (s *shop) check(purse uint32, kinds string) {
	s.t.Helper()
	if got := s.card.Status().Balance; got != purse {
		s.t.Errorf("the card holds %d, want %d", got, purse)
	}
	if got := s.kinds(); got != kinds {
		s.t.Errorf("the log holds %q, want %q", got, kinds)
	}
	report, err := s.db.Verify(s.t.Context(), nil)
	if err != nil || len(report.Findings) > 0 {
		s.t.Errorf("verify: %+v, %v", report.Findings, err)
	}
}

func TestVouchersOfAnotherKeyStayOutsideTheCard(t *testing.T) {
	s := newShop(t)
	s.fund(300)
	s.restart(s.lane)
	// The same voucher with one bit changed, as a wire or a thief may do.
	bad := s.voucher
	bad.Voucher.Amount ^= 1 << 8
	s.headOffice(bad)
	lane := s.tap()
	if lane.Member.Available != 0 {
		t.Errorf("available %d", lane.Member.Available)
	}
	s.tap()
	s.check(0, "suspect") // told once, however often the card comes
	if told := s.entries()[0].Suspect; told.Card != (loyalty.CardID{7: 1}) || told.Voucher != 1 || told.Reason != "mac" || len(told.Certificate) != 16 {
		t.Errorf("head office is told %+v", told)
	}
}

func TestNoPINNoKeyNoNumberInLogOrFiles(t *testing.T) {
	const canary = "31415926"
	s := newShop(t)
	s.ready(300)
	if r := refused(t, s.pin(canary), agent.CodePINWrong); r.TriesLeft != 2 {
		t.Errorf("%d tries left", r.TriesLeft)
	}
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.commit(newKey(), s.quoted(redeeming(1000, 100))); err != nil {
		t.Fatal(err)
	}
	r := basket(500)
	r.Number = testNumber
	if _, err := s.commit(newKey(), s.quoted(r)); err != nil {
		t.Fatal(err)
	}
	s.sheet(2)
	s.stop()
	secrets := []string{canary, fmt.Sprintf("%x", canary), testNumber, fmt.Sprintf("%x", testNumber)}
	found := map[string][]byte{"log": []byte(s.log.String())}
	err := filepath.WalkDir(filepath.Join(s.dir, "data"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found[d.Name()], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for where, content := range found {
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s contains %s", where, secret)
			}
		}
	}
}

func TestCardsThatAreRefusedSayWhy(t *testing.T) {
	s := newShop(t)
	blank := must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
	foreign := must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
	other := cardtest.NewIssuer(t)
	if err := foreign.Personalise(other.Personalise(t, foreign.Request(), cardtest.Plastic{})); err != nil {
		t.Fatal(err)
	}
	nobody := must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
	if err := nobody.Personalise(s.issuer.Personalise(t, nobody.Request(), cardtest.Plastic{ID: card.ID{7: 9}})); err != nil {
		t.Fatal(err)
	}
	expired := must[*cardsim.Card](t)(cardsim.Create(zeroes{}))
	if err := expired.Personalise(s.issuer.Personalise(t, expired.Request(), cardtest.Plastic{LastDay: 1})); err != nil {
		t.Fatal(err)
	}
	s.headOffice(agentdb.Change{Hot: &agentdb.Hot{Card: loyalty.CardID{7: 1}, Blocked: true, Reason: "lost"}})
	for _, c := range []struct {
		what string
		card *cardsim.Card
		code string
	}{
		{"never personalised", blank, agent.CodeCardUnknown},
		{"of another chain", foreign, agent.CodeCardWrongIssuer},
		{"past its last day", expired, agent.CodeCardExpired},
		{"on the hot list", s.card, agent.CodeCardBlocked},
		{"of nobody here", nobody, agent.CodeMemberUnknown},
	} {
		s.takeOut()
		s.slot.Insert(c.card)
		lane := s.until("refusal of a card "+c.what, func(l agent.LaneState) bool { return l.Card.State == agent.CardRefused })
		if lane.Card.Code != c.code || lane.Member != nil {
			t.Errorf("a card %s: %+v, want %s", c.what, lane.Card, c.code)
		}
	}
}
