package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// QuoteReturn says what a return would give back and take back. It writes nothing. When nothing is named to come back it
// tells of the sale alone.
func (a *Agent) QuoteReturn(ctx context.Context, n loyalty.LaneID, r ReturnRequest) (ReturnQuote, error) {
	if _, err := a.lane(n); err != nil {
		return ReturnQuote{}, err
	}
	g, err := a.giveBack(ctx, r)
	if err != nil {
		return ReturnQuote{}, err
	}
	q := g.view()
	if !g.asksForAnything() {
		return q, nil
	}
	place, err := a.place(ctx, n, a.now())
	if err != nil {
		return ReturnQuote{}, err
	}
	used, err := a.db.Tally(ctx, loyalty.TxnID{}, g.soldCards())
	if err != nil {
		return ReturnQuote{}, err
	}
	if used.Followers, err = a.db.Followers(ctx, g.ref()); err != nil {
		return ReturnQuote{}, err
	}
	e, err := g.entry(loyalty.EntryHead{Store: place.Store, Epoch: a.db.Epoch(), Day: place.Day, At: place.At, Lane: n}, used)
	if err != nil {
		return ReturnQuote{}, err
	}
	q.tell(e.Return)
	q.ID, err = g.digest(e.Return)
	return q, err
}

// Return takes goods back: one transaction with the entry, what it changes for the member, and the slip's print job.
func (a *Agent) Return(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r ReturnCommit) (ReturnAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return ReturnAnswer{}, err
	}
	hash, err := requestHash(n, "return", r)
	if err != nil {
		return ReturnAnswer{}, err
	}
	c, err := a.db.EntryByTxn(ctx, id)
	switch {
	case errors.Is(err, agentdb.ErrNotFound):
		c, err = a.bookReturn(ctx, l, id, hash, r)
	case err == nil && (c.RequestHash != hash || c.Entry.Return == nil):
		err = refuse(CodeKeyReused, nil)
	default:
		c.Replayed = true
	}
	if err != nil {
		return ReturnAnswer{}, err
	}
	return returnAnswer(c), nil
}

func (a *Agent) bookReturn(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r ReturnCommit) (agentdb.Committed, error) {
	g, err := a.giveBack(ctx, r.ReturnRequest)
	if err != nil {
		return agentdb.Committed{}, err
	}
	limits, err := a.watch(ctx, g.programme, g.member.ID, asked{l.cfg.Number, id, hash, g.what()})
	if err != nil {
		return agentdb.Committed{}, err
	}
	c, err := a.enter(ctx, agentdb.Commit{
		Txn: id, RequestHash: hash, Returns: len(g.input.Before), GiftCards: g.soldCards(), Of: g.ref(),
		Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = l.cfg.Number, r.Cashier
			e, err := g.entry(head, used)
			if err != nil {
				return e, err
			}
			if digest, err := g.digest(e.Return); err != nil || digest != r.Quote {
				return e, errors.Join(err, refuse(CodeQuoteChanged, nil))
			}
			if err := limits.allow(loyalty.Action{Kind: loyalty.ActionReturn, Money: e.Return.Refund}); err != nil {
				return e, err
			}
			if e.Member != 0 {
				e.Return.Balance = loyalty.Balance(loyalty.Apply(g.input.Lots, e.Moves, e.Member))
			}
			return e, nil
		},
		Jobs: l.jobs(func(e *loyalty.Entry) []paper { return []paper{a.returnPaper(e, g)} }),
	})
	if errors.Is(err, agentdb.ErrReturned) {
		return c, refuse(CodeQuoteChanged, err)
	}
	if err != nil {
		return c, appendRefusal(err)
	}
	l.printSoon()
	return c, nil
}

// giving is goods of a sale on their way back.
type giving struct {
	programme *loyalty.Programme // in force here: its policy settles the return
	input     loyalty.ReturnInput
	sold      *loyalty.Entry // nil: the sale is another store's, or of an earlier life of this one
	member    agentdb.Member
	voidedFor loyalty.VoidedFor
	unbilled  []loyalty.UnbilledLine // goods whose sale nobody knows; then there is none of the above but the programme
	names     []string               // of the unbilled goods
}

