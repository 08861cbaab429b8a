package loyalty

import "fmt"

// UnbilledLine is goods that come back without a bill.
type UnbilledLine struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"` // thousandths
	Price    int64  `json:"price"`    // the lowest of one unit that the shop asked lately, minor units
}

// Total is what comes out for a line, down to the whole minor unit.
func (l UnbilledLine) Total() int64 {
	total, _ := mulDiv(l.Price, l.Quantity, quantityUnit) // ReturnWithoutBill refuses what does not fit
	return total.whole
}

// UnitPrice is what one unit of a line cost, down to the whole minor unit.
func (l *Line) UnitPrice() int64 { return l.Amount * quantityUnit / l.Quantity } // checkLine holds both far below

// TakesUnbilled says whether goods come back without their bill.
func (p *Programme) TakesUnbilled() bool { return p.withoutBill }

// MaxUnbilled bounds the lines of a return without a bill.
const MaxUnbilled = 50

// ReturnWithoutBill makes the entry that takes goods back when nobody knows the sale, if the programme allows it: at the lowest
// price, and without any points, for whoever earned them keeps them.
func (p *Programme) ReturnWithoutBill(lines []UnbilledLine, head EntryHead) (Entry, error) {
	if err := head.check(); err != nil {
		return Entry{}, err
	}
	if !p.withoutBill {
		return Entry{}, &SaleError{"lines", ReturnNoBill}
	}
	if len(lines) == 0 {
		return Entry{}, &SaleError{"lines", ReturnNothing}
	}
	if len(lines) > MaxUnbilled {
		return Entry{}, &SaleError{"lines", SaleTooLarge}
	}
	body := &ReturnBody{Programme: p.digest, Currency: p.Currency(), Lines: []ReturnedLine{}, Unbilled: lines}
	for i, l := range lines {
		if l.Price < 0 || l.Price > maxMoney || l.Quantity < 1 || l.Quantity > maxQuantity {
			return Entry{}, &SaleError{fmt.Sprintf("lines[%d]", i), SaleRange}
		}
		if l.SKU == "" || len(l.SKU) > maxMark || !cleanText(l.SKU) {
			return Entry{}, &SaleError{fmt.Sprintf("lines[%d].sku", i), SaleText}
		}
		part, ok := mulDiv(l.Price, l.Quantity, quantityUnit)
		if body.Money += part.whole; !ok || body.Money > maxMoney {
			return Entry{}, &SaleError{"lines", SaleRange}
		}
	}
	body.Refund = body.Money
	e := head.Entry(KindReturn)
	e.Return = body
	return e, nil
}
