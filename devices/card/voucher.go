package card

import (
	"encoding/binary"
	"fmt"
)

// VoucherKind says what a voucher does.
type VoucherKind byte

// KindPoints adds points, or takes at most what is there when the amount is negative.
const KindPoints VoucherKind = 1

const voucherLength = 4 + 1 + 4 + 8 + 16

// Voucher is head office's order to one card, card.md 3.9. It is no secret: Seq makes it count once.
type Voucher struct {
	Card   ID
	Seq    uint32
	Kind   VoucherKind
	Amount int32
	Ref    [8]byte
	MAC    [16]byte
}

func (v Voucher) appendBody(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, v.Seq)
	b = append(b, byte(v.Kind))
	b = binary.BigEndian.AppendUint32(b, uint32(v.Amount))
	return append(b, v.Ref[:]...)
}

// Marshal is the data of LOAD. The card is not part of it.
func (v Voucher) Marshal() []byte {
	return append(v.appendBody(make([]byte, 0, voucherLength)), v.MAC[:]...)
}

// ParseVoucher reads what Marshal wrote, a voucher for card id.
func ParseVoucher(id ID, b []byte) (Voucher, error) {
	if len(b) != voucherLength {
		return Voucher{}, fmt.Errorf("voucher of %d bytes, want %d", len(b), voucherLength)
	}
	return Voucher{
		Card: id, Seq: binary.BigEndian.Uint32(b), Kind: VoucherKind(b[4]), Amount: int32(binary.BigEndian.Uint32(b[5:])),
		Ref: [8]byte(b[9:]), MAC: [16]byte(b[17:]),
	}, nil
}

// VoucherMACInput is what CMAC under K_ld covers, card.md 3.9. Only head office and the card have K_ld.
func VoucherMACInput(v Voucher) []byte { return v.appendBody(append([]byte("LV1"), v.Card[:]...)) }

// txID is the transaction id that the card gives the load's record.
func (v Voucher) txID() TxID {
	var id TxID
	copy(id[copy(id[:], v.Ref[:]):], v.MAC[:])
	return id
}
