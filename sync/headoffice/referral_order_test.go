package headoffice

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
)

// Three members bring each other, buy, bring goods back, become one and are corrected by hand, in two stores that hear nothing. Who is
// paid for whom, and what is taken back, is the same whatever comes first and whichever days head office begins meanwhile.
func TestTheOrderOfArrivalDecidesNothingOfWhoIsPaidForFriends(t *testing.T) {
	for name, wait := range map[string]string{"at once": "", "after a day": ", wait_days: 1"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *centre) *loyalty.Programme { return c.publishText(friends(wait)) })
			w.ends = "2026-12-26"
			paid := 0
			w.holds = func(_ *rapid.T, m MemberReport) { paid += len(m.Referrals) }
			rapid.Check(t, func(rt *rapid.T) {
				h := w.befriended(rt)
				h.anyDay = true
				first, second := h.deliver(rt, "first order"), h.deliver(rt, "second order")
				if first != second {
					rt.Fatalf("two orders of arrival, two outcomes:\n%s\n%s", first, second)
				}
			})
			if paid == 0 {
				t.Error("nobody was ever paid: the property says nothing")
			}
		})
	}
}

// befriended draws what three members do in both stores.
func (w *world) befriended(rt *rapid.T) history {
	boxes := w.fresh()
	var sales []loyalty.Entry
	for range rapid.IntRange(2, 14).Draw(rt, "entries") {
		b := boxes[rapid.IntRange(0, 1).Draw(rt, "store")]
		b.clock = b.clock.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "half days")) * 12 * time.Hour)
		i, k := rapid.IntRange(0, 2).Draw(rt, "member"), rapid.IntRange(1, 2).Draw(rt, "other")
		id, other := w.members[i], w.members[(i+k)%3]
		var e loyalty.Entry
		var err error
		switch kind := rapid.IntRange(0, 9).Draw(rt, "kind"); {
		case kind < 3:
			e, err = b.claimed(b.head(), id, other, "")
		case kind < 6 || len(sales) == 0:
			past := loyalty.Past{}
			if rapid.Bool().Draw(rt, "knows of the friend") {
				past = bringing()
			}
			e = b.told(b.head(), id, rapid.Int64Range(1, 4).Draw(rt, "pieces"), past, "")
			sales = append(sales, e)
		case kind < 8:
			e = b.goodsBack(b.head(), rapid.SampledFrom(sales).Draw(rt, "sale"), 1)
		case kind == 8:
			e, err = b.prog.Merge(loyalty.MergeSide{Holding: loyalty.Holding{Member: other}}, loyalty.MergeSide{Holding: loyalty.Holding{Member: id}}, b.head())
		default:
			lots := []loyalty.Lot{{ID: "0-0-0.1", Remaining: 1000, Earned: "2026-01-01"}}
			e, err = b.prog.Adjust(loyalty.AdjustInput{Holding: loyalty.Holding{Member: id, Lots: lots}, Points: -60, Reason: "wrong"}, b.head())
		}
		if err != nil {
			rt.Fatal(err)
		}
		b.write(e)
	}
	return w.cut(rt, boxes)
}
