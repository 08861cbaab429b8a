package headoffice

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// wantKinds compares the open cases, in any order.
func wantKinds(t *testing.T, r Report, want ...hodb.CaseKind) {
	t.Helper()
	got := r.kinds()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("cases %v, want %v: %+v", got, want, r.Cases)
	}
}

func TestOnePointAddedByAStoreIsADifferenceAndGoesToSuspense(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	c.serve()
	b := c.enrol(1, prog)
	e := b.sale(b.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 10000, nil)
	e.Sale.Earned++
	e.Moves[0].Points++
	b.write(e) // the chain is right: only the figures lie
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseDifference)
	earned := slices.IndexFunc(r.Differences, func(d hodb.Difference) bool { return d.Field == "earned" })
	if earned < 0 || r.Differences[earned].Claimed != "201" || r.Differences[earned].Verified != "200" {
		t.Errorf("differences: %+v", r.Differences)
	}
	if m := r.member(t, anna); m.Balance != 200 {
		t.Errorf("the member has %d points, want the verified 200", m.Balance)
	}
	if s := r.Stores[0].Accounts; s[hodb.Suspense] != 1 || s[hodb.Issued] != -201 {
		t.Errorf("the store's accounts: %v", s)
	}
	if len(r.Suspense) != 1 || r.Suspense[0].Points != 1 {
		t.Errorf("suspense: %+v", r.Suspense)
	}
	c.inOrder()
}

func TestAMemberGetsWhatAStoreKeptBack(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	c.serve()
	b := c.enrol(1, prog)
	e := b.sale(b.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 10000, nil)
	e.Sale.Earned -= 50
	e.Moves[0].Points -= 50
	b.write(e)
	b.sync()
	r := c.settled()
	if m := r.member(t, anna); m.Balance != 200 {
		t.Errorf("the member has %d points, want 200", m.Balance)
	}
	if s := r.Stores[0].Accounts; s[hodb.Suspense] != -50 {
		t.Errorf("the store's accounts: %v", s)
	}
	c.inOrder()
}

// funded is a serving head office, a store, and a member whose card holds 200 points.
func funded(t *testing.T) (*centre, *box, *chip) {
	t.Helper()
	c := newCentre(t)
	return c.funded(c.publish())
}

func (c *centre) funded(prog *loyalty.Programme) (*centre, *box, *chip) {
	c.t.Helper()
	anna := c.member("6034000000000018")
	c.serve()
	b := c.enrol(1, prog)
	chip := c.chip(anna, "6034000000000018", b.id.CardRoot)
	b.sell(anna, 10000)
	b.sync()
	c.settled()
	b.load(chip.take(b.feed(0, 0)))
	b.sync()
	return c, b, chip
}

func TestARedemptionThatNoCardProvesIsTheStoresOwnAffair(t *testing.T) {
	for _, row := range []struct {
		what  string
		spoil func(*loyalty.Entry)
	}{
		{"one bit of the card's MAC changed", func(e *loyalty.Entry) { e.Card.TXMAC = flip(e.Card.TXMAC) }},
		{"the amount changed", func(e *loyalty.Entry) { e.Card.Amount-- }},
		{"the balance before made larger", func(e *loyalty.Entry) { e.Card.NewBalance += 1000 }},
		{"the record left out", func(e *loyalty.Entry) { e.Card = nil }},
		{"a record of another store", func(e *loyalty.Entry) { e.Card.Store = 2 }},
		{"a card that was never signed", func(e *loyalty.Entry) { e.Card.Card[0] ^= 1 }},
		{"not a MAC at all", func(e *loyalty.Entry) { e.Card.TXMAC = "xyz" }},
	} {
		t.Run(row.what, func(t *testing.T) {
			c, b, chip := funded(t)
			e := b.redeem(chip, 1000, 100)
			row.spoil(&e)
			b.write(e)
			b.sync()
			r := c.settled()
			wantKinds(t, r, hodb.CaseCardRecord)
			if m := r.member(t, chip.member); m.InPurse != 200 || m.Balance != 200+e.Sale.Earned {
				t.Errorf("the member pays for what is not proved: %+v", m)
			}
			if s := r.Stores[0].Accounts; s[hodb.Suspense] != -100 || s[hodb.Redeemed] != 100 {
				t.Errorf("the store's accounts: %v", s)
			}
			c.inOrder()
		})
	}
}

func flip(hex string) string {
	if hex[0] == '0' {
		return "1" + hex[1:]
	}
	return "0" + hex[1:]
}

