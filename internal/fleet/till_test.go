package fleet

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
	"loyaltill/sync/uplink"
)

// bill is a sale on its way: what the till asks, and the card that pays, if one does.
type bill struct {
	shop  *shop
	event event
	txn   loyalty.TxnID
	state *agentdb.State // nil: nobody, or nobody known here
	card  *tap           // nil: the member shows a number
	away  bool
	quiet time.Duration // since head office last told of members
}

// sell commits a sale as the agent does, and tells the model what the till was answered.
func (s *shop) sell(e event) error {
	b, err := s.bill(e)
	if err != nil {
		return err
	}
	record, err := b.pay()
	if err != nil {
		return err
	}
	c, err := b.commit(record)
	if err != nil {
		return err
	}
	if c.Replayed {
		return fmt.Errorf("sale %s was answered as one that was there before", b.txn)
	}
	s.waits()
	if s.w.plan.bug == doubled && c.Entry.Member != 0 && record == nil {
		b.txn = s.w.txn("twice", e.id)
		if _, err := s.db.Append(s.w.ctx, agentdb.Commit{Txn: b.txn, RequestHash: b.request(), Build: b.build(nil)}); err != nil {
			return err
		}
	}
	return s.w.model.sold(b, c)
}

func (s *shop) bill(e event) (*bill, error) {
	b := &bill{shop: s, event: e, txn: s.w.txn("sale", e.id)}
	if e.member < 0 {
		return b, nil
	}
	state, err := s.db.State(s.w.ctx, s.w.members[e.member])
	if errors.Is(err, agentdb.ErrNotFound) {
		return b, nil // head office has not told this store of the member yet
	}
	if err != nil {
		return nil, err
	}
	b.state = &state
	if err := b.reach(); err != nil {
		return nil, err
	}
	if e.member < len(s.w.cards) {
		b.card, err = s.tap(s.w.cards[e.member])
	}
	return b, err
}

// reach is the agent's: whether what is known of members is of now.
func (b *bill) reach() error {
	status, err := b.shop.uplink.Status(b.shop.w.ctx)
	inReach := (status.State == uplink.StateInSync || status.State == uplink.StateSending) && status.FeedState == uplink.StateInSync
	b.away, b.quiet = !inReach, time.Since(status.Feed.ToldAt)
	return err
}

// input is what the rules are told.
func (b *bill) input(head loyalty.EntryHead, used agentdb.Tally) (loyalty.QuoteInput, error) {
	in := loyalty.QuoteInput{Place: loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day},
		Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "4750001", Name: "Goods", Category: "food", Quantity: 1000, Amount: b.event.cents, Tax: 2100}}}}
	if b.state == nil {
		return in, nil
	}
	m := b.state.MemberState
	m.Medium, m.Available = loyalty.MediumNumber, max(loyalty.Spendable(m.Lots, head.Day)-b.state.Elsewhere, 0)
	if b.card != nil {
		m.Medium, m.Available = loyalty.MediumPurse, b.card.purse
	} else if b.away && b.shop.w.plan.bug != noFloor {
		today := used.Redeemed
		m.Floor = b.shop.w.programme.Floor(loyalty.Away{ByMember: today.ByMember, ByStore: today.ByStore, Silence: b.quiet})
		for i := range m.Floor {
			m.Floor[i].Most += used.Lease.Left
		}
	}
	in.Member = &m
	if b.event.points > 0 {
		in.Sale.Redeem = &loyalty.Ask{Points: loyalty.Points(b.event.points)}
	}
	return in, b.shop.w.programme.Recall(&m, &b.state.Past, head.Day)
}

// entry is the sale at its place in the log.
func (b *bill) entry(head loyalty.EntryHead, used agentdb.Tally, record *loyalty.CardRecord) (e loyalty.Entry, err error) {
	head.Lane, head.Cashier = 1, "anna"
	in, err := b.input(head, used)
	if err != nil {
		return e, err
	}
	q, err := b.shop.w.programme.Quote(in)
	if err != nil {
		return e, err
	}
	if record == nil && q.Debit() > 0 && b.card != nil || record != nil && q.Debit() != loyalty.Points(record.Amount) {
		return e, fmt.Errorf("sale %s takes %d points, the card paid %+v", b.txn, q.Debit(), record)
	}
	if q.ToPay > 0 {
		in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.ToPay}}
	}
	e, err = b.shop.w.programme.Post(q, in, head)
	e.Card = record
	if b.state != nil && err == nil {
		e.Sale.Lease = used.Lease.Use(e.Member, e.Sale.Drawn())
	}
	if b.shop.w.plan.bug == extraPoint && err == nil && len(e.Moves) > 0 {
		e.Moves[0].Points++
	}
	return e, err
}

