package loyalty

import (
	"fmt"
	"maps"
	"slices"
)

func (c *compiler) compileCoupons() {
	if len(c.doc.Coupons) > MaxCoupons {
		c.fault("coupons", fmt.Sprintf("has %d kinds", len(c.doc.Coupons)), fmt.Sprintf("keep to %d", MaxCoupons))
		return
	}
	seen := map[string]bool{}
	for i := range c.doc.Coupons {
		def := &c.doc.Coupons[i]
		path := fmt.Sprintf("coupons[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, true)
		c.checkTexts(path+".text", def.Text, false)
		c.money(path+".value", &def.Value, def.Gives == nil)
		c.couponLife(path, def)
		c.supply(path, def.ID, def.Stock, def.PerMember)
		c.p.couponTerms = append(c.p.couponTerms, c.couponTerms(path, def))
	}
}

// couponLife reads from when to when coupons of a kind hold.
func (c *compiler) couponLife(path string, def *couponDef) {
	if def.StartDays < 0 || def.StartDays > maxExpiryDays {
		c.fault(path+".start_days", "is out of range", fmt.Sprintf("write 0 to %d days", maxExpiryDays))
	}
	switch c.day(path+".valid_to", def.ValidTo); {
	case def.ValidTo != "" && def.ValidDays != 0:
		c.fault(path+".valid_to", "and valid_days both say the last day", "write one of them")
	case def.ValidTo == "" && (def.ValidDays < 1 || def.ValidDays > maxExpiryDays):
		c.fault(path+".valid_days", "is out of range", fmt.Sprintf("write 1 to %d days", maxExpiryDays))
	}
}

// couponTerms reads how coupons of a kind are used up. What is usual is left out of the canonical form.
func (c *compiler) couponTerms(path string, def *couponDef) couponTerms {
	t := couponTerms{uses: max(def.Uses, 1), holder: def.Holder, valued: def.Gives == nil}
	for _, id := range slices.Sorted(maps.Keys(c.storesOf(def.When))) {
		t.stores = append(t.stores, StoreID(id))
	}
	if def.Uses < 0 || def.Uses > maxTimes {
		c.fault(path+".uses", "is out of range", fmt.Sprintf("write 1 to %d", maxTimes))
	}
	if def.Uses == 1 {
		def.Uses = 0
	}
	if t.burn = c.choice(path+".no_effect", &def.NoEffect, "keep", "burn") == 1; !t.burn {
		def.NoEffect = ""
	}
	return t
}

func (c *compiler) compileCouponGives(i int) {
	def, path := &c.doc.Coupons[i], fmt.Sprintf("coupons[%d]", i)
	r := c.reduction(path, reductionDef{ofCoupon, def.ID, def.Gives, def.When, def.Group, def.Priority})
	if def.Gives == nil {
		r.kind = giveBill
		r.amount, _ = parseDecimal(string(def.Value), c.p.digits) // what does not parse has its fault already
	}
	r.tender = c.instrument(path+".as", &def.As, true)
	c.p.couponGives = append(c.p.couponGives, r)
}
