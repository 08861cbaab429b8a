package loyalty

import "fmt"

// compileLadder reads who is in which tier. Without it the tiers are names, and somebody else says whose they are.
func (c *compiler) compileLadder() {
	def := c.doc.Ladder
	if def == nil {
		for i, t := range c.doc.Tiers {
			if t.From != "" {
				c.fault(fmt.Sprintf("tiers[%d].from", i), "does nothing without a ladder", "write ladder: {by: spend}")
			}
		}
		return
	}
	l := &ladder{}
	l.by = ladderBy(c.choice("ladder.by", &def.By, "spend", "points", "visits"))
	l.over = ladderOver(c.choice("ladder.over", &def.Over, "lifetime", "calendar_year", "rolling"))
	if (l.over == overRolling) != (def.Months != 0) {
		c.fault("ladder.months", "goes with over: rolling, and only with it", "write over: rolling and months: 12, or neither")
	}
	if def.Months < 0 || def.Months > maxExpiryMonth {
		c.fault("ladder.months", "is out of range", fmt.Sprintf("write 1 to %d months", maxExpiryMonth))
	}
	l.months = int(def.Months)
	if def.Upgrade == "" && l.by == byPoints {
		def.Upgrade = "next_sale"
	}
	l.upgrade = ladderUpgrade(c.choice("ladder.upgrade", &def.Upgrade, "at_once", "next_sale", "period_end"))
	if l.upgrade == upgradeAtOnce && l.by == byPoints {
		c.fault("ladder.upgrade", "cannot be at once by points: those of a sale are known only when its tier is", "write next_sale")
	}
	if l.upgrade == upgradePeriodEnd && l.over != overYear {
		c.fault("ladder.upgrade", "needs a period that ends", "write over: calendar_year")
	}
	l.downgrade = ladderDowngrade(c.choice("ladder.downgrade", &def.Downgrade, "none", "step", "full"))
	if l.downgrade == downgradeStep && l.over == overLifetime {
		c.fault("ladder.downgrade", "has no period to step down in", "write none or full, or over: rolling")
	}
	if def.GraceDays < 0 || def.GraceDays > maxExpiryDays {
		c.fault("ladder.grace_days", "is out of range", fmt.Sprintf("write 0 to %d days", maxExpiryDays))
	}
	if def.GraceDays > 0 && l.downgrade == downgradeNone {
		c.fault("ladder.grace_days", "does nothing where nobody goes down", "leave it out, or write downgrade: full")
	}
	l.graceDays = int(def.GraceDays)
	c.rungs(l)
	c.p.ladder = l
}

// rungs reads the thresholds; they rise, and the first may be nothing.
func (c *compiler) rungs(l *ladder) {
	if len(c.doc.Tiers) == 0 {
		c.fault("ladder", "has no tiers", "list them in tiers, the lowest first, each with from")
	}
	for i := range c.doc.Tiers {
		t, path := &c.doc.Tiers[i], fmt.Sprintf("tiers[%d].from", i)
		from := int64(0)
		switch {
		case t.From == "":
			if i > 0 {
				c.fault(path, "is missing", "write what reaches the tier")
			}
		case l.by == bySpend:
			from = c.money(path, &t.From, true)
		default:
			n, ok := parseDecimal(string(t.From), 0)
			if !ok || n == 0 || n > maxPoints {
				c.fault(path, fmt.Sprintf("%q is not a whole number above 0", string(t.From)), "write digits only, such as 100")
			}
			from = n
		}
		if i > 0 && from <= l.from[i-1] {
			c.fault(path, "is not above the tier before", "list the tiers from the lowest to the highest")
		}
		l.tiers, l.from = append(l.tiers, t.ID), append(l.from, from)
	}
}
