package loyalty

import (
	"fmt"
	"maps"
	"slices"
)

// Limits of campaigns.
const (
	MaxCampaigns = 200
	maxSlices    = 10_000 // of one campaign
)

type campaignDef struct {
	ID        string        `json:"id"`
	Name      texts         `json:"name,omitempty"`
	When      *whenDef      `json:"when,omitempty"` // holds for all of its rules, beside their own
	Earn      []earnDef     `json:"earn,omitempty"`
	Discounts []discountDef `json:"discounts,omitempty"`
	Budget    *budgetDef    `json:"budget,omitempty"`
	Slices    []sliceDef    `json:"store_slice,omitempty"`
}

type budgetDef struct {
	Points int64   `json:"points,omitempty"`
	Money  decimal `json:"money,omitempty"`
}

// sliceDef is what each of the stores may spend; without stores, each that is not named.
type sliceDef struct {
	Stores []int64 `json:"stores,omitempty"`
	Points int64   `json:"points,omitempty"`
	Money  decimal `json:"money,omitempty"`
}

func (c *compiler) compileCampaigns() {
	if len(c.doc.Campaigns) > MaxCampaigns {
		c.fault("campaigns", fmt.Sprintf("has %d campaigns", len(c.doc.Campaigns)), fmt.Sprintf("keep to %d", MaxCampaigns))
		return
	}
	seen := map[string]bool{}
	for i := range c.doc.Campaigns {
		def, path := &c.doc.Campaigns[i], fmt.Sprintf("campaigns[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, false)
		k := campaign{id: def.ID, when: c.compileWhen(path+".when", def.When)}
		if len(def.Earn)+len(def.Discounts) == 0 {
			c.fault(path, "gives nothing", "write rules in earn or discounts")
		}
		c.compileBudget(path, def, &k)
		c.p.campaigns = append(c.p.campaigns, k)
	}
}

func (c *compiler) compileBudget(path string, def *campaignDef, k *campaign) {
	if def.Budget == nil {
		if def.Slices != nil {
			c.fault(path+".store_slice", "is of no budget", "write budget, or leave it out")
		}
		return
	}
	b := def.Budget
	c.checkPoints(path+".budget.points", b.Points, 0)
	money := c.money(path+".budget.money", &b.Money, false)
	k.points, k.money = b.Points > 0, money > 0
	switch {
	case !k.points && !k.money:
		c.fault(path+".budget", "limits nothing", "write points, money or both")
	case k.points && len(def.Earn) == 0:
		c.fault(path+".budget.points", "limits nothing", "leave it out: the campaign has no rules in earn")
	case k.money && len(def.Discounts) == 0:
		c.fault(path+".budget.money", "limits nothing", "leave it out: the campaign has no discounts")
	case len(def.Slices) == 0:
		c.fault(path+".store_slice", "is missing", "write what each store may spend without asking, such as [{points: 1000}]")
	default:
		c.compileSlices(path, def, k, money)
	}
	for i := range def.Earn {
		if k.points && def.Earn[i].Wallet != "" {
			c.fault(fmt.Sprintf("%s.earn[%d].wallet", path, i), "is not of the budget's points", "put the rule into a campaign without a budget of points")
		}
	}
}

// compileSlices holds the slices of all stores together to the budget, so that stores which do not hear of each other
// cannot spend more than it.
func (c *compiler) compileSlices(path string, def *campaignDef, k *campaign, money int64) {
	stores := c.storesOf(def.When)
	own := map[int64]CampaignLeft{}
	var rest *CampaignLeft
	if len(def.Slices) > maxSlices {
		c.fault(path+".store_slice", fmt.Sprintf("has %d entries", len(def.Slices)), fmt.Sprintf("keep to %d", maxSlices))
		return
	}
	for i := range def.Slices {
		s, at := &def.Slices[i], fmt.Sprintf("%s.store_slice[%d]", path, i)
		left := c.slice(at, s, k)
		if s.Stores = c.storeList(at+".stores", s.Stores); len(s.Stores) == 0 {
			if rest != nil {
				c.fault(at, "says for the second time what every other store may spend", "name stores")
			}
			rest = &left
		}
		for _, id := range s.Stores {
			if _, twice := own[id]; twice || len(stores) > 0 && !stores[id] {
				c.fault(at+".stores", fmt.Sprintf("store %d is named before, or is not a store of the campaign", id), "name each store of its when once")
			}
			own[id] = left
		}
	}
	points, cents := int64(0), int64(0)
	if rest != nil {
		if len(stores) == 0 {
			c.fault(path+".store_slice", "is for every store, and nobody knows how many there are", "name the campaign's stores or groups in when, or stores here")
			return
		}
		k.slices = append(k.slices, sliceOf{0, *rest})
		others := int64(len(stores) - len(own))
		points, cents = others*int64(rest.Points), others*rest.Money
	}
	for _, id := range slices.Sorted(maps.Keys(own)) {
		k.slices = append(k.slices, sliceOf{StoreID(id), own[id]})
		points += int64(own[id].Points)
		cents += own[id].Money
	}
	if points > def.Budget.Points && k.points {
		c.fault(path+".store_slice", fmt.Sprintf("lets all stores together spend %d points of %d", points, def.Budget.Points), "write smaller slices or a greater budget")
	}
	if cents > money && k.money {
		c.fault(path+".store_slice", fmt.Sprintf("lets all stores together spend %s of %s", formatDecimal(cents, c.p.digits, false), def.Budget.Money), "write smaller slices or a greater budget")
	}
}

func (c *compiler) slice(at string, s *sliceDef, k *campaign) CampaignLeft {
	c.checkPoints(at+".points", s.Points, 0)
	left := CampaignLeft{Campaign: k.id, Points: Points(s.Points), Money: c.money(at+".money", &s.Money, false)}
	if s.Points > 0 && !k.points {
		c.fault(at+".points", "is of no budget", "write budget: {points: ...}, or leave it out")
	}
	if left.Money > 0 && !k.money {
		c.fault(at+".money", "is of no budget", "write budget: {money: ...}, or leave it out")
	}
	return left
}

// discountCaps reads the limits of what a discount takes off for one member, in money.
func (c *compiler) discountCaps(path string, def *capDef) caps {
	k := c.caps(path, def, true)
	if k.balance > 0 {
		c.fault(path+".balance", "does nothing in a discount", "leave it out")
	}
	return k
}

// definition is a rule as written, with the campaign that holds it.
type definition[T any] struct {
	path     string
	def      *T
	campaign int32
}

// earnDefs is every earn rule: those by themselves, then those of campaigns.
func (d *document) earnDefs() []definition[earnDef] {
	all := placedIn("earn", d.Earn, noCampaign)
	for k := range d.Campaigns {
		all = append(all, placedIn(fmt.Sprintf("campaigns[%d].earn", k), d.Campaigns[k].Earn, int32(k))...)
	}
	return all
}

// discountDefs is every discount, likewise.
func (d *document) discountDefs() []definition[discountDef] {
	all := placedIn("discounts", d.Discounts, noCampaign)
	for k := range d.Campaigns {
		all = append(all, placedIn(fmt.Sprintf("campaigns[%d].discounts", k), d.Campaigns[k].Discounts, int32(k))...)
	}
	return all
}

func placedIn[T any](path string, defs []T, campaign int32) []definition[T] {
	all := make([]definition[T], len(defs))
	for i := range defs {
		all[i] = definition[T]{fmt.Sprintf("%s[%d]", path, i), &defs[i], campaign}
	}
	return all
}

// commonWhen is the condition that a campaign's rules share.
func (p *Programme) commonWhen(campaign int32) *when {
	if campaign == noCampaign || int(campaign) >= len(p.campaigns) { // too many have their fault already
		return nil
	}
	return p.campaigns[campaign].when
}

func campaignNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"document.campaigns":   {"Rules with a common condition and a budget.", schemaNode{"maxItems": MaxCampaigns}},
		"campaign":             {"", schemaNode{"anyOf": []schemaNode{{"required": []string{"earn"}}, {"required": []string{"discounts"}}}, "dependentRequired": schemaNode{"budget": []string{"store_slice"}, "store_slice": []string{"budget"}}}},
		"campaign.id":          {"Names the campaign in every entry.", anID()},
		"campaign.name":        {"For receipts and screens.", nil},
		"campaign.when":        {"Holds for all of its rules, beside their own.", nil},
		"campaign.earn":        {"Rules that give points.", schemaNode{"maxItems": MaxRules}},
		"campaign.discounts":   {"Price reductions.", schemaNode{"maxItems": MaxDiscounts}},
		"campaign.budget":      {"What all stores together may spend.", nil},
		"campaign.store_slice": {"What each store may spend of it without asking.", schemaNode{"maxItems": maxSlices}},
		"budget":               {"", schemaNode{"minProperties": 1}},
		"budget.points":        {"Points given.", between(0, maxPoints)},
		"budget.money":         {"Taken off prices.", nil},
		"slice.stores":         {"These stores; left out, each that is not named.", eachItem(between(1, 1<<32-1))},
		"slice.points":         {"Points.", between(0, maxPoints)},
		"slice.money":          {"Money.", nil},
		"discount.cap":         {"Most that one member is given, in money.", schemaNode{"properties": schemaNode{"balance": false}}},
	}
}
