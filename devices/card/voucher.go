package card

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// VoucherKind says what a voucher does, card.md 3.9.
type VoucherKind byte

const (
	KindPoints    VoucherKind = 1 // adds points, or takes at most what is there when the amount is negative
	KindUnblock   VoucherKind = 2 // gives all tries back; may forget the PIN
	KindLimits    VoucherKind = 3 // what may be spent without PIN
	KindInfo      VoucherKind = 4 // tier and language
	KindTerminate VoucherKind = 5 // takes the whole balance and ends the card
)

func (k VoucherKind) String() string {
	names := [...]string{KindPoints: "points", KindUnblock: "unblock", KindLimits: "limits", KindInfo: "info", KindTerminate: "terminate"}
	if k >= KindPoints && int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %02x", byte(k))
}

const (
	voucherLength = 4 + 1 + 4 + 8 + 16
	refLength     = 8
)

// Order is what head office wants of a card: kind, amount and ref of a voucher. The functions below make it.
type Order struct {
	Kind   VoucherKind
	Amount int32
	Ref    [refLength]byte
}

// Why head office cannot give an order.
var (
	ErrNoPoints = errors.New("a voucher of no points")
	ErrTier     = errors.New("a tier on a card is at most 8 printable characters")
	ErrLanguage = errors.New("a language on a card is two small letters, or none")
)

// PointsOrder adds points to a card, or takes them. ref tells it from every other voucher of the card.
func PointsOrder(amount int32, ref [refLength]byte) (Order, error) {
	if amount == 0 {
		return Order{}, ErrNoPoints
	}
	return Order{KindPoints, amount, ref}, nil
}

// UnblockOrder gives PIN and PUK all their tries; with forgetPIN the member chooses a new PIN.
func UnblockOrder(forgetPIN bool, ref [refLength]byte) Order {
	o := Order{Kind: KindUnblock, Ref: ref}
	if forgetPIN {
		o.Amount = 1
	}
	return o
}

// LimitsOrder says what one debit, and all since the last PIN, may take without PIN.
func LimitsOrder(single, cumulative uint32) Order {
	o := Order{Kind: KindLimits}
	binary.BigEndian.PutUint32(o.Ref[:4], single)
	binary.BigEndian.PutUint32(o.Ref[4:], cumulative)
	return o
}

// InfoOrder writes the member's tier on the card; and the language, unless it is empty.
func InfoOrder(tier, language string) (Order, error) {
	if len(tier) > refLength || !all([]byte(tier), ' ', '~') {
		return Order{}, fmt.Errorf("%w: %q", ErrTier, tier)
	}
	o := Order{Kind: KindInfo}
	copy(o.Ref[:], tier)
	switch {
	case language == "":
	case len(language) == 2 && all([]byte(language), 'a', 'z'):
		o.Amount = int32(language[0])<<8 | int32(language[1])
	default:
		return Order{}, fmt.Errorf("%w: %q", ErrLanguage, language)
	}
	return o, nil
}

// TerminateOrder ends a card.
func TerminateOrder(ref [refLength]byte) Order { return Order{Kind: KindTerminate, Ref: ref} }

// Voucher is head office's order to one card, card.md 3.9. It is no secret: Seq makes it count once.
type Voucher struct {
	Card   ID
	Seq    uint32
	Kind   VoucherKind
	Amount int32
	Ref    [refLength]byte
	MAC    [16]byte
}

// Voucher is the order as the seq'th voucher of a card, without its MAC.
func (o Order) Voucher(id ID, seq uint32) Voucher {
	return Voucher{Card: id, Seq: seq, Kind: o.Kind, Amount: o.Amount, Ref: o.Ref}
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
		Ref: [refLength]byte(b[9:]), MAC: [16]byte(b[17:]),
	}, nil
}

// VoucherMACInput is what CMAC under K_ld covers, card.md 3.9. Only head office and the card have K_ld.
func VoucherMACInput(v Voucher) []byte { return v.appendBody(append([]byte("LV1"), v.Card[:]...)) }

// Explains reports whether a load's record, as far as it goes, is this voucher's: its id, and an amount that the voucher can give
// or take.
func (v Voucher) Explains(id TxID, taken int32) bool {
	if v.txID() != id {
		return false
	}
	switch v.Kind {
	case KindPoints:
		return taken == v.Amount || v.Amount < 0 && taken <= 0 && taken > v.Amount
	case KindTerminate:
		return taken <= 0
	}
	return taken == 0
}

// txID is the transaction id that the card gives the load's record.
func (v Voucher) txID() TxID {
	var id TxID
	copy(id[copy(id[:], v.Ref[:]):], v.MAC[:])
	return id
}
