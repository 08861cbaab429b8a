package hodb

import (
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
)

// Types of a card's records, card.md 3.10.
const (
	recordDebit = 1
	recordUndo  = 2
	recordLoad  = 3
)

// purses proves that what the books have on cards is what the cards hold: the vouchers they loaded less what they paid. A card with
// a gap in its records, because a store has not told yet, or with two records for one counter, proves nothing and is left out with
// its member.
func (v *verifier) purses() error {
	members, err := v.tx.Members()
	if err != nil {
		return err
	}
	for _, id := range members {
		if err := v.pursesOf(id); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) pursesOf(id loyalty.MemberID) error {
	cards, err := v.tx.Cards(id)
	if err != nil || len(cards) == 0 {
		return err
	}
	var want loyalty.Points
	for _, c := range cards {
		points, proved, err := v.purse(c)
		if err != nil || !proved {
			return err
		}
		want += points
	}
	var have loyalty.Points
	err = v.tx.one(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM leg WHERE owner_id = $1 AND kind = $2 AND unit = $3
		AND (reason IN ('voucher', 'redeem') OR reason = 'undo' AND lot <> '')`, MemberOwner(id), OnCard, Points)(&have)
	if err == nil && have != want {
		v.report(CheckPurses, fmt.Sprintf("member %d", id), "the books have %d on cards, the cards prove %d", have, want)
	}
	return err
}

// purse is what the books must have on one card: what it holds, what waits for it, and what it paid for sales that are not told.
func (v *verifier) purse(c Card) (points loyalty.Points, proved bool, err error) {
	records, err := v.tx.Records(c.ID)
	if err != nil || len(records) > 0 && records[len(records)-1].Ctr != c.KnownCtr {
		return 0, false, err
	}
	paid := map[loyalty.TxnID]Record{}
	for i, r := range records {
		if explained, err := v.explained(r); err != nil || !explained || r.Ctr != uint32(i)+1 { // a case says why, or it is cloned
			return 0, false, err
		}
		switch change := loyalty.Points(r.Amount); r.Type {
		case recordDebit:
			points -= change
			paid[r.Txn] = r
		case recordUndo:
			points += change
		case recordLoad:
			points += change
		}
		if points != loyalty.Points(r.NewBalance) {
			v.report(CheckPurses, fmt.Sprintf("card %v", c.ID), "record %d says that it holds %d, those before it give %d", r.Ctr, r.NewBalance, points)
			return 0, false, nil
		}
	}
	for _, r := range records {
		switch d := paid[r.Txn]; {
		case r.Type == recordDebit && !r.Counted:
			points += loyalty.Points(r.Amount)
		case r.Type == recordUndo && !d.Counted, r.Type == recordUndo && !r.Counted:
			points -= loyalty.Points(r.Amount)
		}
	}
	waiting, err := v.waitingFor(c)
	return points + waiting, true, err
}

// explained says whether head office made the voucher of a load, to this effect.
func (v *verifier) explained(r Record) (bool, error) {
	if r.Type != recordLoad {
		return true, nil
	}
	voucher, err := v.tx.VoucherOf(r.Card, r.Txn)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return voucher.Proved && voucher.Taken == r.Amount, err
}

// waitingFor is what vouchers have in the books that their card has not shown: those that wait, and what a store moved off a card
// before the voucher that ended it told what it held.
func (v *verifier) waitingFor(c Card) (points loyalty.Points, err error) {
	waiting, err := v.tx.WaitingVouchers(c.ID)
	for _, w := range waiting {
		points += w.Points()
	}
	if err != nil || !c.Ended || len(waiting) > 0 {
		return points, err
	}
	var moved loyalty.Points
	err = v.tx.one(`SELECT moved_off FROM card WHERE card_id = $1`, c.ID[:])(&moved)
	return points + moved, err
}
