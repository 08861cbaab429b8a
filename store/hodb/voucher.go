package hodb

import (
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
)

// Kinds of vouchers that the books know apart, card.md 3.9.
const (
	voucherPoints    = 1
	voucherTerminate = 5
)

// Voucher is an order to a card. One of points moves them between the member's main account and the card's.
type Voucher struct {
	Member loyalty.MemberID
	No     int64 // of the member
	Card   loyalty.CardID
	Seq    uint32
	Kind   uint8
	Amount int32
	Ref    [8]byte
	MAC    [16]byte
	Loaded bool
	Proved bool  // the card's own record of it is known
	Taken  int32 // what the card gave or took, once it is proved
}

// Points is what a voucher asks to move onto the card.
func (v *Voucher) Points() loyalty.Points {
	if v.Kind != voucherPoints {
		return 0
	}
	return loyalty.Points(v.Amount)
}

// AddVoucher keeps a voucher whose points go from the member's main account to the card's, or back, in one step.
func (tx *Tx) AddVoucher(v Voucher) error {
	m, err := tx.Member(v.Member)
	if err != nil {
		return fmt.Errorf("add voucher: %w", err)
	}
	v.No = m.vouchers + 1
	moved, err := tx.changed(`UPDATE card SET load_seq = $2, ended = $3 WHERE card_id = $1 AND load_seq = $2 - 1 AND ended = 0`,
		v.Card[:], v.Seq, v.Kind == voucherTerminate)
	if err == nil && moved != 1 {
		err = fmt.Errorf("sequence %d does not follow the card's last", v.Seq)
	}
	if err == nil {
		err = tx.exec(`UPDATE member SET last_voucher = $2 WHERE member_id = $1`, v.Member, v.No)
	}
	if err == nil {
		err = tx.exec(`INSERT INTO voucher (member_id, no, card_id, seq, kind, amount, ref, mac, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			v.Member, v.No, v.Card[:], v.Seq, v.Kind, v.Amount, v.Ref[:], v.MAC[:], tx.now.UnixMilli())
	}
	if err == nil {
		err = tx.moveToCard(v, asked, v.Points())
	}
	if err == nil {
		err = tx.touchFeed(TopicVoucher, 0, VoucherKey(v.Card, v.Seq))
	}
	if err == nil {
		err = tx.touchMember(v.Member)
	}
	if err != nil {
		return fmt.Errorf("add voucher %d of card %v: %w", v.Seq, v.Card, err)
	}
	return nil
}

// TellCard notes what a card will say of its member once its vouchers are loaded.
func (tx *Tx) TellCard(card loyalty.CardID, tier, language string) error {
	return tx.exec(`UPDATE card SET tier = $2, language = $3 WHERE card_id = $1`, card[:], tier, language)
}

// A voucher moves points when it is made, and the rest when the card proves another figure.
const (
	asked  = 0 // number of the first leg
	proved = 2
)

// moveToCard writes both sides under store 0, epoch 0 and the voucher's number. The lots stay as they are.
func (tx *Tx) moveToCard(v Voucher, first int, points loyalty.Points) error {
	return tx.moveLegs(v, first, "voucher", points)
}

func (tx *Tx) moveLegs(v Voucher, first int, reason string, points loyalty.Points) error {
	const insert = `INSERT INTO leg (owner_id, store_id, epoch, seq, leg_no, kind, unit, amount, reason, business_day, at_ms)
		VALUES ($1, 0, 0, $2, $3, $4, $5, $6, $7, '', $8)`
	if points == 0 {
		return nil
	}
	for no, side := range []struct {
		kind   AccountKind
		amount loyalty.Points
	}{{Main, -points}, {OnCard, points}} {
		if err := tx.exec(insert, v.Member, v.No, first+no, side.kind, Points, side.amount, reason, tx.now.UnixMilli()); err != nil {
			return err
		}
		if err := tx.addToAccount(accountKey{MemberOwner(v.Member), side.kind, Points}, side.amount); err != nil {
			return err
		}
	}
	return nil
}

// VoucherKey names a voucher in the feed.
func VoucherKey(card loyalty.CardID, seq uint32) string { return fmt.Sprintf("%v/%d", card, seq) }

const voucherColumns = `member_id, no, card_id, seq, kind, amount, ref, mac, loaded_at IS NOT NULL, taken IS NOT NULL, COALESCE(taken, 0)`

func scanVoucher(scan func(...any) error) (v Voucher, err error) {
	var card, ref, mac []byte
	if err = scan(&v.Member, &v.No, &card, &v.Seq, &v.Kind, &v.Amount, &ref, &mac, &v.Loaded, &v.Proved, &v.Taken); err != nil {
		return v, err
	}
	copy(v.Card[:], card)
	copy(v.Ref[:], ref)
	copy(v.MAC[:], mac)
	return v, nil
}

// Voucher reads one voucher; ErrNotFound when head office did not make it.
func (tx *Tx) Voucher(card loyalty.CardID, seq uint32) (Voucher, error) {
	v, err := scanVoucher(tx.one(`SELECT `+voucherColumns+` FROM voucher WHERE card_id = $1 AND seq = $2`, card[:], seq))
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("voucher %s: %w", VoucherKey(card, seq), ErrNotFound)
	}
	return v, err
}

// VoucherOf finds the voucher of a card by its load's transaction (card.md 3.9); ErrNotFound when head office did not make it.
func (tx *Tx) VoucherOf(card loyalty.CardID, load loyalty.TxnID) (Voucher, error) {
	const ref = 8
	v, err := scanVoucher(tx.one(`SELECT `+voucherColumns+` FROM voucher WHERE card_id = $1 AND ref = $2 AND substr(mac, 1, 8) = $3`,
		card[:], load[:ref], load[ref:]))
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("voucher %x of card %v: %w", load[:ref], card, ErrNotFound)
	}
	return v, err
}

// Vouchers are those of a member, in order.
func (tx *Tx) Vouchers(id loyalty.MemberID) ([]Voucher, error) {
	return collect(tx, scanVoucher, `SELECT `+voucherColumns+` FROM voucher WHERE member_id = $1 ORDER BY no`, id)
}

// WaitingVouchers are those that a card has not proved to have loaded, in order.
func (tx *Tx) WaitingVouchers(card loyalty.CardID) ([]Voucher, error) {
	return collect(tx, scanVoucher, `SELECT `+voucherColumns+` FROM voucher WHERE card_id = $1 AND loaded_at IS NULL ORDER BY seq`, card[:])
}

// MarkLoaded says that a card has proved to have loaded a voucher, and what it gave or took. What it took less than asked is what
// the member owes. Loads are in order, so the card has those before as well, though not yet proved to what effect.
func (tx *Tx) MarkLoaded(v Voucher, taken int32) error {
	if v.Proved {
		return nil
	}
	err := tx.exec(`UPDATE voucher SET loaded_at = $3 WHERE card_id = $1 AND seq <= $2 AND loaded_at IS NULL`, v.Card[:], v.Seq, tx.now.UnixMilli())
	if err == nil {
		err = tx.exec(`UPDATE voucher SET taken = $3 WHERE card_id = $1 AND seq = $2`, v.Card[:], v.Seq, taken)
	}
	rest := loyalty.Points(taken) - v.Points()
	if err == nil && v.Kind == voucherTerminate { // a store may have moved the lost card's points already
		var moved loyalty.Points
		err = tx.one(`SELECT moved_off FROM card WHERE card_id = $1`, v.Card[:])(&moved)
		rest += moved
	}
	if err == nil {
		err = tx.moveToCard(v, proved, rest)
	}
	if err == nil {
		err = tx.touchMember(v.Member)
	}
	if err != nil {
		return fmt.Errorf("voucher %s is loaded: %w", VoucherKey(v.Card, v.Seq), err)
	}
	return nil
}

// MoveOff notes points that a store moved away from a card that was lost.
func (tx *Tx) MoveOff(card loyalty.CardID, points loyalty.Points) error {
	return tx.exec(`UPDATE card SET moved_off = $2 WHERE card_id = $1`, card[:], points)
}
