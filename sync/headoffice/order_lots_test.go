package headoffice

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
)

// aging is a programme in which points end after ten days, or when nothing was bought for a month; some are pending at first,
// and what a member may hold is limited.
const aging = `format: 1
programme: {id: aging, name: {en: Aging}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, cap: {balance: 250}}
  - {id: later, bonus: 10, pending_days: 2, expiry: {days: 25}}
  - {id: kept, bonus: 5, expiry: {never: true}}
redeem: {point_value: {points: 100, value: 1.00}}
limits: {redeem_without_purse: 10000}
expiry: {days: 10, inactive_months: 1}
returns: {earned: per_line, shortage: negative}
members: {transfer: {wait_days: 3}}
`

// Two stores that know nothing of each other bring balances along, sell for real lots, set points aside, correct, pass on, make two members
// one and take goods back, for weeks; a card pays as well, also for sales that are dropped. Head office begins days while they still tell their past: which days, and what it
// knew by then, decides nothing. Of days only the last counts.
func TestTheOrderOfArrivalDecidesNothingOfWhatEnds(t *testing.T) {
	w := newWorld(t, func(c *centre) *loyalty.Programme { return c.publishText(aging) })
	rapid.Check(t, func(rt *rapid.T) {
		h := w.weeks(rt)
		first, second := h.deliver(rt, "first order"), h.deliver(rt, "second order")
		if first != second {
			rt.Fatalf("two orders of arrival, two outcomes:\n%s\n%s", first, second)
		}
	})
}

// weekLong is a store that knows of its own entries alone.
type weekLong struct {
	*box
	lots            map[loyalty.MemberID][]loyalty.Lot
	sales, reserved []loyalty.Entry
}

// weeks draws what three members do in both stores.
func (w *world) weeks(rt *rapid.T) history {
	boxes := w.fresh()
	var stores []*weekLong
	for _, b := range boxes {
		stores = append(stores, &weekLong{box: b, lots: map[loyalty.MemberID][]loyalty.Lot{}})
	}
	for i := range rapid.IntRange(1, 16).Draw(rt, "entries") {
		s := stores[rapid.IntRange(0, 1).Draw(rt, "store")]
		s.clock = s.clock.Add(time.Duration(rapid.IntRange(0, 12).Draw(rt, "half days")) * 12 * time.Hour)
		id := rapid.SampledFrom(w.members).Draw(rt, "member")
		e, err := w.act(rt, s, id, uint32(i+1))
		var none *loyalty.SaleError
		if errors.As(err, &none) { // the member has not enough
			continue
		}
		if err != nil {
			rt.Fatal(err)
		}
		s.write(e)
		for _, m := range w.members {
			s.lots[m] = loyalty.Apply(s.lots[m], e.Moves, m)
		}
	}
	h := w.cut(rt, boxes)
	h.anyDay, w.ends = true, opened().AddDate(0, 0, rapid.IntRange(0, 100).Draw(rt, "last day")).Format(time.DateOnly)
	return h
}

// act draws one thing that a member does in a store.
func (w *world) act(rt *rapid.T, s *weekLong, id loyalty.MemberID, n uint32) (e loyalty.Entry, err error) {
	head := s.head()
	have := loyalty.Holding{Member: id, Lots: s.lots[id]}
	points := loyalty.Points(rapid.IntRange(1, 120).Draw(rt, "points"))
	switch kind := rapid.IntRange(0, 13).Draw(rt, "kind"); {
	case kind == 13 && id == w.card.member: // it paid for a sale that was dropped
		e = head.Entry(loyalty.KindCancel)
		e.Cancel, e.Card = &loyalty.CancelBody{Card: w.card.id}, w.card.debit(s.box, e.Txn, n, points)
		return e, nil
	case kind == 0:
		source := rapid.SampledFrom([]string{"old", "older"}).Draw(rt, "source")
		return loyalty.Opening(loyalty.OpeningInput{Member: id, Source: source, Lots: []loyalty.OpeningLot{
			{Points: points, Expires: s.clock.AddDate(0, 0, 20).Format(time.DateOnly)}, {Points: 7}}}, head)
	case kind == 1 && id == w.card.member:
		e = s.sale(head, &loyalty.MemberState{ID: id, Medium: loyalty.MediumPurse, Available: purse, Lots: have.Lots}, 4000, &loyalty.Ask{Points: points})
		e.Card = w.card.debit(s.box, e.Txn, n, e.Sale.Redeemed)
		s.sales = append(s.sales, e)
		return e, nil
	case kind <= 2:
		e = s.sale(head, &loyalty.MemberState{ID: id, Medium: loyalty.MediumNumber, Available: loyalty.Spendable(have.Lots, head.Day), Lots: have.Lots}, 4000, &loyalty.Ask{Points: points})
		s.sales = append(s.sales, e)
		return e, nil
	case kind == 3:
		e, err = loyalty.Reserve(loyalty.ReserveInput{Holding: have, Points: points, Until: s.clock.AddDate(0, 0, 5).Format(entryTime)}, head)
		if err == nil {
			s.reserved = append(s.reserved, e)
		}
		return e, err
	case kind == 4 && len(s.reserved) > 0:
		reserved := rapid.SampledFrom(s.reserved).Draw(rt, "reservation")
		held, _ := loyalty.ReservationOf(&reserved)
		return held.Settle(rapid.SampledFrom([]loyalty.SettleAs{loyalty.SettleConfirm, loyalty.SettleCancel, loyalty.SettleRelease}).Draw(rt, "as"), head)
	case kind == 5:
		return s.prog.Adjust(loyalty.AdjustInput{Holding: have, Points: -points, Reason: "sorry"}, head)
	case kind == 6:
		return s.prog.Adjust(loyalty.AdjustInput{Holding: have, Points: points, Reason: "sorry"}, head)
	case kind == 7:
		to := rapid.SampledFrom(w.members).Draw(rt, "to")
		return s.prog.Transfer(loyalty.TransferInput{From: have, To: to, Points: points, Reason: "sorry"}, head)
	case kind == 8:
		stays := rapid.SampledFrom(w.members).Draw(rt, "stays")
		return s.prog.Merge(loyalty.MergeSide{Holding: loyalty.Holding{Member: stays, Lots: s.lots[stays]}}, loyalty.MergeSide{Holding: have}, head)
	case kind <= 10 && len(s.sales) > 0:
		return s.goodsBack(head, rapid.SampledFrom(s.sales).Draw(rt, "sale"), 1), nil
	}
	e = s.sale(head, &loyalty.MemberState{ID: id, Medium: loyalty.MediumNumber, Lots: have.Lots}, 100*int64(points), nil)
	s.sales = append(s.sales, e)
	return e, nil
}
