package card_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
	"loyaltill/firmware-sim/cardsim"
)

func TestVoucherLoadsThePurseOnce(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.open(t)
	v := s.issuer.Voucher(s.id, 1, 500)
	first, err := session.Load(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if first.Type != card.TypeLoad || first.Amount != 500 || first.NewBalance != 500 || first.Ctr != 1 || !s.issuer.Proves(s.id, first) {
		t.Fatalf("record %+v", first)
	}
	again, err := session.Load(t.Context(), v)
	if err != nil || again != first {
		t.Fatalf("the same voucher again: %+v, %v", again, err)
	}
	if b, err := session.ReadBalance(t.Context()); err != nil || b.Points != 500 || b.LoadSeq != 1 || b != session.Balance() {
		t.Fatalf("balance %+v, %v", b, err)
	}
	_, err = session.Load(t.Context(), s.issuer.Voucher(s.id, 3, 500))
	wantErr(t, err, card.ErrVoucherSequence)
	taken, err := session.Load(t.Context(), s.issuer.Voucher(s.id, 2, -900))
	if err != nil || taken.Amount != -500 || taken.NewBalance != 0 || !s.issuer.Proves(s.id, taken) {
		t.Fatalf("taking more than there is: %+v, %v", taken, err)
	}
}

func TestVoucherWithOneBitChangedIsRefused(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.open(t)
	genuine := s.issuer.Voucher(s.id, 1, 500).Marshal()
	for bit := range len(genuine) * 8 {
		forged := append([]byte(nil), genuine...)
		forged[bit/8] ^= 0x80 >> (bit % 8)
		v, err := card.ParseVoucher(s.id, forged)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := session.Load(t.Context(), v); !errors.Is(err, card.ErrVoucherMAC) {
			t.Fatalf("bit %d: got %v, want ErrVoucherMAC", bit, err)
		}
	}
	stranger, before := s.issuer.Voucher(card.ID{7: 2}, 1, 500), len(s.sent)
	_, err := session.Load(t.Context(), stranger)
	wantErr(t, err, card.ErrVoucherMAC)
	if len(s.sent) != before {
		t.Fatal("another card's voucher was sent")
	}
	stranger.Card = s.id // somebody pretends that it is for this card
	_, err = session.Load(t.Context(), stranger)
	wantErr(t, err, card.ErrVoucherMAC)
	if b, err := session.ReadBalance(t.Context()); err != nil || b != (card.Balance{}) {
		t.Fatalf("purse %+v, %v", b, err)
	}
}

func TestRedeemingTakesThePINThePointsAndLeavesAProof(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.load(t, 500)
	d, _ := debit(300)
	_, err := session.Debit(t.Context(), d)
	wantErr(t, err, card.ErrPINRequired)
	if err := session.VerifyPIN(t.Context(), pin(t, "4711")); err != nil {
		t.Fatal(err)
	}
	r, err := session.Debit(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	want := card.Record{Ctr: 2, Type: card.TypeDebit, Amount: 300, NewBalance: 200, Store: 12, Lane: 3, TxID: d.TxID, MAC: r.MAC, LoadSeq: 1}
	if r != want || !s.issuer.Proves(s.id, r) {
		t.Fatalf("record %+v, want %+v", r, want)
	}
	journal, err := session.ReadJournal(t.Context(), 16)
	if err != nil || len(journal) != 2 || journal[0] != r || journal[1].Type != card.TypeLoad {
		t.Fatalf("journal %+v, %v", journal, err)
	}
	if again, err := session.Debit(t.Context(), d); err != nil || again != r {
		t.Fatalf("the same debit again: %+v, %v", again, err)
	}
	other := d
	other.Amount++
	_, err = session.Debit(t.Context(), other)
	wantErr(t, err, card.ErrTxConflict)
	more, _ := debit(201)
	_, err = session.Debit(t.Context(), more)
	wantErr(t, err, card.ErrFunds)
	if b := session.Balance(); b.Points != 200 || b.Ctr != 2 {
		t.Fatalf("balance %+v", b)
	}
}

func TestSmallAmountsNeedNoPINUpToTheCardsLimits(t *testing.T) {
	s := newStore(t, cardtest.Plastic{NoPINSingle: 50, NoPINCumulative: 80})
	session := s.load(t, 500)
	spend := func(points uint32) error {
		d, _ := debit(points)
		_, err := session.Debit(t.Context(), d)
		return err
	}
	wantErr(t, spend(51), card.ErrPINRequired)
	if err := errors.Join(spend(50), spend(30)); err != nil {
		t.Fatal(err)
	}
	if b, err := session.ReadBalance(t.Context()); err != nil || b.SpentWithoutPIN != 80 {
		t.Fatalf("balance %+v, %v", b, err)
	}
	wantErr(t, spend(1), card.ErrPINRequired)
}

func TestAmountsThatNoRecordCanHoldAreNeverSent(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.open(t)
	before := len(s.sent)
	for _, amount := range []uint32{0, 1 << 31, 1<<32 - 1} {
		d, _ := debit(amount)
		_, err := session.Debit(t.Context(), d)
		wantErr(t, err, card.ErrAmount)
	}
	if len(s.sent) != before {
		t.Fatal("something was sent")
	}
}

func TestDebitIsUndoneOnlyWhileItIsTheLastAndByWhoDebited(t *testing.T) {
	s := newStore(t, cardtest.Plastic{NoPINSingle: 500, NoPINCumulative: 500})
	session := s.load(t, 500)
	d, unlock := debit(300)
	if _, err := session.Debit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	_, err := session.Undo(t.Context(), d, card.NewUnlock())
	wantErr(t, err, card.ErrWrongLock)
	stranger := d // somebody else knows the transaction and brings a lock of his own
	other := card.NewUnlock()
	stranger.Lock = other.Lock()
	_, err = session.Undo(t.Context(), stranger, other)
	wantErr(t, err, card.ErrWrongLock)

	undone, err := session.Undo(t.Context(), d, unlock)
	if err != nil || undone.Type != card.TypeUndo || undone.NewBalance != 500 || undone.Ctr != 3 || !s.issuer.Proves(s.id, undone) {
		t.Fatalf("undo %+v, %v", undone, err)
	}
	if again, err := session.Undo(t.Context(), d, unlock); err != nil || again != undone {
		t.Fatalf("undo again %+v, %v", again, err)
	}
	_, err = session.Debit(t.Context(), d)
	wantErr(t, err, card.ErrTxConflict)
	late, lateUnlock := debit(10)
	next, _ := debit(20)
	for _, d := range []card.Debit{late, next, late} { // the last one only repeats
		if _, err := session.Debit(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if b := session.Balance(); b.Points != 470 || b.Ctr != 5 {
		t.Fatalf("after a repeated debit the balance is %+v", b)
	}
	_, err = session.Undo(t.Context(), late, lateUnlock)
	wantErr(t, err, card.ErrNotLast)
}

func TestAnswerThatTheCardDoesNotProveIsNoOutcome(t *testing.T) {
	faults := map[string]cardsim.Fault{
		"torn before the card saw it":       {Kind: cardsim.TearBefore},
		"torn after the card did it":        {Kind: cardsim.TearAfter},
		"empty answer":                      {Kind: cardsim.ShortAnswer, Bytes: 0},
		"half a status word":                {Kind: cardsim.ShortAnswer, Bytes: 1},
		"a plausible: not enough points":    {Kind: cardsim.WrongSW, SW: 0x9401, Skip: true},
		"a plausible: PIN needed":           {Kind: cardsim.WrongSW, SW: 0x6982},
		"a bare done":                       {Kind: cardsim.WrongSW, SW: 0x9000, Skip: true},
		"session gone":                      {Kind: cardsim.WrongSW, SW: 0x6988, Skip: true},
		"the answer to an earlier debit":    {Kind: cardsim.Replay},
		"a bit of the proof changed":        {Kind: cardsim.BitFlip, Bit: 17 * 8},
		"a bit of the status word changed":  {Kind: cardsim.BitFlip, Bit: 40*8 + 15},
		"a bit of the encrypted data wrong": {Kind: cardsim.BitFlip, Bit: 3},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, cardtest.Plastic{NoPINSingle: 500, NoPINCumulative: 500})
			session := s.load(t, 500)
			earlier, _ := debit(100) // an earlier debit of the same session, so that its answer can be replayed
			if _, err := session.Debit(t.Context(), earlier); err != nil {
				t.Fatal(err)
			}
			ctr0 := session.Balance().Ctr
			fault.INS = 0x54
			if err := s.contacts.SetFault(fault); err != nil {
				t.Fatal(err)
			}
			d, unlock := debit(100)
			_, err := session.Debit(t.Context(), d)
			wantErr(t, err, card.ErrOutcomeUnknown)
			_, err = session.ReadBalance(t.Context())
			wantErr(t, err, card.ErrSessionGone)
			resolve(t, s, d, unlock, ctr0)
		})
	}
}

// resolve taps the card again and does what card.md 4 says: the points are taken once or not at all.
func resolve(t *testing.T, s *store, d card.Debit, unlock card.Unlock, ctr0 uint32) {
	t.Helper()
	s.insert(t)
	session := s.open(t)
	q, err := session.Query(t.Context(), d.TxID)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case q.Found:
		if q.Record.Amount != int32(d.Amount) || q.Record.Ctr != ctr0+1 || q.NeverHappened(ctr0) || !s.issuer.Proves(s.id, q.Record) {
			t.Fatalf("found %+v", q)
		}
		if session.Balance().Points != 300 {
			t.Fatalf("taken, balance %+v", session.Balance())
		}
		if _, err := session.Undo(t.Context(), d, unlock); err != nil {
			t.Fatal(err)
		}
	case !q.NeverHappened(ctr0):
		t.Fatalf("neither found nor void: %+v", q)
	case session.Balance().Points != 400:
		t.Fatalf("never happened, balance %+v", session.Balance())
	}
	if got := s.card.Status().Balance; got != 400 {
		t.Fatalf("in the end the card has %d points, want 400", got)
	}
}

