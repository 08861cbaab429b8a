package hodb

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Replacement is a lost card whose points follow their member to another.
type Replacement struct {
	Card   loyalty.CardID
	Member loyalty.MemberID
	Number store.Hash // of the card that takes its place
	Seq    uint32     // of the voucher that ends the lost card
	Due    string     // the points move when this day has begun
	Moved  bool
	Points loyalty.Points // that were moved
}

// PutNumber gives a member another printed number, which must be free or the member's own.
func (tx *Tx) PutNumber(id loyalty.MemberID, n Number) error {
	owner, err := tx.NumberOwner(n)
	switch {
	case err != nil || owner == id:
		return err
	case owner != 0:
		return fmt.Errorf("number %s belongs to member %d: %w", n.Masked, owner, ErrTaken)
	}
	if err := tx.addNumber(id, n); err != nil {
		return err
	}
	return tx.touchMember(id)
}

// Replace notes a lost card.
func (tx *Tx) Replace(r Replacement) error {
	err := tx.exec(`INSERT INTO replacement (card_id, member_id, number_hash, voucher_seq, lost_at, due_on) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.Card[:], r.Member, r.Number[:], r.Seq, tx.now.UnixMilli(), r.Due)
	if err != nil {
		return fmt.Errorf("replace card %v: %w", r.Card, err)
	}
	return nil
}

const replacementColumns = `card_id, member_id, number_hash, voucher_seq, due_on, moved_at IS NOT NULL, points`

func scanReplacement(scan func(...any) error) (r Replacement, err error) {
	var card, number []byte
	if err = scan(&card, &r.Member, &number, &r.Seq, &r.Due, &r.Moved, &r.Points); err != nil {
		return r, err
	}
	copy(r.Card[:], card)
	r.Number, err = store.HashFromBytes(number)
	return r, err
}

// DueReplacements are lost cards whose points have waited long enough, at most so many.
func (tx *Tx) DueReplacements(day string, limit int) ([]Replacement, error) {
	return collect(tx, scanReplacement, `SELECT `+replacementColumns+` FROM replacement WHERE moved_at IS NULL AND due_on <= $1
		ORDER BY due_on, card_id LIMIT $2`, day, limit)
}

// ReplacementsOf are the lost cards of a member.
func (tx *Tx) ReplacementsOf(id loyalty.MemberID) ([]Replacement, error) {
	return collect(tx, scanReplacement, `SELECT `+replacementColumns+` FROM replacement WHERE member_id = $1 ORDER BY lost_at, card_id`, id)
}

// MoveReplaced makes what was moved away from a lost card so many points. Both sides stand under the voucher that ends the card,
// behind its own; the lots stay as they are. Once that voucher is loaded it has told what the card held, and nothing moves any more.
func (tx *Tx) MoveReplaced(r Replacement, points loyalty.Points) error {
	v, err := tx.Voucher(r.Card, r.Seq)
	if err != nil || v.Proved || r.Moved && points == r.Points {
		return err
	}
	var leg int
	err = tx.one(`SELECT COALESCE(MAX(leg_no), $3) + 1 FROM leg WHERE owner_id = $1 AND store_id = 0 AND epoch = 0 AND seq = $2 AND leg_no > $3`,
		MemberOwner(r.Member), v.No, proved+1)(&leg)
	if err == nil {
		err = tx.moveLegs(v, leg, "replace", r.Points-points)
	}
	if err == nil {
		err = tx.MoveOff(r.Card, points)
	}
	if err == nil {
		err = tx.exec(`UPDATE replacement SET moved_at = COALESCE(moved_at, $2), points = $3 WHERE card_id = $1`, r.Card[:], tx.now.UnixMilli(), points)
	}
	if err == nil {
		err = tx.touchMember(r.Member)
	}
	if err != nil {
		return fmt.Errorf("move points of lost card %v: %w", r.Card, err)
	}
	return nil
}