// pay has the card pay what the sale takes, with the intent on disk before; nil when it takes nothing from a card.
func (b *bill) pay() (*loyalty.CardRecord, error) {
	if b.card == nil || b.event.points == 0 {
		return nil, nil
	}
	ctx, db := b.shop.w.ctx, b.shop.db
	day, err := db.BusinessDay(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	at := b.shop.identity.Calendar().Local(time.Now())
	in, err := b.input(loyalty.EntryHead{Store: db.Store(), Lane: 1, At: at, Day: day}, agentdb.Tally{})
	if err != nil {
		return nil, err
	}
	q, err := b.shop.w.programme.Quote(in)
	if err != nil || q.Debit() == 0 {
		return nil, err
	}
	return b.card.debit(ctx, b, q.Debit())
}

func (b *bill) commit(record *loyalty.CardRecord) (agentdb.Committed, error) {
	c := agentdb.Commit{Txn: b.txn, RequestHash: b.request(), Build: b.build(record)}
	if b.state != nil {
		c.Member, c.Newest = b.state.ID, b.state.Newest
	}
	if record != nil {
		c.Intent = agentdb.IntentDone
	}
	return b.shop.db.Append(b.shop.w.ctx, c)
}

func (b *bill) build(record *loyalty.CardRecord) func(loyalty.EntryHead, agentdb.Tally) (loyalty.Entry, error) {
	return func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
		return b.entry(head, used, record)
	}
}

func (b *bill) request() [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%d %d %d %d", b.event.store, b.event.member, b.event.cents, b.event.points))
}

// again is a till that repeats a sale; the answer must be the first one's, and the same key for something else is refused.
func (s *shop) again(e event) error {
	sold := s.w.model.sales[e.of]
	if sold == nil || sold.shop != s || s.forked || sold.moved || sold.entry.Epoch != s.db.Epoch() {
		return nil
	}
	b := &bill{shop: s, event: sold.event, txn: sold.entry.Txn}
	c, err := b.commit(nil)
	if err != nil {
		return err
	}
	if s.w.plan.bug == otherAnswer {
		c.Body = append(c.Body, ' ')
	}
	if !c.Replayed || string(c.Body) != sold.body {
		return fmt.Errorf("sale %s again: another answer than at first", b.txn)
	}
	if sold.lent {
		return nil // by its key alone
	}
	b.event.cents++
	if _, err := b.commit(nil); !errors.Is(err, agentdb.ErrConflict) {
		return fmt.Errorf("sale %s again with other content: %w", b.txn, err)
	}
	return nil
}

// giveBack takes all goods of a sale back, with its bill alone when another store sold them.
func (s *shop) giveBack(e event) error {
	sold := s.w.model.sales[e.of]
	if sold == nil || sold.back || sold.moved || s.forked || sold.shop.forked {
		return nil
	}
	in, err := s.returned(sold)
	if err != nil {
		return err
	}
	ref := loyalty.EntryRef{Store: in.Sale.Store, Epoch: in.Sale.Epoch, Seq: in.Sale.Seq}
	if in.Before, err = s.db.Returns(s.w.ctx, ref); err != nil {
		return err
	}
	txn := s.w.txn("return", e.id)
	c, err := s.db.Append(s.w.ctx, agentdb.Commit{Txn: txn, RequestHash: sha256.Sum256(txn[:]), Returns: len(in.Before), Of: ref,
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = 1, "anna"
			return loyalty.Return(in, head)
		}})
	if err != nil {
		return err
	}
	s.waits()
	return errors.Join(s.w.model.returned(s, sold, c), s.giveBackAgain(in))
}

// giveBackAgain tries to return once more what came back: the goods of a sale come back once (I10).
func (s *shop) giveBackAgain(in loyalty.ReturnInput) (err error) {
	of := loyalty.EntryRef{Store: in.Sale.Store, Epoch: in.Sale.Epoch, Seq: in.Sale.Seq}
	if in.Before, err = s.db.Returns(s.w.ctx, of); err != nil {
		return err
	}
	var refused *loyalty.SaleError
	if _, err := loyalty.Return(in, loyalty.EntryHead{}); !errors.As(err, &refused) {
		return fmt.Errorf("store %d would take the goods of entry %d of store %d back twice: %w (I10)", s.no+1, of.Seq, of.Store, err)
	}
	return nil
}

func (s *shop) returned(sold *sold) (in loyalty.ReturnInput, err error) {
	in = loyalty.ReturnInput{All: true, Policy: s.w.programme.ReturnPolicy()}
	if in.Sale, err = loyalty.ReturnableOf(&sold.entry); err != nil {
		return in, err
	}
	if sold.shop != s || in.Sale.Epoch != s.db.Epoch() {
		in.Token = true
		code, err := in.Sale.Code(s.identity.PaperKey(uint32(in.Sale.Store)))
		if err != nil {
			return in, err
		}
		in.Sale, err = loyalty.ReadBillCode(code, func(of loyalty.StoreID) ed25519.PublicKey {
			return s.identity.PaperKey(uint32(of)).Public().(ed25519.PublicKey)
		})
		if err != nil {
			return in, err
		}
	}
	if in.Sale.Member == 0 {
		return in, nil
	}
	state, err := s.db.State(context.WithoutCancel(s.w.ctx), in.Sale.Member)
	if errors.Is(err, agentdb.ErrNotFound) {
		return in, nil
	}
	in.Lots = state.Lots
	return in, err
}
