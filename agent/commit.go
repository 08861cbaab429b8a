package agent

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/agentdb"
)

// Commit makes a sale durable: one transaction with the entry, its effect on the member and the receipt's print job.
// Points paid from a card are debited first, under an intent on disk, so that whatever is torn resolves at the next tap.
func (a *Agent) Commit(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r CommitRequest) (SaleAnswer, error) {
	answer, err := a.sell(ctx, n, id, r)
	if err == nil {
		a.tellSold(ctx, id)
		a.thankAgain(n, r.Quote, answer)
	}
	return answer, err
}

func (a *Agent) sell(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r CommitRequest) (SaleAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return SaleAnswer{}, err
	}
	hash, err := a.saleHash(n, r)
	if err != nil {
		return SaleAnswer{}, err
	}
	if answer, known, err := a.known(ctx, l, id, hash); known || err != nil {
		return answer, err
	}
	answer, err := a.commit(ctx, l, id, hash, r)
	for range mostMoves {
		if !errors.Is(err, errNoAnswer) && !errors.Is(err, errLeaseSpent) {
			break
		}
		answer, err = a.commit(ctx, l, id, hash, r) // as things are now
	}
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Code == CodeQuoteChanged {
		// The same key may be on its way twice: then it was the other call that changed what the sale is worth.
		if first, known, err := a.known(ctx, l, id, hash); known || err != nil {
			return first, err
		}
	}
	return answer, err
}

// known answers a key that was used before, be it that the sale still waits for its card.
func (a *Agent) known(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte) (SaleAnswer, bool, error) {
	if answer, done, err := a.replay(ctx, id, hash); done || err != nil {
		return answer, done, err
	}
	intent, err := a.db.Intent(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) || err == nil && !intent.Open() {
		return SaleAnswer{}, false, nil
	}
	if err != nil {
		return SaleAnswer{}, false, err
	}
	answer, err := a.retryIntent(ctx, l, intent, hash)
	return answer, true, err
}

// commit makes a sale whose key is new.
func (a *Agent) commit(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r CommitRequest) (SaleAnswer, error) {
	b, err := a.price(ctx, l, id, r.SaleRequest)
	if err != nil {
		return SaleAnswer{}, err
	}
	if b.quote.Digest != r.Quote {
		shown := b.view()
		return SaleAnswer{}, &Refusal{Code: CodeQuoteChanged, Quote: &shown}
	}
	if err := paid(b, r.Tenders); err != nil {
		return SaleAnswer{}, err
	}
	if (b.paysBesideCard() || b.paysByPractice()) && b.who.pin != nil && !b.who.pin.Verified {
		return SaleAnswer{}, refuseForNow(CodePINNeeded, nil)
	}
	if err := a.allowSale(ctx, b, asked{l.cfg.Number, id, hash, ""}); err != nil {
		return SaleAnswer{}, err
	}
	if err := a.setAside(ctx, b, id); err != nil {
		return SaleAnswer{}, err
	}
	s := &sale{id: id, by: a.hand(ctx, id, hash), lane: l.cfg.Number, hash: hash, request: r, bill: b, seed: a.drawSeed, asks: a.headOffice.Reserve != nil}
	var committed agentdb.Committed
	switch {
	case b.paysByPractice():
		committed, err = l.payByPractice(ctx, s)
	case b.redeemsFromCard():
		err = l.call(ctx, func(ctx context.Context) (err error) {
			committed, err = l.redeemAndCommit(ctx, s)
			return err
		})
	default:
		committed, err = a.append(ctx, s, nil)
	}
	if err != nil {
		if b.asked > 0 {
			a.asking.giveUp(id)
		}
		return SaleAnswer{}, err
	}
	l.thank(r.Quote, saleAnswer(committed))
	return a.settled(l, committed), nil
}

// saleHash tells two requests with one key apart. What is kept of a typed card number is what the ledger keeps of it.
func (a *Agent) saleHash(n loyalty.LaneID, r CommitRequest) ([32]byte, error) {
	r.Number = a.hashed(r.Number)
	return requestHash(n, "sale", r)
}

// hashed is what may be kept of a number, or of a proof, to know a request again.
func (a *Agent) hashed(text string) string {
	if text == "" {
		return ""
	}
	if cn, err := loyalty.NewCardNumber(text); err == nil {
		text = cn.Digits()
	}
	h := a.identity.NumberHMAC(text)
	return hex.EncodeToString(h[:])
}

