package loyalty

import (
	"fmt"
	"slices"
)

// Limits of price reductions.
const (
	MaxDiscounts = 20_000
	MaxRewards   = 500
	maxPriority  = 1_000_000
	maxTimes     = 1000
)

// compileReductions reads everything that can take something off a price: discounts, rewards, and coupons when they are
// shown. All their ids are names of rules, so they differ from each other and from those of the earn rules.
func (c *compiler) compileReductions() {
	discounts := c.doc.discountDefs()
	if len(discounts) > MaxDiscounts {
		c.fault("discounts", fmt.Sprintf("has %d discounts", len(discounts)), fmt.Sprintf("keep to %d", MaxDiscounts))
		return
	}
	if len(c.doc.Rewards) > MaxRewards {
		c.fault("rewards", fmt.Sprintf("has %d rewards", len(c.doc.Rewards)), fmt.Sprintf("keep to %d", MaxRewards))
		return
	}
	seen := map[string]bool{}
	for _, d := range c.doc.earnDefs() {
		seen[d.def.ID] = true
	}
	for i := range c.doc.Campaigns {
		seen[c.doc.Campaigns[i].ID] = true
	}
	for i := range c.doc.Activities {
		seen[c.doc.Activities[i].ID] = true
	}
	for i := range c.doc.Coupons {
		seen[c.doc.Coupons[i].ID] = true
	}
	for _, d := range discounts {
		def, path := d.def, d.path
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, false)
		if def.Gives == nil {
			c.fault(path+".gives", "is missing", "write what is taken off, such as {percent: 10}")
			continue
		}
		r := c.reduction(path, reductionDef{ofDiscount, def.ID, def.Gives, def.When, def.Group, def.Priority})
		r.campaign, r.common, r.caps = d.campaign, c.p.commonWhen(d.campaign), c.discountCaps(path+".cap", def.Cap)
		c.p.discounts = append(c.p.discounts, r)
	}
	for i := range c.doc.Rewards {
		c.compileReward(i, seen)
	}
	for i := range c.p.couponTerms {
		c.compileCouponGives(i)
	}
	c.compileStacking()
}

func (c *compiler) compileStacking() {
	if c.doc.Stacking == nil {
		return
	}
	c.p.bestForCustomer = c.choice("stacking.group", &c.doc.Stacking.Group, "priority", "best_for_customer") == 1
	c.maxOff("stacking", c.doc.Stacking)
	if len(c.p.discounts)+len(c.p.rewards)+len(c.p.couponGives) == 0 {
		c.fault("stacking", "does nothing without discounts, rewards or coupons", "leave it out")
	}
}

// reductionDef is what discounts, rewards and coupons have in common.
type reductionDef struct {
	source   reductionSource
	id       string
	gives    *givesDef
	when     *whenDef
	group    string
	priority int64
}

func (c *compiler) reduction(path string, def reductionDef) reduction {
	r := reduction{source: def.source, campaign: noCampaign, id: def.id, on: noSet, buyFrom: noSet, priority: def.priority, group: def.group, when: c.compileWhen(path+".when", def.when)}
	if def.group != "" {
		c.checkID(path+".group", def.group)
	}
	if def.priority < -maxPriority || def.priority > maxPriority {
		c.fault(path+".priority", "is out of range", fmt.Sprintf("write -%d to %d", maxPriority, maxPriority))
	}
	if def.gives == nil {
		r.kind = givePerk
		return r
	}
	c.gives(path+".gives", def.gives, &r)
	return r
}

func (c *compiler) gives(path string, def *givesDef, r *reduction) {
	given := 0
	for _, d := range []string{string(def.Percent), string(def.Amount), string(def.Price), def.Product, def.Coupon} {
		if d != "" {
			given++
		}
	}
	if given != 1 {
		c.fault(path, "must have one of percent, amount and price", "write percent: 10, amount: 2.00 or price: 9.99")
		return
	}
	if def.Product != "" || def.Coupon != "" {
		c.rewardGives(path, def, r)
		return
	}
	r.kind = giveKind(c.choice(path+".of", &def.Of, "bill", "line", "unit", "cheapest", "bundle"))
	r.initial = c.choice(path+".base", &def.Base, "running", "initial") == 1
	r.mode = [...]rounding{roundHalfUp, roundFloor, roundHalfEven, roundCeil}[c.choice(path+".rounding", &def.Rounding, "half_up", "floor", "half_even", "ceil")]
	r.on = c.givesSet(path+".on", def.On)
	c.givesGiftCard(path, def, r)
	r.buyFrom = c.givesSet(path+".buy_from", def.BuyFrom)
	switch {
	case def.Percent != "":
		n, ok := parseDecimal(string(def.Percent), 2)
		if !ok || n == 0 || n > fullShare {
			c.fault(path+".percent", fmt.Sprintf("%q is not a share", string(def.Percent)), "write 0.01 to 100")
			return
		}
		def.Percent, r.percent = formatDecimal(n, 2, true), n
	case def.Amount != "":
		r.amount = c.money(path+".amount", &def.Amount, true)
	default:
		r.toPrice, r.amount = true, c.money(path+".price", &def.Price, true)
	}
	c.givesHowOften(path, def, r)
}

