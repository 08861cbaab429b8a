package loyalty

import "slices"

// ShownCoupon is a coupon that the customer shows. Who read it has checked its signature; the terms are those that stand on
// it, and they hold as they were when it was issued. What its kind gives, and on which conditions, is the programme's.
type ShownCoupon struct {
	Coupon    string    `json:"coupon"` // kind in the programme
	Serial    string    `json:"serial"`
	ValidFrom string    `json:"valid_from,omitempty"`
	ValidTo   string    `json:"valid_to,omitempty"`
	Value     int64     `json:"value,omitempty"`    // of a kind worth an amount, minor units; 0: what the kind says
	Currency  string    `json:"currency,omitempty"` // of the value
	Uses      int64     `json:"uses,omitempty"`     // how often it may be used; 0: as its kind says
	Used      int64     `json:"used,omitempty"`     // how often it has been, here and as other stores told
	Member    MemberID  `json:"member,omitempty"`   // whose it is; 0: of whoever shows it
	Stores    []StoreID `json:"stores,omitempty"`   // where it is taken, rising; none: as its kind says
	Source    string    `json:"source,omitempty"`   // the campaign or channel that brought it out
}

// check holds what stands on a coupon to the form that it must have.
func (c *ShownCoupon) check(at string) error {
	switch {
	case !idForm.MatchString(c.Coupon):
		return &SaleError{at + ".coupon", SaleCoupon}
	case c.Serial == "" || len(c.Serial) > maxSerial || !cleanText(c.Serial):
		return &SaleError{at + ".serial", SaleCoupon}
	case c.Value < 0 || c.Value > maxMoney || c.Uses < 0 || c.Uses > maxTimes || c.Used < 0 || c.Used > maxStanding || c.Member < 0:
		return &SaleError{at, SaleRange}
	case c.Currency != "" && !currencyForm.MatchString(c.Currency), c.Source != "" && !idForm.MatchString(c.Source):
		return &SaleError{at, SaleText}
	case len(c.Stores) > MaxCouponStores || !rising(c.Stores):
		return &SaleError{at + ".stores", SaleCoupon}
	}
	for _, day := range []string{c.ValidFrom, c.ValidTo} {
		if _, ok := parseDay(day); day != "" && !ok {
			return &SaleError{at, SaleTime}
		}
	}
	return nil
}

// bytes is at least what JSON takes for the coupon and what it does.
func (c *ShownCoupon) bytes() int {
	n := len(`{"coupon":"","serial":"","valid_from":"","valid_to":""},{"rule":"","serial":"","amount":1000000000000},`) +
		2*(escaped(c.Coupon)+escaped(c.Serial)) + len(c.ValidFrom) + len(c.ValidTo)
	for _, f := range [...]struct {
		name string
		n    int64
	}{{`,"value":`, c.Value}, {`,"uses":`, c.Uses}, {`,"used":`, c.Used}, {`,"member":`, int64(c.Member)}} {
		if f.n != 0 {
			n += len(f.name) + width(f.n)
		}
	}
	if c.Currency+c.Source != "" {
		n += len(`,"currency":"","source":""`) + len(c.Currency) + len(c.Source)
	}
	if len(c.Stores) > 0 {
		n += len(`,"stores":[]`) + len(c.Stores)*len(`4294967295,`)
	}
	return n
}

func rising(stores []StoreID) bool {
	last := StoreID(0)
	for _, s := range stores {
		if s <= last {
			return false
		}
		last = s
	}
	return true
}

// AdmitCoupon says whether a coupon is taken in this place, on this day, from this member (0: nobody is identified). If not,
// its error is a *SaleError, and nothing of the coupon is used up. A quote says the same of a coupon shown in a finding.
func (p *Programme) AdmitCoupon(c ShownCoupon, at Place, member MemberID) error {
	if err := c.check("coupon"); err != nil {
		return err
	}
	k := p.couponIndex(c.Coupon)
	if k < 0 {
		return &SaleError{"coupon", SaleCoupon}
	}
	if code, _ := p.couponTerms[k].refusal(p, &c, at, member); code != "" {
		return &SaleError{"coupon", code}
	}
	return nil
}

// couponTerms is the terms of a kind, for a coupon that does not carry its own.
type couponTerms struct {
	uses   int64
	holder bool
	burn   bool      // used up even without effect
	valued bool      // worth an amount
	stores []StoreID // that take it, rising; none: all
}

// refusal is why a coupon cannot be taken at all, as the code of an error and as a finding; no code when it can.
func (k *couponTerms) refusal(p *Programme, c *ShownCoupon, at Place, member MemberID) (string, Finding) {
	uses := c.Uses
	if uses == 0 {
		uses = k.uses
	}
	elsewhere := func(stores []StoreID) bool {
		_, here := slices.BinarySearch(stores, at.Store)
		return len(stores) > 0 && !here
	}
	switch {
	case c.Currency != "" && c.Currency != p.Currency():
		return CouponCurrency, Finding{Code: ExplainCouponCurrency, Detail: c.Currency}
	case elsewhere(c.Stores) || elsewhere(k.stores):
		return CouponNotHere, Finding{Code: ExplainNotHere}
	case c.ValidFrom != "" && at.Day < c.ValidFrom:
		return CouponNotYet, Finding{Code: ExplainNotYet, Detail: c.ValidFrom}
	case c.ValidTo != "" && at.Day > c.ValidTo:
		return CouponExpired, Finding{Code: ExplainEnded, Detail: c.ValidTo}
	case c.Used >= uses:
		return CouponUsed, Finding{Code: ExplainCouponUsed, Limit: uses}
	case c.Member != 0 && c.Member != member || k.holder && c.Member == 0:
		return CouponNotYours, Finding{Code: ExplainCouponNotYours}
	}
	return "", Finding{}
}

// show puts a coupon before the bill. Of one worth an amount, the amount that stands on it counts.
func (s *stack) show(c *ShownCoupon) {
	k := s.p.couponIndex(c.Coupon)
	gives, terms, member := &s.p.couponGives[k], &s.p.couponTerms[k], MemberID(0)
	if terms.valued && c.Value > 0 && c.Value != gives.amount {
		own := *gives
		own.amount, gives = c.Value, &own
	}
	if s.in.Member != nil {
		member = s.in.Member.ID
	}
	f := s.offer(gives)
	f.serial, f.burn = c.Serial, terms.burn
	if code, why := terms.refusal(s.p, c, s.in.Place, member); code != "" {
		f.bad = &why
	}
}

// burn uses up the coupons that were taken, had no effect, and are of a kind that is then gone all the same.
func (s *stack) burn(o *outcome) {
	for i := range s.offers {
		f := &s.offers[i]
		if !f.burn || f.bad != nil || slices.ContainsFunc(o.reductions, func(r Reduction) bool { return r.Serial == f.serial }) {
			continue
		}
		o.reductions = append(o.reductions, Reduction{Rule: f.id, Serial: f.serial})
		o.parts, o.lines, o.times = append(o.parts, nil), append(o.lines, nil), append(o.times, 0)
		o.why = append(o.why, Finding{Rule: f.id, Code: ExplainCouponBurned, Applied: true, Detail: f.serial})
	}
}
