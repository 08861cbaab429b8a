package headoffice

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

const (
	voucherPoints  = uint8(card.KindPoints)
	maxVoucher     = math.MaxInt32 // card.md 3.9: the amount is 32 bits with a sign
	vouchersAtOnce = 16            // for one member; what is more waits for the next entry
)

// keyTX and keyLD are derived when needed and never kept (card.md 1).
func (k *Keys) keyTX(id loyalty.CardID) card.Key {
	return card.Key(card.CMAC(k.masterTX, card.DerivationInput(card.LabelTX, card.ID(id))))
}

func (k *Keys) keyLD(id loyalty.CardID) card.Key {
	return card.Key(card.CMAC(k.masterLD, card.DerivationInput(card.LabelLoad, card.ID(id))))
}

// errProof is why a card's record proves nothing.
var errProof = errors.New("record is not the card's")

// checkRecord recomputes the card's MAC over what the store says the card said.
func (k *Keys) checkRecord(r *loyalty.CardRecord) (mac [8]byte, err error) {
	if len(r.TXMAC) != hex.EncodedLen(len(mac)) {
		return mac, fmt.Errorf("%w: MAC of %d characters", errProof, len(r.TXMAC))
	}
	if _, err := hex.Decode(mac[:], []byte(r.TXMAC)); err != nil {
		return mac, fmt.Errorf("%w: MAC is no hexadecimal number", errProof)
	}
	input := card.TXMACInput(card.ID(r.Card), card.Record{
		Ctr: r.Ctr, Type: card.RecordType(r.Type), Amount: r.Amount, NewBalance: r.NewBalance,
		Store: uint32(r.Store), Lane: uint8(r.Lane), TxID: card.TxID(r.Txn),
	})
	want := card.CMAC(k.keyTX(r.Card), input)
	if subtle.ConstantTimeCompare(mac[:], want[:len(mac)]) != 1 {
		return mac, fmt.Errorf("%w: its MAC is wrong", errProof)
	}
	return mac, nil
}

// makeVouchers sends a member's points that are on no card to his card, as vouchers that any store may hand over.
func (o *Office) makeVouchers(tx *hodb.Tx, id loyalty.MemberID) error {
	c, usable, err := tx.UsableCard(id)
	if err != nil || !usable {
		return err
	}
	free, _, err := tx.Balances(id)
	if err != nil {
		return err
	}
	for n := uint32(1); free > 0 && n <= vouchersAtOnce; n++ {
		v := hodb.Voucher{Member: id, Card: c.ID, Seq: c.LoadSeq + n, Amount: int32(min(free, maxVoucher))}
		if _, err := io.ReadFull(o.entropy, v.Ref[:]); err != nil {
			return fmt.Errorf("make voucher: %w", err)
		}
		v.MAC = card.CMAC(o.home.Keys.keyLD(c.ID), card.VoucherMACInput(card.Voucher{
			Card: card.ID(v.Card), Seq: v.Seq, Kind: card.KindPoints, Amount: v.Amount, Ref: v.Ref}))
		if err := tx.AddVoucher(v); err != nil {
			return err
		}
		free -= loyalty.Points(v.Amount)
	}
	return nil
}
