package headoffice

import (
	"context"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// CardOrder is something that a person wants of a card. It goes there as a voucher, through whichever store sees the card next.
type CardOrder struct {
	Card       loyalty.CardID   `json:"card"`
	Kind       card.VoucherKind `json:"kind"`                 // unblock, limits or terminate
	ForgetPIN  bool             `json:"forget_pin,omitempty"` // unblock: the member chooses a new PIN
	Single     uint32           `json:"single,omitempty"`     // limits: what one debit may take without PIN
	Cumulative uint32           `json:"cumulative,omitempty"` // limits: what all debits since the last PIN may
	Reason     string           `json:"reason,omitempty"`     // terminate: why; stores show it
}

// OrderOutcome names the voucher that was made.
type OrderOutcome struct {
	Card    loyalty.CardID `json:"card"`
	Voucher uint32         `json:"voucher"`
}

func (o CardOrder) check() error {
	if o.Kind == card.KindTerminate && (o.Reason == "" || len(o.Reason) > maxReason) {
		return &FieldError{"reason", fmt.Sprintf("say why, in 1 to %d bytes", maxReason), nil}
	}
	if o.Kind == card.KindLimits && o.Single > o.Cumulative {
		return &FieldError{"cumulative", "give at least as much as one debit may take", fmt.Errorf("%d below %d", o.Cumulative, o.Single)}
	}
	return nil
}

// orderCard makes the voucher. A card that is ended gets no more after it, and is blocked everywhere at once: a store that sees it
// hands it the voucher all the same.
func (o *Office) orderCard(ctx context.Context, in CardOrder) (out OrderOutcome, err error) {
	if err := in.check(); err != nil {
		return out, err
	}
	out.Card = in.Card
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		c, err := tx.Card(in.Card)
		switch {
		case errors.Is(err, hodb.ErrNotFound):
			return &FieldError{"card", "give the 16 digits of a card that head office has signed", err}
		case err != nil:
			return err
		case c.Ended:
			return &FieldError{"card", "make the member a new one", errors.New("this card has been ended")}
		}
		v, err := o.vouchersOf(tx, c)
		if err != nil {
			return err
		}
		if v.waiting >= mostWaiting && in.Kind != card.KindTerminate {
			return &FieldError{"card", "have it tapped in a store, then try again", fmt.Errorf("%d vouchers wait for it", v.waiting)}
		}
		order, err := v.order(in)
		if err != nil {
			return err
		}
		if out.Voucher, err = v.give(order); err != nil || in.Kind != card.KindTerminate {
			return err
		}
		return tx.BlockCard(in.Card, in.Reason)
	})
	return out, err
}

func (v *vouchers) order(in CardOrder) (card.Order, error) {
	ref, err := v.reference()
	switch {
	case err != nil:
		return card.Order{}, err
	case in.Kind == card.KindUnblock:
		return card.UnblockOrder(in.ForgetPIN, ref), nil
	case in.Kind == card.KindLimits:
		return card.LimitsOrder(in.Single, in.Cumulative), nil
	case in.Kind == card.KindTerminate:
		return card.TerminateOrder(ref), nil
	}
	return card.Order{}, &FieldError{"kind", "give unblock, limits or terminate", fmt.Errorf("%v", in.Kind)}
}

// OrderCard has a voucher made for a card.
func (m Manager) OrderCard(ctx context.Context, in CardOrder) (out OrderOutcome, err error) {
	err = m.call(ctx, opOrder, in, &out)
	return out, err
}
