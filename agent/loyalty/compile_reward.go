package loyalty

import (
	"fmt"
	"maps"
	"slices"
)

func (c *compiler) compileReward(i int, seen map[string]bool) {
	def, path := &c.doc.Rewards[i], fmt.Sprintf("rewards[%d]", i)
	c.checkNewID(path+".id", def.ID, seen)
	c.checkTexts(path+".name", def.Name, false)
	c.checkTexts(path+".text", def.Text, false)
	r := c.reduction(path, reductionDef{ofReward, def.ID, def.Gives, def.When, def.Group, def.Priority})
	c.rewardCost(path, def)
	r.cost, r.tierCost, r.withEarned = Points(def.Cost), def.CostByTier, def.WithEarned
	r.tender = c.instrument(path+".as", &def.As, def.Gives != nil)
	if r.kind == giveCoupon && r.tender {
		c.fault(path+".as", "does nothing with a coupon", "leave it out")
	}
	c.supply(path, def.ID, def.Stock, def.PerMember)
	c.rewardTimes(path, def, &r)
	r.partial = def.Partial
	switch {
	case r.partial && !r.countedOff():
		c.fault(path+".partial", "has nothing that can be divided", "give an amount off the bill")
	case r.partial && r.withEarned:
		c.fault(path+".partial", "and with_earned do not go together", "write one of them")
	}
	c.p.rewards = append(c.p.rewards, r)
}

// countedOff says whether the reward is an amount off the bill, of which there can be more or less.
func (r *reduction) countedOff() bool { return r.kind == giveBill && r.amount > 0 && !r.toPrice }

func (c *compiler) rewardCost(path string, def *rewardDef) {
	c.checkPoints(path+".cost", def.Cost, 1)
	for _, tier := range slices.Sorted(maps.Keys(def.CostByTier)) {
		at := path + ".cost_by_tier." + tier
		if !slices.ContainsFunc(c.doc.Tiers, func(t tierDef) bool { return t.ID == tier }) {
			c.fault(at, fmt.Sprintf("there is no tier %q", tier), "declare it in tiers")
		}
		c.checkPoints(at, def.CostByTier[tier], 0)
	}
}

func (c *compiler) rewardTimes(path string, def *rewardDef, r *reduction) {
	if def.PerSale < 0 || def.PerSale > maxTimes {
		c.fault(path+".per_sale", "is out of range", fmt.Sprintf("write 1 to %d times", maxTimes))
	}
	if def.PerSale == 0 {
		def.PerSale = 1
	}
	r.perSale = def.PerSale
	if g := def.Gives; g != nil && (g.Each != "" || g.Buy != 0 || g.Times != 0) {
		c.fault(path+".gives", "says how often, which for a reward the till does", "leave each, buy and times out")
	}
	if many := r.kind == giveCheapest || r.kind >= giveBundle || r.countedOff(); def.PerSale > 1 && !many {
		c.fault(path+".per_sale", "is more than once for what can be given once", "leave it out, or give an amount off the bill, pieces or a perk")
	}
}

// givesGiftCard reads a reward that is a gift card: the bill sells the card, and the reward takes its worth off the price.
func (c *compiler) givesGiftCard(path string, def *givesDef, r *reduction) {
	if r.giftCard = def.GiftCard; r.giftCard == "" {
		return
	}
	known := make([]string, len(c.doc.GiftCards))
	for i := range c.doc.GiftCards {
		known[i] = c.doc.GiftCards[i].ID
	}
	switch {
	case r.source != ofReward:
		c.fault(path+".gift_card", "can only be a reward", "move it to rewards")
	case !slices.Contains(known, r.giftCard):
		c.fault(path+".gift_card", fmt.Sprintf("there is no kind of gift card %q", r.giftCard), didYouMean(r.giftCard, known))
	case def.Amount == "" || r.kind != giveBill || def.On != "":
		c.fault(path+".gift_card", "needs an amount and nothing else", "write {gift_card: "+r.giftCard+", amount: 10.00}")
	}
}

// rewardGives reads what only a reward gives: an article for nothing, or a coupon for another time.
func (c *compiler) rewardGives(path string, def *givesDef, r *reduction) {
	name := "product"
	if def.Coupon != "" {
		name = "coupon"
	}
	alone := givesDef{Product: def.Product, Coupon: def.Coupon}
	if name == "product" {
		alone.Units = def.Units
	}
	switch {
	case r.source != ofReward:
		c.fault(path+"."+name, "can only be a reward", "move it to rewards")
	case *def != alone:
		c.fault(path, "says more than a "+name+" needs", "leave everything else out; with a product units may say how many pieces")
	}
	if name == "coupon" {
		r.kind, r.coupon = giveCoupon, c.couponNamed(path+".coupon", def.Coupon)
		return
	}
	if len(def.Product) > maxMark || !cleanText(def.Product) {
		c.fault(path+".product", "is not an article", fmt.Sprintf("write its number, at most %d bytes", maxMark))
	}
	if def.Units < 0 || def.Units > maxTimes {
		c.fault(path+".units", "is out of range", fmt.Sprintf("write 1 to %d", maxTimes))
	}
	if def.Units == 0 {
		def.Units = 1
	}
	r.kind, r.percent, r.units, r.product = giveCheapest, fullShare, def.Units, def.Product
}
