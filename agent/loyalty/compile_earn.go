package loyalty

import (
	"fmt"
	"slices"
)

func (c *compiler) compileEarn() {
	defs := c.doc.earnDefs()
	if len(defs) > MaxRules {
		c.fault("earn", fmt.Sprintf("has %d rules", len(defs)), fmt.Sprintf("keep to %d", MaxRules))
		return
	}
	seen := map[string]bool{}
	for i := range c.doc.Campaigns {
		seen[c.doc.Campaigns[i].ID] = true
	}
	index := map[string]int{}
	c.p.rules = make([]rule, len(defs))
	for i, d := range defs {
		c.checkNewID(d.path+".id", d.def.ID, seen)
		c.checkTexts(d.path+".name", d.def.Name, false)
		index[d.def.ID] = i
		r := c.compileRule(d.path, d.def)
		r.campaign, r.common = d.campaign, c.p.commonWhen(d.campaign)
		c.p.rules[i] = r
	}
	for i := range c.doc.Activities {
		c.checkNewID(fmt.Sprintf("activities[%d].id", i), c.doc.Activities[i].ID, seen)
	}
	c.p.rules = append(c.p.rules, c.friends...)
	c.checkExpiries()
	for i, d := range defs {
		c.compileTargets(d.path+".rules", d.def, &c.p.rules[i], index)
	}
}

// maxExpiries bounds the lots that one sale can make.
const maxExpiries = 8

func (c *compiler) checkExpiries() {
	type life struct {
		expiry  expiry
		pending int
		wallet  int
		partner string
	}
	kinds := map[life]bool{}
	if len(c.doc.Stamps)+len(c.doc.Surprises) > 0 { // their points live as the programme says
		kinds[life{expiry: c.p.expiry}] = true
	}
	for i := range c.p.rules {
		if r := &c.p.rules[i]; r.kind != multiply {
			kinds[life{r.expiry, r.pending, r.wallet, r.partner}] = true
		}
	}
	if len(kinds) > maxExpiries {
		c.fault("earn", fmt.Sprintf("has %d kinds of expiry", len(kinds)), fmt.Sprintf("keep to %d", maxExpiries))
	}
}

// checkCapped keeps what must be remembered of a member, and told with every sale, within bounds.
func (c *compiler) checkCapped() {
	capped := 0
	for i := range c.p.rules {
		if c.p.rules[i].overTime() {
			capped++
		}
	}
	for i := range c.p.activities {
		if c.p.activities[i].caps.overTime() {
			capped++
		}
	}
	for i := range c.p.discounts {
		if c.p.discounts[i].caps.overTime() {
			capped++
		}
	}
	for id := range c.p.supplies {
		if c.p.countsTimes(id) {
			capped++
		}
	}
	if capped > MaxGiven {
		c.fault("earn", fmt.Sprintf("has %d rules with a cap over a day or longer", capped), fmt.Sprintf("keep to %d", MaxGiven))
	}
}

func (c *compiler) compileRule(path string, def *earnDef) rule {
	r := rule{id: def.ID, on: noSet, when: c.compileWhen(path+".when", def.When), pending: int(def.Pending), wallet: c.walletNamed(path+".wallet", def.Wallet)}
	if def.Pending < 0 || def.Pending > maxExpiryDays {
		c.fault(path+".pending_days", "is out of range", fmt.Sprintf("write 1 to %d days", maxExpiryDays))
	}
	if def.On != "" {
		id, ok := c.sets[def.On]
		if !ok {
			c.fault(path+".on", fmt.Sprintf("there is no set %q", def.On), didYouMean(def.On, c.setNames()))
		} else {
			r.on = id
		}
	}
	r.least = c.compileLeast(path+".minimum", def.Minimum)
	given := 0
	for _, has := range []bool{def.Per != "", def.Multiply != "", def.Bonus != ""} {
		if has {
			given++
		}
	}
	switch {
	case given != 1:
		c.fault(path, "must have one of per, multiply and bonus", "write per: amount with a rate, multiply: 2, or bonus: 50")
	case def.Per != "":
		c.compilePer(path, def, &r)
	case def.Multiply != "":
		c.compileMultiply(path, def, &r)
	default:
		r.kind, r.points = bonus, c.figure(path+".bonus", &def.Bonus, c.inMoney(&r), 1)
		c.refuse(path, "a bonus", map[string]bool{"rate": def.Rate != nil, "steps": def.Steps != "", "base": def.Base != nil,
			"rules": def.Rules != nil, "cap.sale": def.Cap != nil && def.Cap.Sale != "", "rounding": def.Rounding != nil})
		r.caps = c.caps(path+".cap", def.Cap, c.inMoney(&r))
		r.expiry = c.ruleExpiry(path+".expiry", def, r.wallet)
	}
	c.compileTendersOf(path+".tenders", def, &r)
	c.compilePartner(path+".partner", def, &r)
	return r
}

