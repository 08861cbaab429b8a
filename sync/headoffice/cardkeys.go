package headoffice

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// keyTX and keyLD are derived when needed and never kept (card.md 1).
func (k *Keys) keyTX(id loyalty.CardID) card.Key {
	return card.Key(card.CMAC(k.masterTX, card.DerivationInput(card.LabelTX, card.ID(id))))
}

func (k *Keys) keyLD(id loyalty.CardID) card.Key {
	return card.Key(card.CMAC(k.masterLD, card.DerivationInput(card.LabelLoad, card.ID(id))))
}

// signVoucher makes an order a voucher that only its card takes.
func (k *Keys) signVoucher(o card.Order, id loyalty.CardID, seq uint32) card.Voucher {
	v := o.Voucher(card.ID(id), seq)
	v.MAC = card.CMAC(k.keyLD(id), card.VoucherMACInput(v))
	return v
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