func TestOneDebitPaysForOneSale(t *testing.T) {
	c, b, chip := funded(t)
	first := b.write(b.redeem(chip, 1000, 100))
	second := b.sale(b.head(), &loyalty.MemberState{ID: chip.member, Medium: loyalty.MediumPurse, Available: 200}, 1000, &loyalty.Ask{Points: 100})
	second.Card = first.Card
	b.write(second)
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseCardRecord)
	if m := r.member(t, chip.member); m.InPurse != 100 {
		t.Errorf("the purse pays twice: %+v", m)
	}
	c.inOrder()
}

func TestADroppedSaleWhoseDebitWasUndoneLeavesNoTrace(t *testing.T) {
	c, b, chip := funded(t)
	cancel := b.entry(loyalty.KindCancel)
	_, debit, unlock := chip.pay(b, cancel.Txn, 100)
	undone, err := chip.tap().Undo(t.Context(), debit, unlock)
	if err != nil {
		t.Fatal(err)
	}
	cancel.Card = chip.record(undone)
	b.write(cancel)
	b.sync()
	r := c.settled()
	wantKinds(t, r)
	if m := r.member(t, chip.member); m.InPurse != 200 || m.Balance != 200 {
		t.Errorf("after the undo: %+v", m)
	}
	c.inOrder()
}

func TestPointsGivenBackForASaleThatStandsAreTheStoresOwnAffair(t *testing.T) {
	c, b, chip := funded(t)
	head := b.head()
	e := b.sale(head, &loyalty.MemberState{ID: chip.member, Medium: loyalty.MediumPurse, Available: 200}, 1000, &loyalty.Ask{Points: 100})
	record, debit, unlock := chip.pay(b, e.Txn, 100)
	e.Card = record
	b.write(e)
	undone, err := chip.tap().Undo(t.Context(), debit, unlock)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // told twice, it counts once
		cancel := b.entry(loyalty.KindCancel)
		cancel.Txn, cancel.Card = e.Txn, chip.record(undone)
		b.write(cancel)
	}
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseUndoAfterSale, hodb.CaseCardRecord)
	if m := r.member(t, chip.member); m.InPurse != 200 || loyalty.Points(chip.tap().Balance().Points) != m.InPurse {
		t.Errorf("head office says %d are in the purse, the card says %d", m.InPurse, chip.tap().Balance().Points)
	}
	if s := r.Stores[0].Accounts; s[hodb.Suspense] != -100 {
		t.Errorf("the store's accounts: %v", s)
	}
	c.inOrder()
}

func TestALoadThatNoVoucherExplainsIsACase(t *testing.T) {
	for _, row := range []struct {
		what  string
		spoil func(*loyalty.CardRecord)
	}{
		{"more points than the voucher has", func(r *loyalty.CardRecord) { r.Amount++ }},
		{"a voucher that was never made", func(r *loyalty.CardRecord) { r.Txn[0] ^= 1 }},
		{"a voucher with another MAC", func(r *loyalty.CardRecord) { r.Txn[15] ^= 1 }},
	} {
		t.Run(row.what, func(t *testing.T) {
			c, b, chip := funded(t)
			b.sell(chip.member, 10000)
			b.sync()
			c.settled()
			records := chip.take(b.feed(0, 0))
			row.spoil(records[0])
			c.sign(records[0])
			b.load(records)
			b.sync()
			r := c.settled()
			wantKinds(t, r, hodb.CaseVoucher)
			if m := r.member(t, chip.member); m.InPurse != 200 || m.Vouchers[1].Loaded {
				t.Errorf("the load counts: %+v", m)
			}
			c.inOrder()
		})
	}
}

// sign makes a record's MAC right again, as only somebody with the card's own key could.
func (c *centre) sign(r *loyalty.CardRecord) {
	input := card.TXMACInput(card.ID(r.Card), card.Record{Ctr: r.Ctr, Type: card.RecordType(r.Type), Amount: r.Amount,
		NewBalance: r.NewBalance, Store: uint32(r.Store), Lane: uint8(r.Lane), TxID: card.TxID(r.Txn)})
	mac := card.CMAC(c.home.Keys.keyTX(r.Card), input)
	r.TXMAC = fmt.Sprintf("%x", mac[:8])
}

