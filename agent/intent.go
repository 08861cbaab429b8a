package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/agentdb"
)

// storedSale is what an intent keeps, so that a sale whose card did not answer can be finished without the till.
type storedSale struct {
	Lane      loyalty.LaneID     `json:"lane"`
	Cashier   string             `json:"cashier,omitempty"`
	By        hand               `json:"by,omitzero"`
	Programme string             `json:"programme"`
	Input     loyalty.QuoteInput `json:"input"`
	Quote     loyalty.Quote      `json:"quote"`
	Who       storedWho          `json:"who"`
}

// storedWho is the member's share of it; nothing of it is secret.
type storedWho struct {
	Number   string `json:"number"` // masked
	Language string `json:"language"`
}

func (s *sale) stored() storedSale {
	return storedSale{
		Lane: s.lane, Cashier: s.request.Cashier, By: s.by, Programme: s.bill.quote.Programme, Input: s.bill.input, Quote: s.bill.quote,
		Who: storedWho{Number: s.bill.who.number, Language: s.bill.who.language},
	}
}

// restore makes the sale of an intent again, with the member as they are now: others may have sold to them since.
func (a *Agent) restore(ctx context.Context, intent agentdb.Intent) (*sale, error) {
	var s storedSale
	if err := json.Unmarshal(intent.Request, &s); err != nil {
		return nil, fmt.Errorf("restore sale %s: %w", intent.Txn, err)
	}
	p, err := a.programmeByDigest(ctx, s.Programme)
	if err != nil {
		return nil, fmt.Errorf("restore sale %s: %w", intent.Txn, err)
	}
	shown := s.Input.Member
	who := &identified{member: shown.ID, card: intent.Card, trust: ownCard(), number: s.Who.Number, language: s.Who.Language, purse: shown.Available}
	b := &bill{programme: p, input: s.Input, quote: s.Quote, who: who}
	if b.input.Place, err = a.place(ctx, s.Lane, a.now()); err != nil {
		return nil, fmt.Errorf("restore sale %s: %w", intent.Txn, err)
	}
	if err := a.remember(ctx, b); err != nil {
		return nil, fmt.Errorf("restore sale %s: %w", intent.Txn, err)
	}
	request := CommitRequest{SaleRequest: SaleRequest{Tenders: s.Input.Sale.Tenders, Cashier: s.Cashier}}
	return &sale{id: intent.Txn, by: s.By, lane: s.Lane, hash: intent.RequestHash, request: request, bill: b, seed: a.drawSeed, shown: shown}, nil
}

// retryIntent answers a commit that was sent again while its intent is open: with the card back, the card decides.
func (a *Agent) retryIntent(ctx context.Context, l *lane, intent agentdb.Intent, hash [32]byte) (SaleAnswer, error) {
	if intent.RequestHash != hash {
		return SaleAnswer{}, refuse(CodeKeyReused, nil)
	}
	if intent.State == agentdb.IntentDropped {
		return SaleAnswer{}, refuse(CodeSaleSettled, nil)
	}
	err := l.call(ctx, func(ctx context.Context) error {
		if l.session == nil || loyalty.CardID(l.session.Identity().ID) != intent.Card {
			return refuseForNow(CodeCardTapAgain, nil)
		}
		return l.settle(ctx, intent)
	})
	if err != nil {
		return SaleAnswer{}, err
	}
	c, err := a.db.EntryByTxn(ctx, intent.Txn)
	if errors.Is(err, agentdb.ErrNotFound) {
		return SaleAnswer{}, refuseForNow(CodeCardTapAgain, nil) // the debit never happened: the next try debits
	}
	if err != nil {
		return SaleAnswer{}, err
	}
	if c.Entry.Sale == nil {
		return SaleAnswer{}, refuse(CodeAdvanceGone, nil) // the card has its points back
	}
	c.Replayed = true
	return a.settled(l, c), nil
}

// DropSale gives up a sale that waits for its card. If the card turns out to have paid, it gets the points back when it
// is tapped here next.
func (a *Agent) DropSale(ctx context.Context, id loyalty.TxnID) error {
	if _, err := a.db.EntryByTxn(ctx, id); err == nil {
		return refuse(CodeSaleSettled, nil)
	} else if !errors.Is(err, agentdb.ErrNotFound) {
		return err
	}
	err := a.db.DropIntent(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return refuse(CodeSaleUnknown, err)
	}
	if err != nil {
		return err
	}
	a.noLongerWaiting(id)
	return a.decided(ctx)
}

// intentsAtOnce bounds how many open intents are looked at together; what is more waits for the next time.
const intentsAtOnce = 200

// decided ends the intents of cards that do not come back here by what head office knows of them. It asks for a debit that a
// card has proved elsewhere: a dropped sale is then given up. A card whose records are known beyond the debit, without it, never
// paid. A sale that is still wanted stays open until a person drops it.
func (a *Agent) decided(ctx context.Context) error {
	intents, err := a.db.OpenIntents(ctx, intentsAtOnce)
	if err != nil {
		return err
	}
	for _, intent := range intents {
		asked, err := a.db.Asked(ctx, intent.Txn)
		if err != nil {
			return err
		}
		known, err := a.db.KnownThrough(ctx, intent.Card)
		switch {
		case err != nil:
		case asked && intent.State == agentdb.IntentDropped:
			err = a.giveUpNow(ctx, intent.Txn)
		case !asked && known > intent.Ctr0:
			err = a.db.VoidIntent(ctx, intent.Txn)
		default:
			continue
		}
		if err != nil {
			return err
		}
		a.noLongerWaiting(intent.Txn)
	}
	return nil
}