func TestPowerLostAtAnyWriteOfTheCardLosesAndDoublesNothing(t *testing.T) {
	const mostWrites = 200
	for write := 1; ; write++ {
		if write > mostWrites {
			t.Fatalf("more than %d writes in a debit", mostWrites)
		}
		s := newStore(t, cardtest.Plastic{NoPINSingle: 500, NoPINCumulative: 500})
		session := s.load(t, 400)
		if err := s.contacts.SetFault(cardsim.Fault{Kind: cardsim.PowerLoss, INS: 0x54, Write: write}); err != nil {
			t.Fatal(err)
		}
		d, unlock := debit(100)
		if _, err := session.Debit(t.Context(), d); err == nil {
			t.Logf("a debit has %d writes", write-1)
			return
		} else if !errors.Is(err, card.ErrOutcomeUnknown) {
			t.Fatalf("write %d: %v", write, err)
		}
		resolve(t, s, d, unlock, 1)
	}
}

func TestNothingIsSentWhenTheTapIsOverBefore(t *testing.T) {
	s := newStore(t, cardtest.Plastic{NoPINSingle: 500, NoPINCumulative: 500})
	session := s.load(t, 500)
	session.End()
	before := len(s.sent)
	d, _ := debit(1)
	_, err := session.Debit(t.Context(), d)
	wantErr(t, err, card.ErrSessionGone)
	if errors.Is(err, card.ErrOutcomeUnknown) || len(s.sent) != before {
		t.Fatalf("%d commands sent, %v", len(s.sent)-before, err)
	}
}

