package tears

import (
	"context"
	"errors"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/devices/card"
	"loyaltill/store/agentdb"
)

// story is what people do, one step after the other, while the power goes.
type story struct {
	name  string
	steps []step
}

// The sales of every story. The card has points for either of them, never for both; for the first even twice.
const (
	here     = 0 // in the first store, lane 1
	there    = 1 // in the second store, lane 1
	byNumber = 2 // in the first store, for a member without a card
	ahead    = 3 // in the first store, for more than the card holds: the rest in advance
)

func sales() []sale {
	return []sale{
		{txn: loyalty.TxnID{0: 1, 15: 1}, store: 0, lane: 1, points: 50},
		{txn: loyalty.TxnID{0: 1, 15: 2}, store: 1, lane: 1, points: 110},
		{txn: loyalty.TxnID{0: 1, 15: 3}, store: 0, lane: 1, number: cardNumber},
		{txn: loyalty.TxnID{0: 1, 15: 4}, store: 0, lane: 1, points: loaded + given/2},
	}
}

func stories() []story {
	return []story{
		{"the customer walks on to the other store", []step{pay(here), pay(there)}},
		{"the till asks again, then the other store", []step{pay(here), pay(here), pay(there)}},
		{"the card comes back at another lane", []step{pay(here), tap(0, 2), pay(there)}},
		{"the sale is dropped", []step{pay(here), drop(here), tap(0, 2), pay(there)}},
		{"the sale is dropped, and the card goes to the other store first", []step{pay(here), drop(here), pay(there), tap(0, 1)}},
		{"the card falls into strange hands", []step{pay(here), robbed(), pay(there)}},
		{"the debit is sent again", []step{pay(here), resend(here), pay(there)}},
		{"the card forgets", []step{pay(here), busy(), pay(there)}},
		{"the readers die, and the sale goes on", []step{pay(here), deaf(pay(byNumber))}},
	}
}

// told are the stories of a card for which head office has news in the second store.
func told() []story {
	return []story{{"the card hears much at once, then pays", []step{tap(1, 1), pay(here)}}}
}

// deaf is a step in a store whose readers are dead.
func deaf(s step) step {
	do := s.do
	s.name, s.deaf = s.name+" with dead readers", true
	s.do = func(l *life) {
		do(l)
		for _, lane := range l.agent.Lanes() {
			if lane.Reader.State == devices.OK {
				l.rig.t.Errorf("reader %d is not dead", lane.Lane)
			}
		}
	}
	return s
}

// pay is one go at a sale, with up to four taps.
func pay(i int) step {
	s := sales()[i]
	return step{name: "pay in store " + string(rune('1'+s.store)), store: s.store, do: func(l *life) { l.pay(i) }}
}

// tap only presents the card.
func tap(store int, lane loyalty.LaneID) step {
	return step{name: "tap in store " + string(rune('1'+store)), store: store, do: func(l *life) { l.tap(lane) }}
}

// drop gives a sale up at the till; the card is not there.
func drop(i int) step {
	return step{name: "drop the sale", store: sales()[i].store, do: func(l *life) { l.drop(i) }}
}

