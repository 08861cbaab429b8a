package headoffice

import (
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// prove checks the card's record of an entry: a card of ours, of the right kind, for this store and transaction, with the
// card's MAC, and not shown before. A record that proves nothing opens a case and gives ok false.
func (j *judge) prove(m *matter, want card.RecordType) (c hodb.Card, ok bool, err error) {
	r := m.entry.Card
	if why := fits(m.entry, want); why != "" {
		return c, false, j.open(hodb.CaseCardRecord, m.key, why)
	}
	c, err = j.tx.Card(r.Card)
	if errors.Is(err, hodb.ErrNotFound) {
		return c, false, j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("card %v is not in the register", r.Card))
	}
	if err != nil {
		return c, false, err
	}
	mac, err := j.office.home.Keys.checkRecord(r)
	if err != nil {
		return c, false, j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("card %v: %v", r.Card, err))
	}
	first, shown, rivals, err := j.tx.AddProof(hodb.Proof{Record: *r, MAC: mac, Shown: m.key})
	if err != nil {
		return c, false, err
	}
	if !first && (want == card.TypeLoad || m.again && shown == m.key) { // evidence of a load may come from every store that reads the card
		return c, true, nil
	}
	if !first {
		return c, false, j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("record %d of card %v was shown by %v", r.Ctr, r.Card, shown))
	}
	return c, true, j.clones(m, rivals)
}

// fits says why a record cannot belong to its entry; empty when it can.
func fits(e *loyalty.Entry, want card.RecordType) string {
	r := e.Card
	switch {
	case r == nil:
		return "the card's record is missing"
	case card.RecordType(r.Type) != want:
		return fmt.Sprintf("record is a %v, not a %v", card.RecordType(r.Type), want)
	case want == card.TypeLoad: // card.md 3.9: a load names no store, and its transaction is the voucher's
		return ""
	case r.Store != e.Store:
		return fmt.Sprintf("record was made for store %d", r.Store)
	case r.Txn != e.Txn:
		return fmt.Sprintf("record was made for transaction %v", r.Txn)
	case r.Amount <= 0:
		return fmt.Sprintf("record takes %d points", r.Amount)
	}
	return ""
}

// clones blocks a card that has shown two records under one counter: its key is in two places. Both entries stand, both
// get the case, so that it is the same whichever came first.
func (j *judge) clones(m *matter, rivals []hodb.EntryKey) error {
	if len(rivals) == 0 {
		return nil
	}
	r := m.entry.Card
	if err := j.tx.BlockCard(r.Card, "two records for one counter: cloned card"); err != nil {
		return err
	}
	note := fmt.Sprintf("card %v has two records under counter %d; the card is blocked", r.Card, r.Ctr)
	for _, k := range append(rivals, m.key) {
		if err := j.open(hodb.CaseCardCloned, k, note); err != nil {
			return err
		}
	}
	return nil
}

// load takes a card's word that a voucher is in its purse. The points went to the card's account when the voucher was
// made, so nothing is posted.
func (j *judge) load(m *matter) error {
	_, ok, err := j.prove(m, card.TypeLoad)
	if err != nil || !ok {
		return err
	}
	r := m.entry.Card
	const refBytes = 8 // card.md 3.9: the record's transaction is ref ‖ MAC[0:8]
	v, err := j.tx.VoucherByRef(r.Card, r.Txn[:refBytes])
	switch {
	case errors.Is(err, hodb.ErrNotFound):
		return j.open(hodb.CaseVoucher, m.key, fmt.Sprintf("card %v took in a voucher that is not in the register", r.Card))
	case err != nil:
		return err
	case [8]byte(v.MAC[:8]) != [8]byte(r.Txn[refBytes:]) || v.Amount != r.Amount:
		return j.open(hodb.CaseVoucher, m.key, fmt.Sprintf("card %v took %d points from voucher %d of %d", r.Card, r.Amount, v.Seq, v.Amount))
	}
	return j.tx.MarkLoaded(v)
}

// cancel takes a card's word that a debit was undone. A dropped sale was never posted, so neither is its undoing. Should
// the sale have been posted after all, the card has its points back and the store answers for them.
func (j *judge) cancel(m *matter, first hodb.EntryKey) error {
	c, ok, err := j.prove(m, card.TypeUndo)
	if err != nil || !ok {
		return err
	}
	r := m.entry.Card
	_, sold, err := j.tx.ShownBy(r.Card, r.Txn, uint8(card.TypeDebit))
	switch {
	case err != nil:
		return err
	case !sold && m.repeats:
		return j.repeated(m, first)
	case !sold:
		return nil
	}
	amount := loyalty.Points(r.Amount)
	err = j.poster.Post(hodb.Posting{Key: m.key, Day: m.entry.Day, At: m.at, Legs: []hodb.Leg{
		{Owner: hodb.StoreOwner(m.key.Store), Kind: hodb.Suspense, Amount: -amount, Reason: "undo"},
		{Owner: hodb.MemberOwner(c.Member), Kind: hodb.OnCard, Amount: amount, Reason: "undo",
			Lot: loyalty.LotID(fmt.Sprintf("%d-%d-%d.1", m.key.Store, m.key.Epoch, m.key.Seq)), Earned: m.entry.Day},
	}})
	if err != nil {
		return err
	}
	if err := j.tx.Suspend(hodb.Suspended{EntryKey: m.key, Points: -amount, Reason: string(hodb.CaseUndoAfterSale)}); err != nil {
		return err
	}
	return j.open(hodb.CaseUndoAfterSale, m.key, fmt.Sprintf("card %v has %d points back for a sale that was posted", r.Card, amount))
}