// refuse names every field that would do nothing in this kind of rule.
func (c *compiler) refuse(path, kind string, given map[string]bool) {
	for _, field := range []string{"rate", "steps", "base", "rules", "cap", "cap.sale", "rounding", "expiry", "pending_days"} {
		if given[field] {
			c.fault(path+"."+field, "does nothing in "+kind, "leave it out")
		}
	}
}

// caps reads the limits of a rule, over the sale and over time.
func (c *compiler) caps(path string, def *capDef, money bool) caps {
	if def == nil {
		return caps{}
	}
	k := caps{}
	for _, l := range []struct {
		name string
		from *figure
		to   *int64
	}{{"sale", &def.Sale, &k.sale}, {"day", &def.Day, &k.day}, {"week", &def.Week, &k.week}, {"month", &def.Month, &k.month},
		{"year", &def.Year, &k.year}, {"lifetime", &def.Lifetime, &k.lifetime}, {"balance", &def.Balance, &k.balance}} {
		*l.to = c.figure(path+"."+l.name, l.from, money, 0)
	}
	if k == (caps{}) {
		c.fault(path, "limits nothing", "write how many points a sale, day, week, month, year, lifetime or balance may have")
	}
	if def.Over != "" {
		k.refuse = c.choice(path+".over", &def.Over, "cut", "refuse") == 1
	}
	if !k.refuse {
		def.Over = "" // the one spelling of the default
	}
	return k
}

func (c *compiler) compilePer(path string, def *earnDef, r *rule) {
	kinds := []ruleKind{perAmount, perUnit, perSale, perTender, perSale}
	r.kind = kinds[c.choice(path+".per", &def.Per, "amount", "unit", "sale", "tender", "visit")]
	r.visit = def.Per == "visit"
	c.refuse(path, "a rule per "+def.Per, map[string]bool{"rules": def.Rules != nil,
		"steps": r.kind == perSale && def.Steps != "", "base": r.kind != perAmount && def.Base != nil})
	if def.Rate == nil {
		c.fault(path+".rate", "is missing", "write how many points for how much, such as {points: 1, per: 1.00}")
		return
	}
	c.compileRate(path+".rate", def.Rate, r)
	switch r.kind {
	case perAmount:
		r.per = c.money(path+".rate.per", &def.Rate.Per, true)
		c.compileBase(path+".base", def, r)
	case perTender:
		r.per = c.money(path+".rate.per", &def.Rate.Per, true)
	case perUnit:
		r.per = c.quantity(path+".rate.per", &def.Rate.Per)
	case perSale:
		if def.Rate.Per != "" {
			c.fault(path+".rate.per", "does nothing in a rule per "+def.Per, "leave it out")
		}
	}
	if r.kind != perSale {
		r.proportional = c.choice(path+".steps", &def.Steps, "whole", "proportional") == 1
	}
	r.caps = c.caps(path+".cap", def.Cap, c.inMoney(r))
	c.compileRounding(path+".rounding", def, r)
	r.expiry = c.ruleExpiry(path+".expiry", def, r.wallet)
}

