package loyalty

import "slices"

// campaign is rules with a common condition and, maybe, a budget.
type campaign struct {
	id     string
	when   *when
	points bool // its points are limited
	money  bool // what it takes off prices is
	slices []sliceOf
}

// sliceOf is what one store may spend of a budget.
type sliceOf struct {
	store StoreID // 0: every store that is not named
	CampaignLeft
}

// CampaignLeft is what a store may spend of a campaign's budget.
type CampaignLeft struct {
	Campaign string `json:"campaign"`
	Points   Points `json:"points,omitempty"`
	Money    int64  `json:"money,omitempty"` // minor units
}

// CampaignUse is what a sale spent of a budget, and what the store had left of it before.
type CampaignUse struct {
	Campaign   string `json:"campaign"`
	LeftPoints Points `json:"left_points,omitempty"`
	LeftMoney  int64  `json:"left_money,omitempty"` // minor units
	Points     Points `json:"points,omitempty"`
	Money      int64  `json:"money,omitempty"`
}

// Slices is what a store may spend of the budgets in all, by campaign in the order of the document. What its sales spent,
// as SaleBody.Campaigns says, taken off, is what a sale is told.
func (p *Programme) Slices(store StoreID) []CampaignLeft {
	here := p.places.of(store)
	var list []CampaignLeft
	for i := range p.campaigns {
		c := &p.campaigns[i]
		if !c.points && !c.money || c.when != nil && c.when.where != anywhere && !here[c.when.where] {
			continue
		}
		mine := CampaignLeft{Campaign: c.id}
		for _, s := range c.slices { // a store's own comes after every store's
			if s.store == 0 || s.store == store {
				mine.Points, mine.Money = s.Points, s.Money
			}
		}
		list = append(list, mine)
	}
	return list
}

// Left takes what sales spent off slices; nothing falls below zero.
func Left(slice []CampaignLeft, spent []CampaignUse) []CampaignLeft {
	left := slices.Clone(slice)
	for _, use := range spent {
		if i := slices.IndexFunc(left, func(l CampaignLeft) bool { return l.Campaign == use.Campaign }); i >= 0 {
			left[i].Points = max(left[i].Points-use.Points, 0)
			left[i].Money = max(left[i].Money-use.Money, 0)
		}
	}
	return left
}

// MaxLeft bounds what is told of budgets with a sale.
const MaxLeft = MaxCampaigns

func checkLeft(all []CampaignLeft) error {
	if len(all) > MaxLeft {
		return &SaleError{"left", SaleTooLarge}
	}
	for i, l := range all {
		switch {
		case !idForm.MatchString(l.Campaign) || slices.ContainsFunc(all[:i], func(o CampaignLeft) bool { return o.Campaign == l.Campaign }):
			return &SaleError{"left", SaleText}
		case l.Points < 0 || l.Points > maxPoints || l.Money < 0 || l.Money > maxMoney:
			return &SaleError{"left", SaleRange}
		}
	}
	return nil
}

// budgets is what the bill may spend of every campaign, and what it spends; nil without budgets.
func (p *Programme) budgets(in *QuoteInput) []CampaignUse {
	if !slices.ContainsFunc(p.campaigns, func(c campaign) bool { return c.points || c.money }) {
		return nil
	}
	uses := make([]CampaignUse, len(p.campaigns))
	for i := range uses {
		uses[i].Campaign = p.campaigns[i].id
		if k := slices.IndexFunc(in.Left, func(l CampaignLeft) bool { return l.Campaign == p.campaigns[i].id }); k >= 0 {
			uses[i].LeftPoints, uses[i].LeftMoney = in.Left[k].Points, in.Left[k].Money
		}
	}
	return uses
}

// used is the budgets that the bill spends of.
func (b *bill) used() []CampaignUse {
	var list []CampaignUse
	for _, u := range b.uses {
		if u.Points > 0 || u.Money > 0 {
			list = append(list, u)
		}
	}
	return list
}

// leftOf turns what a sale wrote down back into what it was told.
func leftOf(uses []CampaignUse) []CampaignLeft {
	var left []CampaignLeft
	for _, u := range uses {
		left = append(left, CampaignLeft{u.Campaign, u.LeftPoints, u.LeftMoney})
	}
	return left
}

func usesBytes(uses []CampaignUse) int {
	n := 0
	for _, u := range uses {
		n += len(`{"campaign":"","left_points":,"left_money":,"points":,"money":},`) + len(u.Campaign) +
			width(int64(u.LeftPoints)) + width(u.LeftMoney) + width(int64(u.Points)) + width(u.Money)
	}
	return n
}

func (d *digester) campaigns(uses []CampaignUse) {
	if len(uses) == 0 {
		return
	}
	d.text("campaigns 1")
	d.ints(int64(len(uses)))
	for _, u := range uses {
		d.text(u.Campaign)
		d.ints(int64(u.Points), u.Money)
	}
}

func (c *comparison) campaigns(s, o []CampaignUse) {
	c.figure("campaigns", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		at := "campaigns." + o[i].Campaign
		c.text(at, s[i].Campaign, o[i].Campaign)
		c.figure(at+".points", int64(s[i].Points), int64(o[i].Points))
		c.figure(at+".money", s[i].Money, o[i].Money)
	}
}

func (p *Programme) discountIndex(id string) int {
	return slices.IndexFunc(p.discounts, func(r reduction) bool { return r.id == id })
}
