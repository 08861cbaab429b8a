package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// Basket is a bill that nobody has paid yet: one that a cashier set aside, or that a POS sends to a till.
type Basket struct {
	Lines   []BasketLine   `json:"lines" minItems:"1" maxItems:"500"`
	Coupons []string       `json:"coupons,omitempty" maxItems:"20" doc:"codes of coupons that the customer has shown; they are looked at when the basket is taken"`
	Lane    loyalty.LaneID `json:"lane,omitempty" doc:"the till that is to finish it; left out: any of the store"`
	By      loyalty.LaneID `json:"by,omitempty" doc:"the till that sets it aside; left out by a POS"`
	Note    string         `json:"note,omitempty" maxLength:"40" doc:"by which a cashier knows it again, such as the number of an order"`
	Cashier string         `json:"cashier,omitempty" maxLength:"40"`
}

// BasketLine is a line of a basket.
type BasketLine struct {
	loyalty.Line
	Price *int64 `json:"price,omitempty" minimum:"0" doc:"of one unit, minor units: the cashier may change the line then. Without it the line is the POS's, and is sold as it is"`
}

// BasketSummary is what every till is told of a basket.
type BasketSummary struct {
	ID      loyalty.TxnID  `json:"id" doc:"of the sale that it becomes"`
	Lane    loyalty.LaneID `json:"lane,omitempty" doc:"the till that is to finish it; absent: any"`
	By      loyalty.LaneID `json:"by,omitempty" doc:"the till that set it aside; absent: a POS"`
	Taken   loyalty.LaneID `json:"taken,omitempty" doc:"the till that has it"`
	Note    string         `json:"note,omitempty"`
	Cashier string         `json:"cashier,omitempty"`
	Lines   int            `json:"lines"`
	Total   int64          `json:"total" doc:"sum of the lines, minor units"`
	At      time.Time      `json:"at"`
}

// maxCode bounds the code of a coupon, as in a sale.
const maxCode = 1200

// Baskets is all of them, oldest first.
type Baskets struct {
	Baskets []BasketSummary `json:"baskets"`
}

// Baskets gives those that wait or are taken.
func (a *Agent) Baskets(ctx context.Context) (Baskets, error) {
	rows, err := a.db.Baskets(ctx)
	if err != nil {
		return Baskets{}, err
	}
	all := Baskets{Baskets: make([]BasketSummary, 0, len(rows))}
	for _, row := range rows {
		b, err := readBasket(row)
		if err != nil {
			return Baskets{}, err
		}
		s := BasketSummary{ID: row.ID, Lane: b.Lane, By: b.By, Taken: row.Taken, Note: b.Note, Cashier: b.Cashier, Lines: len(b.Lines), At: row.At}
		for _, l := range b.Lines {
			s.Total += l.Amount
		}
		all.Baskets = append(all.Baskets, s)
	}
	return all, nil
}

// PutBasket lays a basket down until a till takes it. What could not be sold is refused here, where it was made.
func (a *Agent) PutBasket(ctx context.Context, id loyalty.TxnID, b Basket) error {
	for i, code := range b.Coupons {
		if len(code) > maxCode {
			return &Refusal{Code: CodeFieldInvalid, Field: fmt.Sprintf("coupons[%d]", i)}
		}
	}
	at := loyalty.LaneID(0)
	for _, n := range [...]loyalty.LaneID{b.By, b.Lane} {
		if n == 0 {
			continue
		}
		if _, err := a.lane(n); err != nil {
			return err
		}
		at = n
	}
	if err := a.sellable(ctx, at, b.Lines); err != nil {
		return err
	}
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return a.tellBaskets(ctx, func() error {
		return a.db.PutBasket(ctx, agentdb.Basket{ID: id, Body: body}, b.By)
	})
}

// sellable holds lines to what a sale of them would be held to. What a gift card costs depends on the card, and is seen at the till.
func (a *Agent) sellable(ctx context.Context, n loyalty.LaneID, lines []BasketLine) error {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return err
	}
	place, err := a.place(ctx, n, a.now())
	if err != nil {
		return err
	}
	in := loyalty.QuoteInput{Place: place, Sale: loyalty.Sale{Lines: make([]loyalty.Line, len(lines))}}
	for i, l := range lines {
		in.Sale.Lines[i] = l.Line
		in.Sale.Lines[i].GiftCard = nil
	}
	_, err = p.Quote(in)
	return err
}

// TakeBasket gives a basket to a till. Its id is the key of the sale that the till makes of it, so that it is sold once.
func (a *Agent) TakeBasket(ctx context.Context, id loyalty.TxnID, by loyalty.LaneID) (Basket, error) {
	if _, err := a.lane(by); err != nil {
		return Basket{}, err
	}
	var row agentdb.Basket
	err := a.tellBaskets(ctx, func() (err error) {
		row, err = a.db.TakeBasket(ctx, id, by)
		return err
	})
	if err != nil {
		return Basket{}, err
	}
	return readBasket(row)
}

// DropBasket gives a basket up.
func (a *Agent) DropBasket(ctx context.Context, id loyalty.TxnID, by loyalty.LaneID) error {
	return a.tellBaskets(ctx, func() error { return a.db.DropBasket(ctx, id, by) })
}

// tellSold tells every till that a basket has become a sale, if it was one.
func (a *Agent) tellSold(ctx context.Context, id loyalty.TxnID) {
	waited, err := a.db.IsBasket(ctx, id)
	if err == nil && waited {
		err = a.tellBaskets(ctx, func() error { return nil })
	}
	if err != nil {
		a.log.Warn().Err(err).Stringer("sale", id).Msg("tills were not told that a basket is sold")
	}
}

// tellBaskets changes baskets and tells every till how they stand then. One change is told after the other.
func (a *Agent) tellBaskets(ctx context.Context, change func() error) error {
	a.telling.Lock()
	defer a.telling.Unlock()
	err := change()
	switch {
	case errors.Is(err, agentdb.ErrNotFound):
		return refuse(CodeBasketUnknown, err)
	case errors.Is(err, agentdb.ErrBasketTaken):
		return refuse(CodeBasketTaken, err)
	case errors.Is(err, agentdb.ErrBasketsFull):
		return refuse(CodeBasketsFull, err)
	case errors.Is(err, agentdb.ErrBasketSold):
		return refuse(CodeSaleSettled, err)
	case err != nil:
		return err
	}
	all, err := a.Baskets(context.WithoutCancel(ctx)) // it is done: whoever asked for it may have left
	if err != nil {
		return fmt.Errorf("tell of baskets: %w", err)
	}
	a.events.publish(Event{Type: "baskets", Data: all})
	return nil
}

func readBasket(row agentdb.Basket) (b Basket, err error) {
	if err = json.Unmarshal(row.Body, &b); err != nil {
		err = fmt.Errorf("basket %s: %w", row.ID, err)
	}
	return b, err
}