// giveUpNow gives a dropped sale up, unless a lane is just undoing it: then that decides.
func (a *Agent) giveUpNow(ctx context.Context, sale loyalty.TxnID) error {
	a.undoing.Lock()
	defer a.undoing.Unlock()
	intent, err := a.db.Intent(ctx, sale)
	if err != nil || intent.State != agentdb.IntentDropped {
		return err
	}
	return a.giveUp(ctx, intent, nil)
}

// giveUp ends a dropped sale for good: this store never undoes its debit and never sells under its key. record is the card's debit
// when the card showed it once more.
func (a *Agent) giveUp(ctx context.Context, intent agentdb.Intent, record *loyalty.CardRecord) error {
	_, err := a.enter(ctx, agentdb.Commit{
		Txn: intent.Txn, RequestHash: intent.RequestHash, Intent: agentdb.IntentCancelled,
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			e := head.Entry(loyalty.KindCancel)
			e.Lane, e.Card, e.Cancel = intent.Lane, record, &loyalty.CancelBody{Card: intent.Card, UndoSent: intent.UndoSent}
			return e, nil
		},
	})
	return err
}

// settleIntents asks the card what became of every debit of it that is still open in this store (card.md 4).
func (l *lane) settleIntents(ctx context.Context, id loyalty.CardID) error {
	intents, err := l.a.db.Intents(ctx, id)
	if err != nil {
		return err
	}
	for _, intent := range intents {
		if err := l.settle(ctx, intent); err != nil {
			return err
		}
	}
	return nil
}

func (l *lane) settle(ctx context.Context, intent agentdb.Intent) error {
	found, err := l.session.Query(ctx, card.TxID(intent.Txn))
	if err != nil {
		return err
	}
	switch {
	case found.Found && found.Record.Type == card.TypeUndo:
		err = l.cancelled(ctx, intent, found.Record)
	case found.Found && intent.State == agentdb.IntentDropped:
		err = l.undo(ctx, intent, found.Record)
	case found.Found:
		err = l.finish(ctx, intent, found.Record)
	case found.NeverHappened(intent.Ctr0):
		err = l.a.db.VoidIntent(ctx, intent.Txn)
	default:
		// The journal has moved past it: head office decides from the card's later records, see decided.
		l.a.log.Warn().Stringer("sale", intent.Txn).Stringer("card", intent.Card).Msg("card no longer remembers a debit")
		return l.a.db.MarkForgotten(ctx, intent.Txn)
	}
	if err != nil {
		return err
	}
	l.a.noLongerWaiting(intent.Txn)
	return nil
}

func (a *Agent) noLongerWaiting(sale loyalty.TxnID) {
	for _, l := range a.lanes {
		if waiting, ok := l.waitingFor(); ok && waiting == sale {
			l.setWaiting(nil)
		}
	}
}

// finish commits the sale that the card has paid for.
func (l *lane) finish(ctx context.Context, intent agentdb.Intent, record card.Record) error {
	s, err := l.a.restore(ctx, intent)
	if err != nil {
		return err
	}
	_, err = l.a.append(ctx, s, cardRecord(intent.Card, record))
	if errors.Is(err, errAdvanceSent) {
		return l.takeBack(ctx, intent.Txn, record)
	}
	if err != nil {
		return err
	}
	l.a.log.Info().Stringer("sale", intent.Txn).Uint8("lane", uint8(l.cfg.Number)).Msg("sale finished at the next tap")
	if from := l.a.laneOrNil(s.lane); from != nil {
		from.printSoon()
	}
	return nil
}

// undo gives the points of a dropped sale back.
func (l *lane) undo(ctx context.Context, intent agentdb.Intent, record card.Record) error {
	l.a.undoing.Lock()
	defer l.a.undoing.Unlock()
	if err := l.a.db.MarkUndoSent(ctx, intent.Txn); errors.Is(err, agentdb.ErrState) {
		return nil // it was given up meanwhile, and head office gives the points back
	} else if err != nil {
		return err
	}
	unlock := card.Unlock(intent.Unlock)
	d := card.Debit{Amount: uint32(intent.Amount), Store: record.Store, Lane: record.Lane, TxID: record.TxID, Lock: unlock.Lock()}
	undone, err := l.session.Undo(ctx, d, unlock)
	if errors.Is(err, card.ErrNotLast) || errors.Is(err, card.ErrWrongLock) {
		l.a.log.Warn().Err(err).Stringer("sale", intent.Txn).Msg("dropped sale can no longer be undone on the card; head office does")
		intent.UndoSent = false // the card has proved that it did not
		return l.a.giveUp(ctx, intent, cardRecord(intent.Card, record))
	}
	if err != nil {
		return err
	}
	return l.cancelled(ctx, intent, undone)
}

// cancelled writes down that a debit was undone.
func (l *lane) cancelled(ctx context.Context, intent agentdb.Intent, record card.Record) error {
	_, err := l.a.enter(ctx, agentdb.Commit{
		Txn: intent.Txn, RequestHash: intent.RequestHash, Intent: agentdb.IntentCancelled,
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			e := head.Entry(loyalty.KindCancel)
			e.Lane, e.Card = intent.Lane, cardRecord(intent.Card, record)
			return e, nil
		},
	})
	return err
}