// sale is one commit on its way.
type sale struct {
	id      loyalty.TxnID
	by      hand
	lane    loyalty.LaneID
	hash    [32]byte
	request CommitRequest
	bill    *bill
	asks    bool                     // head office is asked before points are spent while it is in reach
	seed    func(loyalty.Seq) string // of surprises
	shown   *loyalty.MemberState     // the member as the till was shown them; nil while they are that still
}

// paid checks that the money given is the money asked for.
func paid(b *bill, tenders []loyalty.Tender) error {
	var sum int64
	for _, t := range tenders {
		sum += t.Amount
	}
	if sum != b.quote.ToPay {
		return &Refusal{Code: CodeTendersWrong, Field: "tenders", cause: fmt.Errorf("%d given, %d to pay", sum, b.quote.ToPay)}
	}
	return nil
}

// replay answers a key that is known already.
func (a *Agent) replay(ctx context.Context, id loyalty.TxnID, hash [32]byte) (SaleAnswer, bool, error) {
	c, err := a.db.EntryByTxn(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return SaleAnswer{}, false, nil
	}
	if err != nil {
		return SaleAnswer{}, false, err
	}
	if c.RequestHash != hash || c.Entry.Sale == nil {
		return SaleAnswer{}, false, refuse(CodeKeyReused, nil)
	}
	c.Replayed = true
	return saleAnswer(c), true, nil
}

// append writes the sale. record is the card's proof when points were debited.
func (a *Agent) append(ctx context.Context, s *sale, record *loyalty.CardRecord) (agentdb.Committed, error) {
	c := agentdb.Commit{Txn: s.id, RequestHash: s.hash, GiftCards: serials(&s.bill.input), CouponsElsewhere: s.bill.used,
		Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			return s.entry(head, used, record)
		}}
	if record != nil {
		c.Intent = agentdb.IntentDone
	}
	if l := a.laneOrNil(s.lane); l != nil {
		c.Jobs = l.jobs(func(e *loyalty.Entry) []paper { return a.salePapers(e, s) })
	}
	if s.bill.reserved != nil {
		c.Of = s.bill.reserved.EntryRef
	}
	for range mostMoves {
		if s.bill.who != nil {
			c.Member, c.Newest, c.Advances = s.bill.who.member, s.bill.newest, s.bill.mayAdvance()
		}
		committed, err := a.enter(ctx, c)
		if err == nil {
			return committed, nil
		}
		if !errors.Is(err, agentdb.ErrMoved) {
			return committed, appendRefusal(err)
		}
		if s.shown == nil {
			s.shown = s.bill.input.Member
		}
		if err := a.remember(ctx, s.bill); err != nil {
			return committed, refuseForNow(CodeLedgerUnavailable, err)
		}
	}
	return agentdb.Committed{}, refuse(CodeQuoteChanged, agentdb.ErrMoved)
}

// mostMoves bounds how often a member may do something else between the moment at which they are read and that of the entry.
const mostMoves = 8

// entry judges the sale once more, at its place in the log. What the till showed holds, or there is no entry. Once a card
// has paid there is no way back to the till: then the sale is what it is at this moment, with the points that were paid.
func (s *sale) entry(head loyalty.EntryHead, used agentdb.Tally, record *loyalty.CardRecord) (loyalty.Entry, error) {
	if len(used.Followers) > 0 {
		return loyalty.Entry{}, refuse(CodeReserveSettled, &settledError{used.Followers[0]})
	}
	head.Lane, head.Cashier, head.Seed = s.lane, s.request.Cashier, s.seed(head.Seq)
	in := s.input(used)
	var e loyalty.Entry
	var err error
	if record == nil {
		e, err = s.bill.programme.Post(s.bill.quote, in, head)
	} else if e, err = s.paidEntry(in, head, record); err != nil && s.shown != nil {
		shown := *s.shown // the goods are gone for the price of then, be it another now: head office judges that
		shown.Lots, shown.Advance = in.Member.Lots, in.Member.Advance
		in.Member = &shown
		e, err = s.paidEntry(in, head, record)
	}
	if err != nil {
		return loyalty.Entry{}, err
	}
	e.Card = record
	s.by.sign(&e)
	if e.Sale.AdvancePoints() > 0 {
		e.Sale.Advance.Since = used.Advance.Since
	}
	if s.bill.who != nil {
		e.Sale.Lease = used.Lease.Use(e.Member, e.Sale.Drawn())
		if err := s.covered(&e); err != nil {
			return loyalty.Entry{}, err
		}
		e.Sale.Balance = s.bill.balance + e.Sale.Earned - e.Sale.Redeemed - e.Sale.RewardPoints
		s.bill.walletBalances(e.Sale.Wallets)
	}
	return e, nil
}

