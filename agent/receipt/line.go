package receipt

import (
	"time"
	"unicode/utf8"

	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// Line is one line of the basket, or of what comes back.
type Line struct {
	Name     string
	Quantity int64 // thousandths of a unit
	Price    int64 // of one unit, minor units; 0 when the till gave none
	Amount   int64 // minor units
}

// when is the moment and who was at the till.
func (s *sheet) when(at time.Time, cashier string) {
	when := onPaper(i18n.DateTime(s.Lang, at))
	if cashier == "" {
		s.line(when)
		return
	}
	s.words(when, s.say("receipt.cashier", i18n.Args{"cashier": cashier}))
}

// lines prints names and prices; all amounts share one column.
func (s *sheet) lines(lines []Line) {
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(s.amount(l.Amount)))
	}
	for _, l := range lines {
		columns := []escpos.Column{{Text: onPaper(l.Name)}}
		if times := s.times(l); times != "" {
			columns = append(columns, escpos.Column{Text: times, Width: escpos.Fit, Align: escpos.End, Dir: escpos.LTR})
		}
		columns = append(columns, escpos.Column{Text: s.amount(l.Amount), Width: width + 1, Align: escpos.End, Dir: escpos.LTR})
		s.doc.AddColumns(escpos.Style{}, columns...)
	}
}

// times is quantity and price, for more or less than one piece.
func (s *sheet) times(l Line) string {
	const one, digits = 1000, 3
	if l.Quantity == one {
		return ""
	}
	quantity := onPaper(i18n.Decimal(s.Lang, l.Quantity, digits, 0))
	if l.Price == 0 {
		return "×\u00a0" + quantity
	}
	return quantity + "\u00a0×\u00a0" + s.amount(l.Price)
}
