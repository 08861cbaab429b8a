package headoffice

import (
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/sync/wire"
)

// carry writes what a store reads of a card's journal.
func (b *box) carry(k *chip, records int) {
	b.t.Helper()
	journal, err := k.tap().ReadJournal(b.t.Context(), records)
	if err != nil {
		b.t.Fatal(err)
	}
	e := b.entry(loyalty.KindJournal)
	e.Journal = &loyalty.JournalBody{Card: k.id}
	for _, r := range journal {
		e.Journal.Records = append(e.Journal.Records, *k.record(r))
	}
	b.write(e)
}

// giveUp writes that a sale was dropped for good.
func (b *box) giveUp(k *chip, txn loyalty.TxnID, undoSent bool) {
	e := b.entry(loyalty.KindCancel)
	e.Txn, e.Cancel = txn, &loyalty.CancelBody{Card: k.id, UndoSent: undoSent}
	b.write(e)
}

// waiting are the vouchers that a store would hand to a card now.
func (b *box) waiting(k *chip) (rows []wire.VoucherRow) {
	for _, row := range b.feed(0, 0).Rows {
		if row.Voucher != nil && row.Voucher.Card == k.id {
			rows = append(rows, *row.Voucher)
		}
	}
	return rows
}

// A card is torn away in store 1 after it paid 150 of its 200 points, and store 1 goes offline. The member walks to store 2.
func TestPointsOfADroppedSaleComeBackOnceStoreAndCardHaveBothTold(t *testing.T) {
	tell := map[string]func(c *centre, one, two *box, k *chip, txn loyalty.TxnID){
		"the card first": func(c *centre, one, two *box, k *chip, txn loyalty.TxnID) {
			two.carry(k, 2)
			two.sync()
			c.settled()
			if got := two.waiting(k); len(got) != 0 {
				c.t.Fatalf("repaid before the store gave up: %+v", got)
			}
			if asked := one.openDebits(k); len(asked) != 1 || asked[0] != txn {
				c.t.Fatalf("store 1 is asked for %v", asked)
			}
			if asked := two.openDebits(k); len(asked) != 0 {
				c.t.Fatalf("store 2 is asked for %v", asked)
			}
			one.giveUp(k, txn, false)
			one.sync()
		},
		"the store first": func(c *centre, one, two *box, k *chip, txn loyalty.TxnID) {
			one.giveUp(k, txn, false)
			one.sync()
			c.settled()
			if got := two.waiting(k); len(got) != 0 {
				c.t.Fatalf("repaid although nothing proves that the card paid: %+v", got)
			}
			two.carry(k, 2)
			two.sync()
		},
		"both, and the store asked for the undo": func(c *centre, one, two *box, k *chip, txn loyalty.TxnID) {
			one.giveUp(k, txn, true)
			two.carry(k, 2)
			one.sync()
			two.sync()
			c.settled()
			if got := two.waiting(k); len(got) != 0 {
				c.t.Fatalf("repaid although the undo may have been the next thing: %+v", got)
			}
			k.pay(two, two.head().Txn, 20) // the next thing is another debit
			two.carry(k, 1)
			two.sync()
		},
	}
	for name, tell := range tell {
		t.Run(name, func(t *testing.T) {
			c, one, k := funded(t)
			two := c.enrol(2, one.prog)
			txn := one.head().Txn
			k.pay(one, txn, 150)
			tell(c, one, two, k, txn)
			c.settled()
			got := two.waiting(k)
			if len(got) != 1 || got[0].Amount != 150 {
				t.Fatalf("vouchers %+v, want one of 150", got)
			}
			two.load(k.take(two.feed(0, 0)))
			two.carry(k, 16) // told twice, changes nothing
			two.sync()
			m := c.settled().member(t, k.member)
			if purse := loyalty.Points(k.tap().Balance().Points); m.Balance != 200 || m.Main != 0 || purse != m.Balance && purse != m.Balance-20 {
				t.Errorf("the purse has %d, the books %+v", purse, m)
			}
			if r := c.report(); len(r.Cases) > 0 || len(r.Suspense) > 0 {
				t.Errorf("cases %+v, suspense %+v", r.Cases, r.Suspense)
			}
			c.inOrder()
		})
	}
}

