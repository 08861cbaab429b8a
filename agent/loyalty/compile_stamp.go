package loyalty

import (
	"fmt"
	"slices"
)

// MaxStampKinds bounds the stamp cards of one programme.
const MaxStampKinds = 8

type stampDef struct {
	ID       string     `json:"id"`
	Name     texts      `json:"name,omitempty"`
	On       string     `json:"on,omitempty"`   // a set; empty for everything
	Per      string     `json:"per,omitempty"`  // unit, sale
	Buy      int64      `json:"buy"`            // stamps that fill the card
	Free     bool       `json:"free,omitempty"` // the next piece, the cheapest on the bill
	Points   int64      `json:"points,omitempty"`
	Coupon   string     `json:"coupon,omitempty"`
	Reward   string     `json:"reward,omitempty"` // one without money value
	PerSale  int64      `json:"per_sale,omitempty"`
	PerDay   int64      `json:"per_day,omitempty"`
	When     *whenDef   `json:"when,omitempty"`
	Expiry   *expiryDef `json:"expiry,omitempty"` // from the last stamp
	Group    string     `json:"group,omitempty"`  // of free pieces
	Priority int64      `json:"priority,omitempty"`
}

// stampRule is one compiled stamp card. What is embedded gives its free pieces.
type stampRule struct {
	reduction
	fill            int64 // stamps
	free            bool  // what a full card gives: one of these four
	points          int64
	coupon, reward  string
	bySale          bool
	perSale, perDay int64 // stamps at most; 0: no limit
	expiry          expiry
}

func (c *compiler) compileStamps() {
	if len(c.doc.Stamps) > MaxStampKinds {
		c.fault("stamps", fmt.Sprintf("has %d cards", len(c.doc.Stamps)), fmt.Sprintf("keep to %d", MaxStampKinds))
		return
	}
	seen := c.ruleIDs()
	for i := range c.doc.GiftCards {
		seen[c.doc.GiftCards[i].ID] = true
	}
	for i := range c.doc.Issue {
		seen[c.doc.Issue[i].ID] = true
	}
	for i := range c.doc.Stamps {
		def, path := &c.doc.Stamps[i], fmt.Sprintf("stamps[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, false)
		c.p.stamps = append(c.p.stamps, c.stamp(path, def))
	}
}

func (c *compiler) stamp(path string, def *stampDef) stampRule {
	r := c.reduction(path, reductionDef{source: ofStamps, id: def.ID, when: def.When, group: def.Group, priority: def.Priority})
	r.kind, r.percent, r.units, r.on, r.buyFrom = giveCheapest, fullShare, 1, noSet, noSet
	if def.On != "" {
		id, ok := c.sets[def.On]
		if !ok {
			c.fault(path+".on", fmt.Sprintf("there is no set %q", def.On), didYouMean(def.On, c.setNames()))
		}
		r.on = id
	}
	s := stampRule{reduction: r, fill: def.Buy, free: def.Free, points: def.Points, coupon: def.Coupon, reward: def.Reward,
		perSale: def.PerSale, perDay: def.PerDay, bySale: c.choice(path+".per", &def.Per, "unit", "sale") == 1}
	for _, f := range []struct {
		name     string
		n, least int64
	}{{"buy", def.Buy, 1}, {"per_sale", def.PerSale, 0}, {"per_day", def.PerDay, 0}} {
		if f.n < f.least || f.n > maxTimes {
			c.fault(path+"."+f.name, "is out of range", fmt.Sprintf("write 1 to %d", maxTimes))
		}
	}
	c.checkPoints(path+".points", def.Points, 0)
	c.stampGives(path, def)
	s.expiry = c.compileExpiry(path+".expiry", &def.Expiry)
	if def.Expiry.InactiveMonths != 0 {
		c.fault(path+".expiry.inactive_months", "does nothing for stamps", "leave it out: the time begins anew with every stamp")
	}
	return s
}

// stampGives checks that a full card gives one thing, and that there is such a thing.
func (c *compiler) stampGives(path string, def *stampDef) {
	given := 0
	for _, has := range []bool{def.Free, def.Points != 0, def.Coupon != "", def.Reward != ""} {
		if has {
			given++
		}
	}
	if given != 1 {
		c.fault(path, "must have one of free, points, coupon and reward", "write what a full card gives, such as free: true")
	}
	if def.Free && def.Per == "sale" {
		c.fault(path+".free", "gives pieces for sales", "write per: unit, or give points, a coupon or a reward")
	}
	if !def.Free && (def.Group != "" || def.Priority != 0) {
		c.fault(path+".group", "and priority do nothing without free", "leave them out")
	}
	if def.Coupon != "" && !slices.ContainsFunc(c.doc.Coupons, func(d couponDef) bool { return d.ID == def.Coupon }) {
		c.fault(path+".coupon", fmt.Sprintf("there is no coupon %q", def.Coupon), "declare it in coupons")
	}
	c.perk(path+".reward", def.Reward)
}

// perk checks the name of a reward that is handed out without asking: one that lowers no price.
func (c *compiler) perk(path, id string) {
	if id == "" {
		return
	}
	i := slices.IndexFunc(c.doc.Rewards, func(d rewardDef) bool { return d.ID == id })
	switch {
	case i < 0:
		c.fault(path, fmt.Sprintf("there is no reward %q", id), "declare it in rewards")
	case c.doc.Rewards[i].Gives != nil:
		c.fault(path, fmt.Sprintf("%s lowers a price", id), "name a reward without gives, or give a coupon")
	}
}
