package agent_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
)

// order has head office send the card's next voucher.
func (s *shop) order(o card.Order, seq uint32) {
	s.t.Helper()
	v := s.issuer.Sign(o.Voucher(card.ID{7: 1}, seq))
	s.headOffice(agentdb.Change{Voucher: &agentdb.Voucher{Card: loyalty.CardID(v.Card), Seq: v.Seq, Kind: uint8(v.Kind), Amount: v.Amount, Ref: v.Ref, MAC: v.MAC}})
}

// knows has head office tell what it knows of the card.
func (s *shop) knows(ctr uint32, open ...loyalty.TxnID) {
	s.t.Helper()
	m := s.member(0)
	m.Known = []agentdb.KnownCard{{Card: loyalty.CardID{7: 1}, Ctr: ctr, Open: open}}
	s.headOffice(agentdb.Change{Member: m})
}

// torn commits a sale whose card is torn away after it has paid.
func (s *shop) torn() loyalty.TxnID {
	s.t.Helper()
	key, request := newKey(), s.quoted(redeeming(1000, 200))
	s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
	_, err := s.commit(key, request)
	refused(s.t, err, agent.CodeCardTapAgain)
	return key
}

func (s *shop) debits() []agent.OpenDebit {
	s.t.Helper()
	st, err := s.agent.Status(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return st.Debits
}

func TestVouchersOfEveryKindReachTheCardInTheirOrder(t *testing.T) {
	s := newShop(t)
	s.fund(300)
	s.order(must[card.Order](t)(card.PointsOrder(-100, [8]byte{1})), 2)
	s.order(card.LimitsOrder(50, 80), 3)
	s.order(must[card.Order](t)(card.InfoOrder("gold", "en")), 4)
	s.order(card.UnblockOrder(false, [8]byte{2}), 5)
	if lane := s.tap(); lane.Member.Available != 200 {
		t.Errorf("available %d", lane.Member.Available)
	}
	if _, err := s.commit(newKey(), s.quoted(redeeming(1000, 50))); err != nil {
		t.Errorf("within the limits without PIN: %v", err)
	}
	s.check(150, "load load load load load sale")
}

func TestABlockedPINIsOpenAgainAfterHeadOfficesVoucher(t *testing.T) {
	s := newShop(t)
	s.fund(300)
	s.tap()
	for range 2 {
		refused(t, s.pin("0000"), agent.CodePINWrong)
	}
	s.tap()
	if _, err := s.agent.EnterPIN(t.Context(), 1, must[*card.PIN](t)(card.NewPIN([]byte("0000"))), true); err == nil {
		t.Fatal("the third wrong PIN was taken")
	}
	if lane := s.tap(); !lane.Member.PIN.Blocked {
		t.Fatalf("PIN %+v", lane.Member.PIN)
	}
	s.order(card.UnblockOrder(false, [8]byte{2}), 2)
	if lane := s.tap(); lane.Member.PIN.Blocked || lane.Member.PIN.TriesLeft != 3 {
		t.Fatalf("after the voucher: PIN %+v", lane.Member.PIN)
	}
	if err := s.pin("4711"); err != nil {
		t.Error(err)
	}
}

// A stolen card is on the hot list. Wherever it is tried it is refused, and ends.
func TestABlockedCardTakesTheVoucherThatEndsIt(t *testing.T) {
	s := newShop(t)
	s.fund(300)
	s.tap()
	s.order(card.TerminateOrder([8]byte{9}), 2)
	s.headOffice(agentdb.Change{Hot: &agentdb.Hot{Card: loyalty.CardID{7: 1}, Blocked: true, Reason: "stolen"}})
	for _, code := range []string{agent.CodeCardBlocked, agent.CodeCardTerminated} {
		s.takeOut()
		s.slot.Insert(s.card)
		if lane := s.until("refusal", func(l agent.LaneState) bool { return l.Card.State == agent.CardRefused }); lane.Card.Code != code {
			t.Errorf("refused as %s, want %s", lane.Card.Code, code)
		}
	}
	s.check(0, "load load suspect suspect")
	if e := s.entries()[1]; e.Card.Amount != -300 {
		t.Errorf("record %+v", e.Card)
	}
}

func TestRecordsThatHeadOfficeDoesNotKnowTravelWithTheCard(t *testing.T) {
	s := newShop(t)
	s.fund(300)
	s.tap()
	s.elsewhere(3) // three debits in other stores
	s.knows(2)
	s.tap()
	s.tap() // nothing new
	s.check(297, "load journal")
	journal := s.entries()[1].Journal
	if len(journal.Records) != 2 || journal.Records[0].Ctr != 4 || journal.Records[1].Ctr != 3 || journal.Records[0].Store != 99 {
		t.Errorf("carried %+v", journal.Records)
	}
}

// elsewhere pays with the card in another store.
func (s *shop) elsewhere(times int) {
	s.t.Helper()
	s.takeOut()
	if err := s.card.PowerOn(); err != nil {
		s.t.Fatal(err)
	}
	session, err := card.Open(s.t.Context(), &otherStore{card: s.card}, s.issuer.Trust(s.t, nil), time.Now())
	if err == nil {
		err = session.VerifyPIN(s.t.Context(), must[*card.PIN](s.t)(card.NewPIN([]byte("4711"))))
	}
	for range times {
		if err == nil {
			_, err = session.Debit(s.t.Context(), card.Debit{Amount: 1, Store: 99, Lane: 1, TxID: card.TxID(newKey()), Lock: card.NewUnlock().Lock()})
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.card.PowerOff()
}

// otherStore has the card in a reader of its own.
type otherStore struct {
	card     *cardsim.Card
	contacts cardsim.Contacts
}

func (o *otherStore) Transmit(_ context.Context, capdu, rapdu []byte) (int, error) {
	return copy(rapdu, o.contacts.Exchange(o.card, capdu).Answer), nil
}
func (o *otherStore) Control(context.Context, uint32, []byte) ([]byte, error) {
	return nil, errors.New("no pinpad")
}
func (o *otherStore) ATR() []byte                  { return o.card.ATR() }
func (o *otherStore) Close(card.Disposition) error { return nil }

func TestADroppedSaleIsGivenUpOnceHeadOfficeKnowsTheDebitFromElsewhere(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	key := s.torn()
	if d := s.debits(); len(d) != 1 || d[0].Sale != key || d[0].Dropped || d[0].Paid {
		t.Fatalf("the operator sees %+v", d)
	}
	s.restart(s.lane)
	s.knows(2, key)
	if d := s.debits(); len(d) != 1 || !d[0].Paid {
		t.Fatalf("the operator sees %+v", d)
	}
	if err := s.agent.DropSale(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	s.check(100, "load cancel")
	if e := s.entries()[1]; e.Txn != key || e.Card != nil || e.Cancel == nil || e.Cancel.UndoSent || len(s.debits()) != 0 {
		t.Errorf("cancel %+v, open %+v", e, s.debits())
	}
	s.tap() // the store never undoes it now: head office gives the points back
	s.check(100, "load cancel")
	_, err := s.commit(key, s.quoted(redeeming(1000, 100)))
	refused(t, err, agent.CodeKeyReused)
}

func TestADebitThatIsNoLongerTheLastIsGivenUpWithTheCardsProof(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	key := s.torn()
	if err := s.agent.DropSale(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	s.elsewhere(1)
	s.tap()
	e := s.entries()[1]
	if e.Kind != loyalty.KindCancel || e.Card == nil || card.RecordType(e.Card.Type) != card.TypeDebit || e.Card.Txn != key || e.Cancel.UndoSent {
		t.Errorf("cancel %+v", e)
	}
	s.check(99, "load cancel journal")
}

func TestADebitThatTheCardForgotIsDecidedByHeadOffice(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	key, request := newKey(), s.quoted(redeeming(1000, 200))
	s.fault(cardsim.Fault{Kind: cardsim.TearBefore, INS: insDebit}) // it never happened, which the card can no longer tell
	_, err := s.commit(key, request)
	refused(t, err, agent.CodeCardTapAgain)
	s.elsewhere(17)
	s.tap()
	if d := s.debits(); len(d) != 1 || !d[0].Forgotten {
		t.Fatalf("the operator sees %+v", d)
	}
	s.knows(18) // all of them are known, and this one is not among them
	s.until("decision", func(agent.LaneState) bool { return len(s.debits()) == 0 })
}
