package hodb

import (
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
)

// Proof is a card's record whose TXMAC head office has checked, and the entry that showed it.
type Proof struct {
	Record loyalty.CardRecord
	MAC    [8]byte
	Shown  EntryKey
}

// AddProof keeps a checked record. first tells whether it is new; if not, shown names the entry that showed it before.
// rivals are the entries that showed another record for the same counter of the same card.
func (tx *Tx) AddProof(p Proof) (first bool, shown EntryKey, rivals []EntryKey, err error) {
	r := p.Record
	n, err := tx.changed(`INSERT INTO card_record (card_id, ctr, txmac, type, txn_id, amount, store_id, epoch, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (card_id, ctr, txmac) DO NOTHING`,
		r.Card[:], r.Ctr, p.MAC[:], r.Type, r.Txn[:], r.Amount, p.Shown.Store, p.Shown.Epoch, p.Shown.Seq)
	if err != nil {
		return false, shown, nil, fmt.Errorf("keep record %d of card %v: %w", r.Ctr, r.Card, err)
	}
	if n == 0 {
		err = tx.one(`SELECT store_id, epoch, seq FROM card_record WHERE card_id = $1 AND ctr = $2 AND txmac = $3`,
			r.Card[:], r.Ctr, p.MAC[:])(&shown.Store, &shown.Epoch, &shown.Seq)
		return false, shown, nil, err
	}
	rivals, err = collect(tx, func(scan func(...any) error) (k EntryKey, err error) {
		err = scan(&k.Store, &k.Epoch, &k.Seq)
		return k, err
	}, `SELECT store_id, epoch, seq FROM card_record WHERE card_id = $1 AND ctr = $2 AND txmac <> $3 ORDER BY store_id, epoch, seq`,
		r.Card[:], r.Ctr, p.MAC[:])
	return true, p.Shown, rivals, err
}

// ShownBy finds the entry that showed a record of a type for a transaction of a card; false when none did.
func (tx *Tx) ShownBy(card loyalty.CardID, txn loyalty.TxnID, recordType uint8) (k EntryKey, found bool, err error) {
	err = tx.one(`SELECT store_id, epoch, seq FROM card_record WHERE card_id = $1 AND txn_id = $2 AND type = $3
		ORDER BY ctr, txmac LIMIT 1`, card[:], txn[:], recordType)(&k.Store, &k.Epoch, &k.Seq)
	if errors.Is(err, sql.ErrNoRows) {
		return k, false, nil
	}
	return k, err == nil, err
}

// Voucher moves points of a member onto a card.
type Voucher struct {
	Member loyalty.MemberID
	No     int64 // of the member
	Card   loyalty.CardID
	Seq    uint32
	Amount int32
	Ref    [8]byte
	MAC    [16]byte
	Loaded bool
}

// AddVoucher keeps a voucher whose points go from the member's main account to the card's, in one step.
func (tx *Tx) AddVoucher(v Voucher) error {
	m, err := tx.Member(v.Member)
	if err != nil {
		return fmt.Errorf("add voucher: %w", err)
	}
	v.No = m.vouchers + 1
	moved, err := tx.changed(`UPDATE card SET load_seq = $2 WHERE card_id = $1 AND load_seq = $2 - 1`, v.Card[:], v.Seq)
	if err == nil && moved != 1 {
		err = fmt.Errorf("sequence %d does not follow the card's last", v.Seq)
	}
	if err == nil {
		err = tx.exec(`UPDATE member SET last_voucher = $2 WHERE member_id = $1`, v.Member, v.No)
	}
	if err == nil {
		err = tx.exec(`INSERT INTO voucher (member_id, no, card_id, seq, amount, ref, mac, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			v.Member, v.No, v.Card[:], v.Seq, v.Amount, v.Ref[:], v.MAC[:], tx.now.UnixMilli())
	}
	if err == nil {
		err = tx.moveToCard(v)
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

// moveToCard writes both sides under store 0, epoch 0 and the voucher's number. The lots stay as they are.
func (tx *Tx) moveToCard(v Voucher) error {
	const insert = `INSERT INTO leg (owner_id, store_id, epoch, seq, leg_no, kind, unit, amount, reason, business_day, at_ms)
		VALUES ($1, 0, 0, $2, $3, $4, $5, $6, 'voucher', '', $7)`
	for no, side := range []struct {
		kind   AccountKind
		amount int64
	}{{Main, -int64(v.Amount)}, {OnCard, int64(v.Amount)}} {
		if err := tx.exec(insert, v.Member, v.No, no, side.kind, Points, side.amount, tx.now.UnixMilli()); err != nil {
			return err
		}
		if err := tx.addToAccount(accountKey{MemberOwner(v.Member), side.kind, Points}, loyalty.Points(side.amount)); err != nil {
			return err
		}
	}
	return nil
}

// VoucherKey names a voucher in the feed.
func VoucherKey(card loyalty.CardID, seq uint32) string { return fmt.Sprintf("%v/%d", card, seq) }

const voucherColumns = `member_id, no, card_id, seq, amount, ref, mac, loaded_at IS NOT NULL`

func scanVoucher(scan func(...any) error) (v Voucher, err error) {
	var card, ref, mac []byte
	if err = scan(&v.Member, &v.No, &card, &v.Seq, &v.Amount, &ref, &mac, &v.Loaded); err != nil {
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

// VoucherByRef finds the voucher of a card by its reference; ErrNotFound when head office did not make it.
func (tx *Tx) VoucherByRef(card loyalty.CardID, ref []byte) (Voucher, error) {
	v, err := scanVoucher(tx.one(`SELECT `+voucherColumns+` FROM voucher WHERE card_id = $1 AND ref = $2`, card[:], ref))
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("voucher %x of card %v: %w", ref, card, ErrNotFound)
	}
	return v, err
}

// Vouchers are those of a member, in order.
func (tx *Tx) Vouchers(id loyalty.MemberID) ([]Voucher, error) {
	return collect(tx, scanVoucher, `SELECT `+voucherColumns+` FROM voucher WHERE member_id = $1 ORDER BY no`, id)
}

// MarkLoaded says that a card has proved to have taken a voucher in. Loads are in order, so it has those before as well.
func (tx *Tx) MarkLoaded(v Voucher) error {
	return tx.exec(`UPDATE voucher SET loaded_at = $3 WHERE card_id = $1 AND seq <= $2 AND loaded_at IS NULL`,
		v.Card[:], v.Seq, tx.now.UnixMilli())
}
