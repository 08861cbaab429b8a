package loyalty

import (
	"fmt"
	"slices"
)

const fullShare = 10_000 // basis points

func (c *compiler) compileRedeem() {
	if c.doc.Redeem != nil {
		c.p.redeem = c.redeemRule("redeem", c.doc.Redeem, false)
	}
}

// redeemRule reads how a wallet pays. Of money, every minor unit pays one.
func (c *compiler) redeemRule(at string, def *redeemDef, money bool) *redeemRule {
	r := &redeemRule{points: 1, value: 1, share: fullShare}
	switch {
	case money && def.PointValue != nil:
		c.fault(at+".point_value", "does nothing in a wallet of money", "leave it out")
	case !money && def.PointValue == nil:
		c.fault(at+".point_value", "is missing", "write what points pay, such as {points: 100, value: 1.00}")
	case !money:
		r.points = def.PointValue.Points
		c.checkPoints(at+".point_value.points", r.points, 1)
		r.value = c.money(at+".point_value.value", &def.PointValue.Value, true)
	}
	r.minimum = Points(c.figure(at+".minimum", &def.Minimum, money, 0))
	r.keep = Points(c.figure(at+".keep", &def.Keep, money, 0))
	r.step = max(Points(c.figure(at+".step", &def.Step, money, 0)), 1)
	if def.Step == "" && !money {
		def.Step = "1"
	}
	if def.MaxShare != "" {
		n, ok := parseDecimal(string(def.MaxShare), 2)
		if !ok || n == 0 || n > fullShare {
			c.fault(at+".max_share", fmt.Sprintf("%q is not a share", string(def.MaxShare)), "write percent of the bill, such as 50 or 12.5")
		}
		r.share = n
	}
	def.MaxShare = formatDecimal(r.share, 2, true)
	r.except = c.setList(at+".except", &def.Except)
	return r
}

// compileReturns: a programme that says how goods come back keeps each line's part in the entry of the sale.
func (c *compiler) compileReturns() {
	c.p.returns = ReturnPolicy{Shortage: ShortageClamp}
	def := c.doc.Returns
	if def == nil {
		return
	}
	const at = "returns"
	c.p.keepsShares = true
	c.p.returns.PerLine = c.choice(at+".earned", &def.Earned, "pro_rata", "per_line") == 1
	c.p.returns.Reissue = c.choice(at+".spent", &def.Spent, "original", "reissue") == 1
	if def.GraceDays < 0 || def.GraceDays > maxExpiryDays {
		c.fault(at+".grace_days", "is out of range", fmt.Sprintf("write 0 to %d days", maxExpiryDays))
	}
	c.p.returns.GraceDays = int(def.GraceDays)
	c.choice(at+".shortage", &def.Shortage, string(ShortageClamp), string(ShortageNegative), string(ShortageWithhold))
	c.p.returns.Shortage = Shortage(def.Shortage)
	if c.p.returns.Shortage == ShortageWithhold && c.doc.Redeem == nil {
		c.fault(at+".shortage", "withholds points that are worth nothing", "say what they are worth in redeem.point_value")
	}
	c.p.returns.Reprice = c.other(at+".kept", &def.Kept, "pro_rata", "reprice")
	c.p.returns.Coupons = c.other(at+".coupons", &def.Coupons, "burn", "keep")
	c.p.withoutBill = c.other(at+".without_bill", &def.WithoutBill, "refused", "lowest_price")
}

// other says whether a choice is the second of two. The first is the default and has one spelling: none.
func (c *compiler) other(path string, s *string, first, second string) bool {
	if c.choice(path, s, first, second) == 0 {
		*s = ""
		return false
	}
	return true
}

// compileExpiry fills in what an absent rule means: points that never expire.
func (c *compiler) compileExpiry(path string, def **expiryDef) expiry {
	if *def == nil {
		*def = &expiryDef{Never: true}
	}
	d := *def
	if d.InactiveMonths > 0 && !d.Never && d.Days == 0 && d.Months == 0 && d.End == "" && len(d.Dates) == 0 {
		d.Never = true // but for inactivity
	}
	if d.Days < 0 || d.Days > maxExpiryDays || d.Months < 0 || d.Months > maxExpiryMonth {
		c.fault(path, "is out of range", fmt.Sprintf("write up to %d days or %d months", maxExpiryDays, maxExpiryMonth))
		return expiry{}
	}
	given := d.Days > 0 || d.Months > 0 || d.End != "" || len(d.Dates) > 0
	switch {
	case d.Never && given:
		c.fault(path, "never expires and expires", "write never: true alone")
	case !d.Never && !given:
		c.fault(path, "says nothing", "write months: 12, days: 90 or end: year")
	case d.Days > 0 && d.Months > 0:
		c.fault(path, "has days and months", "write one of them")
	}
	if d.End != "" {
		c.choice(path+".end", &d.End, "month", "quarter", "year")
	}
	if d.End != "" && len(d.Dates) > 0 {
		c.fault(path+".dates", "and end both say the last day", "write one of them")
	}
	return expiry{never: d.Never, days: int(d.Days), months: int(d.Months), end: d.End, dates: c.expiryDates(path+".dates", d)}
}

const maxExpiryDates = 4

func (c *compiler) expiryDates(path string, d *expiryDef) (dates [maxExpiryDates]dayOfYear) {
	slices.Sort(d.Dates)
	d.Dates = slices.Compact(d.Dates)
	if len(d.Dates) > maxExpiryDates {
		c.fault(path, fmt.Sprintf("has %d days", len(d.Dates)), fmt.Sprintf("keep to %d", maxExpiryDates))
		return dates
	}
	for i, text := range d.Dates {
		day, ok := parseDay("2000-" + text) // a leap year: 02-29 is a day
		if !ok {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%q is not a day of the year", text), "write month and day, such as 12-31")
			continue
		}
		_, m, n := day.split()
		dates[i] = dayOfYear(m*100 + n)
	}
	return dates
}

// inactive: points that would else never end may still end with the member's last purchase.
func (c *compiler) inactive(path string, def *expiryDef) int {
	if def == nil {
		return 0
	}
	if n := def.InactiveMonths; n < 0 || n > maxExpiryMonth {
		c.fault(path+".inactive_months", "is out of range", fmt.Sprintf("write 1 to %d months", maxExpiryMonth))
	}
	return int(def.InactiveMonths)
}
