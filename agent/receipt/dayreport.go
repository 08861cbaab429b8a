package receipt

import (
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// TenderTotal is what came in by one means of payment.
type TenderTotal struct {
	Kind   loyalty.TenderKind
	Count  int64
	Amount int64
}

// DayReport is a closed business day.
type DayReport struct {
	Print
	Lane     string
	Day      time.Time
	ClosedAt time.Time // in the store's own zone
	First    loyalty.Seq
	Last     loyalty.Seq
	Count    int64 // entries
	Sales    int64
	Turnover int64 // before points, minor units
	ToPay    int64
	Tenders  []TenderTotal
	Earned   loyalty.Points
	Redeemed loyalty.Points
	Value    int64 // of the points redeemed
	Loaded   loyalty.Points
	Coupons  int64
	Returned loyalty.ReturnTotals // left out of the paper of a day without returns
}

// Document lays the Z report out.
func (r DayReport) Document() *escpos.Document {
	s := newSheet(r.Print)
	s.head()
	plain, bold := escpos.Style{}, escpos.Style{Bold: true}
	s.doc.Text(escpos.Center, escpos.Style{Bold: true, Height: 2}, s.say("receipt.day_report", nil))
	s.rule()
	s.words(s.say("receipt.day", nil), i18n.Date(r.Lang, r.Day))
	s.words(s.say("receipt.closed_at", nil), i18n.DateTime(r.Lang, r.ClosedAt))
	if r.Lane != "" {
		s.line(s.say("receipt.lane", i18n.Args{"lane": i18n.Digits(r.Lang, r.Lane)}))
	}
	s.line(s.say("receipt.entries", i18n.Args{"first": int64(r.First), "last": int64(r.Last)}))
	s.figure(plain, s.say("receipt.entry_count", nil), s.number(r.Count))
	s.rule()
	s.figure(plain, s.say("receipt.sales", nil), s.number(r.Sales))
	s.figure(bold, s.say("receipt.turnover", nil), s.money(r.Turnover))
	s.figure(plain, s.say("receipt.points_value", nil), s.money(-r.Value))
	s.figure(bold, s.say("receipt.to_pay", nil), s.money(r.ToPay))
	s.rule()
	s.line(s.say("receipt.by_tender", nil))
	for _, t := range r.Tenders {
		s.figure(plain, fmt.Sprintf("%s (%s)", s.tender(t.Kind), s.number(t.Count)), s.money(t.Amount))
	}
	s.rule()
	if r.Returned.Count > 0 {
		s.figure(plain, s.say("receipt.returns", nil), s.number(r.Returned.Count))
		s.figure(plain, s.say("receipt.return_money", nil), s.money(r.Returned.Money))
		s.figure(plain, s.say("receipt.return_withheld", nil), s.money(-r.Returned.Withheld))
		s.figure(bold, s.say("receipt.refunds", nil), s.money(-r.Returned.Refund))
		s.figure(plain, s.say("receipt.points_taken", nil), s.number(int64(r.Returned.Taken)))
		s.figure(plain, s.say("receipt.points_back", nil), s.number(int64(r.Returned.Back)))
		s.rule()
	}
	s.figure(plain, s.say("receipt.points_earned", nil), s.number(int64(r.Earned)))
	s.figure(plain, s.say("receipt.points_redeemed", nil), s.number(int64(r.Redeemed)))
	s.figure(plain, s.say("receipt.points_loaded", nil), s.number(int64(r.Loaded)))
	s.figure(plain, s.say("receipt.coupons_issued", nil), s.number(r.Coupons))
	return s.foot()
}