func TestTwoRecordsUnderOneCounterBlockTheCardEverywhere(t *testing.T) {
	c, b, chip := funded(t)
	b.write(b.redeem(chip, 1000, 100))
	b.sync()
	c.settled()

	// Somebody has the card's key: another record with a good MAC under the counter that was used.
	e := b.sale(b.head(), &loyalty.MemberState{ID: chip.member, Medium: loyalty.MediumPurse, Available: 200}, 1000, &loyalty.Ask{Points: 100})
	forged := *mustDecode(t, b.bodies[b.seq()-1]).Card
	forged.Txn = e.Txn
	c.sign(&forged)
	e.Card = &forged
	b.write(e)
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseCardCloned, hodb.CaseCardCloned)
	if m := r.member(t, chip.member); m.Cards[0].Blocked == "" {
		t.Error("the card is not blocked")
	}
	page := b.feed(0, 0)
	if !slices.ContainsFunc(page.Rows, func(row wire.FeedRow) bool { return row.Hot != nil && row.Hot.Card == chip.id && row.Hot.Blocked }) {
		t.Error("stores are not told")
	}
	c.inOrder()
}

func mustDecode(t *testing.T, body []byte) *loyalty.Entry {
	t.Helper()
	e, err := loyalty.DecodeEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhatHeadOfficeCannotReadStopsNothing(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	c.serve()
	b := c.enrol(1, prog)

	b.append([]byte(`this is not JSON`))
	b.append([]byte(`{"v":9,"store":1}`))
	future := b.entry("gift")
	b.write(future)
	misplaced := b.entry(loyalty.KindCoupon)
	misplaced.Seq = 99
	b.write(misplaced)
	timeless := b.entry(loyalty.KindCoupon)
	timeless.At = "yesterday"
	b.write(timeless)
	empty := b.entry(loyalty.KindSale)
	b.write(empty)
	absurd := b.sale(b.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 10000, nil)
	absurd.Moves = append(absurd.Moves, loyalty.Movement{From: loyalty.AccountIssued, To: "x", Points: 1 << 62},
		loyalty.Movement{From: loyalty.AccountIssued, To: "x", Points: 1 << 62})
	b.write(absurd)
	unpublished := b.sale(b.head(), &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 10000, nil)
	unpublished.Sale.Programme = strings.Repeat("ab", 32)
	b.write(unpublished)
	b.sell(4711, 10000) // nobody in the register
	b.sell(anna, 10000)
	b.sync()

	r := c.settled()
	wantKinds(t, r, hodb.CaseNotInterpreted, hodb.CaseNotInterpreted, hodb.CaseNotInterpreted, hodb.CaseNotInterpreted,
		hodb.CaseNotInterpreted, hodb.CaseNotInterpreted, hodb.CaseNotInterpreted, hodb.CaseDifference, hodb.CaseProgramme, hodb.CaseMemberUnknown)
	if m := r.member(t, anna); m.Balance != 400 { // of the absurd sale what is verified, and the last one
		t.Errorf("the member has %d points, want 400", m.Balance)
	}
	if s := r.Stores[0].Accounts[hodb.Suspense]; s != 400 { // of the unpublished programme and of nobody
		t.Errorf("suspense holds %d, want 400", s)
	}
	c.inOrder()
}

func TestASaleToldTwiceCountsOnce(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	c.serve()
	b := c.enrol(1, prog)
	first := b.sell(anna, 10000)
	head := b.head()
	head.Txn = first.Txn
	b.write(b.sale(head, &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber}, 10000, nil))
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseTxnRepeated)
	if m := r.member(t, anna); m.Balance != 200 {
		t.Errorf("the member has %d points, want 200", m.Balance)
	}
	c.inOrder()
}

func TestTotalsThatAreNotTheEntriesAreACaseAndTheDayIsPublishedAllTheSame(t *testing.T) {
	c, b := shop(t)
	b.sellMany(3)
	b.closeDay()
	b.sellMany(2)
	e := b.entry(loyalty.KindClose)
	e.Close = &loyalty.CloseBody{First: 1, Last: 1, Count: 77, Tenders: []loyalty.TenderTotal{}}
	b.write(e)
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseCloseTotals)
	want := []CloseReport{{1, 1, "2026-11-24", 1, 1, 4}, {1, 1, "2026-11-24", 2, 5, 7}}
	if !slices.Equal(r.Closes, want) {
		t.Errorf("published days %+v, want %+v", r.Closes, want)
	}
	c.inOrder()
}

func TestADayOfPaymentsAloneAddsUp(t *testing.T) {
	c, b := shop(t)
	anna := c.member("6034000000000018")
	sale := b.write(b.toldPaid(b.head(), anna, 10, loyalty.Past{}, "", loyalty.TenderAccount))
	b.closeDay()
	b.made(b.prog.Payment(loyalty.PaymentInput{Sale: &sale, Member: &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber},
		Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 4000}}}, b.head()))
	b.closeDay()
	b.sync()
	wantKinds(t, c.settled())
}
