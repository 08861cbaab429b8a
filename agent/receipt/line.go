package receipt

import (
	"loyaltill/internal/i18n"
)

// Line is one line of the basket, or of what comes back.
type Line struct {
	Name     string
	Quantity int64 // thousandths of a unit
	Price    int64 // of one unit, minor units; 0 when the till gave none
	Amount   int64 // minor units
}

func lineFields() []field[Line] {
	return []field[Line]{
		words("name", "of the article", func(_ *voice, l Line) any { return l.Name }).always().must(),
		figure("times", "quantity and price, for more or less than one piece", func(v *voice, l Line) any { return v.times(l) }),
		figure("amount", "what the line costs", func(v *voice, l Line) any { return v.amount(l.Amount) }).always().must(),
	}
}

// times is quantity and price, for more or less than one piece.
func (v *voice) times(l Line) string {
	const one, digits = 1000, 3
	if l.Quantity == one {
		return ""
	}
	quantity := i18n.Decimal(v.Lang, l.Quantity, digits, 0)
	if l.Price == 0 {
		return "×\u00a0" + quantity
	}
	return quantity + "\u00a0×\u00a0" + v.amount(l.Price)
}
