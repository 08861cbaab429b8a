package loyalty

import (
	"fmt"
	"slices"
)

// PaymentBody is what was paid later of a sale on account, and what that earned.
type PaymentBody struct {
	Store     StoreID  `json:"store"` // of the sale
	Epoch     Epoch    `json:"epoch"`
	Seq       Seq      `json:"seq"`
	Programme string   `json:"programme"` // digest of the version in force when it was paid
	Currency  string   `json:"currency"`
	Tenders   []Tender `json:"tenders"`
	Paid      int64    `json:"paid"`           // by them, minor units
	Left      int64    `json:"left,omitempty"` // still on account after it
	Back      []int64  `json:"back,omitempty"` // of each line of the sale, what had come back before: thousandths

	Medium  Medium       `json:"medium,omitempty"`
	Tier    string       `json:"tier,omitempty"`
	History *History     `json:"history,omitempty"` // what the rules were told of the member's past
	Earned  Points       `json:"earned,omitempty"`
	Wallets []WalletBody `json:"wallets,omitempty"` // beside the points
	Given   []RulePoints `json:"given,omitempty"`
	Why     []Finding    `json:"why,omitempty"`
	Shares  *Shares      `json:"shares,omitempty"` // of each line of the sale, for returns
}

// PaymentInput is everything that a later payment depends on, beside the programme.
type PaymentInput struct {
	Sale    *Entry        // on account
	Before  []PaymentBody // every payment of this sale made before
	Returns []ReturnBody  // every return of this sale made before
	Tenders []Tender
	Member  *MemberState // the sale's; nil when it had none
}

// Payment makes the entry of money received later for a sale on account. Only rules per tender, and what multiplies them,
// give anything: on each line's part in the money, as if it had been received with the sale, by the rules of today. What
// has come back takes no part. A *SaleError says why it cannot be taken.
func (p *Programme) Payment(in PaymentInput, head EntryHead) (Entry, error) {
	back, err := CameBack(in.Sale, in.Returns)
	if err != nil {
		return Entry{}, err
	}
	b, err := p.paymentBill(&in, head)
	if err != nil {
		return Entry{}, err
	}
	b.account = b.openAccount(&in, back)
	s := in.Sale
	body := &PaymentBody{Store: s.Store, Epoch: s.Epoch, Seq: s.Seq, Programme: p.digest, Currency: p.Currency(), Tenders: in.Tenders, Paid: b.tendered, Back: trimmed(back)}
	if body.Left = in.owed() - body.Paid; body.Left < 0 {
		return Entry{}, &SaleError{"tenders", SaleOverpaid}
	}
	e := earning{bill: b, later: true}
	if err := e.run(); err != nil {
		return Entry{}, err
	}
	entry := head.Entry(KindPayment)
	entry.Payment = body
	q := Quote{Earned: e.earned[0], Lots: e.lots[0], Wallets: e.wallets()}
	body.Why, body.Earned, body.Given = e.why, q.Earned, e.given(&outcome{})
	if m := in.Member; m != nil {
		entry.Member = m.ID
		body.Medium, body.Tier, body.History = m.Medium, m.Tier, m.History
		entry.Moves, body.Wallets = movesOf(&q, m, head), q.walletBodies(b.in)
	}
	earned, err := e.earnedByLine(b.ranks())
	if err != nil {
		return Entry{}, err
	}
	shares := Shares{Earned: trimmed(earned[0]), Wallets: e.walletShares(earned, b.byContent())}
	if q.walletBytes(b.in)+shares.bytes()+b.in.besideBytes()+listBytes(body.Back) > MaxLineBytes {
		return Entry{}, &SaleError{"lines", SaleTooLarge}
	}
	body.Shares = shares.stored()
	return entry, nil
}

// owed is what is left on account of the sale.
func (in *PaymentInput) owed() int64 {
	left := int64(0)
	for _, t := range in.Sale.Sale.Tenders {
		if t.Kind == TenderAccount {
			left += t.Amount
		}
	}
	for i := range in.Before {
		left -= in.Before[i].Paid
	}
	return left
}

