package headoffice

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// cancel takes a store's word that a sale was dropped for which it had asked a card to pay. With the card's undo the points are
// back, and nothing was posted that would have to be undone. Without it the store has given up for good: head office gives the
// points back once the card's record of the debit is known, from whichever store.
func (j *judge) cancel(m *matter, first hodb.EntryKey) error {
	if c := m.entry.Cancel; c != nil {
		return j.givenUp(m, c, first)
	}
	c, ok, err := j.prove(m, card.TypeUndo)
	if err != nil || !ok {
		return err
	}
	if err := j.settle(); err != nil { // the sale may be one that waits for it
		return err
	}
	r := m.entry.Card
	sold, err := j.countedDebit(r.Card, r.Txn)
	switch {
	case err != nil:
		return err
	case !sold && m.repeats:
		return j.repeated(m, first)
	case !sold:
		return nil
	}
	return j.undoneAfterSale(m, c, r)
}

// countedDebit says whether a sale stands for which the card paid.
func (j *judge) countedDebit(id loyalty.CardID, txn loyalty.TxnID) (bool, error) {
	records, err := j.tx.RecordsOf(id, txn)
	for _, r := range records {
		if r.Counted && card.RecordType(r.Type) == card.TypeDebit {
			return true, err
		}
	}
	return false, err
}

// undoneAfterSale gives the card its points for a sale that was posted after all; the store answers for them.
func (j *judge) undoneAfterSale(m *matter, c hodb.Card, r *loyalty.CardRecord) error {
	amount := loyalty.Points(r.Amount)
	err := j.poster.Post(hodb.Posting{Key: m.key, Day: m.entry.Day, At: m.at, Legs: []hodb.Leg{
		{Owner: hodb.StoreOwner(m.key.Store), Kind: hodb.Suspense, Amount: -amount, Reason: "undo"},
		{Owner: hodb.MemberOwner(c.Member), Kind: hodb.OnCard, Amount: amount, Reason: "undo",
			Lot: loyalty.LotID(fmt.Sprintf("%d-%d-%d.1", m.key.Store, m.key.Epoch, m.key.Seq)), Earned: m.entry.Day},
	}})
	if err != nil {
		return err
	}
	if err := j.followed(c.Member); err != nil {
		return err
	}
	if err := j.tx.Suspend(hodb.Suspended{EntryKey: m.key, Points: -amount, Reason: string(hodb.CaseUndoAfterSale)}); err != nil {
		return err
	}
	return j.open(hodb.CaseUndoAfterSale, m.key, fmt.Sprintf("card %v has %d points back for a sale that was posted", r.Card, amount))
}

// givenUp takes the word of a store that no longer can undo.
func (j *judge) givenUp(m *matter, body *loyalty.CancelBody, first hodb.EntryKey) error {
	if m.repeats {
		return j.repeated(m, first)
	}
	if r := m.entry.Card; r != nil { // the card's debit, read again when it refused the undo
		if r.Card != body.Card || r.Txn != m.entry.Txn {
			return j.open(hodb.CaseCardRecord, m.key, "the record is of another card or transaction")
		}
		if c, _, err := j.witness(m, r, false); err != nil || c.ID.IsZero() {
			return err
		}
	}
	return j.repay(body.Card, m.entry.Txn)
}

// repayAround looks again at what a new record may decide: its own transaction, and the one before it on the card.
func (j *judge) repayAround(c hodb.Card, r *loyalty.CardRecord) error {
	if err := j.repay(c.ID, r.Txn); err != nil || r.Ctr == 0 {
		return err
	}
	before, err := j.tx.RecordsAt(c.ID, r.Ctr-1)
	for _, b := range before {
		if err == nil {
			err = j.repay(c.ID, b.Txn)
		}
	}
	return err
}

// repay makes the books say what is due to a member whose card paid for a sale that its store gave up: the amount leaves the
// card's account, whose purse has not got it, and goes back to the card by voucher. It may be asked again whenever more is known.
func (j *judge) repay(id loyalty.CardID, txn loyalty.TxnID) error {
	records, err := j.tx.RecordsOf(id, txn)
	if err != nil {
		return err
	}
	var debit *hodb.Record
	undone := false
	for i := range records {
		switch card.RecordType(records[i].Type) {
		case card.TypeDebit:
			debit = &records[i]
		case card.TypeUndo:
			undone = true
		}
	}
	if debit == nil || debit.Counted {
		return nil
	}
	key, kind, told, err := j.tx.EntryOfTxn(debit.MadeIn, txn)
	if err != nil || !told || kind != loyalty.KindCancel {
		return err
	}
	e, err := j.read(key)
	if err != nil || e.Cancel == nil || e.Cancel.Card != id {
		return err
	}
	due := !undone
	if due && e.Cancel.UndoSent { // until the card's next record is known, it may be the undo
		next, err := j.tx.RecordsAt(id, debit.Ctr+1)
		if err != nil {
			return err
		}
		due = len(next) > 0
	}
	return j.settleDebit(key, id, loyalty.Points(debit.Amount), due)
}

func (j *judge) settleDebit(key hodb.EntryKey, id loyalty.CardID, amount loyalty.Points, due bool) error {
	raw, err := j.tx.Entry(key)
	if err != nil {
		return err
	}
	m, err := readMatter(raw)
	if err != nil {
		return err
	}
	c, err := j.tx.Card(id)
	if err != nil {
		return err
	}
	member := hodb.MemberOwner(c.Member)
	p := hodb.Posting{Key: key, Day: m.entry.Day, At: m.at}
	if due {
		p.Legs = []hodb.Leg{{Owner: member, Kind: hodb.OnCard, Amount: -amount, Reason: "undo"},
			{Owner: member, Kind: hodb.Main, Amount: amount, Reason: "undo"}}
	}
	if _, err = j.poster.Settle(p, member); err != nil {
		return err
	}
	return j.followed(c.Member)
}
