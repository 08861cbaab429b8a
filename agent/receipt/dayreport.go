package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// TenderTotal is what came in by one means of payment.
type TenderTotal struct {
	Kind   loyalty.TenderKind
	Count  int64
	Amount int64
}

// DayReport is a business day: closed (Z), or as it stands (X).
type DayReport struct {
	Print
	Lane     string
	Day      time.Time
	ClosedAt time.Time // in the store's own zone; of an X report, when it was asked for
	Running  bool      // the day goes on: an X report
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

// Kind is that of the templates of day reports.
func (DayReport) Kind() string { return "day" }

// Values are the figures of the report.
func (r DayReport) Values() template.Values { return valuesOf(&voice{r.Print}, dayFields(), r) }

func dayFields() []field[DayReport] {
	all := append(brandFields[DayReport](),
		marked("running", "the day goes on: this is an X report", func(_ *voice, r DayReport) any { return r.Running }).must(),
		words("day", "the business day", func(v *voice, r DayReport) any { return v.date(r.Day) }).always().must(),
		words("closed_at", "when it was closed; absent on an X report", func(v *voice, r DayReport) any {
			if r.Running {
				return nil
			}
			return v.dateTime(r.ClosedAt)
		}).must(),
		words("asked_at", "when an X report was asked for", func(v *voice, r DayReport) any {
			if !r.Running {
				return nil
			}
			return v.dateTime(r.ClosedAt)
		}).must(),
		figure("lane", "number of the till", func(v *voice, r DayReport) any { return i18n.Digits(v.Lang, r.Lane) }),
		count("first", "first entry of the day", func(_ *voice, r DayReport) any { return int64(r.First) }).always().must(),
		count("last", "last entry of the day", func(_ *voice, r DayReport) any { return int64(r.Last) }).always().must(),
		count("entries", "how many", func(_ *voice, r DayReport) any { return r.Count }).always().must(),
	)
	return append(append(all, dayMoneyFields()...), dayPointsFields()...)
}

func dayMoneyFields() []field[DayReport] {
	tender := []field[TenderTotal]{
		words("label", "means of payment", func(v *voice, t TenderTotal) any { return v.tender(t.Kind) }).always().must(),
		count("count", "how many payments", func(_ *voice, t TenderTotal) any { return t.Count }).always().must(),
		figure("amount", "what they came to", func(v *voice, t TenderTotal) any { return v.money(t.Amount) }).always().must(),
	}
	return []field[DayReport]{
		count("sales", "how many", func(_ *voice, r DayReport) any { return r.Sales }).always().must(),
		figure("turnover", "before points", func(v *voice, r DayReport) any { return v.money(r.Turnover) }).always().must(),
		figure("redeemed_value", "what points paid, below zero", func(v *voice, r DayReport) any { return v.money(-r.Value) }).always().must(),
		figure("to_pay", "what was to pay in money", func(v *voice, r DayReport) any { return v.money(r.ToPay) }).always().must(),
		list("tenders", "by means of payment", tender, func(r DayReport) []TenderTotal { return r.Tenders }).must(),
	}
}

// dayPointsFields are the points of the day, and what came back when anything did.
func dayPointsFields() []field[DayReport] {
	returned := func(read func(*voice, loyalty.ReturnTotals) any) func(*voice, DayReport) any {
		return func(v *voice, r DayReport) any {
			if r.Returned.Count == 0 {
				return nil
			}
			return read(v, r.Returned)
		}
	}
	return []field[DayReport]{
		count("returns", "how many, when there were any", returned(func(_ *voice, t loyalty.ReturnTotals) any { return t.Count })).must(),
		figure("return_money", "what had been paid for what came back", returned(func(v *voice, t loyalty.ReturnTotals) any { return v.money(t.Money) })).must(),
		figure("return_withheld", "kept back of it for points that were spent, below zero",
			returned(func(v *voice, t loyalty.ReturnTotals) any { return v.money(-t.Withheld) })).must(),
		figure("refunds", "what went out, below zero", returned(func(v *voice, t loyalty.ReturnTotals) any { return v.money(-t.Refund) })).must(),
		count("points_taken", "points that returns took back", returned(func(_ *voice, t loyalty.ReturnTotals) any { return int64(t.Taken) })).must(),
		count("points_back", "points that returns gave back", returned(func(_ *voice, t loyalty.ReturnTotals) any { return int64(t.Back) })).must(),
		count("earned", "points", func(_ *voice, r DayReport) any { return int64(r.Earned) }).always().must(),
		count("redeemed", "points", func(_ *voice, r DayReport) any { return int64(r.Redeemed) }).always().must(),
		count("loaded", "points, onto cards", func(_ *voice, r DayReport) any { return int64(r.Loaded) }).always().must(),
		count("coupons", "issued", func(_ *voice, r DayReport) any { return r.Coupons }).always().must(),
	}
}
