package tears

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// story is what people do, one step after the other, while the power goes.
type story struct {
	name  string
	steps []step
}

// The sales of every story. Both want more than half of what is on the card.
const (
	here  = 0 // in the first store, lane 1
	there = 1 // in the second store, lane 1
)

func sales() []sale {
	return []sale{
		{txn: loyalty.TxnID{0: 1, 15: 1}, store: 0, lane: 1, points: 80},
		{txn: loyalty.TxnID{0: 1, 15: 2}, store: 1, lane: 1, points: 80},
	}
}

func stories() []story {
	return []story{
		{"the customer walks on to the other store", []step{pay(here), pay(there)}},
		{"the till asks again, then the other store", []step{pay(here), pay(here), pay(there)}},
		{"the card comes back at another lane", []step{pay(here), tap(0, 2), pay(there)}},
		{"the sale is dropped", []step{pay(here), drop(here), tap(0, 2), pay(there)}},
		{"the card falls into strange hands", []step{pay(here), robbed(), pay(there)}},
	}
}

// pay is one go at a sale, with up to four taps.
func pay(i int) step {
	s := sales()[i]
	return step{"pay in store " + string(rune('1'+s.store)), s.store, func(l *life) { l.pay(i) }}
}

// tap only presents the card.
func tap(store int, lane loyalty.LaneID) step {
	return step{"tap in store " + string(rune('1'+store)), store, func(l *life) { l.tap(lane) }}
}

// drop gives a sale up at the till; the card is not there.
func drop(i int) step { return step{"drop the sale", sales()[i].store, func(l *life) { l.drop(i) }} }

// robbed is a stolen box or a reader of nobody's that does with the card what it can: it knows no key and no lock, but every
// message and every voucher that ever passed.
func robbed() step {
	return step{"strange hands", nobody, func(l *life) {
		ctx := context.Background()
		s, err := l.openStrange(ctx)
		if err != nil {
			return
		}
		known := l.w.sales[here]
		foreign := card.NewUnlock()
		again := card.Debit{Amount: uint32(known.points), Store: 2, Lane: 1, TxID: card.TxID(known.txn), Lock: foreign.Lock()}
		for _, try := range []func() error{
			func() error { _, err := s.Undo(ctx, again, foreign); return err },
			func() error { _, err := s.Debit(ctx, again); return err },
			func() error { _, err := s.Load(ctx, l.voucher(1)); return err },
			func() error { _, err := s.Load(ctx, raised(l.voucher(1))); return err },
			func() error { _, err := s.Load(ctx, l.voucher(2)); return err },
			func() error { _, err := s.Load(ctx, l.voucher(1)); return err },
		} {
			if err := try(); errors.Is(err, card.ErrOutcomeUnknown) || errors.Is(err, card.ErrSessionGone) {
				return
			}
		}
	}}
}

func (l *life) openStrange(ctx context.Context) (*card.Session, error) {
	if err := l.card.powerOn(); err != nil {
		return nil, err
	}
	return card.Open(ctx, l.card, l.rig.chain.trust(func(card.KeyID) []byte { return l.rig.chain.issuer }), noon())
}

// voucher is one that head office made for the card.
func (l *life) voucher(seq uint32) card.Voucher {
	v := l.rig.chain.vouchers[seq-1]
	return card.Voucher{Card: card.ID(v.Card), Seq: v.Seq, Kind: card.VoucherKind(v.Kind), Amount: v.Amount, Ref: v.Ref, MAC: v.MAC}
}

// raised is a voucher of more points, made by somebody without the key.
func raised(v card.Voucher) card.Voucher {
	v.Amount *= 10
	return v
}

// settle is the end of the day: the customer has tapped once more everywhere, without any mishap, and the tills have their
// answers.
func (r *rig) settle(w *world) *world {
	for store := range w.stores {
		w = r.run(w, step{"settle", store, func(l *life) { l.settle() }}, nil, 0).world
	}
	return w
}

func (l *life) settle() {
	for i, s := range l.w.sales {
		if s.store == l.store && s.unwanted {
			l.drop(i)
		}
	}
	l.tap(1)
	for i, s := range l.w.sales {
		if s.store == l.store && s.request != nil {
			l.pay(i)
		}
	}
}
