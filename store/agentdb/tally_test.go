package agentdb

import (
	"errors"
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// usingUp is a sale that spends of a campaign, gives a mug and sells a gift card.
func usingUp(n int) Commit {
	c := commitOf(n, 7, 10)
	plain := c.Build
	c.Build = func(h loyalty.EntryHead, t Tally) (loyalty.Entry, error) {
		e, err := plain(h, t)
		e.Sale.Campaigns = []loyalty.CampaignUse{{Campaign: "summer", Points: 20, Money: 300}}
		e.Sale.Reductions = []loyalty.Reduction{{Rule: "mug", Times: 2}}
		e.Sale.Surprises = []loyalty.Surprise{{Rule: "lucky", Won: true, Reward: "wash"}, {Rule: "never"}}
		e.Sale.Issued = []loyalty.CouponBody{{Coupon: "coffee", Serial: "1-A" + h.Txn.String()}}
		e.Sale.GiftCardsSold = []loyalty.GiftCardSold{{Serial: "G1", Kind: "gift", Amount: 500, Balance: 500, Expires: "2027-11-22"}}
		e.Moves = append(e.Moves, loyalty.Movement{From: loyalty.AccountGiftCardsIssued, To: loyalty.AccountGiftCard("G1"), Points: 500})
		return e, err
	}
	return c
}

func (b *box) used(t *testing.T, n int) Tally {
	t.Helper()
	got, err := b.Tally(t.Context(), txn(n), []string{"G1", "G2"})
	must(t, err)
	return got
}

// twice is what two sales of usingUp leave.
func twice(t *testing.T, got Tally) {
	t.Helper()
	if len(got.Spent) != 1 || got.Spent[0] != (loyalty.CampaignUse{Campaign: "summer", Points: 40, Money: 600}) {
		t.Errorf("spent %+v", got.Spent)
	}
	if want := []loyalty.Stock{{Of: "coffee", Here: 2}, {Of: "lucky", Here: 2}, {Of: "mug", Here: 4}, {Of: "wash", Here: 2}}; !slices.Equal(got.Gone, want) {
		t.Errorf("gone %+v", got.Gone)
	}
	card := loyalty.GiftCardState{Serial: "G1", Kind: "gift", Balance: 1000, Active: true, Expires: "2027-11-22"}
	if !slices.Equal(got.GiftCards, []loyalty.GiftCardState{card}) {
		t.Errorf("cards %+v", got.GiftCards)
	}
}

func TestWhatSalesUseUpIsCountedAndALedgerFromBeforeIsCountedOnce(t *testing.T) {
	b := newBox(t)
	for n := 1; n <= 2; n++ {
		if _, err := b.Append(t.Context(), usingUp(n)); err != nil {
			t.Fatal(err)
		}
	}
	twice(t, b.used(t, 3))
	b.verifyClean(t)
	must(t, b.ledger.Write(t.Context(), func(tx *store.Tx) error {
		for _, statement := range []string{`DELETE FROM tally`, `DELETE FROM gift_card`, `UPDATE ledger SET tallied = 0`} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	}))
	for range 2 {
		b.reopen(t)
		twice(t, b.used(t, 3))
	}
	b.verifyClean(t)
}

func TestVerifyFindsASumThatWasChanged(t *testing.T) {
	for _, statement := range []string{
		`UPDATE tally SET n = n - 1 WHERE of = 'mug'`, `DELETE FROM tally WHERE what = 'money'`, `INSERT INTO tally (what, of, n) VALUES ('pieces', 'x', 1)`,
		`UPDATE gift_card SET balance = balance + 1`, `DELETE FROM gift_card`, `UPDATE gift_card SET serial = 'G2'`, `UPDATE gift_card SET uses = 1`,
	} {
		b := newBox(t)
		if _, err := b.Append(t.Context(), usingUp(1)); err != nil {
			t.Fatal(err)
		}
		b.tamper(t, statement)
		if got := b.findings(t); !slices.Equal(got, []FindingCode{FindTally}) {
			t.Errorf("%s: found %v", statement, got)
		}
	}
}

func TestWhatAWaitingSaleHoldsIsGoneForOthersUntilItIsGivenUp(t *testing.T) {
	b := newBox(t)
	if _, err := b.Append(t.Context(), usingUp(1)); err != nil {
		t.Fatal(err)
	}
	i := intentOf(2)
	i.Uses = []Use{{useMoney, "summer", 50}, {usePieces, "mug", 1}, {useCard, "G1", 120}}
	i.GiftCards = []string{"G1"}
	refused := errors.New("not any more")
	i.Check = func(t Tally) error {
		if t.GiftCards[0].Balance < 500 {
			return refused
		}
		return nil
	}
	must(t, b.OpenIntent(t.Context(), i))
	must(t, b.OpenIntent(t.Context(), i)) // its own hold is not in its way
	other := b.used(t, 3)
	if other.Spent[0].Money != 350 || other.GiftCards[0].Balance != 380 || other.GiftCards[0].Uses != 1 || other.Gone[2].Here != 3 {
		t.Errorf("others see %+v", other)
	}
	if own := b.used(t, 2); own.Spent[0].Money != 300 || own.GiftCards[0].Balance != 500 {
		t.Errorf("the sale itself sees %+v", own)
	}
	later := i
	later.Txn, later.Card = txn(3), loyalty.CardID{7: 9}
	if err := b.OpenIntent(t.Context(), later); !errors.Is(err, refused) {
		t.Errorf("another sale: %v", err)
	}
	must(t, b.VoidIntent(t.Context(), i.Txn))
	if other := b.used(t, 3); other.Spent[0].Money != 300 || other.GiftCards[0].Balance != 500 {
		t.Errorf("given up, and others see %+v", other)
	}
	b.verifyClean(t)
}
