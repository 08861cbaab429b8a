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
	if !in.All {
		if in.Lines, err = b.returned(text); err != nil {
			return err
		}
	}
	if b.who != nil {
		in.Lots = b.who.lots
		for _, lot := range sale.Lots {
			in.Expired += b.who.expired[lot]
		}
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
	return r.broughtBack(b, &e, &sale, row)
}

// broughtBack writes down what a return did.
func (r *player) broughtBack(b *bill, e *loyalty.Entry, sale *loyalty.Returnable, row Row) error {
	b.last, b.returns = e.Return, append(b.returns, *e.Return)
	row.ToPay, row.Spent, row.Earned, row.Why = -e.Return.Refund, -e.Return.Back, -e.Return.Taken, e.Return.Why
	if b.who != nil {
		b.undo(e, sale)
		if err := b.who.review(r.p, r.day); err != nil {
			return err
		}
		row.Member, row.Balance = b.who.name, loyalty.Balance(b.who.lots)
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

// undo takes a return off what the member has and has done, on the day of the sale.
func (b *bill) undo(e *loyalty.Entry, sale *loyalty.Returnable) {
	m, spend := b.who, int64(0)
	for _, l := range e.Return.Lines {
		of := sale.Lines[l.Line]
		spend += of.Price * l.Quantity / of.Quantity
	}
	m.lots = loyalty.Apply(m.lots, e.Moves, m.id)
	m.record.Add(loyalty.PastStep{Day: b.entry.Day, Counts: loyalty.Standing{Spend: -spend, Points: -e.Return.Taken}})
}