func (g *giving) asksForAnything() bool {
	return len(g.input.Lines) > 0 || g.input.All || g.unbilled != nil
}

func (g *giving) entry(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
	if g.unbilled != nil {
		return g.programme.ReturnWithoutBill(g.unbilled, head)
	}
	in := g.input
	in.GiftCards = used.GiftCards
	if g.sold == nil {
		return loyalty.Return(in, head)
	}
	if g.voidedFor != "" && (g.sold.Day != head.Day || len(in.Before) > 0) {
		return loyalty.Entry{}, &Refusal{Code: CodeVoidLate, Field: "void"}
	}
	var err error
	if in.Sale, err = loyalty.ReturnableOf(g.sold); err != nil {
		return loyalty.Entry{}, err
	}
	for i := range used.Followers {
		if err := in.Sale.AddPayment(&used.Followers[i]); err != nil {
			return loyalty.Entry{}, err
		}
	}
	e, err := loyalty.Return(in, head)
	if err == nil {
		e.Return.Void = g.voidedFor
	}
	return e, err
}

// what it is to a store that wants some of them answered for.
func (g *giving) what() string {
	switch {
	case g.unbilled != nil:
		return ApproveUnbilled
	case g.voidedFor != "":
		return ApproveVoid
	}
	return ApproveReturn
}

// ref is the sale's place in a log.
func (g *giving) ref() loyalty.EntryRef {
	return loyalty.EntryRef{Store: g.input.Sale.Store, Epoch: g.input.Sale.Epoch, Seq: g.input.Sale.Seq}
}

// soldCards is the gift cards among the goods of the sale.
func (g *giving) soldCards() []string {
	var serials []string
	for _, l := range g.input.Sale.Lines {
		if l.GiftCard != "" {
			serials = append(serials, l.GiftCard)
		}
	}
	return serials
}

// digest names what a return promised after the returns before it, so that nothing else can be booked, and that not twice.
func (g *giving) digest(b *loyalty.ReturnBody) (string, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "return 1 %d %s", len(g.input.Before), body))
	return hex.EncodeToString(sum[:]), nil
}

// giveBack reads what a return depends on.
func (a *Agent) giveBack(ctx context.Context, r ReturnRequest) (*giving, error) {
	g := &giving{input: loyalty.ReturnInput{Lines: r.Lines, All: r.All}, voidedFor: r.Void}
	var err error
	if g.programme, err = a.programmeAt(ctx, a.now()); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if len(r.Unbilled) > 0 {
		return g, a.priceUnbilled(ctx, g, r.Unbilled)
	}
	g.input.Policy = g.programme.ReturnPolicy()
	if err = a.findSale(ctx, g, r.Sale); err != nil {
		return nil, err
	}
	if g.input.All = r.All || r.Void != ""; r.Void != "" && g.sold == nil {
		return nil, &Refusal{Code: CodeVoidLate, Field: "void"} // another store's, or of an earlier life of this one
	}
	if g.input.Token = g.sold == nil; !g.input.Token && g.input.Policy.Reprice {
		if err := a.terms(ctx, g); err != nil {
			return nil, err
		}
	}
	sale := &g.input.Sale
	if g.input.Before, err = a.db.Returns(ctx, g.ref()); err != nil {
		return nil, err
	}
	if sale.Member == 0 {
		return g, nil
	}
	// A member whom head office has not sent has no lots here: what they owe is short, and head office settles it.
	state, err := a.db.State(ctx, sale.Member)
	if err == nil {
		g.input.Lots = state.Lots
		for _, w := range state.Wallets {
			g.input.Wallets = append(g.input.Wallets, loyalty.ReturnWallet{Wallet: w.Wallet, Lots: w.Lots})
		}
		g.member, err = a.db.Member(ctx, sale.Member)
	}
	if err != nil && !errors.Is(err, agentdb.ErrNotFound) {
		return nil, err
	}
	return g, nil
}