func TestAnUndoThatComesToLightTakesTheRepaidPointsBack(t *testing.T) {
	c, one, k := funded(t)
	two := c.enrol(2, one.prog)
	txn := one.head().Txn
	_, debit, unlock := k.pay(one, txn, 150)
	two.carry(k, 1)
	one.giveUp(k, txn, false) // a store that says so and undoes all the same
	one.sync()
	two.sync()
	c.settled()
	if _, err := k.tap().Undo(t.Context(), debit, unlock); err != nil {
		t.Fatal(err)
	}
	two.load(k.take(two.feed(0, 0)))
	two.carry(k, 16)
	two.sync()
	c.settled()
	two.load(k.take(&wire.FeedPage{Rows: c.last(two, k)}))
	two.sync()
	if m := c.settled().member(t, k.member); m.Balance != 200 || m.OnCard != 200 || k.tap().Balance().Points != 200 {
		t.Errorf("the purse has %d, the books %+v", k.tap().Balance().Points, m)
	}
	c.inOrder()
}

// last is the feed's rows of the vouchers that the card has not got.
func (c *centre) last(b *box, k *chip) (rows []wire.FeedRow) {
	seq := k.tap().Balance().LoadSeq
	for _, row := range b.feed(0, 0).Rows {
		if row.Voucher != nil && row.Voucher.Seq > seq {
			rows = append(rows, row)
		}
	}
	return rows
}

// Points end on a card that spent most of them in a store which has not told yet.
func TestExpiryTakesFromTheCardWhatIsThereAndTheRestIsOwed(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	c.begin(time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)) // a store east of here may be in it: none begins once the feed has more to forget
	_, one, k := c.funded(prog)
	two := c.enrol(2, one.prog)
	sale := two.redeem(k, 1000, 150) // stays in store 2 for now
	if out := c.begin("2027-12-01"); out.Expired != 200 {
		t.Fatalf("expired %+v", out)
	}
	if got := one.waiting(k); len(got) != 1 || got[0].Amount != -200 || got[0].Kind != uint8(card.KindPoints) {
		t.Fatalf("vouchers %+v, want one that takes 200", got)
	}
	one.load(k.take(one.feed(0, 0)))
	one.sync()
	m := c.settled().member(t, k.member)
	if m.Main != -150 || m.Balance != 0 || k.tap().Balance().Points != 0 {
		t.Fatalf("the purse has %d, the books %+v; want 150 owed", k.tap().Balance().Points, m)
	}
	if got := one.waiting(k); len(got) != 0 {
		t.Fatalf("an empty card is asked again: %+v", got)
	}
	c.inOrder()
	two.write(sale)
	two.sync()
	// What was spent in time has not ended; the sale's own points have, by now.
	if m := c.settled().member(t, k.member); m.Main != 0 || m.OnCard != 0 || m.Balance != 0 {
		t.Errorf("in the end %+v", m)
	}
	c.inOrder()
}

// openDebits are those of a card that a store is asked about.
func (b *box) openDebits(k *chip) (open []loyalty.TxnID) {
	for _, row := range b.feed(0, 0).Rows {
		if row.Member != nil {
			for _, known := range row.Member.Known {
				if known.Card == k.id {
					open = append(open, known.Open...)
				}
			}
		}
	}
	return open
}