func TestTerminatedCardRefusesWithProof(t *testing.T) {
	s := newStore(t, cardtest.Plastic{NoPINSingle: 500, NoPINCumulative: 500})
	session := s.load(t, 500)
	if err := s.card.Terminate(); err != nil {
		t.Fatal(err)
	}
	d, _ := debit(1)
	_, err := session.Debit(t.Context(), d)
	wantErr(t, err, card.ErrTerminated)
	if got := s.card.Status().Balance; got != 500 {
		t.Fatalf("balance %d", got)
	}
}

// A card of the trade that speaks T=0 gives its answers in pieces; the session must not notice.
func TestSessionWorksThroughAReaderThatHandsAnswersOutInPieces(t *testing.T) {
	s := newStore(t, cardtest.Plastic{NoPINSingle: 500, NoPINCumulative: 500})
	pieces := &inPieces{slot: s.slot, size: 40}
	session, err := card.Open(t.Context(), pieces, s.trust, today())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Load(t.Context(), s.issuer.Voucher(s.id, 1, 70)); err != nil {
		t.Fatal(err)
	}
	d, _ := debit(70)
	if _, err := session.Debit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func TestNotFoundIsProofOnlyWhileTheJournalReachesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctr0, oldest := rapid.Uint32().Draw(t, "ctr0"), rapid.Uint32().Draw(t, "oldest")
		q := card.QueryResult{Oldest: oldest}
		// The debit would have been record ctr0+1. It cannot have been pushed out while an older or that very slot is held.
		want := oldest == 0 || uint64(oldest) < uint64(ctr0)+2
		if q.NeverHappened(ctr0) != want {
			t.Fatalf("ctr0 %d oldest %d", ctr0, oldest)
		}
		q.Found = true
		if q.NeverHappened(ctr0) {
			t.Fatal("found is found")
		}
	})
}

func TestJournalThatMovedOnProvesNothing(t *testing.T) {
	s := newStore(t, cardtest.Plastic{NoPINSingle: 500, NoPINCumulative: 500})
	session := s.load(t, 500)
	ctr0 := session.Balance().Ctr
	unknown, _ := debit(5)
	for n := range 17 {
		d, _ := debit(1)
		if _, err := session.Debit(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		q, err := session.Query(t.Context(), unknown.TxID)
		if err != nil {
			t.Fatal(err)
		}
		if want := n < 16; q.NeverHappened(ctr0) != want {
			t.Fatalf("after %d more transactions: %+v", n+1, q)
		}
	}
	journal, err := session.ReadJournal(t.Context(), 100)
	if err != nil || len(journal) != 16 || journal[0].Ctr != 18 || journal[15].Ctr != 3 {
		t.Fatalf("%d records, %v", len(journal), err)
	}
}

func TestErrorsNameTheTransactionAndTheCardsWord(t *testing.T) {
	s := newStore(t, cardtest.Plastic{})
	session := s.open(t)
	if err := s.contacts.SetFault(cardsim.Fault{Kind: cardsim.WrongSW, INS: 0x54, SW: 0x6F00}); err != nil {
		t.Fatal(err)
	}
	d, _ := debit(1)
	d.TxID = card.TxID{15: 9}
	_, err := session.Debit(t.Context(), d)
	want := "debit 00000000000000000000000000000009: what the card did is unknown: answer is not proved by the card: 6F00 with 0 bytes"
	if err == nil || err.Error() != want {
		t.Fatalf("got  %v\nwant %s", err, want)
	}
	if apdu.IsStatus(err, apdu.SWCardFault) {
		t.Fatal("an unproved status word must not look like the card's")
	}
}
