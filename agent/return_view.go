package agent

import (
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// ReturnRequest names a sale and what of it comes back.
type ReturnRequest struct {
	Sale     string                 `json:"sale,omitempty" maxLength:"50000" doc:"id of a sale of this store, the number on its receipt, or the code below the receipt, which may be another store's"`
	Lines    []loyalty.ReturnedLine `json:"lines,omitempty"`
	All      bool                   `json:"all,omitempty" doc:"everything that is left; lines are then left out"`
	Void     loyalty.VoidedFor      `json:"void,omitempty" enum:"mistyped,twice,unpaid,customer" doc:"the whole sale is undone, on its own business day and in its own store, for this reason; lines and all are then left out"`
	Unbilled []UnbilledGoods        `json:"unbilled,omitempty" maxItems:"50" doc:"goods that come back without a bill, where the programme takes them; sale, lines and all are then left out"`
	Cashier  string                 `json:"cashier,omitempty" maxLength:"40"`
}

// ReturnCommit is the return and the quote that was shown for it.
type ReturnCommit struct {
	ReturnRequest
	Quote string `json:"quote" minLength:"64" maxLength:"64" doc:"from the answer to quote"`
}

// ReturnFigures is what a return gives back and takes back.
type ReturnFigures struct {
	Money    int64             `json:"money" doc:"what was paid with money for these goods"`
	Withheld int64             `json:"withheld,omitempty" doc:"of it, kept back for points that are gone; below zero when an earlier return kept back too much"`
	Refund   int64             `json:"refund" doc:"to pay out: money less withheld"`
	Owed     loyalty.Points    `json:"owed,omitempty" doc:"earned points that the goods had"`
	Taken    loyalty.Points    `json:"taken,omitempty" doc:"earned points taken back now"`
	Short    loyalty.Points    `json:"short,omitempty" doc:"earned points that are no longer there"`
	Back     loyalty.Points    `json:"back,omitempty" doc:"spent points given back"`
	Lapsed   loyalty.Points    `json:"lapsed,omitempty" doc:"spent points that have expired since"`
	ToCards  []CardRefund      `json:"to_cards,omitempty" doc:"of the refund, what goes back onto the gift cards that paid"`
	Why      []loyalty.Finding `json:"why"`
}

// CardRefund is money that goes back onto a gift card.
type CardRefund struct {
	Card   string `json:"card" doc:"its serial, masked"`
	Amount int64  `json:"amount"`
}

// ReturnQuote is a sale with what may still come back of it and, when something was named, what the return would do.
type ReturnQuote struct {
	ID       string           `json:"quote,omitempty" doc:"send it with the commit; absent while nothing is named to come back"`
	Number   string           `json:"number,omitempty" doc:"of the sale, as on its receipt; absent without a bill"`
	Day      string           `json:"day,omitempty" doc:"business day of the sale"`
	Currency string           `json:"currency"`
	Shortage loyalty.Shortage `json:"shortage,omitempty" doc:"what the programme does when points are gone: clamp (take what is there), negative (the balance goes below zero), withhold (keep their worth back)"`
	Member   loyalty.MemberID `json:"member,omitempty"`
	Balance  loyalty.Points   `json:"balance,omitempty" doc:"the member's, before the return"`
	Lines    []SoldLine       `json:"lines"`
	ReturnFigures
}

// SoldLine is a line of the sale.
type SoldLine struct {
	Line     int    `json:"line" doc:"from 0, in the order of the sale"`
	SKU      string `json:"sku,omitempty" doc:"absent for a sale of another store"`
	Name     string `json:"name,omitempty" doc:"likewise"`
	Quantity int64  `json:"quantity" doc:"sold, thousandths"`
	Left     int64  `json:"left" doc:"that may still come back, thousandths"`
	Price    int64  `json:"price" doc:"of the line, reductions taken off"`
}

// ReturnAnswer is a return that was booked. The same key gives the same answer.
type ReturnAnswer struct {
	Return   loyalty.TxnID          `json:"return"`
	Seq      loyalty.Seq            `json:"seq"`
	Day      string                 `json:"day"`
	Number   string                 `json:"number,omitempty" doc:"of the sale, as on its receipt; absent without a bill"`
	Void     loyalty.VoidedFor      `json:"void,omitempty"`
	Currency string                 `json:"currency"`
	Lines    []loyalty.ReturnedLine `json:"lines"`
	Balance  loyalty.Points         `json:"balance" doc:"the member's after the return, as this store knew it then"`
	Job      int64                  `json:"job,omitempty" doc:"the slip's print job"`
	Replayed bool                   `json:"replayed"`
	ReturnFigures
}

func figuresOf(b *loyalty.ReturnBody) ReturnFigures {
	f := ReturnFigures{Money: b.Money, Withheld: b.Withheld, Refund: b.Refund, Owed: b.Owed, Taken: b.Taken, Short: b.Short,
		Back: b.Back, Lapsed: b.Lapsed, Why: b.Why}
	for _, part := range b.ToCards {
		f.ToCards = append(f.ToCards, CardRefund{maskedCard(part.Serial), part.Amount})
	}
	return f
}

func (q *ReturnQuote) tell(b *loyalty.ReturnBody) { q.ReturnFigures = figuresOf(b) }

func (g *giving) view() ReturnQuote {
	if g.unbilled != nil {
		return g.viewUnbilled()
	}
	s := &g.input.Sale
	q := ReturnQuote{
		Number: receiptNumber(s.Store, s.Epoch, s.Seq), Day: s.Day, Currency: s.Currency, Shortage: g.input.Policy.Shortage, Member: s.Member,
		Balance: loyalty.Balance(g.input.Lots), Lines: make([]SoldLine, len(s.Lines)),
	}
	for i, l := range s.Lines {
		q.Lines[i] = SoldLine{Line: i, Quantity: l.Quantity, Left: l.Quantity, Price: l.Price}
		if g.sold != nil {
			q.Lines[i].SKU, q.Lines[i].Name = g.sold.Sale.Lines[i].SKU, g.sold.Sale.Lines[i].Name
		}
	}
	for _, before := range g.input.Before {
		for _, l := range before.Lines {
			q.Lines[l.Line].Left -= l.Quantity
		}
	}
	return q
}

func returnAnswer(c agentdb.Committed) ReturnAnswer {
	b := c.Entry.Return
	number := ""
	if len(b.Unbilled) == 0 {
		number = receiptNumber(b.Store, b.Epoch, b.Seq)
	}
	return ReturnAnswer{
		Return: c.Entry.Txn, Seq: c.Entry.Seq, Day: c.Entry.Day, Number: number, Void: b.Void, Currency: b.Currency,
		Lines: b.Lines, Balance: b.Balance, Job: firstJob(c), Replayed: c.Replayed, ReturnFigures: figuresOf(b),
	}
}