// paidEntry is the entry of a sale for which a card has paid, as it is at this moment.
func (s *sale) paidEntry(in loyalty.QuoteInput, head loyalty.EntryHead, record *loyalty.CardRecord) (loyalty.Entry, error) {
	in.Place = loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}
	quote, err := s.bill.programme.Quote(in)
	if err != nil {
		return loyalty.Entry{}, err
	}
	if quote.Debit() != loyalty.Points(record.Amount) || quote.Advance != s.bill.quote.Advance {
		if s.asShown().Advance != in.Member.Advance {
			return loyalty.Entry{}, errAdvanceSent
		}
		return loyalty.Entry{}, fmt.Errorf("sale %s: the card paid %d points, the sale now takes %d", s.id, record.Amount, quote.Debit())
	}
	return s.bill.programme.Post(quote, in, head)
}

// errAdvanceSent says that the points which a sale was to take beside the card's were sent to head office before the card had paid.
var errAdvanceSent = errors.New("the points beside the card's are with head office by now")

// asShown is the member as the till was shown them.
func (s *sale) asShown() *loyalty.MemberState {
	if s.shown != nil {
		return s.shown
	}
	return s.bill.input.Member
}

// input is what the sale is judged on, with what is used up by now.
func (s *sale) input(used agentdb.Tally) loyalty.QuoteInput {
	in := s.bill.input
	in.Sale.Tenders, in.Sale.Offers = s.request.Tenders, false
	s.bill.tell(&in, used)
	return in
}

// holds checks that the sale is still the one that was shown.
func (s *sale) holds(used agentdb.Tally) error {
	now, err := s.bill.programme.Quote(s.input(used))
	if err == nil && now.Digest != s.bill.quote.Digest {
		err = &loyalty.SaleError{Field: "quote", Code: loyalty.SaleQuoteChange}
	}
	return err
}

// redeemAndCommit runs on the lane's goroutine: intent on disk, DEBIT, sale on disk.
func (l *lane) redeemAndCommit(ctx context.Context, s *sale) (agentdb.Committed, error) {
	var none agentdb.Committed
	// Another call with this key may have been served while this one waited for the lane.
	if known, err := l.a.db.EntryByTxn(ctx, s.id); !errors.Is(err, agentdb.ErrNotFound) {
		if err == nil && known.RequestHash != s.hash {
			err = refuse(CodeKeyReused, nil)
		}
		known.Replayed = true
		return known, err
	}
	if l.session == nil || loyalty.CardID(l.session.Identity().ID) != s.bill.who.card {
		return none, refuseForNow(CodeCardNeeded, nil)
	}
	status, err := l.session.PINStatus(ctx)
	if err != nil {
		return none, l.cardLost(ctx, err, nil)
	}
	if status.Blocked {
		return none, refuse(CodePINBlocked, nil)
	}
	unlock := card.NewUnlock()
	debit := card.Debit{Amount: uint32(s.bill.quote.Debit()), Store: uint32(l.a.identity.Store), Lane: uint8(s.lane), TxID: card.TxID(s.id), Lock: unlock.Lock()}
	stored, err := json.Marshal(s.stored())
	if err != nil {
		return none, err
	}
	intent := agentdb.Intent{
		Txn: s.id, Card: s.bill.who.card, Ctr0: l.session.Balance().Ctr, Amount: s.bill.quote.Debit(), Unlock: agentdb.Unlock(unlock),
		Lane: s.lane, RequestHash: s.hash, Request: stored,
		Coupons: agentdb.UsedCoupons(s.bill.input.Sale.Shown, s.bill.quote.Reductions, s.bill.used),
		Advance: agentdb.AdvanceUse{Member: s.bill.who.member, Day: s.bill.input.Place.Day, Points: s.bill.input.Member.Advance},
		Uses:    agentdb.UsesOf(&s.bill.quote), GiftCards: serials(&s.bill.input), Check: s.holds,
	}
	if err := l.a.db.OpenIntent(ctx, intent); err != nil {
		return none, appendRefusal(err)
	}
	return l.debit(ctx, s, debit)
}

