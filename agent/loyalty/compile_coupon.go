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
	seen, symbols := map[string]bool{}, map[couponSymbolDef]bool{}
	for i := range c.doc.Coupons {
		def := &c.doc.Coupons[i]
		path := fmt.Sprintf("coupons[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, true)
		c.checkTexts(path+".text", def.Text, false)
		c.money(path+".value", &def.Value, def.Gives == nil)
		c.couponLife(path, def)
		c.couponSymbol(path, def, symbols)
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

// couponSymbol holds a kind to what its symbol can carry. Two kinds of one number or reference could not be told apart.
func (c *compiler) couponSymbol(path string, def *couponDef, seen map[couponSymbolDef]bool) {
	if c.choice(path+".reprint", &def.Reprint, "same", "new") == 0 {
		def.Reprint = ""
	}
	switch {
	case def.Same < 0 || def.Same > maxSameHours:
		c.fault(path+".same_hours", "is out of range", fmt.Sprintf("write 1 to %d hours, or leave it out", maxSameHours))
	case def.Same > 0 && def.Reprint != "":
		c.fault(path+".same_hours", "is never the same", "leave it out, or write reprint: same")
	}
	s := def.Symbol
	if s == nil {
		return
	}
	path += ".symbol"
	number, prefix, reference := s.Code128 != 0, s.EAN13 != "", s.GS1 != ""
	switch {
	case number == prefix && prefix == reference || number && prefix || number && reference || prefix && reference:
		c.fault(path, "says several symbols or none", "write one of code128, ean13, gs1; leave symbol out for a QR code")
		return
	case number && (s.Code128 < 1 || s.Code128 > MaxShortNumber):
		c.fault(path+".code128", "is out of range", fmt.Sprintf("write a number of 1 to %d", MaxShortNumber))
	case prefix && (len(s.EAN13) != 2 || !allDigits(s.EAN13) || s.EAN13[0] != '2'):
		c.fault(path+".ean13", fmt.Sprintf("%q is no prefix for numbers of a shop's own", s.EAN13), `write "20" to "29"`)
	case reference && (len(s.GS1) != 6 || !allDigits(s.GS1)):
		c.fault(path+".gs1", fmt.Sprintf("%q is not issuer and reference", s.GS1), "write 4 and 2 digits")
	case reference:
		c.gs1Coupon(path+".gs1", def)
	}
	if def.Holder && !prefix {
		c.fault(path, "has no room for whose the coupon is", "leave holder or symbol out")
	}
	if !prefix && seen[*s] {
		c.fault(path, "is another kind's too", "give each kind its own")
	}
	seen[*s] = true
}

// gs1Coupon holds a kind to the terms that a GS1 coupon can have: it has no number, so its uses cannot be counted.
func (c *compiler) gs1Coupon(path string, def *couponDef) {
	value, _ := parseDecimal(string(def.Value), c.p.digits)
	switch {
	case c.doc.Programme.Currency != "EUR":
		c.fault(path, "is a coupon of the euro countries", "leave symbol out")
	case value > gs1MaxTens || value > gs1MaxCents && value%10 != 0:
		c.fault(path, "has no room for the value", "write a value up to 9.99, or up to 99.90 in tens of cents")
	case def.Uses > 1:
		c.fault(path, "has no number, so that every paper of it is the same", "leave uses out: it is taken once a bill, from whoever brings it")
	}
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