// compileRate reads what a rule gives for each step: points, or of a wallet of money a value.
func (c *compiler) compileRate(path string, def *rateDef, r *rule) {
	if !c.inMoney(r) {
		if def.Value != "" {
			c.fault(path+".value", "does nothing in a wallet of points", "write points")
		}
		c.checkPoints(path+".points", def.Points, 1)
		r.points = def.Points
		return
	}
	if def.Points != 0 {
		c.fault(path+".points", "does nothing in a wallet of money", "write value, such as {value: 0.02, per: 1.00}")
	}
	r.points = c.money(path+".value", &def.Value, true)
}

// inMoney says whether the rule gives money: its figures are amounts.
func (c *compiler) inMoney(r *rule) bool { return c.p.wallets[r.wallet].money }

func (c *compiler) compileBase(path string, def *earnDef, r *rule) {
	if def.Base == nil {
		def.Base = &baseDef{}
	}
	r.beforeDiscount = c.choice(path+".discount", &def.Base.Discount, "after", "before") == 1
	r.withoutTax = c.choice(path+".tax", &def.Base.Tax, "with", "without") == 1
}

func (c *compiler) compileRounding(path string, def *earnDef, r *rule) {
	if def.Rounding == nil {
		def.Rounding = &roundDef{}
	}
	r.mode = rounding(c.choice(path+".mode", &def.Rounding.Mode, "floor", "half_up", "half_even", "ceil"))
	r.at = roundAt(c.choice(path+".at", &def.Rounding.At, "rule", "line", "sale"))
	if r.kind == perSale && r.at == atLine {
		c.fault(path+".at", "does nothing in a rule per "+def.Per, "write rule or sale")
	}
}

func (c *compiler) compileMultiply(path string, def *earnDef, r *rule) {
	r.kind = multiply
	c.refuse(path, "a multiplier", map[string]bool{"rate": def.Rate != nil, "steps": def.Steps != "", "base": def.Base != nil,
		"cap": def.Cap != nil, "rounding": def.Rounding != nil, "expiry": def.Expiry != nil, "pending_days": def.Pending != 0})
	n, ok := parseDecimal(string(def.Multiply), 3)
	if !ok || n == 0 || n > maxFactor {
		c.fault(path+".multiply", fmt.Sprintf("%q is not a factor", string(def.Multiply)), "write 0.001 to 1000, such as 2 or 1.5")
		return
	}
	def.Multiply = formatDecimal(n, 3, true)
	r.factor = n
}

// compileTargets resolves which rules a multiplier multiplies.
func (c *compiler) compileTargets(path string, def *earnDef, r *rule, index map[string]int) {
	if r.kind != multiply {
		return
	}
	for i, id := range def.Rules {
		at := fmt.Sprintf("%s[%d]", path, i)
		target, ok := index[id]
		if !ok {
			c.fault(at, fmt.Sprintf("there is no rule %q", id), "name a rule of this document")
			continue
		}
		if k := c.p.rules[target].kind; k == multiply || k == bonus {
			c.fault(at, fmt.Sprintf("%s cannot be multiplied", id), "name a rule with per")
		}
		if c.p.rules[target].wallet != r.wallet {
			c.fault(at, fmt.Sprintf("%s gives to another wallet", id), "name the same wallet, or write a multiplier for each")
		}
		r.targets = append(r.targets, target)
	}
	slices.Sort(def.Rules)
	def.Rules = slices.Compact(def.Rules)
	slices.Sort(r.targets)
	r.targets = slices.Compact(r.targets)
}

func (c *compiler) quantity(path string, d *decimal) int64 {
	if *d == "" {
		*d = "1"
	}
	n, ok := parseDecimal(string(*d), 3)
	if !ok || n == 0 || n > maxQuantity {
		c.fault(path, fmt.Sprintf("%q is not a quantity", string(*d)), "write a number with at most 3 decimal places, such as 2 or 0.5")
		return 1
	}
	*d = formatDecimal(n, 3, true)
	return n
}

func (c *compiler) ruleExpiry(path string, def *earnDef, wallet int) expiry {
	if def.Expiry == nil {
		return c.p.wallets[wallet].expiry
	}
	if def.Expiry.InactiveMonths != 0 {
		c.fault(path+".inactive_months", "does nothing in a rule", "write it in the section expiry")
	}
	return c.compileExpiry(path, &def.Expiry)
}