// order gives an order as the command does.
func (c *centre) order(in CardOrder) OrderOutcome {
	c.t.Helper()
	out, err := c.manager().OrderCard(c.t.Context(), in)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// loadNew has the card take what waits for it, and tells head office.
func (c *centre) loadNew(b *box, k *chip) {
	c.t.Helper()
	b.load(k.take(&wire.FeedPage{Rows: c.last(b, k)}))
	b.sync()
	c.settled()
}

func TestABlockedPINIsUnblockedByCommand(t *testing.T) {
	c, one, k := funded(t)
	for range 3 {
		pin, err := card.NewPIN([]byte("0000"))
		if err != nil {
			t.Fatal(err)
		}
		_ = k.tap().VerifyPINLastTry(t.Context(), pin)
	}
	if status, err := k.tap().PINStatus(t.Context()); err != nil || !status.Blocked {
		t.Fatalf("status %+v, %v", status, err)
	}
	if out := c.order(CardOrder{Card: k.id, Kind: card.KindUnblock}); out.Voucher != 2 {
		t.Errorf("voucher %+v", out)
	}
	c.loadNew(one, k)
	if status, err := k.tap().PINStatus(t.Context()); err != nil || status.Blocked || status.TriesLeft != 3 {
		t.Errorf("status %+v, %v", status, err)
	}
	c.order(CardOrder{Card: k.id, Kind: card.KindUnblock, ForgetPIN: true})
	c.order(CardOrder{Card: k.id, Kind: card.KindLimits, Single: 20, Cumulative: 50})
	c.loadNew(one, k)
	if status, err := k.tap().PINStatus(t.Context()); err != nil || status.Set {
		t.Errorf("status %+v, %v", status, err)
	}
	if _, err := k.tap().Debit(t.Context(), card.Debit{Amount: 20, Store: 1, Lane: 1, TxID: card.TxID(one.head().Txn)}); err != nil {
		t.Errorf("within the limits: %v", err)
	}
	c.inOrder()
}

// A member's card is ended after it paid 150 of 200 in a store that has not told. What it held goes to his new card.
func TestPointsOfATerminatedCardGoToTheNewOne(t *testing.T) {
	c, one, k := funded(t)
	two := c.enrol(2, one.prog)
	sale := two.redeem(k, 1000, 150)
	c.order(CardOrder{Card: k.id, Kind: card.KindTerminate, Reason: "replaced"})
	if why := c.report().member(t, k.member).Cards[0].Blocked; why != "replaced" {
		t.Errorf("blocked because %q", why)
	}
	_, err := c.manager().OrderCard(t.Context(), CardOrder{Card: k.id, Kind: card.KindUnblock})
	mustFail[*FieldError](t, err)
	c.loadNew(one, k)
	if m := c.report().member(t, k.member); m.Main != 50 || m.OnCard != 150 {
		t.Errorf("before store 2 told: %+v", m)
	}
	c.inOrder()
	two.write(sale)
	two.sync()
	c.settled()
	fresh := c.chip(k.member, "6034000000000018", one.id.CardRoot)
	c.loadNew(one, fresh)
	if m := c.report().member(t, k.member); m.Balance != 66 || m.Main != 0 || fresh.tap().Balance().Points != 66 {
		t.Errorf("the new card holds %d, the books %+v", fresh.tap().Balance().Points, m)
	}
	c.inOrder()
}

func TestOrdersThatACardCannotHaveAreRefusedWithTheirField(t *testing.T) {
	c, _, k := funded(t)
	for field, order := range map[string]CardOrder{
		"card":       {Card: loyalty.CardID{9}, Kind: card.KindUnblock},
		"kind":       {Card: k.id, Kind: card.KindPoints},
		"reason":     {Card: k.id, Kind: card.KindTerminate},
		"cumulative": {Card: k.id, Kind: card.KindLimits, Single: 50, Cumulative: 20},
	} {
		_, err := c.manager().OrderCard(t.Context(), order)
		if got := mustFail[*FieldError](t, err); got.Field != field {
			t.Errorf("field %s: %v", field, err)
		}
	}
	for range mostWaiting {
		c.order(CardOrder{Card: k.id, Kind: card.KindUnblock})
	}
	_, err := c.manager().OrderCard(t.Context(), CardOrder{Card: k.id, Kind: card.KindUnblock})
	mustFail[*FieldError](t, err)
	c.order(CardOrder{Card: k.id, Kind: card.KindTerminate, Reason: "stolen"}) // there is always room for the last
}
