package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// PaymentRequest is money received later for a sale on account.
type PaymentRequest struct {
	Sale    string           `json:"sale" minLength:"1" maxLength:"1200" doc:"id of a sale of this store, or the number on its receipt, or the code below it"`
	Tenders []loyalty.Tender `json:"tenders" minItems:"1"`
	Cashier string           `json:"cashier,omitempty" maxLength:"40"`
}

// PaymentAnswer is a payment that was booked. The same key gives the same answer.
type PaymentAnswer struct {
	Payment  loyalty.TxnID        `json:"payment"`
	Seq      loyalty.Seq          `json:"seq"`
	Day      string               `json:"day"`
	Number   string               `json:"number" doc:"of the sale, as on its receipt"`
	Currency string               `json:"currency"`
	Member   loyalty.MemberID     `json:"member,omitempty"`
	Paid     int64                `json:"paid" doc:"now, minor units"`
	Left     int64                `json:"left" doc:"still on account"`
	Earned   loyalty.Points       `json:"earned"`
	Wallets  []loyalty.WalletBody `json:"wallets,omitempty" doc:"beside the points, what each earned"`
	Why      []loyalty.Finding    `json:"why"`
	Replayed bool                 `json:"replayed"`
}

// Pay takes money for a sale on account: one entry, which gives what the rules of today give for money received.
func (a *Agent) Pay(ctx context.Context, id loyalty.TxnID, r PaymentRequest) (PaymentAnswer, error) {
	hash, err := requestHash(0, "payment", r)
	if err != nil {
		return PaymentAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindPayment, func() (agentdb.Committed, error) { return a.bookPayment(ctx, id, hash, r) })
	if err != nil {
		return PaymentAnswer{}, err
	}
	e, b := &c.Entry, c.Entry.Payment
	return PaymentAnswer{
		Payment: e.Txn, Seq: e.Seq, Day: e.Day, Number: receiptNumber(b.Store, b.Epoch, b.Seq), Currency: b.Currency, Member: e.Member,
		Paid: b.Paid, Left: b.Left, Earned: b.Earned, Wallets: b.Wallets, Why: b.Why, Replayed: c.Replayed,
	}, nil
}

func (a *Agent) bookPayment(ctx context.Context, id loyalty.TxnID, hash [32]byte, r PaymentRequest) (agentdb.Committed, error) {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return agentdb.Committed{}, err
	}
	var g giving
	if err := a.findSale(ctx, &g, r.Sale); err != nil {
		return agentdb.Committed{}, err
	}
	if g.sold == nil { // a bill tells what may come back, and not what is owed
		return agentdb.Committed{}, &Refusal{Code: CodeSaleElsewhere, Field: "sale"}
	}
	in := loyalty.PaymentInput{Sale: g.sold, Tenders: r.Tenders}
	if in.Member, err = a.payer(ctx, p, g.sold.Member); err != nil {
		return agentdb.Committed{}, err
	}
	c, err := a.enter(ctx, agentdb.Commit{
		Txn: id, RequestHash: hash, Of: g.ref(),
		Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			head.Cashier = r.Cashier
			in := in
			in.Returns = used.Returns
			for i := range used.Followers {
				in.Before = append(in.Before, *used.Followers[i].Payment)
			}
			return p.Payment(in, head)
		},
	})
	if err != nil {
		return c, appendRefusal(err)
	}
	return c, nil
}

// payer is the member of the sale, who need not stand at the till; nil when the sale has none. One whom head office has not sent is
// known by the sale alone.
func (a *Agent) payer(ctx context.Context, p *loyalty.Programme, id loyalty.MemberID) (*loyalty.MemberState, error) {
	if id == 0 {
		return nil, nil
	}
	m, _, err := a.memberNow(ctx, p, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return &loyalty.MemberState{ID: id, Medium: loyalty.MediumNumber}, nil
	}
	return m, err
}

// memberNow is a member of whom nothing is taken, with what the programme asks of their past, and the keys of what they did.
func (a *Agent) memberNow(ctx context.Context, p *loyalty.Programme, id loyalty.MemberID) (*loyalty.MemberState, []string, error) {
	state, err := a.db.State(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	today, err := a.db.BusinessDay(ctx, a.now())
	if err != nil {
		return nil, nil, err
	}
	state.Medium, state.Available = loyalty.MediumNumber, 0
	for i := range state.Wallets {
		state.Wallets[i].Available = 0
	}
	if err := p.Recall(&state.MemberState, &state.Past, today); err != nil {
		return nil, nil, err
	}
	return &state.MemberState, state.Past.Activities, nil
}
