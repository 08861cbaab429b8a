package agent

import (
	"cmp"
	"slices"

	"loyaltill/agent/loyalty"
)

// maxHeld bounds the days that a quote or a receipt tells of a member's points: the soonest matter.
const maxHeld = 24

// held is what a member holds, by the day on which it ends or can first be spent.
func held(lots []loyalty.Lot, day string) []Held {
	var all []Held
	for _, l := range lots {
		if l.Remaining <= 0 {
			continue
		}
		h := Held{Points: l.Remaining, Expires: l.Expires}
		if l.Usable > day {
			h.Usable = l.Usable
		}
		i := slices.IndexFunc(all, func(o Held) bool { return o.Expires == h.Expires && o.Usable == h.Usable })
		if i >= 0 {
			all[i].Points += h.Points
			continue
		}
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b Held) int {
		if (a.Expires == "") != (b.Expires == "") {
			return cmp.Compare(b.Expires, a.Expires) // never ends: last
		}
		return cmp.Or(cmp.Compare(a.Expires, b.Expires), cmp.Compare(a.Usable, b.Usable))
	})
	return all[:min(len(all), maxHeld)]
}

// coupons is what became of each coupon that was shown.
func (b *bill) coupons() []CouponTaken {
	var all []CouponTaken
	for _, c := range b.input.Sale.Shown {
		taken := CouponTaken{Coupon: c.Coupon, Serial: c.Serial}
		for _, r := range b.quote.Reductions {
			if r.Serial == c.Serial {
				taken.Used, taken.Amount = true, r.Amount
			}
		}
		all = append(all, taken)
	}
	return all
}
