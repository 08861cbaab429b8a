package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// Transfer is the slip of a member who gave points to another. Of the other it tells a masked number and nothing else.
type Transfer struct {
	Print
	Number   string // of the entry, as on receipts
	Lane     string
	Cashier  string
	At       time.Time // in the store's own zone
	From, To string    // masked
	Reason   string    // an id of the programme's
	Points   loyalty.Points
	Usable   time.Time // first day on which the other can spend them; zero: at once
	Before   loyalty.Points
	After    loyalty.Points
}

// Kind is that of the templates of transfer slips.
func (Transfer) Kind() string { return "transfer" }

// Values are the figures of the slip.
func (s Transfer) Values() template.Values { return valuesOf(&voice{s.Print}, transferFields(), s) }

func transferFields() []field[Transfer] {
	return append(brandFields[Transfer](),
		figure("number", "number of the entry", func(_ *voice, s Transfer) any { return s.Number }).always().must(),
		words("at", "day and time", func(v *voice, s Transfer) any { return v.dateTime(s.At) }).always().must(),
		figure("lane", "number of the till", func(v *voice, s Transfer) any { return i18n.Digits(v.Lang, s.Lane) }),
		words("cashier", "who was at the till", func(_ *voice, s Transfer) any { return s.Cashier }),
		figure("member_card", "number of who gave, masked", func(_ *voice, s Transfer) any { return s.From }),
		figure("to", "number of who got them, masked", func(_ *voice, s Transfer) any { return s.To }).always().must(),
		words("reason", "why, an id of the programme's", func(_ *voice, s Transfer) any { return s.Reason }),
		count("points", "points that were given", func(_ *voice, s Transfer) any { return int64(s.Points) }).always().must(),
		words("usable", "first day on which the other can spend them; absent: at once", func(v *voice, s Transfer) any { return v.date(s.Usable) }).must(),
		count("before", "what who gave had before it", func(_ *voice, s Transfer) any { return int64(s.Before) }).always().must(),
		count("balance", "what they have after it", func(_ *voice, s Transfer) any { return int64(s.After) }).always().must(),
	)
}