func (c *compiler) givesSet(path, name string) setID {
	if name == "" {
		return noSet
	}
	id, ok := c.sets[name]
	if !ok {
		c.fault(path, fmt.Sprintf("there is no set %q", name), didYouMean(name, c.setNames()))
		return noSet
	}
	return id
}

func (c *compiler) givesHowOften(path string, def *givesDef, r *reduction) {
	r.each = c.money(path+".each", &def.Each, false)
	r.most = c.money(path+".most", &def.Most, false)
	r.buy, r.units, r.times = def.Buy, def.Units, def.Times
	for _, f := range []struct {
		name string
		n    int64
	}{{"buy", def.Buy}, {"units", def.Units}, {"times", def.Times}} {
		if f.n < 0 || f.n > maxTimes {
			c.fault(path+"."+f.name, "is out of range", fmt.Sprintf("write 1 to %d", maxTimes))
		}
	}
	idle := map[string]bool{
		"each":  def.Each != "" && (r.kind != giveBill || def.Amount == ""),
		"buy":   def.Buy != 0 && r.kind != giveCheapest,
		"units": def.Units != 0 && r.kind != giveCheapest && r.kind != giveBundle,
		"times": def.Times != 0 && def.Each == "" && def.Buy == 0 && r.kind != giveBundle,
	}
	idle["buy_from"] = def.BuyFrom != "" && def.Buy == 0
	for _, name := range []string{"each", "buy", "buy_from", "units", "times"} {
		if idle[name] {
			c.fault(path+"."+name, "does nothing here",
				"each goes with an amount off the bill, buy and units with of: cheapest, buy_from with buy, units also with of: bundle, times with each, buy or of: bundle")
		}
	}
	if r.kind == giveBundle && r.units < 2 {
		c.fault(path+".units", "does not say how many pieces make a bundle", "write 2 or more")
		r.units = 2
	}
	if r.kind == giveCheapest && r.units == 0 {
		r.units, def.Units = 1, 1
	}
}

// ruleNames finds the texts of anything whose id stands in a finding as a rule.
func (p *Programme) ruleNames(id string) texts {
	if name, found := namesIn(p.doc.Earn, p.doc.Discounts, id); found {
		return name
	}
	if i := slices.IndexFunc(p.doc.Activities, func(d activityDef) bool { return d.ID == id }); i >= 0 {
		return p.doc.Activities[i].Name
	}
	for i := range p.doc.Campaigns {
		d := &p.doc.Campaigns[i]
		if d.ID == id {
			return d.Name
		}
		if name, found := namesIn(d.Earn, d.Discounts, id); found {
			return name
		}
	}
	if i := slices.IndexFunc(p.doc.Rewards, func(d rewardDef) bool { return d.ID == id }); i >= 0 {
		return p.doc.Rewards[i].Name
	}
	if i := slices.IndexFunc(p.doc.Coupons, func(d couponDef) bool { return d.ID == id }); i >= 0 {
		return p.doc.Coupons[i].Name
	}
	if name := p.giftCardName(id); name != nil {
		return name
	}
	if i := slices.IndexFunc(p.doc.Issue, func(d issueDef) bool { return d.ID == id }); i >= 0 {
		return p.doc.Issue[i].Name
	}
	if i := slices.IndexFunc(p.doc.Stamps, func(d stampDef) bool { return d.ID == id }); i >= 0 {
		return p.doc.Stamps[i].Name
	}
	if i := slices.IndexFunc(p.doc.Surprises, func(d surpriseDef) bool { return d.ID == id }); i >= 0 {
		return p.doc.Surprises[i].Name
	}
	if i := slices.IndexFunc(p.doc.Occasions, func(d occasionDef) bool { return d.ID == id }); i >= 0 {
		return p.doc.Occasions[i].Name
	}
	return nil
}

func namesIn(earn []earnDef, discounts []discountDef, id string) (texts, bool) {
	if i := slices.IndexFunc(earn, func(d earnDef) bool { return d.ID == id }); i >= 0 {
		return earn[i].Name, true
	}
	if i := slices.IndexFunc(discounts, func(d discountDef) bool { return d.ID == id }); i >= 0 {
		return discounts[i].Name, true
	}
	return nil, false
}