// debit sends DEBIT and finishes the sale with the card's record. The intent is on disk.
func (l *lane) debit(ctx context.Context, s *sale, d card.Debit) (agentdb.Committed, error) {
	var none agentdb.Committed
	record, err := l.session.Debit(ctx, d)
	if errors.Is(err, card.ErrOutcomeUnknown) {
		return none, l.cardLost(ctx, err, &s.id)
	}
	if err != nil {
		// The card has proved that nothing happened, or nothing was sent.
		if e := l.a.db.VoidIntent(ctx, s.id); e != nil {
			return none, refuseForNow(CodeLedgerUnavailable, errors.Join(err, e))
		}
		return none, debitRefusal(err)
	}
	l.purseIs(record.NewBalance)
	committed, err := l.a.append(ctx, s, cardRecord(s.bill.who.card, record))
	if !errors.Is(err, errAdvanceSent) {
		return committed, err
	}
	if err := l.takeBack(ctx, s.id, record); err != nil {
		return none, l.cardLost(ctx, err, nil) // the points come back when the card is tapped here next
	}
	l.purseIs(l.session.Balance().Points)
	return none, refuse(CodeAdvanceGone, err)
}

// takeBack gives a card its points back for a sale that cannot be made any more.
func (l *lane) takeBack(ctx context.Context, sale loyalty.TxnID, record card.Record) error {
	if err := l.a.db.DropIntent(ctx, sale); err != nil {
		return err
	}
	intent, err := l.a.db.Intent(ctx, sale)
	if err != nil {
		return err
	}
	return l.undo(ctx, intent, record)
}

func debitRefusal(err error) error {
	switch {
	case errors.Is(err, card.ErrPINRequired):
		return refuseForNow(CodePINNeeded, err)
	case errors.Is(err, card.ErrFunds):
		return refuse(CodeCardFunds, err)
	case errors.Is(err, card.ErrSessionGone):
		return refuseForNow(CodeCardNeeded, err)
	}
	return refuse(CodeRedeemRefused, err)
}

// cardLost ends a session that has gone wrong. With a sale it waits for the same card to come again.
func (l *lane) cardLost(ctx context.Context, err error, waiting *loyalty.TxnID) error {
	l.a.log.Warn().Err(err).Uint8("lane", uint8(l.cfg.Number)).Msg("card lost in the middle")
	code := CodeCardTapAgain
	switch {
	case errors.Is(err, card.ErrStale):
		code = CodeCardSessionStale
	case errors.Is(err, card.ErrUnproved):
		code = CodeCardUnproved
	}
	if who := l.session; who != nil {
		l.tellSuspect(ctx, who.Identity().ID, who.Identity().Certificate, code)
	}
	l.endSession()
	if waiting != nil {
		l.setWaiting(&Waiting{Sale: *waiting, Code: code})
	}
	l.setCard(CardTapAgain, code)
	return refuseForNow(code, err)
}

// purseIs notes what the card said it holds now.
func (l *lane) purseIs(balance uint32) {
	l.mu.Lock()
	if l.who != nil {
		l.who.purse = loyalty.Points(balance)
	}
	l.mu.Unlock()
}

// settled ends the customer's turn: the till is free for the next one, the receipt is on its way.
func (a *Agent) settled(l *lane, c agentdb.Committed) SaleAnswer {
	l.mu.Lock()
	if l.who != nil && !l.who.gone.IsZero() {
		l.who = nil
	}
	l.waiting = nil
	l.mu.Unlock()
	l.publish()
	l.printSoon()
	return saleAnswer(c)
}

func (l *lane) printSoon() {
	if l.queue != nil {
		l.queue.wake()
	}
}

// saleAnswer is made from what is stored alone, so that every asking gets the same.
func saleAnswer(c agentdb.Committed) SaleAnswer {
	s := c.Entry.Sale
	return SaleAnswer{
		Sale: c.Entry.Txn, Seq: c.Entry.Seq, Day: c.Entry.Day, Total: s.Total, ToPay: s.ToPay, Redeemed: s.Redeemed, Value: s.Value,
		Earned: s.Earned, Balance: s.Balance, Job: firstJob(c), Replayed: c.Replayed, Why: s.Why,
		Reduced: s.Reduced, Reductions: s.Reductions, RewardPoints: s.RewardPoints, Advance: s.AdvancePoints(),
		Surprises: won(s.Surprises), GiftCards: paidBy(&c.Entry), GiftCardsSold: s.GiftCardsSold,
	}
}

// Sale answers for a sale that went through, whichever call did it.
func (a *Agent) Sale(ctx context.Context, id loyalty.TxnID) (SaleAnswer, error) {
	c, err := a.db.EntryByTxn(ctx, id)
	if err == nil && c.Entry.Kind == loyalty.KindSale {
		return saleAnswer(c), nil
	}
	if err != nil && !errors.Is(err, agentdb.ErrNotFound) {
		return SaleAnswer{}, err
	}
	if intent, e := a.db.Intent(ctx, id); e == nil && intent.Open() {
		return SaleAnswer{}, refuseForNow(CodeCardTapAgain, nil)
	}
	return SaleAnswer{}, refuse(CodeSaleUnknown, err)
}
