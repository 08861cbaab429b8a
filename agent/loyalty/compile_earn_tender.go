package loyalty

import (
	"fmt"
	"slices"
)

// compileTendersOf reads what a rule per tender counts.
func (c *compiler) compileTendersOf(path string, def *earnDef, r *rule) {
	if r.kind != perTender {
		if def.Tenders != nil {
			c.fault(path, "does nothing in this rule", "leave it out, or write per: tender")
		}
		return
	}
	if len(def.Tenders) == 0 {
		c.fault(path, "is missing", "write what is counted, such as [cash]")
	}
	slices.Sort(def.Tenders)
	def.Tenders = slices.Compact(def.Tenders)
	for i, name := range def.Tenders {
		if !slices.Contains(tillTenders(), TenderKind(name)) {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%q is not a tender of the till", name), "write cash, card, gift_card or account")
			continue
		}
		r.tenders = append(r.tenders, TenderKind(name))
	}
}

// compileLeast reads what the goods of the rule must come to.
func (c *compiler) compileLeast(path string, def *leastDef) least {
	if def == nil {
		return least{}
	}
	if *def == (leastDef{}) {
		c.fault(path, "asks for nothing", "write an amount or a quantity, or leave it out")
		return least{}
	}
	k := least{amount: c.money(path+".amount", &def.Amount, false)}
	if def.Quantity != "" {
		k.quantity = c.quantity(path+".quantity", &def.Quantity)
	}
	return k
}

// compilePartner reads who pays for what the rule gives; a multiplier's points are those of the rules that it multiplies.
func (c *compiler) compilePartner(path string, def *earnDef, r *rule) {
	if r.partner = def.Partner; def.Partner == "" {
		return
	}
	c.checkID(path, def.Partner)
	if r.kind == multiply {
		c.fault(path, "does nothing in a multiplier", "write it in the rules that are multiplied")
	}
}