// paymentBill is the sale's bill with its prices and what was paid of them then, and with the money received now.
func (p *Programme) paymentBill(in *PaymentInput, head EntryHead) (*bill, error) {
	if in.Sale.Kind != KindSale || in.Sale.Sale == nil {
		return nil, fmt.Errorf("pay entry %d: kind %q is no sale", in.Sale.Seq, in.Sale.Kind)
	}
	for i := range in.Before {
		if o := &in.Before[i]; o.Store != in.Sale.Store || o.Epoch != in.Sale.Epoch || o.Seq != in.Sale.Seq {
			return nil, &SaleError{fmt.Sprintf("before[%d]", i), PaymentOther}
		}
	}
	if (in.Member == nil) != (in.Sale.Member == 0) || in.Member != nil && in.Member.ID != in.Sale.Member {
		return nil, &SaleError{"member", PaymentOther}
	}
	if len(in.Tenders) == 0 {
		return nil, &SaleError{"tenders", SaleUnpaid}
	}
	if i := slices.IndexFunc(in.Tenders, func(t Tender) bool { return t.Kind == TenderAccount || t.Serial != "" }); i >= 0 {
		return nil, &SaleError{fmt.Sprintf("tenders[%d].kind", i), SaleTender}
	}
	s := in.Sale.Sale
	sale := &QuoteInput{Sale: Sale{Lines: s.Lines, Tenders: in.Tenders, Rounding: s.Rounding}, Member: in.Member,
		Place: Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}}
	at, err := p.check(sale)
	if err != nil {
		return nil, err
	}
	at.total = s.Total
	b := p.newBill(sale, at)
	b.purses = make([]purse, len(p.wallets))
	for i := range b.purses {
		b.purses[i] = purse{wallet: &p.wallets[i]}
	}
	b.asSold(s)
	return b, nil
}

// asSold puts the prices of a stored sale in place of those on its lines.
func (b *bill) asSold(s *SaleBody) {
	shares := s.Shares
	if shares == nil {
		shares = &Shares{}
	}
	for i := range b.out {
		l := &b.out[i]
		l.Reduced, l.PaidByPoints = shareOf(shares.Reduced, i), shareOf(shares.Paid, i)
		for _, w := range shares.Wallets {
			l.PaidByWallet += shareOf(w.Paid, i)
		}
		l.Earning = max(b.unpaid(i), 0)
	}
}

// RequotePayment judges an uploaded payment again from the sale, and from the payments and returns before it. What the till
// was told of the member is taken from the entry.
func (p *Programme) RequotePayment(e, sale *Entry, before []PaymentBody, returns []ReturnBody) (Entry, []Difference, error) {
	if e.Kind != KindPayment || e.Payment == nil {
		return Entry{}, nil, fmt.Errorf("requote entry %d: kind %q is no payment", e.Seq, e.Kind)
	}
	b := e.Payment
	if b.Programme != p.digest || b.Store != sale.Store || b.Epoch != sale.Epoch || b.Seq != sale.Seq {
		return Entry{}, nil, fmt.Errorf("requote entry %d: it pays sale %d-%d-%d by programme %.12s", e.Seq, b.Store, b.Epoch, b.Seq, b.Programme)
	}
	in := PaymentInput{Sale: sale, Before: before, Returns: returns, Tenders: b.Tenders}
	if e.Member != 0 {
		in.Member = &MemberState{ID: e.Member, Tier: b.Tier, Medium: b.Medium, History: b.History}
		for _, w := range b.Wallets {
			in.Member.Wallets = append(in.Member.Wallets, WalletState{Wallet: w.Wallet, Available: w.Available, Balance: w.Held})
		}
	}
	head := headOf(e)
	ours, err := p.Payment(in, head)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("requote entry %d: %w", e.Seq, err)
	}
	o, c := ours.Payment, comparison{}
	c.text("currency", b.Currency, o.Currency)
	c.figure("paid", b.Paid, o.Paid)
	c.figure("left", b.Left, o.Left)
	c.text("back", fmt.Sprint(b.Back), fmt.Sprint(o.Back))
	c.figure("earned", int64(b.Earned), int64(o.Earned))
	c.given(b.Given, o.Given)
	c.wallets(b.Wallets, o.Wallets)
	c.why(applied(b.Why), applied(o.Why))
	c.shares(b.Shares, o.Shares)
	c.moves(e.Moves, ours.Moves)
	return ours, c.found, nil
}
