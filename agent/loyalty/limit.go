package loyalty

import (
	"fmt"
	"slices"
)

// Stock is how many of a reward, or coupons of a kind, are gone: in the whole chain, as far as this store was told, and in
// this store. It comes with a sale and is written down with it, so that the sale can be judged again.
type Stock struct {
	Of    string `json:"of"` // reward, or kind of coupon
	Chain int64  `json:"chain,omitempty"`
	Here  int64  `json:"here,omitempty"`
}

// MaxStock is how many of them may come with a sale.
const MaxStock = 64

type stockDef struct {
	Total int64 `json:"total,omitempty"`
	Store int64 `json:"store,omitempty"` // the slice of every store, which holds without a line too
}

type perMemberDef struct {
	Day      int64 `json:"day,omitempty"`
	Week     int64 `json:"week,omitempty"`
	Month    int64 `json:"month,omitempty"`
	Year     int64 `json:"year,omitempty"`
	Lifetime int64 `json:"lifetime,omitempty"`
}

// supply is how many of a reward or kind of coupon may be given; 0 is no limit.
type supply struct {
	total, store int64
	member       perMemberDef
}

// supply reads the limits of a reward or kind of coupon.
func (c *compiler) supply(path, id string, stock *stockDef, per *perMemberDef) {
	var s supply
	if stock != nil {
		c.some(path+".stock", map[string]int64{"total": stock.Total, "store": stock.Store})
		s.total, s.store = stock.Total, stock.Store
	}
	if per != nil {
		c.some(path+".per_member", map[string]int64{"day": per.Day, "week": per.Week, "month": per.Month, "year": per.Year, "lifetime": per.Lifetime})
		s.member = *per
	}
	if s == (supply{}) {
		return
	}
	if c.p.supplies == nil {
		c.p.supplies = map[string]supply{}
	}
	c.p.supplies[id] = s
}

func (s supply) stocked() bool { return s.total > 0 || s.store > 0 }

// Stocked lists, by id, the rewards, kinds of coupon and surprises that there are only so many of.
func (p *Programme) Stocked() []string {
	var ids []string
	for id, s := range p.supplies {
		if s.stocked() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// checkStocked keeps what a sale is told of stock within what it may be told.
func (c *compiler) checkStocked() {
	if n := len(c.p.Stocked()); n > MaxStock {
		c.fault("programme", fmt.Sprintf("has %d rewards, coupons and surprises with a stock", n), fmt.Sprintf("keep to %d", MaxStock))
	}
}

// some holds limits to their range; one of them at least must be said.
func (c *compiler) some(path string, limits map[string]int64) {
	said := false
	for name, n := range limits {
		if n < 0 || n > maxPoints {
			c.fault(path+"."+name, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("write 1 to %d", int64(maxPoints)))
		}
		said = said || n != 0
	}
	if !said {
		c.fault(path, "limits nothing", "leave it out")
	}
}

// countsTimes says whether a member's past has to tell how often something was given.
func (p *Programme) countsTimes(id string) bool {
	return p.supplies[id].member != perMemberDef{}
}

// plenty is more than any limit.
const plenty = 1 << 62

// left is the least that any limit leaves of a reward or kind of coupon, and the finding of that limit.
func (b *bill) left(id string) (int64, Finding) {
	s, limited := b.p.supplies[id]
	if !limited {
		return plenty, Finding{}
	}
	if s.member != (perMemberDef{}) && b.in.Member == nil {
		return 0, Finding{Code: ExplainMembersOnly}
	}
	var gone Stock
	if i := slices.IndexFunc(b.in.Stock, func(g Stock) bool { return g.Of == id }); i >= 0 {
		gone = b.in.Stock[i]
	}
	past := b.past(id)
	room, why := int64(plenty), Finding{}
	for _, l := range [...]struct {
		code        string
		limit, used int64
	}{
		{ExplainStockGone, s.total, max(gone.Chain, gone.Here)}, {ExplainStockGone, s.store, gone.Here},
		{ExplainTimesReached, s.member.Day, int64(past.Day)}, {ExplainTimesReached, s.member.Week, int64(past.Week)},
		{ExplainTimesReached, s.member.Month, int64(past.Month)}, {ExplainTimesReached, s.member.Year, int64(past.Year)},
		{ExplainTimesReached, s.member.Lifetime, int64(past.Lifetime)},
	} {
		if n := max(l.limit-l.used, 0); l.limit > 0 && n < room {
			room, why = n, Finding{Code: l.code, Limit: n}
			if l.code == ExplainTimesReached {
				why.Limit = l.limit
			}
		}
	}
	return room, why
}

// past is how much a rule, or how often a reward or kind of coupon, has been given to the member.
func (b *bill) past(id string) RuleSum {
	if m := b.in.Member; m != nil && m.History != nil {
		if i := slices.IndexFunc(m.History.Given, func(g RuleSum) bool { return g.Rule == id }); i >= 0 {
			return m.History.Given[i]
		}
	}
	return RuleSum{}
}

// checkStock validates what came with the sale.
func checkStock(all []Stock) error {
	if len(all) > MaxStock {
		return &SaleError{"stock", SaleTooLarge}
	}
	for i, s := range all {
		if !idForm.MatchString(s.Of) {
			return &SaleError{fmt.Sprintf("stock[%d].of", i), SaleText}
		}
		if s.Chain < 0 || s.Chain > maxStanding || s.Here < 0 || s.Here > maxStanding {
			return &SaleError{fmt.Sprintf("stock[%d]", i), SaleRange}
		}
	}
	return nil
}

// stockBytes is at least what JSON takes for it.
func stockBytes(all []Stock) int {
	n := 0
	for _, s := range all {
		n += len(`,"stock":[{"of":"","chain":,"here":},]`) + len(s.Of) + width(s.Chain) + width(s.Here)
	}
	return n
}
