package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
)

// bringBack takes goods of the last sale back: "return all", "return milk", "return milk x1  bread".
func (r *player) bringBack(text string) error {
	if err := r.settle(); err != nil {
		return err
	}
	b := r.bill
	if b == nil || b.entry.Sale == nil {
		return errors.New("there is no sale to bring back")
	}
	r.finish()
	b.refused, b.told = "", false
	sale, err := loyalty.ReturnableOf(&b.entry)
	if err != nil {
		return err
	}
	in := loyalty.ReturnInput{Sale: sale, Before: b.returns, All: text == "all", Policy: r.p.ReturnPolicy()}
	if in.Terms, err = r.p.Terms(&b.entry); err != nil {
		return err
	}
	if !in.All {
		if in.Lines, err = b.returned(text); err != nil {
			return err
		}
	}
	if b.who != nil {
		b.who.settles(r.p, &in)
	}
	e, err := loyalty.Return(in, r.head())
	row := Row{Line: r.line, At: r.at, What: "return"}
	var refusal *loyalty.SaleError
	if errors.As(err, &refusal) {
		b.last, b.refused, row.What = nil, refusal.Code, refusal.Code
		r.result.Rows = append(r.result.Rows, row)
		return nil
	}
	if err != nil {
		return err
	}
	return r.broughtBack(b, &e, row)
}

// broughtBack writes down what a return did.
func (r *player) broughtBack(b *bill, e *loyalty.Entry, row Row) error {
	b.last, b.returns = e.Return, append(b.returns, *e.Return)
	row.ToPay, row.Spent, row.Earned, row.Why = -e.Return.Refund, -e.Return.Back, -e.Return.Taken, e.Return.Why
	if b.who != nil {
		step, err := loyalty.StepBack(&b.entry, b.returns[:len(b.returns)-1], e.Return)
		if err != nil {
			return err
		}
		b.who.record.Add(step)
		b.who.apply(r.p, e.Moves)
		if err := b.who.review(r.p, r.day); err != nil {
			return err
		}
		row.Member, row.Balance = b.who.name, loyalty.Balance(b.who.lots[loyalty.MainWallet])
	}
	r.result.Rows = append(r.result.Rows, row)
	return nil
}

// returned finds the lines that come back by the names of the goods.
func (b *bill) returned(text string) ([]loyalty.ReturnedLine, error) {
	var lines []loyalty.ReturnedLine
	for _, item := range gap.Split(text, -1) {
		name, count, some := strings.Cut(item, " x")
		i := slices.IndexFunc(b.sale.Lines, func(l loyalty.Line) bool { return l.SKU == name })
		if i < 0 {
			return nil, fmt.Errorf("the sale had no %q", name)
		}
		l := loyalty.ReturnedLine{Line: i, Quantity: b.sale.Lines[i].Quantity}
		if some {
			var err error
			if l.Quantity, err = quantity(count); err != nil {
				return nil, err
			}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// settles tells a return what the member has today, and what of the sale's points has expired by itself.
func (m *person) settles(p *loyalty.Programme, in *loyalty.ReturnInput) {
	in.Lots = m.lots[loyalty.MainWallet]
	for _, lot := range in.Sale.Lots {
		in.Expired += m.expired[walletLot{loyalty.MainWallet, lot}]
	}
	for _, w := range p.Wallets() {
		of := loyalty.ReturnWallet{Wallet: w, Lots: m.lots[w]}
		if i := slices.IndexFunc(in.Sale.Wallets, func(s loyalty.ReturnableWallet) bool { return s.Wallet == w }); i >= 0 {
			for _, lot := range in.Sale.Wallets[i].Lots {
				of.Expired += m.expired[walletLot{w, lot}]
			}
		}
		in.Wallets = append(in.Wallets, of)
	}
}
