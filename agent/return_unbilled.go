package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/store/agentdb"
)

// UnbilledGoods are goods that come back without a bill.
type UnbilledGoods struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"40"`
	Quantity int64  `json:"quantity" minimum:"1" doc:"thousandths"`
}

// unbilledDays is how far back this store looks for the lowest price of goods whose bill nobody has.
const unbilledDays = 30

// priceUnbilled finds the lowest price of goods without a bill among this store's own sales: nobody at the till names what is paid out.
func (a *Agent) priceUnbilled(ctx context.Context, g *giving, goods []UnbilledGoods) error {
	if !g.programme.TakesUnbilled() {
		return &loyalty.SaleError{Field: "unbilled", Code: loyalty.ReturnNoBill}
	}
	since := a.identity.Calendar().Local(a.now().AddDate(0, 0, -unbilledDays))[:len("2006-01-02")]
	for i, want := range goods {
		asked, err := a.db.LowestPrice(ctx, want.SKU, since)
		if errors.Is(err, agentdb.ErrNotFound) {
			return &Refusal{Code: CodeGoodsUnknown, Field: fmt.Sprintf("unbilled[%d].sku", i), cause: err}
		}
		if err != nil {
			return err
		}
		g.unbilled = append(g.unbilled, loyalty.UnbilledLine{SKU: want.SKU, Quantity: want.Quantity, Price: asked.Price})
		g.names = append(g.names, asked.Name)
	}
	return nil
}

// viewUnbilled is what the till shows of goods without a bill.
func (g *giving) viewUnbilled() ReturnQuote {
	q := ReturnQuote{Currency: g.programme.Currency(), Lines: make([]SoldLine, len(g.unbilled))}
	for i, l := range g.unbilled {
		q.Lines[i] = SoldLine{Line: i, SKU: l.SKU, Name: g.names[i], Quantity: l.Quantity, Left: l.Quantity, Price: l.Total()}
	}
	return q
}

func (g *giving) unbilledLines() []receipt.Line {
	lines := make([]receipt.Line, len(g.unbilled))
	for i, l := range g.unbilled {
		lines[i] = receiptLine(loyalty.Line{SKU: l.SKU, Name: cmp.Or(g.names[i], l.SKU), Quantity: l.Quantity, Amount: l.Total()})
	}
	return lines
}