// check refuses a request that names more than one thing to do.
func (r *ReturnRequest) check() error {
	if r.Void != "" && (r.All || len(r.Lines) > 0) {
		return &Refusal{Code: CodeFieldInvalid, Field: "void"}
	}
	if len(r.Unbilled) > 0 && (r.Sale != "" || r.All || r.Void != "" || len(r.Lines) > 0) {
		return &Refusal{Code: CodeFieldInvalid, Field: "unbilled"}
	}
	return nil
}

// terms reads those of the sale; where its version is not known any more, every line has its part in the bill.
func (a *Agent) terms(ctx context.Context, g *giving) error {
	p, err := a.programmeByDigest(ctx, g.sold.Sale.Programme)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil
	}
	if err == nil {
		g.input.Terms, err = p.Terms(g.sold)
	}
	return err
}

// findSale finds a sale by its id, by the number on its receipt, or by the code below it.
func (a *Agent) findSale(ctx context.Context, g *giving, text string) error {
	var sold agentdb.Committed
	var err error
	if loyalty.IsBillCode(text) {
		g.input.Sale, err = loyalty.ReadBillCode(text, a.paperKey)
		if err != nil {
			return &Refusal{Code: CodeBillUnreadable, Field: "sale", cause: err}
		}
		if g.input.Sale.Store != a.db.Store() {
			return nil // what the bill says is all there is
		}
		if g.input.Sale.Epoch != a.db.Epoch() {
			return a.findToldAgain(ctx, g)
		}
		sold, err = a.db.EntryBySeq(ctx, g.input.Sale.Seq)
		if errors.Is(err, agentdb.ErrPruned) {
			return nil // likewise
		}
	} else if id, bad := loyalty.ParseTxnID(strings.TrimSpace(text)); bad == nil {
		sold, err = a.db.EntryByTxn(ctx, id)
	} else if seq, ok := a.numberHere(strings.TrimSpace(text)); ok {
		sold, err = a.db.EntryBySeq(ctx, seq)
	} else {
		err = agentdb.ErrNotFound
	}
	if errors.Is(err, agentdb.ErrNotFound) || err == nil && sold.Entry.Sale == nil {
		return &Refusal{Code: CodeSaleUnknown, Field: "sale", cause: err}
	}
	if err != nil {
		return err
	}
	g.sold = &sold.Entry
	g.input.Sale, err = loyalty.ReturnableOf(g.sold)
	return err
}

// findToldAgain finds the sale of a bill that was printed in an earlier life of this log. After a fork two sales have stood under its
// number: one that this log tells again, under another number, and one that head office alone has. What the bill says tells them apart.
func (a *Agent) findToldAgain(ctx context.Context, g *giving) error {
	bill := g.input.Sale
	sold, err := a.db.EntryToldAgain(ctx, loyalty.EntryRef{Store: bill.Store, Epoch: bill.Epoch, Seq: bill.Seq})
	if errors.Is(err, agentdb.ErrNotFound) || err == nil && sold.Entry.Sale == nil {
		return nil // what the bill says is all there is
	}
	if err != nil {
		return err
	}
	told, err := loyalty.ReturnableOf(&sold.Entry)
	if err != nil || told.Day != bill.Day || told.Member != bill.Member || told.Programme != bill.Programme || told.ToPay != bill.ToPay ||
		told.Earned != bill.Earned || !slices.Equal(told.Lines, bill.Lines) {
		return err
	}
	g.sold, g.input.Sale = &sold.Entry, told
	return nil
}

// numberHere reads the number on a receipt of this store: store, epoch and entry.
func (a *Agent) numberHere(text string) (loyalty.Seq, bool) {
	var of loyalty.StoreID
	var epoch loyalty.Epoch
	var seq loyalty.Seq
	n, err := fmt.Sscanf(text, "%d-%d-%d", &of, &epoch, &seq)
	return seq, err == nil && n == 3 && of == a.db.Store() && epoch == a.db.Epoch() && receiptNumber(of, epoch, seq) == text
}

// receiptNumber is the number that a receipt carries.
func receiptNumber(s loyalty.StoreID, epoch loyalty.Epoch, seq loyalty.Seq) string {
	return fmt.Sprintf("%d-%d-%d", s, epoch, seq)
}
