package headoffice

import (
	"fmt"
	"io"
	"math"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// How many vouchers may wait for a card. Points that find no place stay with the member until the card has loaded some, and go
// as one; a few places are kept for orders by hand.
const (
	mostWaiting       = 16 // a tap loads so many
	mostPointsWaiting = 12
	maxVoucher        = math.MaxInt32 // card.md 3.9: the amount is 32 bits with a sign
)

// vouchers makes the next vouchers of one card.
type vouchers struct {
	office  *Office
	tx      *hodb.Tx
	card    hodb.Card
	waiting int
}

func (o *Office) vouchersOf(tx *hodb.Tx, c hodb.Card) (*vouchers, error) {
	waiting, err := tx.WaitingVouchers(c.ID)
	return &vouchers{office: o, tx: tx, card: c, waiting: len(waiting)}, err
}

// reference tells one voucher of a card from every other.
func (v *vouchers) reference() (ref [8]byte, err error) {
	if _, err = io.ReadFull(v.office.entropy, ref[:]); err != nil {
		err = fmt.Errorf("make voucher: %w", err)
	}
	return ref, err
}

// give makes an order the card's next voucher.
func (v *vouchers) give(o card.Order) (seq uint32, err error) {
	seq = v.card.LoadSeq + 1
	signed := v.office.home.Keys.signVoucher(o, v.card.ID, seq)
	err = v.tx.AddVoucher(hodb.Voucher{Member: v.card.Member, Card: v.card.ID, Seq: seq, Kind: uint8(o.Kind), Amount: o.Amount,
		Ref: o.Ref, MAC: signed.MAC})
	if err == nil {
		v.card.LoadSeq, v.waiting = seq, v.waiting+1
	}
	return seq, err
}

// makeVouchers brings a member's card up to date by vouchers that any store may hand over: points that are on no card go to it,
// points that the member owes come from it, and it says the member's tier and language.
func (o *Office) makeVouchers(tx *hodb.Tx, id loyalty.MemberID) error {
	if err := followReplaced(tx, id); err != nil {
		return err
	}
	c, usable, err := tx.UsableCard(id)
	if err != nil || !usable {
		return err
	}
	v, err := o.vouchersOf(tx, c)
	if err == nil {
		err = v.inform(id)
	}
	if err == nil {
		err = v.level(id)
	}
	return err
}

// level moves points until the member has none beside the card, or owes none that the card could give.
func (v *vouchers) level(id loyalty.MemberID) error {
	free, _, err := v.tx.Balances(id)
	if err != nil {
		return err
	}
	if free < 0 {
		holds, err := v.tx.Holding(v.card.ID)
		if err != nil {
			return err
		}
		free = -min(-free, holds)
	}
	for free != 0 && v.waiting < mostPointsWaiting {
		ref, err := v.reference()
		if err != nil {
			return err
		}
		amount := min(max(free, -maxVoucher), maxVoucher)
		order, err := card.PointsOrder(int32(amount), ref)
		if err != nil {
			return err
		}
		if _, err := v.give(order); err != nil {
			return err
		}
		free -= amount
	}
	return nil
}

// inform has the card say the member's tier and language, when it does not.
func (v *vouchers) inform(id loyalty.MemberID) error {
	m, err := v.tx.Member(id)
	if err != nil {
		return err
	}
	tier, err := v.tx.TierOn(m, lastDay)
	if err != nil {
		return err
	}
	tier = tierOnCard(tier)
	if tier == v.card.Tier && m.Language == v.card.Language || v.waiting >= mostPointsWaiting {
		return nil
	}
	order, err := card.InfoOrder(tier, m.Language)
	if err != nil {
		return err
	}
	if _, err := v.give(order); err != nil {
		return err
	}
	return v.tx.TellCard(v.card.ID, tier, m.Language)
}

// tierOnCard is what a card can say of a tier: nothing of one with a long name. Stores go by what head office tells them.
func tierOnCard(tier string) string {
	if _, err := card.InfoOrder(tier, ""); err != nil {
		return ""
	}
	return tier
}