// robbed is a stolen box or a reader of nobody's that does with the card what it can: it knows no key and no lock, but every
// message and every voucher that ever passed.
func robbed() step {
	return step{name: "strange hands", store: nobody, do: func(l *life) {
		ctx := context.Background()
		s, err := l.openStrange(ctx)
		if err != nil {
			return
		}
		known := l.w.sales[here]
		foreign := card.NewUnlock()
		again := card.Debit{Amount: uint32(known.points), Store: 2, Lane: 1, TxID: card.TxID(known.txn), Lock: foreign.Lock()}
		for _, try := range []struct {
			what    string
			allowed bool // by rights: who carries a voucher to its card does no harm
			send    func() error
		}{
			{"undo without the secret", false, func() error { _, err := s.Undo(ctx, again, foreign); return err }},
			{"debit of a known sale for another store", false, func() error { _, err := s.Debit(ctx, again); return err }},
			{"voucher", true, func() error { _, err := s.Load(ctx, l.voucher(1)); return err }},
			{"voucher raised by hand", false, func() error { _, err := s.Load(ctx, raised(l.voucher(2))); return err }},
			{"next voucher", true, func() error { _, err := s.Load(ctx, l.voucher(2)); return err }},
			{"old voucher", true, func() error { _, err := s.Load(ctx, l.voucher(1)); return err }},
		} {
			err := try.send()
			if errors.Is(err, card.ErrOutcomeUnknown) || errors.Is(err, card.ErrSessionGone) {
				return
			}
			if err == nil && !try.allowed {
				l.rig.t.Errorf("the card takes %s", try.what)
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

// resend is a host that does not ask first: it sends the debit again, with the PIN.
func resend(i int) step {
	return step{name: "send the debit again", store: nobody, do: func(l *life) {
		ctx, s, known := context.Background(), l.w.sales[i], l.w.stores[sales()[i].store].debts[i]
		if known.state != agentdb.IntentOpen && known.state != agentdb.IntentDone {
			return
		}
		session, err := l.openStrange(ctx)
		if err != nil || !enter(ctx, session) {
			return
		}
		debit := card.Debit{Amount: uint32(s.points), Store: uint32(s.store + 1), Lane: uint8(s.lane), TxID: card.TxID(s.txn), Lock: known.locks[len(known.locks)-1]}
		for range 2 {
			if _, err := session.Debit(ctx, debit); errors.Is(err, card.ErrOutcomeUnknown) {
				return
			}
		}
	}}
}

func enter(ctx context.Context, s *card.Session) bool {
	pin, err := card.NewPIN([]byte(cardPIN))
	return err == nil && s.VerifyPINLastTry(ctx, pin) == nil
}

// busy is a day in stores that never hear of the first: more records than the card keeps, and the same balance after it.
func busy() step {
	const purchases = 9 // each one debit and one undo; the journal has 16 records
	return step{name: "a day elsewhere", store: nobody, calm: true, do: func(l *life) {
		ctx := context.Background()
		session, err := l.openStrange(ctx)
		check(l.rig.t, err)
		if !enter(ctx, session) {
			l.rig.t.Error("the PIN is not taken")
		}
		for n := range purchases {
			unlock := card.Unlock{byte(n + 1)}
			debit := card.Debit{Amount: 10, Store: 3, Lane: 1, TxID: card.TxID{0: 3, 15: byte(n)}, Lock: unlock.Lock()}
			if _, err := session.Debit(ctx, debit); errors.Is(err, card.ErrFunds) {
				return
			}
			if _, err := session.Undo(ctx, debit, unlock); err != nil {
				l.rig.t.Errorf("the card does not take a debit back from who has its secret: %v", err)
				return
			}
		}
	}}
}

// voucher is one that head office made for the card.
func (l *life) voucher(seq uint32) card.Voucher {
	v := l.w.vouchers[seq-1]
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
		w = r.run(w, step{name: "settle", store: store, do: func(l *life) { l.settle() }}, nil, 0).world
	}
	return w
}

func (l *life) settle() {
	for i, s := range l.w.sales {
		if s.store == l.store && s.unwanted {
			l.drop(i)
		}
	}
	l.tapUntilRead(1)
	for i, s := range l.w.sales {
		if s.store == l.store && s.request != nil {
			l.pay(i)
		}
	}
}

// tapUntilRead presents the card until the till has heard all of it: on a busy machine the till's own limit ends a tap as well.
func (l *life) tapUntilRead(n loyalty.LaneID) {
	for range attempts {
		if l.tap(n) || must[agent.LaneState](l.rig.t)(l.agent.Lane(n)).Card.Code == agent.CodeCardTerminated {
			return
		}
	}
}
